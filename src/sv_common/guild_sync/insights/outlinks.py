"""Where else a character can be looked up: Battle.net's armory, Raider.IO and Warcraft Logs. Pure.

Each address is built of the region, the realm's slug and the name as Battle.net gives them. What does not fit into an
address gives none: no link is better than one that leads to somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import quote

from pydantic import Field

from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.names import name_key

Site: TypeAlias = Literal["armory", "raider_io", "warcraft_logs"]

_ARMORY_LANGUAGES: Final[Mapping[str, str]] = {"us": "en-us", "eu": "en-gb", "kr": "ko-kr", "tw": "zh-tw"}
_NAMES_REALMS_BY_SLUG: Final = frozenset({"us", "eu"})
"""Regions in which Warcraft Logs calls realms by Battle.net's slug; in the others by their name in the local alphabet."""

_SLUG: Final = re.compile(r"[^\W_]+(-[^\W_]+)*")
_NAME: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class OutLink:
    """A page of a character on another site."""

    site: Site
    label: Annotated[str, Field(examples=["Raider.IO"])]
    href: Annotated[str, Field(examples=["https://raider.io/characters/us/area-52/Mito"])]


def outlinks(region: str, realm_slug: str | None, name: str) -> Sequence[OutLink]:
    """Return the pages of a character; none for a region, a realm or a name that these sites cannot know."""
    if region not in _ARMORY_LANGUAGES or not _is_slug(realm_slug) or not _NAME.fullmatch(name):
        return ()
    realm, shown, key = (quote(part, safe="") for part in (realm_slug or "", name, name_key(name)))
    armory = f"https://worldofwarcraft.blizzard.com/{_ARMORY_LANGUAGES[region]}/character/{region}/{realm}/{key}"
    links = [
        OutLink("armory", tr("Armory"), armory),
        OutLink("raider_io", "Raider.IO", f"https://raider.io/characters/{region}/{realm}/{shown}"),
    ]
    if region in _NAMES_REALMS_BY_SLUG:
        logs = f"https://www.warcraftlogs.com/character/{region}/{realm}/{key}"
        links.append(OutLink("warcraft_logs", "Warcraft Logs", logs))
    return tuple(links)


def _is_slug(realm: str | None) -> bool:
    """Whether it is a slug, and no name of a realm as the game or the addon writes it."""
    return realm is not None and realm == realm.lower() and _SLUG.fullmatch(realm) is not None
