"""A character that has not logged in for a long time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import DECIDED
from sv_common.guild_sync.changes.describe import away
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.dependence import depends_on
from sv_common.guild_sync.rulebook.example import Character, Example, Outcome
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rulebook.parameter import Parameter
from sv_common.guild_sync.rulebook.rule import RuleDefinition

ISSUE_TYPE = "stale_character"
STALE_AFTER = Parameter(
    name="stale_after_days",
    label="Stale after",
    unit="days",
    least=1,
    most=3650,
    default=30,
    about="Days without a login until a character is found",
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
    day = datetime.fromtimestamp(last_login / 1000, UTC).date().isoformat()
    elsewhere = f"; {player} is active on {active_on}" if active_on else ""
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
    summary = f"'{name}' was last seen on {day}{elsewhere}"
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.CHARACTER, character_id, summary, details)


def explain(known: Known, finding: Finding) -> Explanation:
    details, facts = finding.details, known.resolver.facts
    seen = "has no known last login"
    if milliseconds := details.get("last_login_timestamp"):
        login = datetime.fromtimestamp(milliseconds / 1000, UTC)
        seen = f"was last seen on {login:%Y-%m-%d}, {(known.now - login).days} days ago"
    owner = f"It belongs to {details['player']}." if details.get("player") else "It has no player."
    evidence = [Evidence(Source.ROSTER, f"{details['character']} {seen}."), Evidence(Source.RECORD, owner)]
    character = facts.characters.get(finding.subject_id)
    hiatus = facts.hiatuses.get(character.player_id or 0) if character is not None else None
    if hiatus is not None and hiatus.lasts_on(known.now.date()):
        why = f": {hiatus.reason}" if hiatus.reason != DECIDED else "."
        said = f"{name_of(hiatus.set_by)} said that {details.get('player')} is {away({'until': hiatus.day})}{why}"
        evidence.append(Evidence(Source.OFFICER, said))
        return Explanation(
            tuple(evidence), "The player is on hiatus. Until it ends, none of their characters is stale."
        )
    if details.get("player_active_on"):
        evidence.append(Evidence(Source.ROSTER, f"{details['player']} is active on {details['player_active_on']}."))
        return Explanation(tuple(evidence), "The player is active. Only this character is not.")
    if details.get("player"):
        evidence.append(Evidence(Source.ROSTER, f"{details['player']} has not been seen lately on another character."))
        return Explanation(tuple(evidence), "The player may have stopped playing.")
    return Explanation(tuple(evidence), "The character takes up a roster slot, and its player is unknown.")


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name="Stale Character",
    description="Character has not logged in for more than 30 days",
    severity=Severity.INFO,
    subject=SubjectKind.CHARACTER,
    auto_mitigate=False,
    detect=detect,
    detect_among=detect,
    depends_on=depends_on("characters", "links", "players", "decisions", "settings", "time"),
    is_local=True,
    explain=explain,
    question=lambda asked: f"Is {asked.name} still active?",
    thresholds=(STALE_AFTER,),
    why="Inactive characters take up roster slots (1,000 max), or show that a player has stopped playing.",
    left_to_officer="For information: the next login resolves it. The details say if the player is active on another character; "
    "such findings come last. If you know that a player is away, set a hiatus (`patt set-hiatus`): until its day none of the "
    "player's characters is found.",
    examples=(
        Example(
            "Last login 31 days ago", "shown", Outcome.NO_FIX, (Character("Mito", owner="Mito", last_login_days=31),)
        ),
        Example(
            "Last login 31 days ago; the same player logged in yesterday on another character",
            "shown as quiet, with the character that the player is active on",
            Outcome.NO_FIX,
            (
                Character("Altrek", owner="Mito", last_login_days=31),
                Character("Mito", owner="Mito", is_main=True, last_login_days=1),
            ),
        ),
        Example(
            "Last login 31 days ago; an officer has said that the player is away, and the day of return has not come",
            "the officer knows why",
            Outcome.NO_FINDING,
            (Character("Mito", owner="Mito", last_login_days=31),),
            hiatuses={"Mito": 30},
        ),
        Example(
            "Last login 31 days ago; the player was away until yesterday",
            "shown: a hiatus ends automatically on its day",
            Outcome.NO_FIX,
            (Character("Mito", owner="Mito", last_login_days=31),),
            hiatuses={"Mito": -1},
        ),
        Example(
            "Last login 29 days ago",
            "not long enough",
            Outcome.NO_FINDING,
            (Character("Mito", owner="Mito", last_login_days=29),),
        ),
        Example(
            "The last login was never seen",
            "no login date, so ignored",
            Outcome.NO_FINDING,
            (Character("Mito", owner="Mito", last_login_days=None),),
        ),
    ),
)
