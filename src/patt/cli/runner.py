"""How a command reaches the engine: shared options, the operator, and calls that read or write."""

from __future__ import annotations

import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated, Concatenate, ParamSpec, TypeVar

import typer

from patt.bootstrap import Services, open_services, run
from patt.config import load_settings
from patt.web.context import LARGEST_INTEGER, Caller
from sv_common.db.pool import Connection, GuildConnection
from sv_common.guild_sync.core.language import language, mark, speak, tr
from sv_common.guild_sync.core.plain_text import shown
from sv_common.guild_sync.core.row_number import row_of
from sv_common.guild_sync.roster import guilds

_Result = TypeVar("_Result")
_P = ParamSpec("_P")


def row_number(text: str) -> int:
    """Read the number of a row, written 12 or #12. Raises `typer.BadParameter`."""
    number = row_of(text)
    if number is None:
        raise typer.BadParameter(tr("“{text}” is not a number. Write 12, or '#12' in quotes.", text=shown(text)))
    return number


def guild_row(text: str) -> int:
    number = row_number(text)
    if number > LARGEST_INTEGER:
        raise typer.BadParameter(tr("Guild {number} does not exist.", number=number))
    return number


GuildOption = Annotated[
    int | None,
    typer.Option(
        "--guild", parser=guild_row, metavar="NUMBER", help=mark("Number of the guild, if there are several.")
    ),
]
PageOption = Annotated[int, typer.Option(min=1, max=LARGEST_INTEGER, help=mark("Page of 50."))]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help=mark("Show what would be done, and change nothing."))]


def call(
    function: Callable[Concatenate[Services, _P], Awaitable[_Result]], *args: _P.args, **options: _P.kwargs
) -> _Result:
    """Call a function with the services. What is said after it is in the language of the guild that it was about, if of one."""

    async def opened() -> tuple[_Result, str]:
        async with open_services(load_settings()) as services:
            return await function(services, *args, **options), language()

    result, spoken = run(opened())
    speak(spoken)
    return result


def read(
    guild: int | None,
    function: Callable[Concatenate[GuildConnection, _P], Awaitable[_Result]],
    *args: _P.args,
    **options: _P.kwargs,
) -> _Result:
    """Call a function in one snapshot of the requested guild, or of the only one there is. Raises `NotFound` and `Refused`."""

    async def reading(services: Services) -> _Result:
        async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
            return await function(here, *args, **options)

    return call(reading)


def write(
    guild: int | None,
    function: Callable[Concatenate[GuildConnection, _P], Awaitable[_Result]],
    *args: _P.args,
    **options: _P.kwargs,
) -> _Result:
    """Do the same in a transaction that holds the guild's lock and is committed at the end."""

    async def writing(services: Services) -> _Result:
        async with services.pool.writing(await guilds.resolve_guild(services.pool, guild)) as here:
            return await function(here, *args, **options)

    return call(writing)


def on_installation(
    function: Callable[Concatenate[Connection, _P], Awaitable[_Result]], *args: _P.args, **options: _P.kwargs
) -> _Result:
    """Call a function that is about no single guild, in a transaction that is committed at the end."""

    async def working(services: Services) -> _Result:
        async with services.pool.installation() as conn:
            return await function(conn, *args, **options)

    return call(working)


def operator() -> Caller:
    """Return who acts on the command line: the user of this computer, who may be unknown."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return Caller(shown(name))


def actor() -> str:
    return operator().actor
