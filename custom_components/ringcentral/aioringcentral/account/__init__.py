"""The account: a sign-in and choices become everyone's presence, kept right for months."""

from .account import Account
from .choices import Choices
from .listener import AccountListener, Change, PresenceChange

__all__ = ["Account", "AccountListener", "Change", "Choices", "PresenceChange"]
