"""Carrying out the steps of many plans on the database, each kind of step in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.db.pool import Connection
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.plan import AttachDiscord, CreatePlayer, Link, Plan, RejectLink, RememberAlias, Unlink
from sv_common.guild_sync.store import links
from sv_common.guild_sync.store.links import Change, LinkAuthor


async def write(conn: Connection, guild_id: int, plans: Sequence[Plan], author: LinkAuthor) -> list[list[Change]]:
    """Carry out the plans; return, for each, its changes in the order of writing. Raises `PlanStale`.

    The number of statements does not depend on the number of plans.
    """
    steps = [step for plan in plans for step in plan.steps]
    unlinks = await links.unlink(conn, guild_id, [step for step in steps if isinstance(step, Unlink)])
    creations = [step for step in steps if isinstance(step, CreatePlayer)]
    numbers = await links.new_player_ids(conn, len(creations))
    real_id = {step.placeholder: number for step, number in zip(creations, numbers, strict=True)}
    created = await links.create_players(conn, guild_id, list(zip(numbers, creations, strict=True)), author)
    new_links = [(real_id.get(s.player_id, s.player_id), s) for s in steps if isinstance(s, Link)]
    linked = await links.link(conn, guild_id, new_links, author)
    aliases = [(real_id.get(s.player_id, s.player_id), s) for s in steps if isinstance(s, RememberAlias)]
    remembered = await links.remember_aliases(conn, guild_id, aliases, author)
    rejected = await links.reject(conn, guild_id, [step for step in steps if isinstance(step, RejectLink)], author)
    attached = await links.attach_discord(conn, guild_id, [step for step in steps if isinstance(step, AttachDiscord)])

    def changes_of(plan: Plan) -> list[Change]:
        changes: list[Change] = []
        for step in plan.steps:
            match step:
                case Unlink():
                    changes += unlinks[step.character_id]
                case CreatePlayer():
                    changes.append(created[real_id[step.placeholder]])
                case Link():
                    changes.append(linked[step.character_id])
                case RememberAlias():
                    changes.append(remembered[name_key(step.alias)])
                case RejectLink():
                    changes.append(rejected[step.character_id, step.player_id])
                case AttachDiscord():
                    changes.append(attached[step.player_id])
                case _:
                    raise TypeError(f"{type(step).__name__} is not a step on the database")
        return changes

    return [changes_of(plan) for plan in plans]
