"""A player's Discord role is not the one of their highest rank in the game."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, RoleChange
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import mark, number, tr
from sv_common.guild_sync.core.text import enumerated, with_and
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.discord.managed_roles import (
    DEPENDS_ON,
    MEMBER_MATERIAL,
    ROLE_WITH_POWER,
    WRONG_ROLES_MATERIAL,
    by_account_in_words,
    doubts_in_words,
    link_in_words,
    where_it_is_named,
    wrong_roles,
)
from sv_common.guild_sync.rulebook.examples.role_mismatch import EXAMPLES
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rulebook.rule import Asked, RuleDefinition

ISSUE_TYPE = "role_mismatch"
SQL = load_sql(__package__, "role_mismatch.sql")


async def detect(
    guild: GuildConnection,
    *,
    now: datetime | None = None,  # noqa: ARG001 -- every detector takes the time
    among: Collection[int] | None = None,
) -> list[Finding]:
    """Find players on Discord whose managed roles differ from their rank's, and roles that cannot be given.

    Raises `Refused` while a rank's name in the game differs from the rank table, and while whole ranks have moved without
    being confirmed: inserting one rank shifts all below it and would make everyone look wrong at once. `among` some players,
    nothing is said of roles.
    """
    if doubt := await _doubt(guild):
        raise Refused(doubt)
    unusable = await guild.rows(SQL["unusable_roles"]) if among is None else []
    found = [_unusable_role(guild.id, *row) for row in unusable]
    mismatches = await wrong_roles(guild, departed=False, among=among)
    return [*found, *(_mismatch(guild.id, details) for details in mismatches)]


def _mismatch(guild_id: int, details: Mapping[str, Any]) -> Finding:
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.PLAYER, details["player_id"], _summary(details), details)


async def _doubt(guild: GuildConnection) -> str | None:
    """Return why the rank table may not match the game; None where it does."""
    renamed = await guild.rows(SQL["ranks_in_doubt"])
    if renamed:
        changes = ", ".join(
            tr("rank {rank} was {name} and is now {seen}", rank=index, name=name, seen=seen)
            for index, name, seen in renamed
        )
        return tr(
            "The ranks changed in the game ({changes}). Confirm the rank table first: until then, no roles are compared.",
            changes=changes,
        )
    moved = await guild.row(SQL["ranks_moved"])
    return tr(_MOVED, n=number(moved[0])) if moved else None


_MOVED = mark(
    "{n} characters changed rank together, as when a rank is added or removed in the game. No roles are "
    "compared until the next export and the roster agree, or until you confirm the rank table."
)


def _unusable_role(guild_id: int, rank_id: int, role_id: str, role: str, ranks: Sequence[str], fault: str) -> Finding:
    """One finding for a role that cannot be given, however many players should have it."""
    details = {"rank_id": rank_id, "role_id": role_id, "role": role, "ranks": list(ranks), "fault": fault}
    summary = tr(_SUMMARIES[fault], ranks=with_and(ranks), role=role)
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.RANK, rank_id, summary, details)


_SUMMARIES = {
    "gone": mark("{ranks} should have {role} on Discord, but that role no longer exists"),
    "everyone": mark("{ranks} should have {role} on Discord, but everyone has {role}, so it cannot be given"),
    "integration": mark(
        "{ranks} should have {role} on Discord, but {role} belongs to an integration, so it cannot be given"
    ),
}
_MAP_ANOTHER = {
    "gone": mark("That role no longer exists. Map the rank to another role."),
    "everyone": mark("Everyone has {role}, so it cannot be given. Map the rank to another role."),
    "integration": mark("{role} belongs to an integration, so it cannot be given. Map the rank to another role."),
}


def _summary(details: Mapping[str, Any]) -> str:
    player, right = details["player"], details["right_role"]
    held = ", ".join(role["name"] for role in details["wrong_roles"])
    if details["has_left"]:
        return tr("{player} has no character in the guild now, but has {roles} on Discord", player=player, roles=held)
    if right is not None and details["has_right_role"]:
        return tr(
            "{player} has {role} on Discord, which is right, and also {roles}", player=player, role=right, roles=held
        )
    rank, character = details["rank"], details["character"]
    if right is None:
        return tr(
            "{player} is {rank} in the game ({character}), a rank without a Discord role, but has {roles}",
            player=player,
            rank=rank,
            character=character,
            roles=held,
        )
    if not held:
        return tr(
            "{player} is {rank} in the game ({character}) and should have {role} on Discord, but has no guild role",
            player=player,
            rank=rank,
            character=character,
            role=right,
        )
    return tr(
        "{player} is {rank} in the game ({character}) and should have {role} on Discord, but has {roles}",
        player=player,
        rank=rank,
        character=character,
        role=right,
        roles=held,
    )


async def plan(guild: GuildConnection, findings: Sequence[Finding]) -> list[Changeset]:  # noqa: ARG001 -- a fresh finding holds all
    """Give the right role first, then take the wrong managed ones; no other role is touched."""
    return [_plan(finding.details) for finding in findings]


def _plan(details: Mapping[str, Any]) -> Changeset:
    if "fault" in details:
        return Changeset.none(tr(_MAP_ANOTHER[details["fault"]], role=details["role"]))
    member_id, member = details["discord_member_id"], details["member"]
    roles = [RoleChange(member_id, role["id"], False, member, role["name"]) for role in details["wrong_roles"]]
    if details["right_role_id"] is not None and not details["has_right_role"]:
        roles.insert(0, RoleChange(member_id, details["right_role_id"], True, member, details["right_role"]))
    unconfirmed = doubts_in_words(details)
    reason = " ".join(filter(None, (_why(details), by_account_in_words(details), unconfirmed)))
    alone = None
    if unconfirmed and details["gives"] and not details["has_right_role"]:
        alone = f"{unconfirmed} {tr(_GIVES[details['gives']], member=member)}"
    return Changeset((), reason, _review_reason(details), alone, is_safe=True, roles=tuple(roles))


_GIVES = {
    "officer": mark("The role would make {member} an officer here, so check this one on its own."),
    "administrator": mark("The role would make {member} an administrator here, so check this one on its own."),
}


def _why(details: Mapping[str, Any]) -> str:
    if details["has_left"]:
        return tr(
            "All characters of {player} have left the guild. {character} had the highest rank.",
            player=details["player"],
            character=details["character"],
        )
    if details["right_role"] is None:
        return tr(
            "{character} is {rank} in the game, a rank without a Discord role.",
            character=details["character"],
            rank=details["rank"],
        )
    return tr(
        "{character} is {rank}, which maps to {role}.",
        character=details["character"],
        rank=details["rank"],
        role=details["right_role"],
    )


def _review_reason(details: Mapping[str, Any]) -> str | None:
    if details["has_left"] or details["right_role"] is None:
        return tr("Taking a member's last guild role needs your click.")
    if doubts_in_words(details):
        return tr(
            "No officer has confirmed that {character} belongs to {member}.",
            character=details["character"],
            member=details["member"],
        )
    if details["is_administrative"]:
        return tr(ROLE_WITH_POWER)
    return None


def explain(known: Known, finding: Finding) -> Explanation:  # noqa: ARG001 -- every story is given what is known
    details = finding.details
    if "fault" in details:
        ranks, role = enumerated(details["ranks"]), details["role"]
        mapping = Evidence(Source.RANKS, tr("Rank table: {ranks} → Discord role {role}.", ranks=ranks, role=role))
        return Explanation((mapping,), tr("{role} cannot be given to anyone.", role=role))
    wrong = enumerated([role["name"] for role in details["wrong_roles"]])
    right, member = details["right_role"], details["member"]
    if right is None:
        return _explain_no_role(details, wrong)
    held = [right] if details["has_right_role"] else []
    holds = enumerated([*held, *(role["name"] for role in details["wrong_roles"])])
    evidence = (
        Evidence(
            Source.ROSTER,
            tr(
                "{character} is {player}’s highest character: {rank} in the game.",
                character=details["character"],
                player=details["player"],
                rank=details["rank"],
            ),
        ),
        Evidence(Source.RANKS, tr("Rank table: {ranks} → Discord role {role}.", ranks=details["rank"], role=right)),
        *_record_of_role(details),
        Evidence(
            Source.DISCORD,
            tr("{member} has {roles}.", member=member, roles=holds)
            if holds
            else tr("{member} has no role of the rank table.", member=member),
        ),
    )
    if details["has_right_role"]:
        return Explanation(
            evidence, tr("{role} is right, and {roles} belongs to another rank.", role=right, roles=wrong)
        )
    if not wrong:
        return Explanation(evidence, tr("{member} should have {role}, but does not.", member=member, role=right))
    return Explanation(
        evidence,
        tr(
            "{member} should have {role}, but does not, and {roles} belongs to another rank.",
            member=member,
            role=right,
            roles=wrong,
        ),
    )


def _explain_no_role(details: Mapping[str, Any], wrong: str) -> Explanation:
    if details["has_left"]:
        why = Evidence(
            Source.ROSTER,
            tr(
                "No character of {player} is in the guild. {character} had the highest rank.",
                player=details["player"],
                character=details["character"],
            ),
        )
    else:
        why = Evidence(
            Source.RANKS,
            tr(
                "{character} is the highest character: {rank} in the game, a rank without a Discord role.",
                character=details["character"],
                rank=details["rank"],
            ),
        )
    holds = Evidence(Source.DISCORD, tr("{member} has {roles}.", member=details["member"], roles=wrong))
    return Explanation(
        (why, *_record_of_role(details), holds),
        tr("{member} should have no role of the rank table.", member=details["member"]),
    )


def _record_of_role(details: Mapping[str, Any]) -> list[Evidence]:
    """What links the character to the Discord member, and how sure that is."""
    by_account = by_account_in_words(details)
    known = [f"{link_in_words(details)} {by_account} {where_it_is_named()}".strip()] if by_account else []
    doubt = doubts_in_words(details)
    return [
        Evidence(
            Source.RECORD,
            tr(
                "The player {player} is the Discord member {member}.",
                player=details["player"],
                member=details["member"],
            ),
        ),
        *(Evidence(Source.RECORD, each) for each in (*known, doubt) if each),
    ]


def question(asked: Asked) -> str:
    details = asked.details
    if "fault" in details:
        return tr("Which Discord role is right for {ranks}?", ranks=enumerated(details["ranks"]))
    if details["right_role"] is not None and not details["has_right_role"]:
        return tr("Give {member} the {role} role?", member=details["member"], role=details["right_role"])
    return tr(
        "Take {roles} from {member}?",
        roles=enumerated([role["name"] for role in details["wrong_roles"]]),
        member=details["member"],
    )


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Discord Role Mismatch"),
    description=mark("Player's in-game rank doesn't match their Discord role"),
    severity=Severity.WARNING,
    subject=SubjectKind.PLAYER,
    auto_mitigate=False,
    detect=detect,
    detect_among=detect,
    depends_on=DEPENDS_ON,
    is_local=True,
    plan=plan,
    explain=explain,
    question=question,
    why=mark(
        "Discord roles open channels. A promoted player misses the new role, or a demoted one keeps the old role."
    ),
    safe=mark(
        "Giving and taking managed roles without power over the server or PATT. An officer must have confirmed both "
        "the character's player and the Discord member. Where the guild lets links by the same account give rights, such a "
        "link of the character counts, too."
    ),
    left_to_officer=mark(
        "These need your click: a link that does not count as confirmed; a role with power; the last guild role of a player "
        "whose rank has no role, or who seems to have left. Where an officer has confirmed the links, Departed Member "
        "with Roles finds who left. A deleted role is one issue: map the rank to another role. No roles are "
        "compared while the ranks in the game differ from the rank table. The same goes for whole ranks that moved, "
        "until the addon's export or you confirm them. Roles that the rank table does not manage are never touched."
    ),
    material=(
        MEMBER_MATERIAL,
        Material(
            "right",
            mark("the right role"),
            mark("when {} was right"),
            mark("{} is right"),
            lambda d: d.get("right_role_id", d.get("role_id")),
            lambda d: str(d.get("right_role") or d.get("role") or tr("no role")),
        ),
        WRONG_ROLES_MATERIAL,
    ),
    examples=EXAMPLES,
)
