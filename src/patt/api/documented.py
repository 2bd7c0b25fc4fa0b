"""How a model of the API shows an example of itself in the API's description."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict


def documented(**example: Any) -> ConfigDict:
    """Return the configuration of a model that is read from fields, with an example of it."""
    return ConfigDict(from_attributes=True, json_schema_extra={"examples": [example]})
