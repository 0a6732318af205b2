"""Tests of the library, which they import by its own name; they need nothing of Home Assistant.

Where it is not installed it is loaded from the integration's folder. That folder is not put on the
search path: Home Assistant's platforms in it, such as `select.py`, would shadow the standard library.
"""

import importlib.util
from pathlib import Path
import sys

LIBRARY = Path(__file__).parents[2] / "custom_components/ringcentral/aioringcentral"

if importlib.util.find_spec(LIBRARY.name) is None:
    spec = importlib.util.spec_from_file_location(
        LIBRARY.name, LIBRARY / "__init__.py", submodule_search_locations=[str(LIBRARY)]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[LIBRARY.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
