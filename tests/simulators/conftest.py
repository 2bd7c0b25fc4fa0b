"""A simulated guild, served over HTTP on loopback, and a plain HTTP client to look at its answers with."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from simulated_guild import NOW_MS, served, simulator, world

__all__ = ["NOW_MS", "served", "simulator", "world"]

SCHEMA = "https://json-schema.org/draft/2020-12/schema"

Check = Callable[[str, object], None]


@pytest.fixture(scope="session")
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def openapi() -> dict[str, Any]:
    """Discord's own description of its API."""
    path = Path(os.environ["PATT_FIXTURES_DIR"]) / "discord" / "openapi.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="session")
def conforms(openapi: dict[str, Any]) -> Check:
    """Check a value against a named schema of Discord's document."""
    validators: dict[str, jsonschema_rs.Validator] = {}

    def check(name: str, value: object) -> None:
        if name not in validators:
            schema = {"$schema": SCHEMA, "$ref": f"#/components/schemas/{name}", "components": openapi["components"]}
            validators[name] = jsonschema_rs.validator_for(schema)
        validators[name].validate(value)

    return check
