"""The notes that are proposed for a guild, for officers and for the addon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import realm_key
from sv_common.guild_sync.identity.facts import GuildFacts
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.insights.proposed_notes.proposals import Proposals, Why, proposals_of
from sv_common.guild_sync.roster import guilds, realms
from sv_common.guild_sync.sources.addon.origin import REGIONS
from sv_common.guild_sync.sources.models import RealmIndex

SQL = load_sql(__package__, "proposed_notes.sql")
MOST_NOTES: Final = 1000
"""As many as the game lets a guild have members: with more, a file for the game would only grow."""


@dataclass(frozen=True, slots=True)
class ProposedNote:
    """A note for a character. `realms` are the names of its realm, in each language of the region."""

    name: Annotated[str, Field(examples=["Newalt"])]
    realms: Annotated[Sequence[str], Field(examples=[["Area 52", "area-52"]])]
    note: Annotated[str, Field(description="The note that was seen last.", examples=["tank"])]
    proposed: Annotated[str, Field(description="What it should say.", examples=["alt of Mito, tank"])]
    why: Why
    reason: Annotated[str, Field(examples=["The note does not say whose character this is."])]
    lost: Annotated[
        str, Field(description="What the note says beside the name and there is no room for.", examples=[""])
    ]


@dataclass(frozen=True, slots=True)
class ReviewedNote:
    """A note that is proposed, for an officer to look at."""

    character: str
    note: str
    proposed: str
    why: Why
    reason: str
    lost: str


@dataclass(frozen=True, slots=True)
class NotProposed:
    """A character for which no note is proposed although its note should say something else."""

    character: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoteReview:
    """All notes that are proposed for a guild, and what is left to a person."""

    proposed: Sequence[ReviewedNote]
    not_proposed: Sequence[NotProposed]


@dataclass(frozen=True, slots=True)
class ProposedNotes:
    """The notes that are proposed for a guild, with what tells the guild in the game."""

    guild: Annotated[str, Field(examples=["Pull the Pin"])]
    realms: Annotated[Sequence[str], Field(description="The names of its realm.", examples=[["Area 52", "area-52"]])]
    region: Annotated[int, Field(description="As the game numbers it: 1 US, 2 KR, 3 EU, 4 TW.", examples=[1])]
    notes: Sequence[ProposedNote]


async def proposals(guild: GuildConnection) -> Proposals:
    """Return the notes to propose. What an officer has dismissed is left as it is."""
    settled = {number for (number,) in await guild.rows(SQL["left_as_they_are"])}
    return proposals_of(await resolver_of(guild), settled)


async def proposed_notes(guild: GuildConnection) -> ProposedNotes:
    """Return what the addon shows in the game. Raises `NotFound`."""
    known = await guilds.get(guild)
    names = _RealmNames(await realms.of_guild(guild), (await resolver_of(guild)).facts)
    found = (await proposals(guild)).proposed[:MOST_NOTES]
    number = next(number for number, region in REGIONS.items() if region == known.region)
    return ProposedNotes(
        known.name,
        names.of(known.realm_slug),
        number,
        [
            ProposedNote(
                each.character.name,
                names.of(each.character.realm_slug),
                each.note,
                each.proposed,
                each.why,
                each.reason,
                each.lost,
            )
            for each in found
        ],
    )


async def review_notes(guild: GuildConnection) -> NoteReview:
    """Return the notes that are proposed, and the characters for which none is, with the reasons."""
    found = await proposals(guild)
    return NoteReview(
        [
            ReviewedNote(each.character.label, each.note, each.proposed, each.why, each.reason, each.lost)
            for each in found.proposed
        ],
        [NotProposed(each.character.label, each.reason) for each in found.left_alone],
    )


class _RealmNames:
    """What each realm may be called in the game, in whatever language: each spelling once."""

    def __init__(self, index: RealmIndex, facts: GuildFacts) -> None:
        self._index = index
        self._shown = {c.realm_slug: c.realm_name for c in facts.characters.values() if c.realm_name}
        self._known: dict[str, list[str]] = {}

    def of(self, slug: str) -> list[str]:
        if slug not in self._known:
            listed = [name for realm in self._index.realms if realm.slug == slug for name in realm.names]
            shown = [self._shown[slug]] if slug in self._shown else []
            spelled = {realm_key(name): name for name in (slug, *listed, *shown)}
            self._known[slug] = sorted(name for key, name in spelled.items() if key)
        return self._known[slug]
