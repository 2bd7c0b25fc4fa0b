"""Carrying out the steps of many plans on the database, each kind of step in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sv_common.db.pool import Connection
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    CreatePlayer,
    ForgetAlias,
    Link,
    Plan,
    RejectLink,
    RememberAlias,
    SetMain,
    Step,
    Unlink,
)
from sv_common.guild_sync.store import links
from sv_common.guild_sync.store.links import Change, LinkAuthor

_Kind = TypeVar("_Kind", bound=Step)


async def write(conn: Connection, guild_id: int, plans: Sequence[Plan], author: LinkAuthor) -> list[list[Change]]:
    """Carry out the plans; return, for each, its changes in the order of its steps. Raises `PlanStale`.

    The number of statements does not depend on the number of plans.
    """
    steps = [step for plan in plans for step in plan.steps]
    unlinks = await links.unlink(conn, guild_id, _those(Unlink, steps))
    forgotten = await links.forget_aliases(conn, guild_id, _those(ForgetAlias, steps))
    creations = _those(CreatePlayer, steps)
    numbers = await links.new_player_ids(conn, len(creations))
    real_id = {step.placeholder: number for step, number in zip(creations, numbers, strict=True)}
    created = await links.create_players(conn, guild_id, list(zip(numbers, creations, strict=True)), author)
    new_links = [(real_id.get(step.player_id, step.player_id), step) for step in _those(Link, steps)]
    linked = await links.link(conn, guild_id, new_links, author)
    aliases = [(real_id.get(step.player_id, step.player_id), step) for step in _those(RememberAlias, steps)]
    remembered = await links.remember_aliases(conn, guild_id, aliases, author)
    rejected = await links.reject(conn, guild_id, _those(RejectLink, steps), author)
    mains = await links.set_mains(conn, guild_id, _those(SetMain, steps))
    attached = await links.attach_discord(conn, guild_id, _those(AttachDiscord, steps))
    written: dict[Step, list[Change]] = {
        **{step: unlinks[step.character_id] for step in _those(Unlink, steps)},
        **{step: [forgotten[name_key(step.alias)]] for step in _those(ForgetAlias, steps)},
        **{step: [created[real_id[step.placeholder]]] for step in creations},
        **{step: [linked[step.character_id]] for _, step in new_links},
        **{step: [remembered[name_key(step.alias)]] for _, step in aliases},
        **{step: [rejected[step.character_id, step.player_id]] for step in _those(RejectLink, steps)},
        **{step: [mains[step.player_id]] for step in _those(SetMain, steps)},
        **{step: [attached[step.player_id]] for step in _those(AttachDiscord, steps)},
    }
    return [[change for step in plan.steps for change in written[step]] for plan in plans]


def _those(kind: type[_Kind], steps: Sequence[Step]) -> list[_Kind]:
    return [step for step in steps if isinstance(step, kind)]
