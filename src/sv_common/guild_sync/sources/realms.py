"""The realms of a region, found by any name that a source gives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sv_common.guild_sync.core.names import realm_key

LOCALES = {
    "us": ("en_US", "es_MX", "pt_BR"),
    "eu": ("en_GB", "es_ES", "fr_FR", "ru_RU", "de_DE", "pt_PT", "it_IT"),
    "kr": ("ko_KR",),
    "tw": ("zh_TW",),
}
"""The languages of each region (develop.battle.net, "Regionality and APIs"), the one that is asked for first."""


@dataclass(frozen=True, slots=True)
class Realm:
    """One realm. `names` are its names in the languages of its region, each once, the region's first language first."""

    realm_id: int
    slug: str
    names: tuple[str, ...]


class RealmIndex:
    """All realms of one region; empty where they were never fetched."""

    def __init__(self, realms: Sequence[Realm] = ()) -> None:
        self.realms = tuple(realms)
        self._by_key: dict[str, set[Realm]] = defaultdict(set)
        for realm in self.realms:
            for name in (realm.slug, *realm.names):
                self._by_key[realm_key(name)].add(realm)

    def called(self, name: str) -> frozenset[Realm]:
        """Return the realms with this slug, name in any language, or form that the game client writes ("Area52").

        None for a name that nobody knows; several where it is the name of one and, in another language, of another.
        """
        return frozenset(self._by_key.get(realm_key(name), ()))
