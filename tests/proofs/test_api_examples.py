"""Whoever reads the API's description sees by an example what each thing looks like, and the example is right."""

from __future__ import annotations

from typing import Any

import pytest

from proofs.api_examples import Document, Place
from sv_common.db.pool import make_pool
from web.helpers import application

HOW_TO_MEND = (
    "Give the field an example: by its name in patt/api_examples.py, or with Field(examples=[...]); "
    "a parameter with Query(examples=[...])."
)


@pytest.fixture(scope="module")
def document() -> Document:
    return Document(application(make_pool("postgresql:///nobody-asks")).openapi())


def test_every_parameter_body_and_answer_has_an_example_that_is_as_its_schema_says(document: Document) -> None:
    places = list(document.places())
    faults = [fault for place in places for fault in document.faults(place)]
    assert len(places) > 100
    assert faults == [], "\n".join([HOW_TO_MEND, *faults])


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "string", "title": "Note"}, "no example: a field of type string named “Note”"),
        ({"type": "object", "properties": {"at": {"type": "string"}}}, "no example: at › a field of type string"),
        ({"type": "integer", "examples": ["one"]}, "is not as the schema says"),
        ({"type": "string", "format": "date", "examples": ["31.12.2026"]}, "is not as the schema says"),
    ],
)
def test_what_lacks_an_example_or_has_a_wrong_one_is_named(
    document: Document, schema: dict[str, Any], told: str
) -> None:
    assert [told in fault for fault in document.faults(Place("GET /here", schema, ()))] == [True]
