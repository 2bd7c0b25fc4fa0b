"""A guild that was renamed or moved: finding it under its new name, comparing it, and saving that.

Characters, players, roles and settings stay. Only the address at Battle.net changes, and the old one is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, computed_field

from patt.bootstrap import Services
from patt.queue.tasks import Task
from patt.setup.finding import find_guild, read_region
from sv_common.guild_sync.core.errors import BadInput, PlanStale, Refused
from sv_common.guild_sync.core.language import number, tr, tr_n
from sv_common.guild_sync.roster import characters, guilds
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.sources.models import GuildAddress


@dataclass(frozen=True, slots=True)
class NewName:
    """The region, the realm in any language, and the name as the game shows it."""

    region: Annotated[str, Field(max_length=10, description="us, eu, kr or tw.", examples=["us"])]
    realm: Annotated[str, Field(max_length=100, description="The realm, in any language.", examples=["Area 52"])]
    name: Annotated[
        str, Field(max_length=100, description="The name as the game shows it.", examples=["Lantern Watch"])
    ]


@dataclass(frozen=True, slots=True)
class GuildMove:
    """What a new name would do, or has done if it `is_kept`."""

    guild: Annotated[Guild, Field(exclude=True)]
    region: Annotated[str, Field(examples=["us"])]
    realm_slug: Annotated[str, Field(description="The realm, as Battle.net's addresses name it.", examples=["area-52"])]
    name_slug: Annotated[
        str, Field(description="The guild, as Battle.net's addresses name it.", examples=["lantern-watch"])
    ]
    name: str
    realm: Annotated[str, Field(exclude=True)]
    members: Annotated[int, Field(description="How many characters the roster there has.")]
    known: Annotated[int, Field(description="How many are known here.")]
    same: Annotated[int, Field(description="How many of those are the same.")]
    namesakes: Annotated[int, Field(description="Of how many others only the name is there.")]
    is_kept: Annotated[bool, Field(exclude=True)] = False

    @property
    def address(self) -> GuildAddress:
        return GuildAddress(self.region, self.realm_slug, self.name_slug)

    @computed_field(description="Send it back to save exactly this.", examples=["0f3c9a5be1d24c77" * 4])
    @property
    def key(self) -> str:
        """Return the hash of all that was compared."""
        seen = (self.guild.id, self.guild.address, self.address, self.name, self.same, self.namesakes)
        return hashlib.sha256(repr(seen).encode()).hexdigest()

    @computed_field(description="Why it cannot be saved; null if it can.", examples=[None])
    @property
    def problem(self) -> str | None:
        """Why it cannot be saved; None if it can."""
        if self.is_kept:
            return None
        if (self.address, self.name) == (self.guild.address, self.guild.name):
            return tr("The guild already has this name and address.")
        if self.known and not self.same and not self.namesakes:
            return tr_n(
                "{name}, {realm} does not have the {n} character of {guild}, so it is another guild. To add it: patt init",
                "{name}, {realm} has none of the {n} characters of {guild}, so it is another guild. To add it: patt init",
                self.known,
                name=self.name,
                realm=self.realm,
                guild=self.guild.name,
            )
        return None

    @computed_field
    @property
    def sentence(self) -> str:
        """How much of the guild is the same, or its new name."""
        if self.is_kept:
            return tr("{before} is {now} now. Its roster is being fetched.", before=self.guild.name, now=self._place)
        members = tr_n("{guild} has {n} character.", "{guild} has {n} characters.", self.members, guild=self._place)
        if not self.namesakes:
            same = tr_n(
                "Of the {known} known here, {n} is the same.",
                "Of the {known} known here, {n} are the same.",
                self.same,
                known=number(self.known),
            )
            return f"{members} {same}"
        same = tr_n(
            "Of the {known} known here, {n} is the same, and {namesakes} more have only the name in common.",
            "Of the {known} known here, {n} are the same, and {namesakes} more have only the name in common.",
            self.same,
            known=number(self.known),
            namesakes=number(self.namesakes),
        )
        return f"{members} {same}"

    @property
    def _place(self) -> str:
        return f"{self.name}, {self.realm} ({self.region})"


async def preview_move(services: Services, wanted: NewName, *, guild_id: int | None) -> GuildMove:
    """Return what a move would do; nothing is changed. Raises `NotFound`, `BadInput`, a SourceError, and `Refused`."""
    profiles, realms = services.sources.profiles, services.sources.realms
    if profiles is None or realms is None:
        raise Refused(
            tr("PATT cannot look up the new name: set PATT_BLIZZARD_CLIENT_ID and PATT_BLIZZARD_CLIENT_SECRET.")
        )
    if not wanted.realm.strip():
        raise BadInput(tr("Give the guild's realm, in any language."))
    async with services.pool.installation() as conn:
        guild = await guilds.the_only(conn, guild_id)
    found = await find_guild(profiles, realms, read_region(wanted.region), wanted.realm, wanted.name)
    async with services.pool.reading(guild.id) as here:
        known = await guilds.roster_size(here)
        same, namesakes = await characters.count_same(here, found.members)
    address, counts = found.address, (len(found.members), known, same, namesakes)
    where = address.region, address.realm_slug, address.name_slug
    return GuildMove(guild, *where, found.name, found.realm, *counts)


async def move(services: Services, wanted: NewName, *, guild_id: int | None, actor: str, key: str | None) -> GuildMove:
    """Save a guild's new name and address, keep the old ones as its past, and enqueue the sync of its roster.

    Raises like `preview_move`, `PlanStale` if something else was previewed, and `Refused` if it is another guild.
    """
    found = await preview_move(services, wanted, guild_id=guild_id)
    if found.problem is not None:
        raise Refused(found.problem + " " + tr("Nothing was changed."))
    if key is not None and key != found.key:
        raise PlanStale(tr("This has changed since the preview. Nothing was changed. Preview it again."))
    async with services.pool.writing(found.guild.id) as here:
        if await guilds.get(here) != found.guild:
            raise PlanStale(tr("The guild has changed. Nothing was changed. Preview it again."))
        await guilds.move(here, found.address, found.name, actor=actor)
    if services.queue is not None:
        await services.queue.enqueue(Task.BATTLE_NET, found.guild.id, is_awaited=True)
    return replace(found, is_kept=True)
