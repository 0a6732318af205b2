"""``python -m aioringcentral watch``: the client from a command line."""

import sys

from .command import entry_point

sys.exit(entry_point())
