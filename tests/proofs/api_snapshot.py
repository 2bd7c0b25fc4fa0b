"""The API's description as text that can be compared line by line: one line for each parameter and each field.

Names, titles and descriptions of whole schemas are left out, for they tell how the code is cut; examples are judged by
tests of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties", "pattern", "format")
REFERENCE = "#/components/schemas/"
JSON = "application/json"


def described(document: Schema) -> str:
    """Return an OpenAPI document as text, sorted by path; what refusals mean stands at the end."""
    return "\n".join(_Text(document).lines()) + "\n"


class _Text:
    def __init__(self, document: Schema) -> None:
        self._paths: Schema = document["paths"]
        self._schemas: Schema = document["components"]["schemas"]
        self._refusals: set[str] = set()

    def lines(self) -> Iterator[str]:
        for path in sorted(self._paths):
            for method, operation in sorted(self._paths[path].items()):
                yield f"{method.upper()} {path} — {operation['summary']}"
                yield from (f"    {line}" for line in self._operation(operation))
        yield from sorted(self._refusals)

    def _operation(self, operation: Schema) -> Iterator[str]:
        yield f"{', '.join(operation.get('tags', ['probes']))}: {_one_line(operation.get('description'))}"
        for parameter in operation.get("parameters", ()):
            schema = {**parameter["schema"], "description": parameter.get("description")}
            yield from self._field(f"{parameter['in']} {parameter['name']}", schema, parameter["required"])
        body = operation.get("requestBody", {})
        for kind, media in body.get("content", {}).items():
            yield from self._field(_place("body", kind), media["schema"], body.get("required", False))
        refused = []
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                for kind, media in answer.get("content", {}).items():
                    yield from self._field(_place(status, kind), media["schema"])
            else:
                refused.append(status)
                self._refusals.add(f"{status}: {answer['description']}")
        if refused:
            yield f"refused: {' '.join(refused)}"

    def _field(self, name: str, schema: Schema, is_required: bool = True) -> Iterator[str]:
        schema = self._resolved(schema)
        options = [self._resolved(each) for each in schema.get("oneOf", schema.get("anyOf", ()))]
        filled = [each for each in options if each.get("type") != "null"]
        if len(options) == 2 and len(filled) == 1:  # one kind or null
            outer = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
            yield from self._field(f"{name}?", {**filled[0], **outer}, is_required)
            return
        yield _line(name, schema, is_required)
        for number, option in enumerate(options, 1):
            yield from self._field(f"{name}|{number}", option)
        required = schema.get("required", ())
        for part, inner in sorted(schema.get("properties", {}).items()):
            yield from self._field(f"{name}.{part}", inner, part in required)
        for mark, key in (("[]", "items"), ("{}", "additionalProperties")):
            if isinstance(schema.get(key), Mapping):
                yield from self._field(f"{name}{mark}", schema[key])

    def _resolved(self, schema: Schema) -> Schema:
        if "$ref" not in schema:
            return schema
        referred = self._schemas[schema["$ref"].removeprefix(REFERENCE)]
        own = {key: value for key, value in schema.items() if key != "$ref"}
        return {**referred, "description": None, **own}


def _line(name: str, schema: Schema, is_required: bool) -> str:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kind = schema.get("type") or ("any of" if "anyOf" in schema else "one of" if "oneOf" in schema else "any")
    told = [
        kind if isinstance(kind, str) else " or ".join(kind),
        *map(str, values),
        *(f"{each}={schema[each]}" for each in BOUNDS if each in schema),
        *([f"default={schema['default']}"] if schema.get("default") is not None else []),
        *([] if is_required else ["optional"]),
    ]
    text = _one_line(schema.get("description"))
    return f"{name}: {' '.join(told)}" + (f" — {text}" if text else "")


def _place(name: str, kind: str) -> str:
    return name if kind == JSON else f"{name} as {kind}"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
