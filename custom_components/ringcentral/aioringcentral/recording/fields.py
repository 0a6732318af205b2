"""The names of RingCentral's protocol: fields, headers, and parts of paths and queries (docs/protocol.md).

They say which values may be recorded as they are.
"""

import re
from typing import Final

from .. import words

# Fields whose values are words of an enumeration, and those whose values are error codes.
_ENUMERATIONS: Final = frozenset(
    [
        "telephonyStatus",
        "presenceStatus",
        "userStatus",
        "dndStatus",
        "dndStatusPersonal",
        "meetingStatus",
        "cxTelephonyStatus",
        "aggregatedTelephonyStatus",
        "callerIdVisibility",
        "direction",
        "terminationType",
        "type",
        "subType",
        "status",
        "setupWizardState",
        "eventType",
        "lineStatus",
        "recoveryState",
        "transportType",
        "availability",
        "visibility",
        "hints",
        "readStatus",
    ]
)
_CODES: Final = frozenset({"errorCode", "reason", "recoveryErrorCode"})

# Numbers that count, and say nothing about anybody.
COUNTERS: Final = frozenset(
    [
        "sequence",
        "totalActiveCalls",
        "page",
        "perPage",
        "pageStart",
        "pageEnd",
        "totalPages",
        "totalElements",
        "status",
        "httpStatusCode",
        "expires_in",
        "refresh_token_expires_in",
        "expiresIn",
        "maxConnectionsPerSession",
        "recoveryBufferSize",
        "recoveryTimeout",
        "idleTimeout",
        "absoluteTimeout",
        "maxActiveRequests",
        "appearanceNumber",
        "limit",
        "limitMax",
    ]
)

# Parts of a path, event URI or filter.
SEGMENTS: Final = frozenset(
    [
        "restapi",
        "v1.0",
        "v1",
        "oauth",
        "token",
        "wstoken",
        "revoke",
        "account",
        "extension",
        "presence",
        "line",
        "favorite",
        "dnd",
        "subscription",
        "renew",
        "directory",
        "entries",
        "call-queues",
        "call-queue-presence",
        "message-store",
        "call-log",
        "call-log-sync",
        "voicemail",
        "unified-presence",
        "~",
    ]
)
# Parameters of a query.
PARAMETERS: Final = frozenset(
    [
        "detailedTelephonyState",
        "sipData",
        "totalActiveCalls",
        "page",
        "perPage",
        "type",
        "status",
        "messageType",
        "readStatus",
    ]
)

# HTTP headers with a value that counts.
HEADERS: Final = frozenset(
    [
        "x-rate-limit-group",
        "x-rate-limit-limit",
        "x-rate-limit-remaining",
        "x-rate-limit-window",
        "retry-after",
        "content-type",
        "content-length",
    ]
)

_CODE: Final = re.compile(r"[A-Z]{2,4}-\d{2,4}")
_KEY: Final = re.compile(r"[A-Za-z][A-Za-z_.-]{0,40}")


def is_key(name: str) -> bool:
    """Whether a key looks like one of the protocol, and not like somebody's number or name."""
    return _KEY.fullmatch(name) is not None and (
        name[0].islower() or name.lower() in HEADERS
    )


def is_word(field: str, value: str) -> bool:
    """Whether a value may be recorded as it is: a word of the protocol, in a field that has words or codes."""
    if value in words.VALUES:
        return True
    if field in _CODES:
        return _CODE.fullmatch(value) is not None
    return field in _ENUMERATIONS and words.is_made_of_words(value)
