"""Carrying out the steps of many plans on the database, each kind of step in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

from sv_common.db.pool import Connection
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    ConfirmMember,
    CreatePlayer,
    DeletePlayer,
    DetachDiscord,
    ForgetAlias,
    ForgetMemberRejection,
    ForgetRejection,
    Link,
    MoveAlias,
    MoveMemberRejection,
    MoveRejection,
    Plan,
    RejectLink,
    RejectMember,
    RememberAlias,
    SetMain,
    SetOffspec,
    Step,
    Unlink,
)
from sv_common.guild_sync.store import aliases, journal, links, players, rejections
from sv_common.guild_sync.store.integrity import NOTHING_CHANGED, stale_if_refused
from sv_common.guild_sync.store.links import Change, LinkAuthor

_Kind = TypeVar("_Kind", bound=Step)
_Pointing = TypeVar("_Pointing", AttachDiscord, DetachDiscord)


_Written: TypeAlias = dict[Step, list[Change]]
"""What each step has changed."""


async def write(conn: Connection, guild_id: int, plans: Sequence[Plan], author: LinkAuthor) -> list[list[Change]]:
    """Carry out the plans; return, for each, its changes in the order of its steps. Raises `PlanStale`.

    What is taken away comes first, so that something else may be put in its place. The number of statements does not
    depend on the number of plans. What the database changes along with it is among the changes: see `CASCADES`.
    """
    steps = [step for plan in plans for step in plan.steps]
    async with stale_if_refused(conn, NOTHING_CHANGED):
        written = {
            **await _take_away(conn, guild_id, steps),
            **await _make(conn, guild_id, steps, author),
            **await _point(conn, guild_id, steps, author),
        }
    return [[change for step in plan.steps for change in written[step]] for plan in plans]


async def _take_away(conn: Connection, guild_id: int, steps: Sequence[Step]) -> _Written:
    """Take characters and words from players; then players that nothing belongs to any more can go."""
    unlinks = await links.unlink(conn, guild_id, _those(Unlink, steps))
    forgotten = await aliases.forget(conn, guild_id, _those(ForgetAlias, steps))
    moved = await aliases.move(conn, guild_id, _those(MoveAlias, steps))
    unsaid = await rejections.forget(conn, guild_id, _those(ForgetRejection, steps))
    said_of_others = await rejections.move(conn, guild_id, _those(MoveRejection, steps))
    unsaid_of_members = await rejections.forget_members(conn, guild_id, _those(ForgetMemberRejection, steps))
    members_of_others = await rejections.move_members(conn, guild_id, _those(MoveMemberRejection, steps))
    detached = await players.detach_discord(conn, guild_id, _those(DetachDiscord, steps))
    doomed = _those(DeletePlayer, steps)
    swept = await journal.swept_along(conn, [step.player_id for step in doomed]) if doomed else []
    deleted = await players.delete(conn, guild_id, doomed)
    return {
        **{step: unlinks[step.character_id] for step in _those(Unlink, steps)},
        **{step: [forgotten[name_key(step.alias)]] for step in _those(ForgetAlias, steps)},
        **{step: [moved[name_key(step.alias)]] for step in _those(MoveAlias, steps)},
        **{step: [unsaid[step.character_id, step.player_id]] for step in _those(ForgetRejection, steps)},
        **{step: [said_of_others[step.character_id, step.player_id]] for step in _those(MoveRejection, steps)},
        **{
            step: [unsaid_of_members[step.player_id, step.discord_user_id]]
            for step in _those(ForgetMemberRejection, steps)
        },
        **{
            step: [members_of_others[step.player_id, step.discord_user_id]]
            for step in _those(MoveMemberRejection, steps)
        },
        **{step: [detached[step.player_id]] for step in _those(DetachDiscord, steps)},
        **{step: [*_of_player(step.player_id, swept), *deleted[step.player_id]] for step in doomed},
    }


async def _make(conn: Connection, guild_id: int, steps: Sequence[Step], author: LinkAuthor) -> _Written:
    """Make players, and say what is theirs and what is not."""
    creations = _those(CreatePlayer, steps)
    numbers = await players.new_ids(conn, len(creations))
    real_id = {step.placeholder: number for step, number in zip(creations, numbers, strict=True)}
    created = await players.create(conn, guild_id, list(zip(numbers, creations, strict=True)), author)
    new_links = [(real_id.get(step.player_id, step.player_id), step) for step in _those(Link, steps)]
    linked = await links.link(conn, guild_id, new_links, author)
    new_words = [(real_id.get(step.player_id, step.player_id), step) for step in _those(RememberAlias, steps)]
    remembered = await aliases.remember(conn, guild_id, new_words, author)
    rejected = await rejections.reject(conn, guild_id, _those(RejectLink, steps), author)
    not_members = await rejections.reject_members(conn, guild_id, _those(RejectMember, steps), author)
    return {
        **{step: [created[real_id[step.placeholder]]] for step in creations},
        **{step: [linked[step.character_id]] for _, step in new_links},
        **{step: remembered[name_key(step.alias)] for _, step in new_words},
        **{step: [rejected[step.character_id, step.player_id]] for step in _those(RejectLink, steps)},
        **{step: [not_members[step.player_id, step.discord_user_id]] for step in _those(RejectMember, steps)},
    }


async def _point(conn: Connection, guild_id: int, steps: Sequence[Step], author: LinkAuthor) -> _Written:
    """Let players point to characters that are theirs by now, and to Discord members whom nobody is any more."""
    mains = await players.set_mains(conn, guild_id, _those(SetMain, steps))
    offspecs = await players.set_offspecs(conn, guild_id, _those(SetOffspec, steps))
    attached = await players.attach_discord(conn, guild_id, _those(AttachDiscord, steps), author)
    confirmed = await players.confirm_members(conn, guild_id, _those(ConfirmMember, steps), author)
    return {
        **{step: [mains[step.player_id]] for step in _those(SetMain, steps)},
        **{step: [offspecs[step.player_id]] for step in _those(SetOffspec, steps)},
        **{step: [attached[step.player_id]] for step in _those(AttachDiscord, steps)},
        **{step: [confirmed[step.player_id]] for step in _those(ConfirmMember, steps)},
    }


def _of_player(player_id: int, swept: Sequence[Change]) -> list[Change]:
    return [change for change in swept if (change["before"] or {})["player_id"] == player_id]


def _those(kind: type[_Kind], steps: Sequence[Step]) -> list[_Kind]:
    return [step for step in steps if isinstance(step, kind)]
