"""Keeps the folder around this package from shadowing the standard library, by being imported.

`python -m aioringcentral` inside an installed integration puts the integration's own folder first on
the search path, and with it Home Assistant's platforms: their `select.py` or `calendar.py` would be
imported in place of Python's. Once the package itself has been found, that folder is no longer needed.
A folder of installed packages, which has no manifest, stays on the path.
"""

import os
import sys

# Not with pathlib, which imports modules that the interpreter has not loaded at its start.
_around = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
if os.path.exists(os.path.join(_around, "manifest.json")):  # noqa: PTH110, PTH118
    sys.path[:] = [path for path in sys.path if os.path.realpath(path) != _around]
