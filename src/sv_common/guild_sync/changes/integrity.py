"""What the database refuses, in words: the one place where its errors become sentences for an officer."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import psycopg

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import PlanStale

NOTHING_CHANGED = "Nothing was changed; look again."
CANNOT_BE_UNDONE = "So this cannot be undone as it is; undo what was done since first."

_UNIQUE = {
    "players": "A Discord member has been linked to another player since.",
    "player_characters": "A character has been linked to another player since.",
    "player_note_aliases": "An alias means another player since.",
    "link_rejections": "Another officer has made the same rejection since.",
    "hiatuses": "Another officer has said since that the player is away.",
    "shared_characters": "Another officer has marked the character as a bank or shared character since.",
}
_MISSING = {
    "players": "A character is no longer a player’s that would have it as its main or off-spec, or a Discord member is gone."
}
_PLAYER_GONE = "A player or a character that this is about is gone since, merged into another or deleted."


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
            return _UNIQUE.get(table, "Another officer has made the same change since.")
        case psycopg.errors.ForeignKeyViolation():
            return _MISSING.get(table, _PLAYER_GONE)
        case psycopg.errors.ExclusionViolation():
            return "Two characters of the guild would have the same name."
        case _:
            return "What would be written does not fit together any more."
