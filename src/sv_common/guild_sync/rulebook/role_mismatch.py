"""A player's Discord role is not the one of their highest rank in the game."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, RoleChange
from sv_common.guild_sync.core.basis import basis_in_words, is_confirmed
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.dependence import depends_on
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome
from sv_common.guild_sync.rulebook.explain import Known, in_words
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
    only = None if among is None else list(among)
    mismatches: list[dict[str, Any]] = await guild.all(dict, SQL["find"], among=only)
    found = [_unusable_role(guild.id, *row) for row in unusable]
    for each in mismatches:
        details = {name: value for name, value in each.items() if name != "guild_id"}
        found.append(Finding(ISSUE_TYPE, guild.id, SubjectKind.PLAYER, each["player_id"], _summary(details), details))
    return found


async def _doubt(guild: GuildConnection) -> str | None:
    """Return why the rank table may not match the game; None where it does."""
    renamed = await guild.rows(SQL["ranks_in_doubt"])
    if renamed:
        changes = ", ".join(f"rank {index} was {name} and is now {seen}" for index, name, seen in renamed)
        return f"The ranks changed in the game ({changes}). Confirm the rank table first: until then, no roles are compared."
    moved = await guild.row(SQL["ranks_moved"])
    return _MOVED.format(characters=moved[0]) if moved else None


_MOVED = (
    "{characters} characters changed rank together, as when a rank is added or removed in the game. No roles are "
    "compared until the next export and the roster agree, or until you confirm the rank table."
)


def _unusable_role(guild_id: int, rank_id: int, role_id: str, role: str, ranks: Sequence[str], fault: str) -> Finding:
    """One finding for a role that cannot be given, however many players should have it."""
    details = {"rank_id": rank_id, "role_id": role_id, "role": role, "ranks": list(ranks), "fault": fault}
    summary = f"{' and '.join(ranks)} should have {role} on Discord, but {_FAULTS[fault].format(role=role)}"
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.RANK, rank_id, summary, details)


_FAULTS = {
    "gone": "that role no longer exists",
    "everyone": "everyone has {role}, so it cannot be given",
    "integration": "{role} belongs to an integration, so it cannot be given",
}


def _summary(details: Mapping[str, Any]) -> str:
    player, right = details["player"], details["right_role"]
    held = ", ".join(role["name"] for role in details["wrong_roles"])
    if details["has_left"]:
        return f"{player} has no character in the guild now, but has {held} on Discord"
    in_the_game = f"{player} is {details['rank']} in the game ({details['character']})"
    if right is None:
        return f"{in_the_game}, a rank without a Discord role, but has {held}"
    if details["has_right_role"]:
        return f"{player} has {right} on Discord, which is right, and also {held}"
    return f"{in_the_game} and should have {right} on Discord, but has {held or 'no guild role'}"


async def plan(guild: GuildConnection, findings: Sequence[Finding]) -> list[Changeset]:  # noqa: ARG001 -- a fresh finding holds all
    """Give the right role first, then take the wrong managed ones; no other role is touched."""
    return [_plan(finding.details) for finding in findings]


def _plan(details: Mapping[str, Any]) -> Changeset:
    if "fault" in details:
        fault = _FAULTS[details["fault"]].format(role=details["role"])
        return Changeset.none(f"{fault[:1].upper()}{fault[1:]}. Map the rank to another role.")
    member_id, member = details["discord_member_id"], details["member"]
    roles = [RoleChange(member_id, role["id"], False, member, role["name"]) for role in details["wrong_roles"]]
    if details["right_role_id"] is not None and not details["has_right_role"]:
        roles.insert(0, RoleChange(member_id, details["right_role_id"], True, member, details["right_role"]))
    unconfirmed = rests_on(details)
    reason = " ".join(filter(None, (_why(details), unconfirmed)))
    alone = None
    if unconfirmed and details["gives"] and not details["has_right_role"]:
        alone = f"{unconfirmed} The role would make {member} an {details['gives']} here, so check this one on its own."
    return Changeset((), reason, _review_reason(details), alone, is_safe=True, roles=tuple(roles))


def _why(details: Mapping[str, Any]) -> str:
    if details["has_left"]:
        return (
            f"All characters of {details['player']} have left the guild. {details['character']} had the highest rank."
        )
    if details["right_role"] is None:
        return f"{details['character']} is {details['rank']} in the game, a rank without a Discord role."
    return f"{details['character']} is {details['rank']}, which maps to {details['right_role']}."


def rests_on(details: Mapping[str, Any]) -> str:
    """Return what the unconfirmed parts of the link from the character to the Discord member rest on."""
    character, player, member = details["character"], details["player"], details["member"]
    parts = []
    if not is_confirmed(details["basis"], details["confirmed_by"]):
        parts.append(
            f"The link of {character} to {player} is based on {basis_in_words(details['basis'], details['basis_note'])}."
        )
    if not is_confirmed(details["discord_basis"], details["discord_confirmed_by"]):
        parts.append(
            f"The link of {player} to {member} on Discord is based on {basis_in_words(details['discord_basis'])}."
        )
    return " ".join(parts)


def _review_reason(details: Mapping[str, Any]) -> str | None:
    if details["has_left"] or details["right_role"] is None:
        return "Taking a member's last guild role needs your click."
    if rests_on(details):
        return f"No officer has confirmed that {details['character']} belongs to {details['member']}."
    if details["is_administrative"]:
        return "A role with power over the Discord server or PATT needs your click."
    return None


def explain(known: Known, finding: Finding) -> Explanation:  # noqa: ARG001 -- every story is given what is known
    details = finding.details
    if "fault" in details:
        ranks, role = in_words(details["ranks"], "and"), details["role"]
        mapping = Evidence(Source.RANKS, f"Rank table: {ranks} → Discord role {role}.")
        return Explanation((mapping,), f"{role} cannot be given to anyone.")
    wrong = in_words([role["name"] for role in details["wrong_roles"]], "and")
    right, member = details["right_role"], details["member"]
    if right is None:
        return _explain_no_role(details, wrong)
    held = [right] if details["has_right_role"] else []
    holds = in_words([*held, *(role["name"] for role in details["wrong_roles"])], "and")
    evidence = (
        Evidence(
            Source.ROSTER,
            f"{details['character']} is {details['player']}’s highest character: {details['rank']} in the game.",
        ),
        Evidence(Source.RANKS, f"Rank table: {details['rank']} → Discord role {right}."),
        *_record_of_role(details),
        Evidence(Source.DISCORD, f"{member} has {holds}." if holds else f"{member} has no role of the rank table."),
    )
    if details["has_right_role"]:
        return Explanation(evidence, f"{right} is right, and {wrong} belongs to another rank.")
    besides = f", and {wrong} belongs to another rank" if wrong else ""
    return Explanation(evidence, f"{member} should have {right}, but does not{besides}.")


def _explain_no_role(details: Mapping[str, Any], wrong: str) -> Explanation:
    if details["has_left"]:
        why = Evidence(
            Source.ROSTER,
            f"No character of {details['player']} is in the guild. {details['character']} had the highest rank.",
        )
    else:
        why = Evidence(
            Source.RANKS,
            f"{details['character']} is the highest character: {details['rank']} in the game, a rank without a Discord role.",
        )
    holds = Evidence(Source.DISCORD, f"{details['member']} has {wrong}.")
    return Explanation(
        (why, *_record_of_role(details), holds), f"{details['member']} should have no role of the rank table."
    )


def _record_of_role(details: Mapping[str, Any]) -> list[Evidence]:
    """What links the character to the Discord member, and how sure that is."""
    doubt = rests_on(details)
    return [
        Evidence(Source.RECORD, f"The player {details['player']} is the Discord member {details['member']}."),
        *([Evidence(Source.RECORD, doubt)] if doubt else []),
    ]


def question(asked: Asked) -> str:
    details = asked.details
    if "fault" in details:
        return f"Which Discord role is right for {in_words(details['ranks'], 'and')}?"
    if details["right_role"] is not None and not details["has_right_role"]:
        return f"Give {details['member']} the {details['right_role']} role?"
    return f"Take {in_words([role['name'] for role in details['wrong_roles']], 'and')} from {details['member']}?"


_CONFIRMED_OFFICER = Character("Mito", owner="Mito", rank="Officer", is_confirmed=True)
_CONFIRMED_RAIDER = Character("Mito", owner="Mito", rank="Raider", is_confirmed=True)

RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name="Discord Role Mismatch",
    description="Player's in-game rank doesn't match their Discord role",
    severity=Severity.WARNING,
    subject=SubjectKind.PLAYER,
    auto_mitigate=False,
    detect=detect,
    detect_among=detect,
    depends_on=depends_on("characters", "links", "players", "members", "roles", "ranks", "grants"),
    is_local=True,
    plan=plan,
    explain=explain,
    question=question,
    why="Discord roles open channels. A promoted player misses the new role, or a demoted one keeps the old role.",
    safe=(
        "Giving and taking managed roles without power over the server or PATT. An officer must have confirmed both "
        "the character's player and the Discord member."
    ),
    left_to_officer=(
        "These need your click: a link that no officer confirmed; a role with power; the last guild role of a player "
        "who left, or whose rank has no role. A deleted role is one issue: map the rank to another role. No roles are "
        "compared while the ranks in the game differ from the rank table. The same goes for whole ranks that moved, "
        "until the addon's export or you confirm them. Roles that the rank table does not manage are never touched."
    ),
    material=(
        Material(
            "member",
            "the player's Discord member",
            "when the player was {} on Discord",
            "the player is {} on Discord",
            lambda d: d.get("discord_member_id"),
            lambda d: str(d.get("member")),
        ),
        Material(
            "right",
            "the right role",
            "when {} was right",
            "{} is right",
            lambda d: d.get("right_role_id", d.get("role_id")),
            lambda d: str(d.get("right_role") or d.get("role") or "no role"),
        ),
        Material(
            "wrong",
            "the wrong roles",
            "when {} was a wrong role",
            "{} is a wrong role",
            lambda d: [role["id"] for role in d.get("wrong_roles", ())],
            lambda d: ", ".join(role["name"] for role in d.get("wrong_roles", ())) or "no role",
        ),
    ),
    examples=(
        Example(
            "Highest rank Officer, Discord role Raider",
            "Officer is given, then Raider is taken",
            Outcome.AUTOMATIC,
            (_CONFIRMED_OFFICER,),
            (Member("mito", ["Raider", "DJ"], player="Mito", is_confirmed=True),),
            after={"mito": ["Officer", "DJ"]},
        ),
        Example(
            "Highest rank Raider, no guild role on Discord",
            "Raider is given",
            Outcome.AUTOMATIC,
            (_CONFIRMED_RAIDER,),
            (Member("mito", player="Mito", is_confirmed=True),),
            after={"mito": ["Raider"]},
        ),
        Example(
            "The right role and a wrong managed one",
            "the wrong one is taken",
            Outcome.AUTOMATIC,
            (_CONFIRMED_RAIDER,),
            (Member("mito", ["Raider", "Social"], player="Mito", is_confirmed=True),),
            after={"mito": ["Raider"]},
        ),
        Example(
            "The same, but no officer has confirmed that the character is Mito's",
            "the preview says what the link rests on",
            Outcome.NEEDS_CLICK,
            (Character("Mito", owner="Mito", rank="Raider"),),
            (Member("mito", ["Raider", "Social"], player="Mito", is_confirmed=True),),
            after={"mito": ["Raider"]},
        ),
        Example(
            "The Officer character has left the guild; a Raider character remains",
            "Raider is right",
            Outcome.AUTOMATIC,
            (
                Character("Boss", owner="Mito", rank="Officer", is_confirmed=True, has_left=True),
                Character("Mito", owner="Mito", rank="Raider", is_confirmed=True),
            ),
            (Member("mito", ["Officer"], player="Mito", is_confirmed=True),),
            after={"mito": ["Raider"]},
        ),
        Example(
            "All characters have left the guild; the member has Raider",
            "Raider is taken",
            Outcome.NEEDS_CLICK,
            (Character("Mito", owner="Mito", rank="Raider", is_confirmed=True, has_left=True),),
            (Member("mito", ["Raider"], player="Mito", is_confirmed=True),),
            after={"mito": []},
        ),
        Example(
            "The rank has no role on purpose; the member has Raider",
            "Raider is taken",
            Outcome.NEEDS_CLICK,
            (Character("Mito", owner="Mito", rank="Social", is_confirmed=True),),
            (Member("mito", ["Raider"], player="Mito", is_confirmed=True),),
            ranks_without_role=["Social"],
            after={"mito": []},
        ),
        Example(
            "The guild master's rank has no role on purpose",
            "a guild master keeps their roles",
            Outcome.NO_FINDING,
            (Character("Mito", owner="Mito", rank="Guild Master", is_confirmed=True),),
            (Member("mito", ["Officer"], player="Mito", is_confirmed=True),),
            ranks_without_role=["Guild Master"],
        ),
        Example(
            "The role Raider was deleted on Discord; several players should have it",
            "one finding, for the role",
            Outcome.NO_FIX,
            (_CONFIRMED_RAIDER, Character("Zork", owner="Zork", rank="Raider", is_confirmed=True)),
            (Member("mito", player="Mito", is_confirmed=True), Member("zork", player="Zork", is_confirmed=True)),
            missing_roles=["Raider"],
            finds=["Raider"],
        ),
        Example(
            "The guild does not let PATT manage the role of the rank",
            "its roles are never touched",
            Outcome.NO_FINDING,
            (_CONFIRMED_RAIDER,),
            (Member("mito", ["DJ"], player="Mito", is_confirmed=True),),
            unmanaged_ranks=["Raider"],
        ),
    ),
)
