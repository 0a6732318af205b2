"""Names in texts that Home Assistant shows as Markdown: repairs, and what forms explain."""

from typing import Final

# Links, pictures and tags begin with these; what stands for them looks alike, also in titles, which are no Markdown.
_LOOKS_ALIKE: Final = str.maketrans("[]<>", "［］＜＞")


def as_text(name: str) -> str:
    """Return a name that somebody chose, as one that makes no link, no picture and no tag."""
    return name.translate(_LOOKS_ALIKE)
