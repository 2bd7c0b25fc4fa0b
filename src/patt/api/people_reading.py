"""Who is who, as the API answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from patt.api.models import AttemptAnswer
from patt.api.people_models import (
    CharacterAnswer,
    CharacterDetailAnswer,
    OpenIssueAnswer,
    PeopleAnswer,
    PersonAnswer,
    PlayerAnswer,
    RejectionAnswer,
)
from sv_common.db.pool import Connection
from sv_common.guild_sync import people, person
from sv_common.guild_sync.changes.attempts import PastAttempt
from sv_common.guild_sync.people import PersonKind
from sv_common.guild_sync.person import About
from sv_common.guild_sync.store import guilds

ShownPeople = Literal["players", "characters", "members", "all"]
"""Whom to list: players, characters without a player, Discord members without a player."""

_KINDS: dict[ShownPeople, PersonKind] = {
    "players": PersonKind.PLAYER,
    "characters": PersonKind.CHARACTER,
    "members": PersonKind.MEMBER,
}
MOST_STEPS = 12
"""Steps of one attempt that are told; a full match can have thousands."""


class _Subject(NamedTuple):
    """Whom a page is about: what it is, its number, and its name."""

    kind: Literal["player", "character"]
    id: int
    name: str


def kind_of(shown: ShownPeople) -> PersonKind | None:
    """Return the kind to list; None for everybody."""
    return _KINDS.get(shown)


async def people_page(
    conn: Connection, guild_id: int | None, *, search: str, shown: ShownPeople, number: int
) -> PeopleAnswer:
    """Return one page of people. Raises `NotFound`, and `Refused` where it is not clear which guild."""
    guild = await guilds.the_only(conn, guild_id)
    found = await people.people_page(conn, guild.id, search=search, kind=kind_of(shown), number=number)
    listed = [PersonAnswer.model_validate(each) for each in found.people]
    return PeopleAnswer(
        page=found.number, pages=found.pages, total=found.total, counts=dict(found.counts), people=listed
    )


async def player(conn: Connection, player_id: int, guild_id: int | None) -> PlayerAnswer:
    """Return one player with all that is known. Raises `NotFound`."""
    view = await person.player_view(conn, player_id, guild_id=guild_id)
    fields = {name: getattr(view, name) for name in PlayerAnswer.model_fields if hasattr(view, name)}
    return PlayerAnswer.model_validate({**fields, **_about(view.about, _Subject("player", view.id, view.display_name))})


async def character(conn: Connection, character_id: int, guild_id: int | None) -> CharacterDetailAnswer:
    """Return one character with all that is known. Raises `NotFound`."""
    page = await person.character_page(conn, character_id, guild_id=guild_id)
    return CharacterDetailAnswer(
        guild_id=page.character.guild_id,
        player=page.player,
        character=CharacterAnswer.model_validate(page.character),
        **_about(page.about, _Subject("character", character_id, page.character.label)),
    )


def _about(about: About, subject: _Subject) -> dict[str, Any]:
    return {
        "rejections": [RejectionAnswer.model_validate(each) for each in about.rejections],
        "issues": [OpenIssueAnswer.model_validate(each) for each in about.issues],
        "attempts": [_attempt(each, subject) for each in about.attempts],
    }


def _attempt(attempt: PastAttempt, subject: _Subject) -> AttemptAnswer:
    fields = {name: getattr(attempt, name) for name in AttemptAnswer.model_fields if name != "steps"}
    return AttemptAnswer(**fields, steps=_steps(attempt.plan, subject))


def _steps(plan: Sequence[dict[str, Any]], subject: _Subject) -> list[str]:
    """The sentences of a plan; of a long one, such as a full match, those that are about the subject."""
    if len(plan) <= MOST_STEPS:
        return [step["sentence"] for step in plan]
    about = [step["sentence"] for step in plan if _is_about(step, subject)][:MOST_STEPS]
    return [*about, f"And {len(plan) - len(about)} more steps."]


def _is_about(step: dict[str, Any], subject: _Subject) -> bool:
    """Whether a step names the subject; a player that a plan creates has a name there and no number yet."""
    named = [each for each in step["about"] if subject.kind in each]
    return any(subject.id == each[subject.kind] or subject.name == each["name"] for each in named)
