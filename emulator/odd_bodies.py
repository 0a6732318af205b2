"""What an odd kind does to a JSON body. Pure."""

from collections.abc import Callable
from fnmatch import fnmatchcase
import json
import re
from typing import Any

from . import odd_values
from .odd import Odd

GIANT = 32 << 20
"""Bytes of a giant body."""
DEPTH = 100_000
"""Lists within lists of a nested body."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT.*")
_WORD = re.compile(r"[A-Z][A-Za-z]{1,40}")
HTML = "<!DOCTYPE html><html><body><h1>Please wait</h1></body></html>"

type Change = Callable[[Any], Any]
REMOVED = object()


def odd_body(odd: Odd, body: Any, path: str = "") -> bytes:
    """Return the body of a reply after applying an odd kind; `path` names the list."""
    value = odd.value
    match odd.kind:
        case "empty":
            return b""
        case "text":
            return ("OK" if value is None else str(value)).encode(
                "utf-8", "surrogatepass"
            )
        case "html":
            return HTML.encode()
        case "truncated":
            text = dump(body)
            return text[: len(text) // 2]
        case "not_utf8":
            return b'{"id": "\xff\xfe\xc3"}'
        case "nested":
            return b"[" * DEPTH + b"]" * DEPTH
        case "giant":
            return dump(padded(body, odd.size or GIANT))
    return dump(odd_value(odd, body, path))


def odd_value(odd: Odd, body: Any, path: str = "") -> Any:
    """Return the JSON value that an odd kind turns a body into."""
    match odd.kind:
        case "null":
            return None
        case "list":
            return []
        case "object":
            return {}
        case "value":
            return odd.value
        case "error":
            code = "CMN-999" if odd.value is None else odd.value
            error = {"errorCode": code, "message": "Something odd"}
            return {**error, "errors": [error]}
        case "calls":
            return _with_calls(body, odd)
        case "set" | "remove":
            made = REMOVED if odd.kind == "remove" else odd.value
            return changed(body, odd.at, lambda _: True, lambda _: made, made)
        case "types" | "nulls" | "numbers" | "times" | "words" | "texts":
            return _walked(odd, body)
    if isinstance(body, dict):
        return _listed(odd, body, path)
    return body


def dump(value: Any) -> bytes:
    """Return JSON as text, with everything that Python's own writer allows."""
    return json.dumps(value, separators=(",", ":")).encode()


def padded(body: Any, size: int) -> Any:
    """Return the body with `size` more bytes in it."""
    filling = "x" * size
    if isinstance(body, dict):
        return {**body, "emulatorPadding": filling}
    return [*body, filling] if isinstance(body, list) else [body, filling]


def changed(
    value: Any,
    at: str,
    chosen: Callable[[Any], bool],
    change: Change,
    new: Any = REMOVED,
) -> Any:
    """Return a value with each selected member at a dotted glob changed.

    If a path without wildcards does not exist but its parent does, it gets `new`.
    """
    hits = 0

    def walk(each: Any, path: str) -> Any:
        nonlocal hits
        if path and fnmatchcase(path, at) and chosen(each):
            hits += 1
            return change(each)
        if isinstance(each, dict):
            pairs = [
                (key, walk(member, f"{path}.{key}".lstrip(".")))
                for key, member in each.items()
            ]
            return {key: member for key, member in pairs if member is not REMOVED}
        if isinstance(each, list):
            members = [
                walk(member, f"{path}.{index}".lstrip("."))
                for index, member in enumerate(each)
            ]
            return [member for member in members if member is not REMOVED]
        return each

    result = walk(value, "")
    if not hits and new is not REMOVED and not set(at) & set("*?["):
        *parents, name = at.split(".")
        parent = result
        for step in parents:
            parent = parent.get(step) if isinstance(parent, dict) else None
        if isinstance(parent, dict):
            parent[name] = new
    return result


