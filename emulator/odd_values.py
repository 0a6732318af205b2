"""Values that no client expects, grouped by what they replace. Pure."""

from typing import Any

NUMBERS: tuple[Any, ...] = (
    -1,
    0,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    1e308,
    float("inf"),
    float("-inf"),
    float("nan"),
    0.5,
    True,
    "7",
    "inf",
    " 12 ",
    "١٢",
)
"""Written as Python's `json` writes them: `Infinity` and `NaN` are among them."""

TIMES: tuple[Any, ...] = (
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59.999-01:00",
    "0000-00-00T00:00:00.000Z",
    "+292278994-08-17T07:12:55.807Z",
    "1970-01-01T00:00:00Z",
    "2026-02-30T25:61:61Z",
    "2026-11-28T12:00:00+99:99",
    "2026-11-28T12:00:00",
    "2026-11-28",
    "2038-01-19T03:14:08.000Z",
    "yesterday",
    "",
    0,
    -1,
    1_795_867_200_000,
    1e308,
    None,
    [],
)

WORDS: tuple[str, ...] = (
    "SomethingNew",
    "",
    " ",
    "nocall",
    "AVAILABLE",
    "Available ",
    "None",
    "null",
    "unknown",
    "Доступен",
    "A" * 300,
    "a\nb",
    "__class__",
)

TEXTS: tuple[str, ...] = (
    "",
    " ",
    "\n",
    "\u200b\u2060",
    "\ufeffAnn",
    "\u202egnp.exe",
    "\ud800",
    "a\0b",
    "<img src=x onerror=alert(1)>",
    "{{ states | length }}",
    "%s %d {0}",
    "ab" * 50_000,
    "👩‍👩‍👧‍👦" * 40,
    "../../etc",
)
"""One has half a surrogate pair, which JSON can express but UTF-8 cannot."""

STATUSES: tuple[Any, ...] = ("200", None, 0, -1, 99, 1e308, True, [], {}, 299, 1000)

OTHERS: tuple[Any, ...] = (None, 7, "x", True, 1.5, [], {}, [[]], [None], {"id": None})
"""One value of each JSON type, to replace a value of another type."""

HEADERS: tuple[dict[str, str], ...] = (
    {
        "X-Rate-Limit-Group": "light",
        "X-Rate-Limit-Limit": "inf",
        "X-Rate-Limit-Remaining": "nan",
        "X-Rate-Limit-Window": "-60",
        "Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT",
    },
    {
        "X-Rate-Limit-Group": "\u00fcber",
        "X-Rate-Limit-Limit": "-1",
        "X-Rate-Limit-Remaining": "-5",
        "X-Rate-Limit-Window": "1e400",
        "Retry-After": "-5",
    },
    {
        "X-Rate-Limit-Group": "",
        "X-Rate-Limit-Limit": "0",
        "X-Rate-Limit-Remaining": "0",
        "X-Rate-Limit-Window": "999999999999999999999",
        "Retry-After": "99999999999999999999",
    },
    {
        "X-Rate-Limit-Group": "medium,heavy",
        "X-Rate-Limit-Limit": "40, 10",
        "X-Rate-Limit-Remaining": "39.5",
        "X-Rate-Limit-Window": "",
        "Retry-After": "soon",
    },
    {"X-Rate-Limit-Limit": "٤٠", "X-Rate-Limit-Remaining": "x", "Retry-After": "nan"},
)

CONTENT_TYPES = (
    "text/html",
    "text/plain",
    "application/json; charset=no-such-thing",
    "application/xml",
    "application/octet-stream",
    "nonsense",
    "application/json; charset=utf-16",
)

FILTERS: tuple[Any, ...] = (None, 5, "", "x", {}, [], True, "/restapi/v1.0/other")

CALLS: tuple[Any, ...] = (
    None,
    5,
    "x",
    [],
    {},
    {"telephonyStatus": "CallConnected"},
    {"id": None, "sessionId": None, "telephonyStatus": None, "direction": None},
    {"id": 7, "sessionId": 12.5, "telephonyStatus": 3, "direction": []},
    {"id": "a", "telephonyStatus": "SomethingNew", "direction": "Sideways"},
    {"id": "b", "telephonyStatus": "Ringing", "startTime": "0001-01-01T00:00:00+01:00"},
    {"id": "b", "telephonyStatus": "OnHold", "startTime": 0, "direction": "Inbound"},
    {
        "id": "c",
        "telephonyStatus": "Ringing",
        "direction": "Inbound",
        "from": {},
        "fromName": 5,
        "to": "conference",
        "sessionId": "0",
        "callInfo": {"primary": {"type": 5, "value": []}},
    },
    {"id": "d", "telephonyStatus": "NoCall", "terminationType": "SomethingNew"},
    {"id": "e", "telephonyStatus": "CallConnected", "callInfo": [], "sipData": "x"},
    {"id": "f", "terminationType": "final", "telephonyStatus": "CallConnected"},
)
"""Items of `activeCalls`, from something that is no item to a call that contradicts itself."""
