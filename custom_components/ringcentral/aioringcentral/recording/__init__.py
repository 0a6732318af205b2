"""What the service sent, without a word of what it was about: shapes to record, pass on and replay."""

from .recorder import Recorder
from .shapes import Shapes

__all__ = ["Recorder", "Shapes"]
