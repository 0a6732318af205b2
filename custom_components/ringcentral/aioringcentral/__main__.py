"""``python -m aioringcentral watch``: the client from a command line."""

import sys

from .watch import main

sys.exit(main(sys.argv[1:]))
