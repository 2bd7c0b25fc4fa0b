"""Every command of `patt`, found as a person finds it: through the groups, from the top."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from patt.cli.main import app


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each group and command with its words, in the order of the help."""
    yield from _below((), get_command(app))


def rendered() -> str:
    """The whole tree as text: words, help, and of each parameter what the help says of it."""
    return "\n".join(_lines(words, command) for words, command in commands())


def _below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    context = typer.Context(command)
    for name in getattr(command, "commands", ()):
        yield from _below((*words, name), command.resolve_command(context, [name])[1])


def _lines(words: tuple[str, ...], command: Any) -> str:
    context = typer.Context(command)
    lines = [" ".join(("patt", *words, *command.collect_usage_pieces(context)))]
    lines += [f"    {line}".rstrip() for line in inspect.cleandoc(command.help or "").splitlines()]
    for parameter in command.params:
        declared, said = parameter.get_help_record(context) or (parameter.name, "hidden")
        lines.append(f"  {declared}" + (f"  {' '.join(said.split())}" if said else ""))
    return "\n".join(lines) + "\n"
