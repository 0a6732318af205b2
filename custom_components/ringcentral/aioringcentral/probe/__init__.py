"""What one hour with a live account would settle: records shapes, and answers open questions about the wire."""

from .answers import answers
from .command import add_arguments, run_command

__all__ = ["add_arguments", "answers", "run_command"]
