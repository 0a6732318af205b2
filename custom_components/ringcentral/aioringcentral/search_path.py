"""Keeps the folder around this package from shadowing the standard library; importing it does that.

`python -m aioringcentral` inside an installed integration puts the integration's own folder first on
the search path, and with it Home Assistant's platforms: their `select.py` or `calendar.py` would be
imported in place of Python's. Once the package itself is found, that folder is not needed any more.
A folder of installed packages, which has no manifest, stays.
"""

import os
import sys

# Not by pathlib: it imports more than the interpreter has at its start.
_around = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
if os.path.exists(os.path.join(_around, "manifest.json")):  # noqa: PTH110, PTH118
    sys.path[:] = [path for path in sys.path if os.path.realpath(path) != _around]
