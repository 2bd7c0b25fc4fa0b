"""Whether somebody who came in a while ago would still be let in: the guard itself is asked again."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from patt.bootstrap import Services
from patt.web.context import Caller
from patt.web.guard import Guard
from sv_common.guild_sync.core.errors import NotFound


async def is_still_welcome(services: Services, scope: Scope, guild_id: int) -> bool:
    """Whether the guard lets a request in now, for somebody who may see this guild."""
    let_in: list[Caller] = []

    async def note(scope: Scope, _receive: Receive, _send: Send) -> None:
        caller = scope["state"].get("caller")
        if isinstance(caller, Caller):
            let_in.append(caller)

    await Guard(note, services)({**scope, "state": {}}, _hear_nothing, _say_nothing)
    return any(_may_see(caller, guild_id) for caller in let_in)


def _may_see(caller: Caller, guild_id: int) -> bool:
    try:
        return caller.may_act_as("viewer") and caller.guild_in_reach(guild_id) == guild_id
    except NotFound:
        return False


async def _hear_nothing() -> Message:
    return {"type": "http.disconnect"}


async def _say_nothing(message: Message) -> None:
    """Drop what the guard would have answered."""
