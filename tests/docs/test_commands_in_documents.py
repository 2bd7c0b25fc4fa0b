"""What the documents tell people to type is there to be typed."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer

from docs.markdown import DOCUMENTS, code_of
from patt.cli.main import app

_CALL = re.compile(r"^(?:python run\.py )?patt(?= [a-z])")
_OPTIONAL = re.compile(r"[\[\]…|]")

CALLS = sorted(
    {
        (document.name, " ".join(_CALL.sub("patt", line.strip()).split()))
        for document in DOCUMENTS
        if document.name != "CHANGELOG.md"
        for code in code_of(document)
        for line in code.splitlines()
        if _CALL.match(line.strip())
    }
)
"""Each command with the document that names it, but not what earlier versions had."""


def test_the_documents_name_commands() -> None:
    assert {("setup.md", "patt doctor --json"), ("start.md", "patt match")} <= set(CALLS)
    assert len(CALLS) > 150


@pytest.mark.parametrize(("document", "line"), CALLS)
def test_every_command_of_a_document_exists_with_its_options(document: str, line: str) -> None:
    _, *words = shlex.split(_OPTIONAL.sub(" ", line), comments=True)
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "resolve_command"):
        _, command, words = command.resolve_command(typer.Context(command), words)
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    used = {word for word in words if word.startswith("--")} - {"--help"}
    assert used <= options
