"""Long lists (docs/protocol.md 2.2): puts them together page by page, and decides whether to believe them. No I/O."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, Self

from . import wire
from .errors import Reason, RetryLater

# Records of one page, as requested; a reply may have all that there are.
PAGE: Final = 1_000
# More pages than any account has, to stop at if replies name a next page for ever.
_MOST_PAGES: Final = 100
_MOST_RECORDS: Final = _MOST_PAGES * PAGE


class Listing[T](tuple[T, ...]):  # noqa: SLOT001 - a tuple has room for no other slots
    """What a list says; if ``is_whole`` is False, a record is missing or could not be read, so the list may have others."""

    is_whole = True

    @classmethod
    def of(cls, found: Iterable[T], *, is_whole: bool) -> Self:
        """Return a listing."""
        listing = cls(found)
        listing.is_whole = is_whole
        return listing


class Unreadable(RetryLater):
    """A reply below 400 that cannot be read or believed, and is asked for again."""

    def __init__(self) -> None:
        """Keep nothing: what the reply says is of no use."""
        super().__init__(Reason.SERVICE_ERROR)


class Pages:
    """The pages of one list.

    A page that is missing, cut off or sent twice must not look like a list with fewer records, because
    an extension that is not on a list counts as gone.

    Attributes:
        page: the page to read next, from 1.
        is_short: whether the list ended with fewer records than it claims to have.
    """

    def __init__(self, key: Callable[[Mapping[str, Any]], str | None]) -> None:
        """Begin with page 1; ``key`` returns the id of a record, or None for a record that cannot be read."""
        self._key = key
        self._records: dict[str, Mapping[str, Any]] = {}
        # How many records cannot be read, or have the id of another.
        self._unreadable = 0
        # Whether replies count their pages from 0.
        self._is_from_zero = False
        self.is_short = False
        self.page = 1

    @property
    def keys(self) -> Collection[str]:
        """The ids of the records so far."""
        return self._records.keys()

    @property
    def records(self) -> Listing[Mapping[str, Any]]:
        """The records so far, each once."""
        is_whole = not self._unreadable and not self.is_short
        return Listing.of(self._records.values(), is_whole=is_whole)

    def add(self, body: Any) -> bool:
        """Add the body of page `page`; return whether there is a next one, which `page` then names.

        Raises:
            Unreadable: the body is not that page, or not a page of a list that adds up.
        """
        body = wire.mapping(body)
        paging, records = body.get("paging"), body.get("records")
        counts = wire.mapping(paging)
        if self.page == 1:
            self._is_from_zero = wire.number(counts.get("page")) == 0
        shift = int(self._is_from_zero)
        has_next = bool(wire.mapping(body.get("navigation")).get("nextPage"))
        is_page = (
            isinstance(records, list)
            and len(records) <= _MOST_RECORDS
            and wire.number(counts.get("page")) in (None, self.page, self.page - shift)
            # An empty page must say explicitly that the list ends.
            and (records or (isinstance(paging, dict) and not has_next))
        )
        if not is_page:
            raise Unreadable
        self._add(records)
        listed = len(self._records) + self._unreadable
        is_more = (wire.number(counts.get("totalPages")) or 0) > self.page or (
            wire.number(counts.get("totalElements")) or 0
        ) > listed
        if has_next or (is_more and records and body.get("navigation") is None):
            self.page += 1
            if self.page > _MOST_PAGES:
                raise Unreadable
            return True
        self.is_short = is_more
        if is_more and not self._records:
            raise Unreadable
        return False

    def _add(self, records: list[Any]) -> None:
        """Add the records of a page; most of them must be new."""
        found = dict[str, Mapping[str, Any]]()
        repeated = 0
        for record in records:
            key = self._key(record) if isinstance(record, dict) else None
            if key is None:
                self._unreadable += 1
            elif key not in found and key not in self._records:
                found[key] = record
            elif record != found.get(key):
                # It takes the place of a record that may be missing.
                repeated += 1
        if repeated > len(found):
            raise Unreadable
        self._unreadable += repeated
        self._records |= found
