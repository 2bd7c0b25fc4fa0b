"""The examples in an OpenAPI document: where they are, and where one is missing or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from patt.handbook.examples import Examples, NoExampleError, Schema, examples_beside

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BODY = "{}, body as {}"
"""Names the place of a request body: the operation, such as `POST /api`, and the kind of body."""


@dataclass(frozen=True)
class Place:
    """Something that a program sends or gets: where it is described, its schema, and the examples beside the schema."""

    name: str
    schema: Schema
    examples: tuple[Any, ...]


@dataclass(frozen=True)
class Document:
    """An OpenAPI document."""

    content: Schema

    def places(self) -> Iterator[Place]:
        """Give every parameter, request body and answer that tells something."""
        for path, operations in self.content["paths"].items():
            for method, operation in operations.items():
                yield from self._places_of(f"{method.upper()} {path}", operation)

    def faults(self, place: Place) -> list[str]:
        """Say what is wrong with the examples of a place; nothing where each is as its schema says."""
        try:
            examples = [self._with_nulls(example, place.schema) for example in self.examples_of(place)]
        except NoExampleError as missing:
            return [f"{place.name} has no example: {missing}"]
        whole = {"$schema": DIALECT, "components": self.content["components"], **place.schema}
        validator = jsonschema_rs.validator_for(whole, validate_formats=True)
        return [
            f"{place.name}: its example {example!r} is not as the schema says: {error.message}"
            for example in examples
            for error in validator.iter_errors(example)
        ]

    def examples_of(self, place: Place) -> list[Any]:
        """Give the examples of a place, put together from its parts where it has none. Raises `NoExampleError`."""
        return [*place.examples] or Examples(self.content).of(place.schema)

    def _places_of(self, operation_name: str, operation: Schema) -> Iterator[Place]:
        for parameter in operation.get("parameters", ()):
            yield _place(f"{operation_name}, parameter {parameter['name']}", parameter)
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            yield _place(BODY.format(operation_name, kind), media)
        for status, response in operation["responses"].items():
            for kind, media in response.get("content", {}).items():
                yield _place(f"{operation_name}, answer {status} as {kind}", media)

    def _with_nulls(self, example: Any, schema: Schema) -> Any:
        """Return an example with its fields that are null: FastAPI leaves every null out of the document."""
        if "$ref" in schema:
            return self._with_nulls(example, Examples(self.content).referred(schema["$ref"]))
        if alternatives := [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]:
            return self._with_nulls(example, alternatives[0])
        if isinstance(example, list):
            return [self._with_nulls(each, schema.get("items", {})) for each in example]
        if not isinstance(example, dict):
            return example
        parts: Schema = schema.get("properties", {})
        nulls = {name: None for name, part in parts.items() if name not in example and _may_be_null(part)}
        return nulls | {name: self._with_nulls(each, parts.get(name, {})) for name, each in example.items()}


def _may_be_null(schema: Schema) -> bool:
    return any(each.get("type") == "null" for each in schema.get("anyOf", ()))


def _place(name: str, described: Schema) -> Place:
    """A place by what describes it: a parameter or a media type, with examples of its own or in its schema."""
    return Place(name, described["schema"], tuple(examples_beside(described)))
