"""JSON schemas to hold replies and events against.

`fixtures/schema.json` is this project's own reading of the facts and always
applies. The service's OpenAPI description applies too where it lies beside the
checkout.
"""

from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator
import orjson

OWN_SCHEMA = Path(__file__).parent / "fixtures" / "schema.json"
CHECKOUT = Path(__file__).resolve().parents[2]
SHARED = CHECKOUT.parent / "shared"
SERVICE_SCHEMA = SHARED / "openapi" / "ringcentral-presence.json"


def _components(path: Path) -> dict[str, Any]:
    components: dict[str, Any] = orjson.loads(path.read_bytes())["components"]
    return components


SCHEMAS = [_components(path) for path in (OWN_SCHEMA, SERVICE_SCHEMA) if path.exists()]


def check(name: str, value: Any) -> None:
    """Fail with every mistake when a value does not fit a schema of that name."""
    known = [each for each in SCHEMAS if name in each["schemas"]]
    assert known, f"no schema {name}"
    for components in known:
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        mistakes = [
            f"{'/'.join(map(str, each.absolute_path))}: {each.message}"
            for each in OAS30Validator(schema).iter_errors(value)
        ]
        assert not mistakes, f"{name}: {mistakes}"
