"""One subscription over WebSocket, kept live across sockets."""
