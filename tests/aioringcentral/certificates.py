"""A certificate that nobody has signed, for servers that a client must not trust."""

from pathlib import Path
import ssl

# With its key, which nothing else uses. Made by openssl req -x509, for 127.0.0.1 and 100 years.
_SELF_SIGNED = Path(__file__).parent / "fixtures/tls/self-signed.pem"


def self_signed() -> ssl.SSLContext:
    """Return what a server on this machine shows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_SELF_SIGNED)
    return context
