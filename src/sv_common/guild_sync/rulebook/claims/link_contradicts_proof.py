"""A member has proven a character with a Battle.net sign-in, and the character is not theirs here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import DECIDED_BY_A_PERSON, PROVEN, Changeset, Named, RowChange
from sv_common.guild_sync.core.basis import is_confirmed
from sv_common.guild_sync.core.language import day, mark, tr
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.dependence import depends_on
from sv_common.guild_sync.rulebook.examples.link_contradicts_proof import EXAMPLES
from sv_common.guild_sync.rulebook.explain import HAS_LEFT, Known, basis_evidence, link_evidence
from sv_common.guild_sync.rulebook.rule import Asked, RuleDefinition

ISSUE_TYPE = "link_contradicts_proof"
SQL = load_sql(__package__, "link_contradicts_proof.sql")

_Details = Mapping[str, Any]


async def detect(
    guild: GuildConnection,
    *,
    now: datetime | None = None,  # noqa: ARG001 -- every detector takes the time
) -> list[Finding]:
    rows: list[dict[str, Any]] = await guild.all(dict, SQL["find"])
    return [_finding(guild.id, row) for row in rows]


def _finding(guild_id: int, row: dict[str, Any]) -> Finding:
    name, realm, is_unsettled = (row.pop(each) for each in ("name", "realm", "is_unsettled"))
    is_theirs = row["player_id"] is not None and row["player_id"] == row["other_id"]
    details = {**row, "character": f"{name}-{realm}", "contradicts": is_unsettled and not is_theirs}
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.CHARACTER, row["character_id"], _summary(details), details)


def _summary(details: _Details) -> str:
    values = {key: details[key] for key in ("character", "member", "other", "rival")}
    if not details["contradicts"]:
        return tr("{member} and {rival} signed in with the same Battle.net account, which has {character}", **values)
    if details["is_shared"]:
        return tr("{member} proved {character}, which is marked as a bank or shared", **values)
    if details["other_id"] is None:
        return tr("{member} proved {character}, but it is not linked to them", **values)
    return tr("{member} proved {character}, but it is linked to {other}", **values)


async def plan(guild: GuildConnection, findings: Sequence[Finding]) -> list[Changeset]:  # noqa: ARG001 -- a fresh finding holds all
    """Link each character to the member who has proven it, who becomes a player where they are none yet."""
    return [_plan(finding.details) for finding in findings]


def _plan(details: _Details) -> Changeset:
    if not details["contradicts"]:
        return Changeset.none(_who_is_right(details))
    character, member = Named(details["character_id"], details["character"]), _member(details)
    other = Named(details["other_id"], details["other"]) if details["other_id"] is not None else None
    rows: list[RowChange] = []
    if details["player_id"] is not None:
        player = Named(details["player_id"], details["player"])
    else:
        player = Named(-member.id, member.name)
        rows.append(change.create_player(*player, member, character, "proven"))
    if details["is_shared"]:
        rows.append(change.unmark_shared(character))
    if details["is_ruled_out"]:
        rows.append(change.forget_rejection(player, character=character, is_unlinking=details["is_unlinking"]))
    rows.append(change.link(character, player, PROVEN, "proven", former=other))
    reason = tr(
        "{member} proved {character} with a Battle.net sign-in on {day}.",
        member=details["member"],
        character=details["character"],
        day=day(date.fromisoformat(details["proven_on"])),
    )
    planned = Changeset(tuple(rows), reason, is_safe=True)
    if (why := _why_not_in_bulk(details)) is not None:
        return replace(planned, waits_for_officer=why, not_in_bulk=why)
    return replace(planned, waits_for_officer=_why_not_automatic(details))


def _member(details: _Details) -> Named:
    return Named(details["member_id"], details["member"])


def _why_not_in_bulk(details: _Details) -> str | None:
    """Why one look at many is not enough: somebody has decided otherwise, or proof stands against proof."""
    values = {key: details[key] for key in ("character", "other", "member", "player", "rival")}
    if details["rival"] is not None:
        return tr("{member} and {rival} signed in with the same account, so check this one on its own.", **values)
    if details["basis"] == "proven":
        return tr("{other} proved {character} too. The newer sign-in is {member}’s, so check this one.", **values)
    if is_confirmed(details["basis"], details["confirmed_by"]) or details["link_source"] in DECIDED_BY_A_PERSON:
        return tr("An officer linked {character} to {other}, so check this one on its own.", **values)
    if details["is_shared"]:
        return tr("An officer marked {character} as a bank or shared, so check this one on its own.", **values)
    if details["is_ruled_out"]:
        return tr("An officer ruled out {player} for {character}, so check this one on its own.", **values)
    return None


def _why_not_automatic(details: _Details) -> str | None:
    if details["player_id"] is None:
        return tr("{member} has no player yet. Only an officer creates one.", member=details["member"])
    if not details["was_outside"]:
        return tr(
            "{character} was in the guild when {member} proved it, and has changed since.",
            character=details["character"],
            member=details["member"],
        )
    return None


def _who_is_right(details: _Details) -> str:
    values = {key: details[key] for key in ("member", "rival", "player")}
    told = tr("{member} verified this account first, then {rival} signed in with it.", **values)
    if details["player"] is None:
        return " ".join([told, tr("Ask both. If {member} is right, dismiss this.", **values)])
    advice = tr(
        "If {member} is right, dismiss this. If {rival} is, unlink {player} from Discord with a reason; "
        "then {rival} can sign in again.",
        **values,
    )
    return f"{told} {advice}"


def explain(known: Known, finding: Finding) -> Explanation:
    details, character = finding.details, known.character(finding.subject_id)
    if character is None and "member" not in details:
        return Explanation((Evidence(Source.ROSTER, tr(HAS_LEFT)),), tr(HAS_LEFT))
    values = {key: details.get(key) for key in ("member", "rival", "player", "other", "character")}
    evidence = [
        Evidence(
            Source.PROOF,
            tr(
                "{member} signed in with Battle.net on {day}. {character} is on that account.",
                **values,
                day=day(date.fromisoformat(details["proven_on"])),
            ),
        ),
        Evidence(
            Source.DISCORD,
            tr("{member} on Discord is the player {player}.", **values)
            if details.get("player")
            else tr("{member} on Discord has no player yet.", **values),
        ),
    ]
    if details.get("rival"):
        told = tr(
            "{rival} signed in with the same Battle.net account on {day}.",
            **values,
            day=day(date.fromisoformat(details["contested_on"])),
        )
        evidence.append(Evidence(Source.PROOF, told))
    if character is not None:
        evidence += [link_evidence(known, character), *basis_evidence(known, character)]
        words = [each for each in known.rejections if each.player_id == details.get("player_id")]
        evidence += [
            Evidence(Source.OFFICER, each.sentence(character.label, known.player(each.player_id))) for each in words
        ]
    return Explanation(tuple(evidence), _conclusion(details, values))


def _conclusion(details: _Details, values: Mapping[str, Any]) -> str:
    if not details.get("contradicts"):
        return tr("One Battle.net account belongs to one person: to {member} or to {rival}.", **values)
    if details.get("other_id") is None:
        return tr("Battle.net says that {character} is {member}’s, and here it is not linked to them.", **values)
    return tr("Battle.net says that {character} is {member}’s, and here it is {other}’s.", **values)


def question(asked: Asked) -> str:
    details, values = (
        asked.details,
        {"name": asked.name, **{k: asked.details.get(k) for k in ("member", "rival", "other")}},
    )
    if not details.get("contradicts"):
        return tr("Whose is the Battle.net account with {name}: {member}’s or {rival}’s?", **values)
    if details.get("other_id") is None:
        return tr("{member} proved that {name} is theirs. Link it?", **values)
    return tr("{member} proved that {name} is theirs. Move it from {other}?", **values)


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Link Contradicts Proof"),
    description=mark("A member proved a character with a Battle.net sign-in, but it is not linked to them"),
    severity=Severity.WARNING,
    subject=SubjectKind.CHARACTER,
    auto_mitigate=False,
    detect=detect,
    depends_on=depends_on("characters", "links", "players", "members", "decisions", "claims"),
    plan=plan,
    explain=explain,
    question=question,
    affects=(
        "note_mismatch",
        "orphan_wow",
        "orphan_discord",
        "role_mismatch",
        "stale_character",
        "departed_with_roles",
        "stale_discord_link",
        "unverified_member",
    ),
    why=mark(
        "A sign-in is the strongest evidence there is. Where the record says otherwise, one of the two is out of date: an account "
        "changed hands, or an officer decided earlier."
    ),
    safe=mark(
        "A character that joins the guild after its member proved it, if no officer and no other sign-in says otherwise. "
        "It is linked to that member’s player, whatever its note says."
    ),
    left_to_officer=mark(
        "A character that an officer linked, ruled out or marked as a bank or shared before the sign-in. One that another "
        "member proved, too: the fix follows the newest sign-in. One that was in the guild when it was proven, and whose link "
        "was undone since. A member without a player. An account with which a second member signed in: dismiss it if the first is right. "
        "If not, unlink the first from Discord with a reason, and the second signs in again. What you decide after a sign-in "
        "counts until the member signs in again."
    ),
    material=(
        Material(
            "member",
            mark("the member who proved it"),
            mark("when {} had proved it"),
            mark("{} proved it"),
            lambda d: [d["member_id"], d["rival_id"]],
            lambda d: str(d["member"]),
        ),
        Material(
            "player",
            mark("the linked player"),
            mark("when it was linked to {}"),
            mark("it is linked to {}"),
            lambda d: d["other_id"],
            lambda d: str(d["other"] or tr("no one")),
        ),
    ),
    examples=EXAMPLES,
)
