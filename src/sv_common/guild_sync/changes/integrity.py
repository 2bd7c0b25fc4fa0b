"""What the database refuses, in words: the one place where its errors become sentences for an officer."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import psycopg

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.core.language import mark, tr

NOTHING_CHANGED = mark("Nothing was changed. Check again.")
CANNOT_BE_UNDONE = mark("So this cannot be undone now. Undo the later change first.")

_UNIQUE = {
    "players": mark("A Discord member is now linked to another player."),
    "player_characters": mark("A character is now linked to another player."),
    "player_note_aliases": mark("An alias now means another player."),
    "link_rejections": mark("Another officer already rejected this link."),
    "shared_characters": mark("Another officer already marked the character as a bank or shared."),
    "hiatuses": mark("Another officer already said that the player is away."),
}
_MISSING = {"players": mark("A main or off-spec now belongs to another player, or a Discord member is gone.")}
_PLAYER_GONE = mark("A player or character was merged or deleted.")


@contextlib.asynccontextmanager
async def stale_if_refused(guild: GuildConnection, ending: str) -> AsyncIterator[None]:
    """Write in a savepoint, with every constraint checked at its end; raise `PlanStale` for what the database refuses.

    Constraints that are checked at the end of a transaction are checked here, so that a rehearsal, which never comes to
    such an end, finds the same.
    """
    try:
        async with guild.savepoint():
            yield
            await guild.run("set constraints all immediate")
            await guild.run("set constraints all deferred")
    except psycopg.IntegrityError as error:
        raise PlanStale(f"{_sentence(error)} {ending}") from error


def _sentence(error: psycopg.IntegrityError) -> str:
    table = error.diag.table_name or ""
    match error:
        case psycopg.errors.UniqueViolation():
            return tr(_UNIQUE.get(table, mark("Another officer already made this change.")))
        case psycopg.errors.ForeignKeyViolation():
            return tr(_MISSING.get(table, _PLAYER_GONE))
        case psycopg.errors.ExclusionViolation():
            return tr("Two characters would have the same name.")
        case _:
            return tr("The parts of this change contradict each other now.")