def _walked(odd: Odd, body: Any) -> Any:
    turn = odd.turn - 1

    def cycle(values: tuple[Any, ...]) -> Change:
        def give(_old: Any) -> Any:
            nonlocal turn
            turn += 1
            return values[(turn - 1) % len(values)] if odd.value is None else odd.value

        return give

    def leaf(each: Any) -> bool:
        return not isinstance(each, (dict, list))

    def number(each: Any) -> bool:
        return isinstance(each, (int, float)) and not isinstance(each, bool)

    def matching(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
        return lambda each: isinstance(each, str) and bool(pattern.fullmatch(each))

    match odd.kind:
        case "types":
            # Change whole members, so that lists and objects become something else, too.
            others = cycle(odd_values.OTHERS)
            if not isinstance(body, dict):
                return others(body)
            return changed(body, odd.at, lambda _: True, _other(others))
        case "nulls":
            return changed(body, odd.at, lambda _: True, lambda _: None)
        case "numbers":
            return changed(body, odd.at, number, cycle(odd_values.NUMBERS))
        case "times":
            found = matching(_TIME)
            return changed(body, odd.at, found, cycle(odd_values.TIMES))
        case "words":
            found = matching(_WORD)
            return changed(body, odd.at, found, cycle(odd_values.WORDS))
    texts = cycle(odd_values.TEXTS)
    return changed(
        body, odd.at, lambda each: leaf(each) and isinstance(each, str), texts
    )


def _other(cycle: Change) -> Change:
    """Return a change to the next value of a different type."""

    def give(old: Any) -> Any:
        while type(new := cycle(old)) is type(old) and new != old:
            continue
        return new

    return give


def _with_calls(body: Any, odd: Odd) -> Any:
    """Return the body, or each of its records, with odd calls."""
    calls = list(odd_values.CALLS) if odd.value is None else odd.value
    if isinstance(body, list):
        return [_with_calls(each, odd) for each in body]
    if not isinstance(body, dict):
        return body
    for inner in ("records", "body"):
        if isinstance(body.get(inner), (dict, list)):
            return {**body, inner: _with_calls(body[inner], odd)}
    return {**body, "activeCalls": calls, "totalActiveCalls": -1}


def _listed(odd: Odd, body: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a body with its list, or its filters, made odd."""
    records = body.get("records")
    listed = records if isinstance(records, list) else []
    match odd.kind:
        case "no_records":
            return {**body, "records": []}
        case "null_records":
            return {**body, "records": None}
        case "odd_records":
            return {**body, "records": [*odd_values.OTHERS, *listed]}
        case "short_page":
            return {**body, "records": listed[: len(listed) // 2]}
        case "no_navigation":
            return _without(body, "navigation")
        case "no_paging":
            return _without(body, "navigation", "paging")
        case "repeated_page":
            return _repeated(odd, body, path)
        case "duplicates":
            return {**body, "records": [each for each in listed for _ in range(2)]}
        case "same_id":
            return {**body, "records": _same_id(listed)}
        case "no_filters":
            return {**body, "eventFilters": []}
        case "odd_filters":
            filters = [*odd_values.FILTERS, *body.get("eventFilters", [])]
            return {**body, "eventFilters": filters, "disabledFilters": filters}
        case "free_reasons":
            return {**body, "disabledFilters": _free_reasons(body)}
    return body


def _without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def _repeated(odd: Odd, body: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the page that was requested first, which never claims to be the last."""
    first = odd.first_pages.setdefault(path, body)
    navigation = dict(first.get("navigation") or {})
    navigation["nextPage"] = navigation.get("firstPage", {"uri": path})
    paging = {**(first.get("paging") or {}), "totalPages": 1_000_000}
    return {**first, "navigation": navigation, "paging": paging}


def _same_id(records: list[Any]) -> list[Any]:
    ids = [each["id"] for each in records if isinstance(each, dict) and "id" in each]
    return [
        {**each, "id": ids[0]} if isinstance(each, dict) and "id" in each else each
        for each in records
    ]


def _free_reasons(body: dict[str, Any]) -> list[dict[str, str]]:
    """Return every filter as disabled, with a reason whose text names somebody."""
    text = "Jo Doe (+1 415 555 0199) does not want to be watched"
    return [
        {"filter": each, "reason": text, "message": text}
        for each in body.get("eventFilters", [])
    ]
