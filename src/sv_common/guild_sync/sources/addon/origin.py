"""Whose export is it: the guild, realm and region that an export names, held against the guild that it is sent to.

What an export does not say is unknown, and no mismatch: old exports name no realm and no region. The realm is the guild's,
or that of the uploader where the client does not tell the guild's, so another realm alone proves nothing: a guild has
members of many realms.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.names import realm_key

REGIONS = {1: "us", 2: "kr", 3: "eu", 4: "tw", 5: "cn"}
"""The client's own numbers of the regions (GetCurrentRegion)."""


@dataclass(frozen=True, slots=True)
class ExportOrigin:
    """What an export says of the guild that it is of; None: it does not say."""

    guild_name: str | None = None
    realm: str | None = None
    region: int | None = None


@dataclass(frozen=True, slots=True)
class GuildIdentity:
    """A guild as exports may name it: by its name, or by the name in its address. `former_names` are those before a rename."""

    name: str
    name_slug: str
    realm_slug: str
    region: str
    former_names: tuple[str, ...] = ()


def belongs_to(origin: ExportOrigin, guild_names: Collection[str]) -> bool:
    """Whether an export is of a guild with one of these names, by their letters and digits, or does not say of which."""
    written = realm_key(origin.guild_name or "")
    return not written or written in {realm_key(name) for name in guild_names}


def refuse_other_guild(origin: ExportOrigin, guild: GuildIdentity, *, is_of_other_realm: bool = False) -> None:
    """Raise `BadInput` for an export of another guild, of another region, or from before the guild was renamed.

    That the realm is another guild's is told by `is_of_other_realm`: to know it takes the realms and the roster.
    """
    if fault := _fault(origin, guild, is_of_other_realm):
        remedy = tr("In the game, type /pattsync with a character of the guild, then /reload, and upload again.")
        raise BadInput(f"{fault} {remedy}")


def _fault(origin: ExportOrigin, guild: GuildIdentity, is_of_other_realm: bool) -> str | None:
    said, known = origin.guild_name or guild.name, guild.name
    if not belongs_to(origin, (guild.name, guild.name_slug)):
        if belongs_to(origin, guild.former_names):
            return tr(
                "This export is from before “{said}” was renamed to “{known}”, so it was not used. Export again.",
                said=said,
                known=known,
            )
        return _if_renamed(
            tr("This export is from “{said}”, not “{known}”, so it was not used.", said=said, known=known)
        )
    region = REGIONS.get(origin.region) if origin.region is not None else None
    if region not in (None, guild.region):
        return tr(
            "This export is from “{said}” in the region {other}, not “{known}” in {own}, so it "
            "was not used. If you play in both regions, close the game and start it anew first.",
            said=said,
            other=region.upper(),
            known=known,
            own=guild.region.upper(),
        )
    if is_of_other_realm:
        fault = tr(
            "This export is from “{said}” on {other}, not “{known}” on {own}, so it was not used.",
            said=said,
            other=origin.realm,
            known=known,
            own=guild.realm_slug,
        )
        return _if_renamed(fault)
    return None


def _if_renamed(fault: str) -> str:
    remedy = tr(
        "If this is the guild’s new name or realm, an administrator enters it first, under Settings → Guild, or with "
        "“patt guild move”."
    )
    return f"{fault} {remedy}"
