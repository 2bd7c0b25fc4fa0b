"""Commands that are imported when they are used.

A player's computer has the small install, without database and web, and the modules of most commands cannot be imported
there. Where they can, importing all of them takes seconds, and a command needs one. So this is the one place that imports
while the program runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from sv_common.guild_sync.domain.errors import ConfigurationError

OWN_PACKAGES = ("patt", "sv_common")


@dataclass(frozen=True, slots=True)
class Later:
    """A command, or a group of commands, that is imported when it is used.

    `place` is where its function or its `typer.Typer` stands, as `module:name`; `help` is the line that describes it.
    """

    place: str
    help: str
    needs_server_parts: bool = True


class LazyGroup(TyperGroup):
    """A group that lists its commands from a table and imports the one that is called."""

    table: ClassVar[Mapping[str, Later]] = {}
    preparation: ClassVar[str]
    """A function without arguments, as `module:name`, to be called before a command that needs the server's parts."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({name: TyperCommand(name, help=later.help) for name, later in self.table.items()})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is called, and import it. Raises `ConfigurationError` where its parts are missing.

        Typer has no public names for the types of a context and of any command.
        """
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else self._imported(name), rest

    def _imported(self, name: str) -> Any:
        later = self.table[name]
        try:
            if later.needs_server_parts:
                load(self.preparation)()
            return _as_command(name, load(later.place))
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] in OWN_PACKAGES:
                raise
            raise ConfigurationError(
                f'“patt {name}” needs the parts of the server, which are not installed here. Run: pip install "patt[server]"'
            ) from error


def load(place: str) -> Any:
    """Import what stands at `module:name`."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def _as_command(name: str, found: Any) -> Any:
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return get_command(alone)
