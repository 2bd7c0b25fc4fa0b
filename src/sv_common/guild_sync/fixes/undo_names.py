"""What people call the rows of an attempt's journal."""

from __future__ import annotations

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.fixes.role_turns import names_in
from sv_common.guild_sync.fixes.undo_effects import Names, character_numbers, member_numbers, player_numbers
from sv_common.guild_sync.store.attempts import Attempt

SQL = load_sql(__package__, "undo_preview.sql")


async def names_of(conn: Connection, attempt: Attempt) -> Names:
    """Return the names of all that an attempt's journal is about; what is gone is called as the journal remembers it."""
    changes = attempt.changes
    values = {
        "guild_id": attempt.guild_id,
        "character_ids": list(character_numbers(changes)),
        "player_ids": list(player_numbers(changes)),
        "member_ids": list(member_numbers(changes)),
    }
    rows = await (await conn.execute(SQL["names"], values)).fetchall()
    found: dict[str, dict[int, str]] = {"character": {}, "player": {}, "member": {}}
    for kind, number, name in rows:
        found[kind][number] = name
    for change in changes:
        before = change["before"] or {}
        if change["table"] == "player" and "display_name" in before:
            found["player"].setdefault(change["id"], before["display_name"])
    return Names(found["character"], found["player"], found["member"], names_in(attempt.plan))
