"""One subscription over WebSocket, kept live across sockets (docs/protocol.md 3).

`Stream` is the shell. The modules that decide do no I/O and take the time as an argument: `protocol` for
one socket, `negotiation` for its filters, and `recovery`, `schedule` and `continuity` across sockets.
"""

from .continuity import Continuity, StreamHistory, StreamListener
from .filter_memory import RIGHTS, FilterMemory
from .negotiation import Subscription
from .runner import Stream

__all__ = [
    "RIGHTS",
    "Continuity",
    "FilterMemory",
    "Stream",
    "StreamHistory",
    "StreamListener",
    "Subscription",
]
