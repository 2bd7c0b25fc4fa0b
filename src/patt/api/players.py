"""The players API: who is who, and deciding it. For officers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from patt.api.decisions import DecisionRequest, decision_of
from patt.api.routing import officer_router
from patt.web import own_rights
from patt.web.context import CharacterId, GuildDep, OfficerDep, PageQuery, PlayerId, ServicesDep, ViewerDep
from sv_common.guild_sync.changes.describe import Effect
from sv_common.guild_sync.identity_engine import DecisionReport, apply_decision, preview_decision
from sv_common.guild_sync.insights import people, person
from sv_common.guild_sync.insights.people import PeoplePage, PersonKind
from sv_common.guild_sync.insights.person import CharacterPage, PlayerView
from sv_common.guild_sync.roster import guilds

LONGEST_SEARCH = 100
MOST_STEPS_IN_A_SENTENCE = 3

ShownPeople = Literal["players", "characters", "members", "all"]
"""Whom to list: players, characters without a player, Discord members without a player."""

KINDS: dict[ShownPeople, PersonKind | None] = {
    "players": PersonKind.PLAYER,
    "characters": PersonKind.CHARACTER,
    "members": PersonKind.MEMBER,
    "all": None,
}
SearchQuery = Annotated[
    str,
    Query(
        max_length=LONGEST_SEARCH,
        description="Part of a name: a player's, a character's, on Discord, an alias.",
        examples=["mit"],
    ),
]
ShownQuery = Annotated[
    ShownPeople,
    Query(
        description="Players, characters without a player, Discord members without one, or all.", examples=["players"]
    ),
]

router = officer_router("players", "players")


@dataclass(frozen=True, slots=True)
class DecisionPreview:
    """What a decision would do now. Nothing was changed."""

    guild_id: int
    sentence: str
    steps: Sequence[str]
    effects: Sequence[Effect]
    plan_key: Annotated[
        str, Field(description="Send it with the decision, and nothing else than this plan is carried out.")
    ]


@dataclass(frozen=True, slots=True)
class DecisionMade(DecisionPreview):
    """What a decision did."""

    attempt_id: Annotated[
        int, Field(description="What to undo: POST /api/v1/admin/data-quality/attempts/{attempt_id}/undo.")
    ]


@router.get("", summary="Who is who, 50 a page")
async def players(
    services: ServicesDep, guild: GuildDep, search: SearchQuery = "", show: ShownQuery = "players", page: PageQuery = 1
) -> PeoplePage:
    """Sorted by name, whole names that were searched for first. A page beyond the last one gives the last one."""
    async with services.pool.snapshot() as conn:
        number = (await guilds.the_only(conn, guild)).id
        return await people.people_page(conn, number, search=search, kind=KINDS[show], number=page)


@router.post("/decisions/preview", summary="What a decision about who is who would do")
async def preview(
    services: ServicesDep, viewer: ViewerDep, body: DecisionRequest, guild: GuildDep = None
) -> DecisionPreview:
    """The plan that the decision would carry out now, and what it changes; nothing is done."""
    decision = decision_of(body)
    await own_rights.check_decision(services.pool, viewer, decision, guild)
    found = await preview_decision(services.pool, decision, guild_id=guild)
    return DecisionPreview(found.guild_id, found.plan.reason, found.sentences, found.effects, found.plan.key)


@router.post("/decisions", summary="Decide who is who")
async def decide(
    services: ServicesDep, officer: OfficerDep, body: DecisionRequest, guild: GuildDep = None
) -> DecisionMade:
    """Carry out an officer's decision, which is recorded and can be undone as a whole."""
    made = await apply_decision(
        services.pool,
        decision_of(body),
        actor=officer.actor,
        guild_id=guild,
        seen=body.plan_key,
        guard=own_rights.guard_of(officer),
    )
    told = f"Done. {_in_short(made)}"
    return DecisionMade(made.guild_id, told, made.sentences, made.effects, made.plan.key, made.attempt_id or 0)


@router.get("/characters/{character_id}", summary="One character")
async def character(services: ServicesDep, character_id: CharacterId, guild: GuildDep = None) -> CharacterPage:
    """Whose it is or who it may be by its note, what is open about it, and what was done."""
    async with services.pool.snapshot() as conn:
        return await person.character_page(conn, character_id, guild_id=guild)


@router.get("/{player_id}", summary="One player")
async def player(services: ServicesDep, player_id: PlayerId, guild: GuildDep = None) -> PlayerView:
    """Characters with their notes, Discord member, aliases, what is open, and what was done."""
    async with services.pool.snapshot() as conn:
        return await person.player_view(conn, player_id, guild_id=guild)


def _in_short(report: DecisionReport) -> str:
    """What was done; of a merge, or of many changes, the reason says it all."""
    is_merge = any(row.table == "player" and row.after is None for row in report.plan.rows)
    is_long = is_merge or len(report.plan.rows) > MOST_STEPS_IN_A_SENTENCE
    return report.plan.reason if is_long else " ".join(report.sentences)
