"""The account: turns a sign-in and choices into everyone's presence, and keeps it right for months."""

from .account import Account
from .choices import Choices
from .listener import AccountListener, Change, PresenceChange

__all__ = ["Account", "AccountListener", "Change", "Choices", "PresenceChange"]
