"""What an hour with a live account can answer: records shapes, and looks for answers to the open questions."""

from .answers import answers
from .command import add_arguments, run_command

__all__ = ["add_arguments", "answers", "run_command"]
