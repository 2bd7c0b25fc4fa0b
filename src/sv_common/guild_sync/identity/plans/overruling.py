"""What a Battle.net sign-in has proven and an officer's decision would change: only with a reason, which is kept and shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.identity.facts import GuildFacts


def overruled(facts: GuildFacts, rows: Iterable[RowChange]) -> str | None:
    """Return the first thing that was proven and would no longer be so after these changes, as a sentence; else None.

    A proven link that goes along to the player who is the same person, or that an officer confirms besides, stays proven.
    """
    return next(_overruled(facts, rows), None)


def check_reason(overrules: str | None, reason: str) -> None:
    """Raise `Refused` where proof would be overruled without a reason."""
    if overrules is not None and not reason.strip():
        raise Refused(f"{overrules} {tr('Give a reason to overrule that.')}")


def _overruled(facts: GuildFacts, rows: Iterable[RowChange]) -> Iterator[str]:
    rows = list(rows)
    deleted = {row.id for row in rows if row.table == "player" and row.after is None}
    for row in rows:
        if row.table == "link" and row.before is not None:
            character = facts.characters.get(row.id)
            is_kept = row.after is not None and row.after.get("basis", "proven") == "proven"
            if (
                character is not None
                and character.basis == "proven"
                and character.player_id is not None
                and not is_kept
            ):
                player = facts.players[character.player_id].display_name
                yield tr(
                    "{character} is {player}’s, proven by a Battle.net sign-in.",
                    character=character.label,
                    player=player,
                )
        elif row.table == "player" and row.id in facts.players and row.id not in deleted:
            player_now = facts.players[row.id]
            is_changed = (
                "discord_user_id" in (row.after or {})
                and (row.after or {})["discord_user_id"] != player_now.discord_user_id
            )
            if player_now.discord_basis == "proven" and is_changed:
                member = facts.members.get(player_now.discord_user_id or 0)
                yield tr(
                    "{player} is {member} on Discord, proven by a Battle.net sign-in.",
                    player=player_now.display_name,
                    member=member.display_name if member else tr("another Discord member"),
                )
