"""Finding everything: what the engine's search finds in a guild, each hit with its page, and the places and actions of a role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from patt.auth.permissions import Role, includes
from patt.web.places import ACTIONS, DATA_QUALITY, PAGES, PEOPLE, SETTING_PLACES, SETTINGS
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.plain_text import LONGEST_TEXT
from sv_common.guild_sync.insights import search
from sv_common.guild_sync.insights.matching import Wanted
from sv_common.guild_sync.insights.search import MOST_SHOWN, GroupName, Hit, HitKind

LONGEST_WORDS = LONGEST_TEXT
LONGEST_SEARCH = 100
"""Letters that a search for a person may have."""


@dataclass(frozen=True, slots=True)
class FoundHit:
    """Something that was found, and the page that shows it."""

    kind: Annotated[HitKind, Field(description="What it is; a `note` is of the character with that `id`.")]
    id: Annotated[
        int | None,
        Field(
            description="Number of the player, character, Discord member or issue; a decision takes it as `#12`. Else null."
        ),
    ]
    title: Annotated[str, Field(examples=["Grimalt-Area 52"])]
    why: Annotated[str, Field(description="What it is and why it was found, in words.", examples=["note: alt of Mito"])]
    href: Annotated[
        str, Field(description="The address of its page.", examples=["/admin/players/characters/12?guild=1"])
    ]


_HEADINGS: Mapping[GroupName, str] = {
    "people": mark("Players"),
    "characters": mark("Characters"),
    "members": mark("Discord members"),
    "notes": mark("Notes"),
    "issues": mark("Issues"),
    "settings": mark("Settings"),
    "places": mark("Pages and actions"),
}


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """The best of what was found of one kind: names by their beginning before those that hold the words."""

    name: GroupName
    total: Annotated[int, Field(description=f"How many there are; the best {MOST_SHOWN} are listed.")]
    hits: Sequence[FoundHit]

    @property
    def heading(self) -> str:
        """What stands above them."""
        return tr(_HEADINGS[self.name])


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found, in groups in a fixed order. Settings are there for officers."""

    guild_id: int
    total: int
    groups: Sequence[FoundGroup]


async def find(guild: GuildConnection, typed: str, role: Role, *, may_set_up: bool = False) -> Found:
    """Find words in a guild, for somebody who may see and do what the role says. Blank words find the places alone.

    `may_set_up`: they may also set up further guilds.
    """
    found = await search.search(guild, typed, with_settings=includes(role, SETTINGS.least))
    groups = [
        FoundGroup(
            group.name,
            group.total,
            [FoundHit(hit.kind, hit.id, hit.title, hit.why, _href(hit, guild.id)) for hit in group.hits],
        )
        for group in found
    ]
    groups.append(_places(typed, role, guild.id, may_set_up=may_set_up))
    return Found(guild.id, sum(group.total for group in groups), groups)


def _href(hit: Hit, guild_id: int) -> str:
    match hit.kind:
        case "player":
            path = f"{PEOPLE.href}/{hit.id}"
        case "character" | "note":
            path = f"{PEOPLE.href}/characters/{hit.id}"
        case "member" if hit.player_id is not None:
            path = f"{PEOPLE.href}/{hit.player_id}"
        case "member":  # has no page of its own
            path = f"{PEOPLE.href}?show=members&search={quote(hit.title[:LONGEST_SEARCH], safe='')}"
        case "issue":
            path = f"{DATA_QUALITY.href}/issues/{hit.id}"
        case "rule":
            path = f"{SETTINGS.href}/rules/{hit.key}"
        case "rank":
            path = f"{SETTINGS.href}/ranks#ranks"
        case _:
            path = f"{SETTINGS.href}/words#own"
    return in_guild(path, guild_id)


def in_guild(path: str, guild_id: int) -> str:
    """Return an address with the guild that it is about."""
    page, mark, part = path.partition("#")
    return f"{page}{'&' if '?' in page else '?'}guild={guild_id}{mark}{part}"


def _places(typed: str, role: Role, guild_id: int, *, may_set_up: bool) -> FoundGroup:
    found = Wanted.of(typed).best_of(_all_places(role, guild_id, may_set_up=may_set_up))
    return FoundGroup("places", len(found), [hit for hit, _ in found[:MOST_SHOWN]])


def _all_places(role: Role, guild_id: int, *, may_set_up: bool) -> Iterator[tuple[FoundHit, Sequence[str]]]:
    pages = [(each, each.label) for each in PAGES]
    pages += [(each, tr("Settings: {page}", page=each.label)) for each in SETTING_PLACES]
    for place, label in pages:
        if includes(role, place.least):
            yield FoundHit("page", None, label, tr("page"), in_guild(place.href, guild_id)), (label, place.label)
    for action in ACTIONS:
        if includes(role, action.least) and (may_set_up or not action.is_of_installation):
            hit = FoundHit("action", None, action.label, action.about, in_guild(action.href, guild_id))
            yield hit, (action.label, action.about)
