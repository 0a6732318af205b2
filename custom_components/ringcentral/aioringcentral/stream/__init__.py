"""One subscription over WebSocket, kept live across sockets (docs/protocol.md 3).

`Stream` is the shell. What decides has no I/O and takes the time as an argument: `protocol` for one
socket, `subscription` for its filters, `recovery`, `schedule` and `continuity` across sockets.
"""

from .continuity import Continuity, StreamHistory, StreamListener
from .runner import Stream
from .subscription import Subscription

__all__ = ["Continuity", "Stream", "StreamHistory", "StreamListener", "Subscription"]
