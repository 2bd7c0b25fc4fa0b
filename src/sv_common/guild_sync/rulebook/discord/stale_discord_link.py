"""A player in the guild is linked to a Discord member who has left the server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import day, mark, tr, tr_n
from sv_common.guild_sync.core.text import in_words
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.roster.freshness import FRESHNESS
from sv_common.guild_sync.roster.freshness import Source as DataSource
from sv_common.guild_sync.rulebook.candidates.discord import candidates_for_player
from sv_common.guild_sync.rulebook.dependence import depends_on
from sv_common.guild_sync.rulebook.discord.managed_roles import MEMBER_MATERIAL, member_link_in_words
from sv_common.guild_sync.rulebook.examples.stale_discord_link import EXAMPLES
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rulebook.rule import Remedy, RuleDefinition

ISSUE_TYPE = "stale_discord_link"
SQL = load_sql(__package__, "stale_discord_link.sql")
LIST_IS_OLD_AFTER = FRESHNESS[DataSource.MEMBERS].stale_after


async def detect(
    guild: GuildConnection, *, now: datetime | None = None, among: Collection[int] | None = None
) -> list[Finding]:
    """Find players with a character in the guild whose Discord member has left the server.

    Raises `Refused` where the member list that says so is old: a member who was missing then may be back.
    """
    only = None if among is None else list(among)
    rows: list[dict[str, Any]] = await guild.all(dict, SQL["find"], now=now, among=only)
    ages = [row.pop("list_age_s") for row in rows]
    if ages and ages[0] is not None and ages[0] > LIST_IS_OLD_AFTER.total_seconds():
        raise Refused(tr(_OLD_LIST, age=in_words(timedelta(seconds=ages[0]))))
    return [Finding(ISSUE_TYPE, guild.id, SubjectKind.PLAYER, row["player_id"], _summary(row), row) for row in rows]


_OLD_LIST = mark(
    "Discord’s member list is {age} old, so it does not show who is on the server now. Nothing was concluded from it. "
    "Sync Discord first."
)


def _summary(details: Mapping[str, Any]) -> str:
    return tr(
        "{player} is linked to {member}, who has left the Discord server",
        player=details["player"],
        member=details["member"],
    )


def explain(known: Known, finding: Finding) -> Explanation:  # noqa: ARG001 -- every explanation is given what is known
    details = finding.details
    evidence = (
        Evidence(
            Source.DISCORD,
            tr(
                "{member} was missing from the member list on {day}.",
                member=details["member"],
                day=day(date.fromisoformat(details["gone_on"])),
            )
            if details["gone_on"]
            else tr("{member} is not on the server.", member=details["member"]),
        ),
        Evidence(Source.RECORD, member_link_in_words(details)),
        Evidence(
            Source.ROSTER,
            tr_n(
                "{player} has {n} character in the guild, such as {character}.",
                "{player} has {n} characters in the guild, such as {character}.",
                details["characters"],
                player=details["player"],
                character=details["character"],
            ),
        ),
    )
    return Explanation(
        evidence, tr("{player} plays here, but is not on Discord as far as is known.", player=details["player"])
    )


_CHOOSE = mark(
    "If the player is on Discord under another name, choose that member. Or unlink the one who left. If they come back, "
    "the issue resolves without you."
)

RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Discord Member Has Left"),
    description=mark("Player has a character in the guild but is linked to a Discord member who left the server"),
    severity=Severity.INFO,
    subject=SubjectKind.PLAYER,
    auto_mitigate=False,
    detect=detect,
    detect_among=detect,
    depends_on=depends_on("characters", "links", "players", "members", "ranks", "time"),
    is_local=True,
    explain=explain,
    question=lambda asked: tr("Who is {name} on Discord now?", name=asked.name),
    candidates=candidates_for_player,
    remedy=lambda known, player_id: Remedy(tr(_CHOOSE)),  # noqa: ARG005 -- the same for every player
    why=mark("Messages, roles and rights reach the player through a Discord member who is not there."),
    left_to_officer=mark(
        "For information: it resolves when the member comes back, or when all characters of the player have left the guild. "
        "If the player has another Discord account, choose it: the link moves there. Or unlink the member who left. Nothing is "
        "concluded from a member list that is old or was refused. A new member of the same name is a suggestion and nothing more."
    ),
    material=(MEMBER_MATERIAL,),
    examples=EXAMPLES,
)
