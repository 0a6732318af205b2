"""JSON schemas of replies and events: `fixtures/schema.json`, from docs/protocol.md 2 and 4."""

from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator
import orjson

COMPONENTS: dict[str, Any] = orjson.loads(
    (Path(__file__).parent / "fixtures" / "schema.json").read_bytes()
)["components"]


def check(name: str, value: Any) -> None:
    """Fail with every mistake when a value does not fit the schema of that name."""
    assert name in COMPONENTS["schemas"], f"no schema {name}"
    schema = {"$ref": f"#/components/schemas/{name}", "components": COMPONENTS}
    mistakes = [
        f"{'/'.join(map(str, each.absolute_path))}: {each.message}"
        for each in OAS30Validator(schema).iter_errors(value)
    ]
    assert not mistakes, f"{name}: {mistakes}"
