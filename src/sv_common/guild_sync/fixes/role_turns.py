"""Role changes as data: what a plan asks for, what undoes it, and what a look at the member says of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sv_common.guild_sync.domain.guild import DiscordMember
from sv_common.guild_sync.domain.plan import AddDiscordRole, RemoveDiscordRole, Step
from sv_common.guild_sync.store.links import Change


@dataclass(frozen=True, slots=True)
class Member:
    """A Discord member as the database and Discord know them."""

    row_id: int
    discord_id: str
    discord_guild_id: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One role to give (or else to take)."""

    role_id: str
    name: str
    give: bool


def turns_of(steps: Sequence[Step], held: Collection[str]) -> list[Turn]:
    """Return what the steps of a plan ask for and is not so yet, giving before taking."""
    turns = [turn for turn in map(_turn, steps) if (turn.role_id in held) is not turn.give]
    return _giving_first(turns)


def _turn(step: Step) -> Turn:
    match step:
        case AddDiscordRole(role_id=role_id, role=name):
            return Turn(role_id, name, give=True)
        case RemoveDiscordRole(role_id=role_id, role=name):
            return Turn(role_id, name, give=False)
        case _:
            raise TypeError(f"{type(step).__name__} is not a step on Discord")


def turns_back(changes: Sequence[Change], held: Collection[str]) -> list[Turn]:
    """Return what puts the changes back, taken together; nothing for a role that is as it was at first."""
    first = held_at_first(changes)
    turns = [Turn(role_id, "", give=was) for role_id, was in first.items() if held_at_last(changes)[role_id] is not was]
    return _giving_first([turn for turn in turns if (turn.role_id in held) is not turn.give])


def held_at_first(changes: Sequence[Change]) -> dict[str, bool]:
    """Return whether the member held each of the roles before the first of the changes."""
    first: dict[str, bool] = {}
    for change in changes:
        before, after = change["before"] or {}, change["after"] or {}
        first.setdefault(after["role_id"], before["held"])
    return first


def held_at_last(changes: Sequence[Change]) -> dict[str, bool]:
    """Return whether the member held each of the roles after the last of the changes."""
    return {after["role_id"]: after["held"] for change in changes if (after := change["after"])}


def is_seen(change: Change, held: Collection[str]) -> bool:
    """Whether a change has been made, by the roles that the member holds."""
    written = change["after"] or {}
    return (written["role_id"] in held) is written["held"]


def change_of(member: Member, turn: Turn) -> Change:
    """Return a turn as a journal keeps it."""
    return Change(
        table="role",
        id=member.row_id,
        before={"role_id": turn.role_id, "held": not turn.give},
        after={"role_id": turn.role_id, "held": turn.give},
    )


def contradiction(turns: Sequence[Turn], after: DiscordMember) -> str | None:
    """Say what Discord shows otherwise than it was told and confirmed; None when all is so."""
    for turn in turns:
        if (turn.role_id in after.role_ids) is not turn.give:
            done = "was given to" if turn.give else "was taken from"
            still = "does not have it" if turn.give else "still has it"
            return (
                f"The role '{turn.name or turn.role_id}' {done} {after.display_name}, and a second look shows that the "
                f"member {still}. Look at the server's audit log: another bot may manage the same role."
            )
    return None


def done_in_words(changes: Sequence[Change], names: Mapping[str, str]) -> str:
    """Say which roles were given and taken: “'Officer' was given and 'Raider' was taken”."""
    written = [change["after"] or {} for change in changes]
    return " and ".join(
        f"'{names.get(each['role_id'], each['role_id'])}' was {'given' if each['held'] else 'taken'}"
        for each in written
    )


def names_in(plan: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what a recorded plan calls its roles."""
    return {step["role_id"]: step["role"] for step in plan if "role_id" in step}


def _giving_first(turns: Sequence[Turn]) -> list[Turn]:
    """Order turns so that a failure half-way leaves the right role and perhaps a wrong one too, never none."""
    return sorted(turns, key=lambda turn: not turn.give)
