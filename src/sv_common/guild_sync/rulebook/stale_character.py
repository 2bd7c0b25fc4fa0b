"""A character that has not logged in for a long time."""

from __future__ import annotations

from datetime import UTC, datetime

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.issue import Finding, Severity, SubjectKind
from sv_common.guild_sync.domain.parameter import Parameter
from sv_common.guild_sync.domain.rule import Example, RulePage

ISSUE_TYPE = "stale_character"
STALE_AFTER = Parameter(
    name="stale_after_days",
    label="Stale after",
    unit="days",
    least=1,
    most=3650,
    default=30,
    about="Days without a login after which a character is found",
)
SQL = load_sql(__package__, "stale_character.sql")


async def detect(conn: Connection, *, guild_id: int | None = None, now: datetime | None = None) -> list[Finding]:
    """Find characters asleep for longer than the guild's `stale_after_days` (30 by default)."""
    values = {"guild_id": guild_id, "now": now, "default_days": STALE_AFTER.default}
    rows = await (await conn.execute(SQL["find"], values)).fetchall()
    return [_finding(*row) for row in rows]


def _finding(
    character_id: int, guild_id: int, name: str, realm: str, last_login: int, player: str | None, active_on: str | None
) -> Finding:
    day = datetime.fromtimestamp(last_login / 1000, UTC).date().isoformat()
    elsewhere = f"; {player} is active on {active_on}" if active_on else ""
    details = {
        "character_id": character_id,
        "character": f"{name}-{realm}",
        "last_login_timestamp": last_login,
        "player": player,
        "player_active_on": active_on,
    }
    summary = f"'{name}' was last seen on {day}{elsewhere}"
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.CHARACTER, character_id, summary, details)


PAGE = RulePage(
    issue_type=ISSUE_TYPE,
    name="Stale Character",
    description="Character has not logged in for more than 30 days",
    severity=Severity.INFO,
    subject=SubjectKind.CHARACTER,
    auto_mitigate=False,
    detect=detect,
    plan=None,
    thresholds=(STALE_AFTER,),
    why="A roster has a thousand places. Characters asleep for long may free one, or tell that somebody has gone quiet.",
    left_to_a_person="There is no fix: the character's next login resolves it. The details say whether the player is active elsewhere.",
    examples=(
        Example("Last login 31 days ago", "found"),
        Example(
            "Last login 31 days ago; the same player logged in yesterday on another character",
            "found; says where the player is active",
        ),
        Example("The last login was never seen", "no finding: unknown is not long ago"),
    ),
)
