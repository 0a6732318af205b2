"""Makes names safe for texts that Home Assistant shows as Markdown: repairs, and explanations in forms."""

from typing import Final

# Links, pictures and tags begin with these; their stand-ins look alike, even in titles, which are not Markdown.
_LOOKS_ALIKE: Final = str.maketrans("[]<>", "［］＜＞")


def as_text(name: str) -> str:
    """Return a name that somebody chose in a form that makes no link, picture or tag."""
    return name.translate(_LOOKS_ALIKE)
