"""A player's Discord role is not the one of their highest rank in the game."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.basis import basis_in_words, is_vouched
from sv_common.guild_sync.domain.errors import Refused
from sv_common.guild_sync.domain.issue import Finding, Severity, SubjectKind
from sv_common.guild_sync.domain.plan import AddDiscordRole, Plan, RemoveDiscordRole, Step
from sv_common.guild_sync.domain.rule import Example, RulePage

ISSUE_TYPE = "role_mismatch"
SQL = load_sql(__package__, "role_mismatch.sql")


async def detect(conn: Connection, *, guild_id: int | None = None, now: datetime | None = None) -> list[Finding]:  # noqa: ARG001 -- every detector takes the time
    """Find players on Discord whose managed roles differ from the role of their highest rank.

    Raises `Refused` while a rank's name in the game differs from the rank table, and while whole ranks have moved that
    nobody has named or confirmed: inserting one rank shifts all below it and would make everybody look wrong at once.
    """
    values = {"guild_id": guild_id}
    await _refuse_doubtful_ranks(conn, values)
    rows = await (await conn.execute(SQL["find"], values)).fetchall()
    return [_finding(*row) for row in rows]


async def _refuse_doubtful_ranks(conn: Connection, values: dict[str, int | None]) -> None:
    doubtful = await (await conn.execute(SQL["ranks_in_doubt"], values)).fetchall()
    if doubtful:
        changes = ", ".join(f"rank {index} was {name} and is now {seen}" for _, index, name, seen in doubtful)
        raise Refused(
            f"The ranks were changed in the game ({changes}). Confirm the rank table before roles are compared."
        )
    moved = await (await conn.execute(SQL["ranks_moved"], values)).fetchone()
    if moved is not None and moved[0] is not None:
        raise Refused(
            f"{moved[0]} characters changed rank as whole ranks, as when a rank is inserted or removed in the game. No role "
            "is compared until the addon's next export and Battle.net's roster agree on the ranks, or an officer has "
            "checked the rank table and confirmed it."
        )


def _finding(
    player_id: int,
    guild_id: int,
    player: str,
    member_id: int,
    member: str,
    character: str,
    rank: str,
    role_id: str,
    role: str | None,
    has_right_role: bool,
    wrong_ids: Sequence[str],
    wrong_names: Sequence[str],
    *rests_on: str | None,
) -> Finding:
    right = role or rank
    held = ", ".join(wrong_names) or "no guild role"
    details = {
        "player_id": player_id,
        "player": player,
        "discord_member_id": member_id,
        "member": member,
        "character": character,
        "rank": rank,
        "right_role_id": role_id,
        "right_role": right,
        "has_right_role": has_right_role,
        "wrong_roles": [{"id": i, "name": name} for i, name in zip(wrong_ids, wrong_names, strict=True)],
    }
    *bases, gives = rests_on
    if unvouched := _not_vouched(player, member, character, *bases):
        details["not_vouched"] = unvouched
        if gives and not has_right_role:
            details["gives"] = gives
    summary = f"{player} is {rank} in the game ({character}) and should have {right} on Discord, but has {held}"
    if has_right_role:
        summary = f"{player} has {right} on Discord as they should, and also {held}"
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.PLAYER, player_id, summary, details)


def _not_vouched(
    player: str,
    member: str,
    character: str,
    basis: str | None,
    basis_note: str | None,
    vouched_by: str | None,
    discord_basis: str | None,
    discord_vouched_by: str | None,
) -> str | None:
    """Say which part of the way from the character to the member nobody vouches for; None where somebody does for all."""
    told = []
    if not is_vouched(basis, vouched_by):
        told.append(f"That {character} is {player}’s rests on {basis_in_words(basis, basis_note)}.")
    if not is_vouched(discord_basis, discord_vouched_by):
        told.append(f"That {player} is {member} on Discord rests on {basis_in_words(discord_basis)}.")
    return " ".join(told) or None


async def plan(conn: Connection, findings: Sequence[Finding]) -> list[Plan]:  # noqa: ARG001 -- a fresh finding holds all
    """Give the right role first, then take the wrong managed ones; no other role is touched."""
    return [_plan(finding) for finding in findings]


def _plan(finding: Finding) -> Plan:
    details = finding.details
    member_id, member = details["discord_member_id"], details["member"]
    add = AddDiscordRole(member_id, member, details["right_role_id"], details["right_role"])
    removals: list[Step] = [
        RemoveDiscordRole(member_id, member, role["id"], role["name"]) for role in details["wrong_roles"]
    ]
    steps = removals if details["has_right_role"] else [add, *removals]
    reason = f"{details['character']} is {details['rank']}, which maps to {details['right_role']}."
    unvouched, gives = details.get("not_vouched"), details.get("gives")
    if unvouched is None:
        return Plan(tuple(steps), reason)
    alone = (
        f"{unvouched} The role would make {member} an {gives} here, so look at this one by itself." if gives else None
    )
    return Plan(tuple(steps), f"{reason} {alone or unvouched}", waits_for_officer=unvouched, not_in_bulk=alone)


PAGE = RulePage(
    issue_type=ISSUE_TYPE,
    name="Discord Role Mismatch",
    description="Player's in-game rank doesn't match their Discord role",
    severity=Severity.WARNING,
    subject=SubjectKind.PLAYER,
    auto_mitigate=False,
    detect=detect,
    plan=plan,
    why="Discord roles open channels. Somebody promoted in the game waits for theirs; somebody demoted keeps what they should not.",
    left_to_a_person=(
        "Roles change on an officer's click only, and where nobody has vouched for whose the character is, or for who its "
        "player is on Discord, the fix says so first; if the role gives a right here too, Fix All leaves it alone. "
        "Nothing is compared while the ranks in the game differ from the rank "
        "table, or while whole ranks have moved that neither the addon's export nor an officer has confirmed. Roles that "
        "the guild's table does not manage are never touched."
    ),
    examples=(
        Example("Highest rank Officer, Discord role Raider", "Officer is given, then Raider is taken"),
        Example("Highest rank Raider, no guild role on Discord", "Raider is given"),
        Example("The right role and a wrong managed one", "the wrong one is taken"),
        Example("The Officer character has left the guild; a Raider character remains", "Raider is right"),
        Example("The rank maps to no role, or to one that is not managed", "no finding"),
    ),
)
