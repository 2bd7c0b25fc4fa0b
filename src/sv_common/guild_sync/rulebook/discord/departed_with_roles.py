"""A Discord member whose player has left the guild with every character still holds a managed role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, RoleChange
from sv_common.guild_sync.changes.describe import away
from sv_common.guild_sync.core.language import day, mark, tr
from sv_common.guild_sync.core.text import enumerated, in_words
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.resolver import Resolver, once
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.roster.freshness import FRESHNESS
from sv_common.guild_sync.roster.freshness import Source as DataSource
from sv_common.guild_sync.rulebook.discord.managed_roles import (
    DEPENDS_ON,
    MEMBER_MATERIAL,
    ROLE_WITH_POWER,
    WRONG_ROLES_MATERIAL,
    link_in_words,
    member_link_in_words,
    wrong_roles,
)
from sv_common.guild_sync.rulebook.examples.departed_with_roles import EXAMPLES
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rulebook.rule import Asked, RuleDefinition

ISSUE_TYPE = "departed_with_roles"
SQL = load_sql(__package__, "departed_with_roles.sql")


async def detect(
    guild: GuildConnection,
    *,
    now: datetime | None = None,  # noqa: ARG001 -- every detector takes the time
    among: Collection[int] | None = None,
) -> list[Finding]:
    """Find players who are known to have left the guild and hold managed roles.

    Nothing is said of the order of ranks, so it concludes also while the ranks in the game differ from the rank table.
    """
    return [
        Finding(ISSUE_TYPE, guild.id, SubjectKind.PLAYER, details["player_id"], _summary(details), details)
        for details in await wrong_roles(guild, departed=True, among=among)
    ]


def _summary(details: Mapping[str, Any]) -> str:
    return tr(
        "{player} has left the guild with every character, but {member} still has {roles} on Discord",
        player=details["player"],
        member=details["member"],
        roles=_held(details),
    )


def _held(details: Mapping[str, Any]) -> str:
    return enumerated([role["name"] for role in details["wrong_roles"]])


async def plan(guild: GuildConnection, findings: Sequence[Finding]) -> list[Changeset]:
    """Take the managed roles; no other role is touched."""
    if not findings:
        return []
    resolver = await resolver_of(guild)
    seconds = await guild.value(SQL["roster_age"])
    age = timedelta(seconds=seconds or 0)
    old = tr(_OLD_ROSTER, age=in_words(age)) if age > FRESHNESS[DataSource.ROSTER].stale_after else None
    return [_plan(resolver, finding.details, old) for finding in findings]


_OLD_ROSTER = mark("Battle.net’s roster is {age} old, so it does not show who is back. Check before you click.")


def _plan(resolver: Resolver, details: Mapping[str, Any], old_roster: str | None) -> Changeset:
    theirs, perhaps = _still_here(resolver).get(details["player_id"], _NOT_HERE)
    if theirs:
        return Changeset.none(
            tr(
                "By note, {player} is still in the guild: {characters}. Link first.",
                player=details["player"],
                characters=enumerated(theirs),
            )
        )
    member_id, member = details["discord_member_id"], details["member"]
    roles = [RoleChange(member_id, role["id"], False, member, role["name"]) for role in details["wrong_roles"]]
    reason = tr(
        "All characters of {player} have left the guild, the last one on {day}.",
        player=details["player"],
        day=_left_on(details),
    )
    waits = _review_reason(resolver, details, perhaps) or old_roster
    return Changeset((), reason, waits, is_safe=True, roles=tuple(roles))


def _left_on(details: Mapping[str, Any]) -> str:
    return day(date.fromisoformat(details["left_on"]))


@once
def _still_here(resolver: Resolver) -> Mapping[int, tuple[Sequence[str], Sequence[str]]]:
    """Return, by player, the characters without a player that are theirs by note, and those that could be, by note or by name.

    Who moves to another realm is another character there, and has not left.
    """
    found: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    facts = resolver.facts
    for character in resolver.unlinked():
        decision = resolver.resolve(character)
        target = decision.target.person.player_id if decision.target is not None else None
        namesakes = (
            facts.characters[number].player_id for number in resolver.names.characters_by_name[character.name_key]
        )
        meant = {target, *namesakes, *(each.person.player_id for each in decision.candidates)} - {None}
        for player_id in meant:
            if player_id is not None and (character.id, player_id) not in facts.rejections:
                found[player_id][player_id != target].append(character.label)
    return dict(found)


_NOT_HERE: tuple[Sequence[str], Sequence[str]] = (), ()


def _review_reason(resolver: Resolver, details: Mapping[str, Any], perhaps: Sequence[str]) -> str | None:
    if details["is_administrative"]:
        return tr(ROLE_WITH_POWER)
    if perhaps:
        return tr(_COULD_BE_THEIRS, player=details["player"], characters=enumerated(perhaps))
    hiatus = resolver.facts.hiatuses.get(details["player_id"])
    if hiatus is not None and hiatus.lasts_on(resolver.facts.today):
        return tr(
            "{player} is {away}, so taking the roles needs your click.",
            player=details["player"],
            away=away(hiatus.until),
        )
    return None


_COULD_BE_THEIRS = mark("{player} may still be in the guild, as {characters}. Link first if so.")


def explain(known: Known, finding: Finding) -> Explanation:
    details = finding.details
    theirs, perhaps = _still_here(known.resolver).get(finding.subject_id, _NOT_HERE)
    here = enumerated([*theirs, *perhaps])
    evidence = (
        Evidence(
            Source.ROSTER,
            tr(
                "No character of {player} is in the guild. The last one left on {day}.",
                player=details["player"],
                day=_left_on(details),
            ),
        ),
        Evidence(Source.RECORD, link_in_words(details)),
        Evidence(Source.RECORD, member_link_in_words(details)),
        *([Evidence(Source.NOTE, tr(_COULD_BE_THEIRS, player=details["player"], characters=here))] if here else []),
        Evidence(Source.DISCORD, tr("{member} has {roles}.", member=details["member"], roles=_held(details))),
    )
    return Explanation(evidence, tr("{member} should have no role of the rank table.", member=details["member"]))


def question(asked: Asked) -> str:
    return tr(
        "Take {roles} from {member}, who left the guild?",
        roles=_held(asked.details),
        member=asked.details["member"],
    )


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Departed Member with Roles"),
    description=mark("Player has left the guild with every character but still has a guild role on Discord"),
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
    why=mark("Discord roles open channels. Someone who left the guild still reads what is meant for members."),
    safe=mark(
        "Taking managed roles without power over the server or PATT. An officer or a Battle.net sign-in must stand for "
        "the Discord member and for one of the characters that left."
    ),
    left_to_officer=mark(
        "These need your click: a role with power, a player on hiatus, a player who may have another character in the "
        "guild, and anyone while the roster is old. Where a note names the player, link that character first. Where no "
        "officer has confirmed the links, Discord Role Mismatch finds the player instead: no one is found twice. Roles "
        "that the rank table does not manage are never "
        "touched. Dismiss the issue for a friend of the guild who keeps the role."
    ),
    material=(MEMBER_MATERIAL, WRONG_ROLES_MATERIAL),
    examples=EXAMPLES,
)
