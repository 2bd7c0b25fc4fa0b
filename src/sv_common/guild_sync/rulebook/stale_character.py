"""A character that has not logged in for a long time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.describe import away, with_reason
from sv_common.guild_sync.core.language import day, mark, tr, tr_n
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity.facts import KnownHiatus
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.dependence import depends_on
from sv_common.guild_sync.rulebook.examples.stale_character import EXAMPLES
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rulebook.parameter import Parameter
from sv_common.guild_sync.rulebook.rule import RuleDefinition

ISSUE_TYPE = "stale_character"
STALE_AFTER = Parameter(
    name="stale_after_days",
    label=mark("Stale after"),
    unit=mark("days"),
    least=1,
    most=3650,
    default=30,
    about=mark("Days without a login until a character is found"),
    counted=lambda n: tr_n("{n} day", "{n} days", n),
)
SQL = load_sql(__package__, "stale_character.sql")


async def detect(
    guild: GuildConnection, *, now: datetime | None = None, among: Collection[int] | None = None
) -> list[Finding]:
    only = None if among is None else list(among)
    rows = await guild.rows(SQL["find"], now=now, default_days=STALE_AFTER.default, among=only)
    return [_finding(*row) for row in rows]


def _finding(
    character_id: int,
    guild_id: int,
    name: str,
    realm: str,
    last_login: int,
    player_id: int | None,
    player: str | None,
    active_id: int | None,
    active_on: str | None,
) -> Finding:
    details = {
        "character_id": character_id,
        "character": f"{name}-{realm}",
        "last_login_timestamp": last_login,
        "player": player,
        "player_id": player_id,
        "player_active_on": active_on,
        "active_character_id": active_id,
        "quiet": active_id is not None,
    }
    seen_on = day(datetime.fromtimestamp(last_login / 1000, UTC))
    if active_on:
        summary = tr(
            "'{character}' was last seen on {day}; {player} is active on {other}",
            character=name,
            day=seen_on,
            player=player,
            other=active_on,
        )
    else:
        summary = tr("'{character}' was last seen on {day}", character=name, day=seen_on)
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.CHARACTER, character_id, summary, details)


def explain(known: Known, finding: Finding) -> Explanation:
    details, facts = finding.details, known.resolver.facts
    owner = (
        tr("It belongs to {player}.", player=details["player"]) if details.get("player") else tr("It has no player.")
    )
    evidence = [Evidence(Source.ROSTER, _seen(known, details)), Evidence(Source.RECORD, owner)]
    character = facts.characters.get(finding.subject_id)
    hiatus = facts.hiatuses.get(character.player_id or 0) if character is not None else None
    if hiatus is not None and hiatus.lasts_on(known.now.date()):
        evidence.append(Evidence(Source.OFFICER, _said(hiatus, details)))
        return Explanation(
            tuple(evidence), tr("The player is on hiatus. Until it ends, none of their characters is stale.")
        )
    if details.get("player_active_on"):
        evidence.append(
            Evidence(
                Source.ROSTER,
                tr(
                    "{player} is active on {character}.",
                    player=details["player"],
                    character=details["player_active_on"],
                ),
            )
        )
        return Explanation(tuple(evidence), tr("The player is active. Only this character is not."))
    if details.get("player"):
        evidence.append(
            Evidence(
                Source.ROSTER, tr("{player} has not been seen lately on another character.", player=details["player"])
            )
        )
        return Explanation(tuple(evidence), tr("The player may have stopped playing."))
    return Explanation(tuple(evidence), tr("The character takes up a roster slot, and its player is unknown."))


def _seen(known: Known, details: Mapping[str, Any]) -> str:
    character, milliseconds = details["character"], details.get("last_login_timestamp")
    if not milliseconds:
        return tr("{character} has no known last login.", character=character)
    login = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return tr_n(
        "{character} was last seen on {day}, {n} day ago.",
        "{character} was last seen on {day}, {n} days ago.",
        (known.now - login).days,
        character=character,
        day=day(login),
    )


def _said(hiatus: KnownHiatus, details: Mapping[str, Any]) -> str:
    told = tr(
        "{officer} said that {player} is {away}",
        officer=name_of(hiatus.set_by),
        player=details.get("player"),
        away=away(hiatus.until),
    )
    return with_reason(told, hiatus.reason)


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Stale Character"),
    description=mark("Character has not logged in for more than {stale_after_days}"),
    severity=Severity.INFO,
    subject=SubjectKind.CHARACTER,
    auto_mitigate=False,
    detect=detect,
    detect_among=detect,
    depends_on=depends_on("characters", "links", "players", "decisions", "settings", "time"),
    is_local=True,
    explain=explain,
    question=lambda asked: tr("Is {name} still active?", name=asked.name),
    thresholds=(STALE_AFTER,),
    why=mark("Inactive characters take up roster slots (1,000 max), or show that a player has stopped playing."),
    left_to_officer=mark(
        "For information: the next login resolves it. The details say if the player is active on another character; "
        "such findings come last. If you know that a player is away, set a hiatus (“patt set-hiatus”): until its day none of the "
        "player's characters is found, and no alt that is linked to the player meanwhile."
    ),
    examples=EXAMPLES,
)
