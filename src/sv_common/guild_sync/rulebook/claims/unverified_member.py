"""A member of the Discord server with characters in the guild has proven none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.dependence import depends_on
from sv_common.guild_sync.rulebook.examples.unverified_member import EXAMPLES
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rulebook.rule import RuleDefinition

ISSUE_TYPE = "unverified_member"
SQL = load_sql(__package__, "unverified_member.sql")


@dataclass(frozen=True, slots=True)
class MemberProof:
    """A member with characters in the guild, and how many of these they have proven; `character` is one of theirs, the main first."""

    member_id: int
    member: Annotated[str, Field(examples=["Mito"])]
    username: Annotated[str, Field(examples=["mito_plays"])]
    player_id: int
    player: Annotated[str, Field(examples=["Mito"])]
    characters: Annotated[int, Field(description="How many characters they have in the guild.", examples=[4])]
    proven: Annotated[int, Field(description="How many of these Battle.net itself has proven.", examples=[3])]
    character: Annotated[str, Field(description="One of them, the main first.", examples=["Mito-Area 52"])]
    signed_in_at: Annotated[datetime | None, Field(description="When they last signed in with Battle.net here.")]

    @property
    def is_verified(self) -> bool:
        return self.proven > 0


async def members(guild: GuildConnection) -> Sequence[MemberProof]:
    """Return the members of the Discord server who have characters in the guild, by name; one statement."""
    return await guild.all(MemberProof, SQL["members"])


async def detect(
    guild: GuildConnection,
    *,
    now: datetime | None = None,  # noqa: ARG001 -- every detector takes the time
) -> list[Finding]:
    return [_finding(guild.id, each) for each in await members(guild) if not each.is_verified]


def _finding(guild_id: int, found: MemberProof) -> Finding:
    details = {
        "member_id": found.member_id,
        "member": found.member,
        "player_id": found.player_id,
        "player": found.player,
        "characters": found.characters,
        "character": found.character,
    }
    summary = tr("{member} has not verified their characters with Battle.net", member=found.member)
    return Finding(ISSUE_TYPE, guild_id, SubjectKind.DISCORD_MEMBER, found.member_id, summary, details)


def explain(known: Known, finding: Finding) -> Explanation:  # noqa: ARG001 -- every explanation is given what is known
    details = finding.details
    evidence = (
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
        Evidence(
            Source.PROOF, tr("{member} has proven none of them with a Battle.net sign-in.", member=details["member"])
        ),
    )
    conclusion = tr("The links of {member} rest on what notes, names and officers say.", member=details["member"])
    return Explanation(evidence, conclusion)


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Unverified Member"),
    description=mark("Discord member with a character in the guild has not verified any with Battle.net"),
    severity=Severity.INFO,
    subject=SubjectKind.DISCORD_MEMBER,
    auto_mitigate=False,
    is_on=False,
    detect=detect,
    depends_on=depends_on("characters", "links", "players", "members", "claims"),
    explain=explain,
    question=lambda asked: tr("Ask {name} to verify their characters?", name=asked.name),
    why=mark("What a member has proven needs no note and no officer, and automation never moves it."),
    left_to_officer=mark(
        "For information, and off until a guild switches it on: People shows how many members are verified without it. Send the "
        "member the address that ends in /claim. It resolves when they have signed in there and confirmed a character."
    ),
    examples=EXAMPLES,
)
