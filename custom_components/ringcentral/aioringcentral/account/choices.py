"""Whose presence to keep current, as the user chose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..membership import Follow

# Choices whose extensions are named only by a list.
_LISTS: Final = frozenset({Follow.LINES, Follow.FAVORITES, Follow.ACCOUNT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What to follow; choices add up, and each extension is followed once.

    Attributes:
        own: the extension of the user who signs in.
        lines: the extensions that the user monitors (the HUD).
        favorites: the user's favorites that are extensions.
        chosen: ids of extensions that were chosen individually.
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

    def dropped(
        self,
        extension_ids: Iterable[str],
        earlier: Choices,
        origins: Mapping[str, frozenset[Follow]],
    ) -> frozenset[str]:
        """Return which of the extensions, known from earlier choices, these choices cannot mean.

        ``origins`` are the choices by which each extension was found then. A list that is chosen now but was
        not chosen then may name any of them; if an extension was not found then, any list may name it.
        """
        if (self.follow - earlier.follow) & _LISTS:
            return frozenset()
        by_list = self.follow - {Follow.CHOSEN}
        default = self.follow & _LISTS
        return frozenset(
            key
            for key in extension_ids
            if key not in self.chosen and not origins.get(key, default) & by_list
        )
