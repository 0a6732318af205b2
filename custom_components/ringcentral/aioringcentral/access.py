"""Checks that a sign-in may do all that following presence takes, by doing it once."""

from .auth import TokenSource
from .errors import Reason, RetryLater
from .filters import OWN, FilterPlan
from .http import Http
from .models import Event, Extension
from .rest import Rest
from .stream.connection import Connection
from .stream.subscription import subscribe


async def check_access(http: Http, tokens: TokenSource) -> Extension:
    """Sign in, read, connect and subscribe; return the extension of the user who signed in.

    Raises:
        RetryLater, SignInRequired, Misconfigured: see `errors`.
        PermissionMissing: a permission is missing; it has a name if the service gave one.
    """
    rest = Rest(http, tokens)
    own = await rest.own_extension()
    await rest.presence()
    connection = await Connection.open(http, await rest.ticket(), None, _ignore)
    try:
        await subscribe(connection, FilterPlan(wanted=(OWN,)))
    finally:
        await connection.close()
    # The account names the entry for good, so one odd reply must not decide it.
    if (await rest.own_extension()).account_id != own.account_id:
        raise RetryLater(Reason.SERVICE_ERROR)
    return own


def _ignore(event: Event) -> None:
    """Ignore an event that came during the check."""
