"""The examples in an OpenAPI description: those that a schema gives, or one put together from its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
ROOT = "#/"


class NoExampleError(Exception):
    """Something of which the description gives no example."""


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of one description."""

    content: Schema

    def of(self, schema: Schema) -> list[Any]:
        """Return the examples of a schema. Raises `NoExampleError`."""
        if "$ref" in schema:
            return self.of(self.referred(schema["$ref"]))
        if "examples" in schema:
            return list(schema["examples"])
        if "example" in schema:
            return [schema["example"]]
        if "enum" in schema or "const" in schema:
            return list(schema.get("enum", [schema.get("const")]))
        alternatives = schema.get("oneOf") or schema.get("anyOf")
        if alternatives:
            said = [each for each in alternatives if each.get("type") != "null"]
            return [example for each in said for example in self.of(each)]
        return [self._of_kind(schema)]

    def referred(self, reference: str) -> Schema:
        """Return the schema that a `$ref` names."""
        found: Any = self.content
        for step in reference.removeprefix(ROOT).split("/"):
            found = found[step]
        return dict(found)

    def _of_kind(self, schema: Schema) -> Any:
        match schema.get("type"):
            case "object" if "properties" in schema:
                return {name: self._part(name, part) for name, part in schema["properties"].items()}
            case "array" if "items" in schema:
                return [self._part("items", schema["items"])]
            case "boolean":
                return True
            case kind:
                raise NoExampleError(f"a field of type {kind} named “{schema.get('title', '?')}”")

    def _part(self, name: str, schema: Schema) -> Any:
        try:
            return self.of(schema)[0]
        except NoExampleError as missing:
            raise NoExampleError(f"{name} › {missing}") from None


def examples_beside(described: Schema) -> list[Any]:
    """Return the examples that a parameter or a media type gives beside its schema."""
    beside = [described["example"]] if "example" in described else []
    return beside + [each["value"] for each in described.get("examples", {}).values()]
