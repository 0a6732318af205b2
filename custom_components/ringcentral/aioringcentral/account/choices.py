"""Whose presence to keep current, as a user chooses it."""

from dataclasses import dataclass

from ..membership import Follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What to follow; choices add up, and each extension is followed once.

    Attributes:
        own: the extension of the user who signs in.
        lines: the extensions that the user monitors (the HUD).
        favorites: the user's favorites that are extensions.
        chosen: ids of extensions, one by one.
        account: every extension of the account.
    """

    own: bool = False
    lines: bool = False
    favorites: bool = False
    chosen: tuple[str, ...] = ()
    account: bool = False

    @property
    def follow(self) -> frozenset[Follow]:
        """The kinds of choices that were made."""
        made = {
            Follow.OWN: self.own,
            Follow.LINES: self.lines,
            Follow.FAVORITES: self.favorites,
            Follow.CHOSEN: bool(self.chosen),
            Follow.ACCOUNT: self.account,
        }
        return frozenset(choice for choice, is_made in made.items() if is_made)
