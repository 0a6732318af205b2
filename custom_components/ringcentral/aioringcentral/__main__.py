"""``python -m aioringcentral watch``: the client from a command line."""

import sys

from .watch import entry_point

sys.exit(entry_point())
