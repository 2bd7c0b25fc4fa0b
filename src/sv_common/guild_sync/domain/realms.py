"""The realms of a region, found by any name that a source gives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sv_common.guild_sync.domain.names import realm_key


@dataclass(frozen=True, slots=True)
class Realm:
    """One realm. `names` are its names in the languages of its region, the region's first language first."""

    realm_id: int
    slug: str
    names: tuple[str, ...]


class RealmIndex:
    """All realms of one region."""

    def __init__(self, realms: Sequence[Realm]) -> None:
        self.realms = tuple(realms)
        self._by_key: dict[str, set[Realm]] = defaultdict(set)
        for realm in self.realms:
            for name in (realm.slug, *realm.names):
                self._by_key[realm_key(name)].add(realm)

    def find(self, name: str) -> Realm | None:
        """Find a realm by its slug, its name in any language, or the form that the game client writes ("Area52").

        None when no realm is called so, or more than one.
        """
        found = self._by_key.get(realm_key(name), set())
        return next(iter(found)) if len(found) == 1 else None
