"""Values as the API answers them in JSON, and as parts of larger ones."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def as_json_data(value: Any) -> Any:
    """Return a value as the API answers it: without excluded fields, and with computed ones."""
    if isinstance(value, list | tuple):
        return [as_json_data(each) for each in value]
    kind = type(value)
    adapter = _ADAPTERS.get(kind) or _ADAPTERS.setdefault(kind, TypeAdapter(kind))
    return adapter.dump_python(value, mode="json", by_alias=True)


def as_json_text(value: Any) -> str:
    """Return a value as JSON text, which a form can send back."""
    return json.dumps(as_json_data(value))


def values_of(value: DataclassInstance) -> dict[str, Any]:
    """Return the fields of a value by their names, so that a larger one can be made of it."""
    return {each.name: getattr(value, each.name) for each in fields(value)}
