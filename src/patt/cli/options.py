"""Options that many commands share, and the way from a command into asynchronous work."""

from __future__ import annotations

import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from patt.bootstrap import Services, open_services, run
from patt.config import load_settings
from patt.deps import Caller
from sv_common.guild_sync.store import guilds

_Result = TypeVar("_Result")

GuildOption = Annotated[
    int | None, typer.Option("--guild", help="Number of the guild; needed only when there are several.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]


def with_services(work: Callable[[Services], Awaitable[_Result]]) -> _Result:
    """Open the configured services, do the work, and close them."""

    async def opened() -> _Result:
        async with open_services(load_settings()) as services:
            return await work(services)

    return run(opened())


async def guild_number(services: Services, guild_id: int | None) -> int:
    """Return the guild asked for, or the only one there is. Raises `NotFound` and `Refused`."""
    async with services.pool.snapshot() as conn:
        return (await guilds.the_only(conn, guild_id)).id


def operator() -> Caller:
    """Return who acts on the command line: the user of this computer."""
    return Caller(getpass.getuser())


def actor() -> str:
    """Return how moves and attempts name whoever acts on the command line."""
    return operator().actor
