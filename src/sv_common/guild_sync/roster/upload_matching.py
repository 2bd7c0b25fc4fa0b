"""Which entry of an upload is which character of the roster: by name and realm, in whatever language the client wrote it.

The realm is found among the realms of the region, else among those of the roster. Where it is missing or no one knows it,
a name that only one character has is enough. The client's own id of a character decides among characters of one name.
It speaks against a name only where the roster or the upload knows both ids under other names, as after a rename. What
stays open is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.roster.characters import PresentCharacter
from sv_common.guild_sync.sources.models import AddonCharacter, RealmIndex


@dataclass(frozen=True, slots=True)
class Matching:
    """Which entry is which character; the others by name, and why they are left alone.

    `unknown` are not in the roster; `ambiguous` have the name of several characters; `doubtful` have the id of someone
    else, or are there twice. `sure` counts the entries that are in the roster by realm or id, not by their name alone.
    """

    matched: Sequence[tuple[AddonCharacter, PresentCharacter]]
    unknown: Sequence[str]
    ambiguous: Sequence[str]
    doubtful: Sequence[str]
    sure: int = 0

    @property
    def entries(self) -> int:
        return sum(map(len, (self.matched, self.unknown, self.ambiguous, self.doubtful)))


class _Claim(NamedTuple):
    """The characters that an entry may be; `is_sure` when its realm or its id says so, not its name alone."""

    row: AddonCharacter
    candidates: Sequence[PresentCharacter]
    is_sure: bool
    is_of_another: bool


def match_upload(rows: Sequence[AddonCharacter], present: Sequence[PresentCharacter], realms: RealmIndex) -> Matching:
    """Match the entries of an upload with the characters of a guild. No character gets more than one entry."""
    ids = [row.supposed_id for row in rows]
    claims = _Roster(present, realms, {each for each in ids if each is not None}).claims(rows, ids)
    named: dict[int, int] = defaultdict(int)
    sure: dict[int, int] = defaultdict(int)
    for _, candidates, is_sure, is_of_another in claims:
        if is_of_another:
            continue
        for known in candidates:
            named[known.id] += 1
        if is_sure and len(candidates) == 1:
            sure[candidates[0].id] += 1
    matched: list[tuple[AddonCharacter, PresentCharacter]] = []
    left: dict[str, list[str]] = {"unknown": [], "ambiguous": [], "doubtful": []}
    for claim in claims:
        row, candidates, is_sure, is_of_another = claim
        is_simple = is_sure and len(candidates) == 1 and not is_of_another and sure[candidates[0].id] == 1
        fault = None if is_simple else _fault_of(claim, named, sure)
        if fault is None:
            matched.append((row, candidates[0]))
        else:
            left[fault].append(f"{claim.row.name}-{claim.row.realm}" if claim.row.realm else claim.row.name)
    number_sure = sum(claim.is_sure and bool(claim.candidates) for claim in claims)
    unknown, ambiguous, doubtful = map(sorted, left.values())
    return Matching(matched, unknown, ambiguous, doubtful, number_sure)


def _fault_of(claim: _Claim, named: Mapping[int, int], sure: Mapping[int, int]) -> str | None:
    """Say why an entry is left alone. One that is not sure of its character gets it only if no other entry may be it."""
    if len(claim.candidates) != 1:
        return "ambiguous" if claim.candidates else "unknown"
    number = claim.candidates[0].id
    if claim.is_of_another or (claim.is_sure and sure[number] > 1):
        return "doubtful"
    return None if claim.is_sure or named[number] == 1 else "unknown"


class _Roster:
    """The characters in the guild, and the ids that the upload has."""

    def __init__(self, present: Sequence[PresentCharacter], realms: RealmIndex, ids_in_upload: Set[int]) -> None:
        self._realms = realms
        self._realms_called: dict[str, tuple[Set[str], Set[int]]] = {}
        self._ids_in_upload = ids_in_upload
        self._by_name: dict[str, list[PresentCharacter]] = defaultdict(list)
        self._slugs: dict[str, set[str]] = defaultdict(set)
        for known in present:
            self._by_name[known.name_key].append(known)
        for slug, key, name in {(known.realm_slug, known.realm_key, known.realm_name) for known in present}:
            self._slugs[key].add(slug)
            self._slugs[realm_key(name or slug)].add(slug)
        self._present = present

    def claims(self, rows: Iterable[AddonCharacter], ids: Iterable[int | None]) -> list[_Claim]:
        """Return the claim of each entry, given the ids that the client supposes. Nearly all need no second look."""
        by_name, places, nobody = self._by_name, self._realms_called, list[PresentCharacter]()
        claims = []
        for row, own_id in zip(rows, ids, strict=True):
            namesakes, realm = by_name.get(name_key(row.name), nobody), row.realm or ""
            slugs, realm_ids = places.get(realm) or self._places(realm)
            is_simple = (
                len(namesakes) == 1 == len(slugs)
                and namesakes[0].realm_slug in slugs
                and (own_id is None or own_id == namesakes[0].character_id)
            )
            claims.append(
                _Claim(row, namesakes, is_sure=True, is_of_another=False)
                if is_simple
                else self._claim(row, own_id, namesakes, slugs, realm_ids)
            )
        return claims

    def _claim(
        self,
        row: AddonCharacter,
        own_id: int | None,
        namesakes: Sequence[PresentCharacter],
        slugs: Set[str],
        ids: Set[int],
    ) -> _Claim:
        on_realm = [known for known in namesakes if known.realm_slug in slugs or known.realm_id in ids]
        candidates = on_realm if slugs else namesakes
        if own_id is None:
            return _Claim(row, candidates, len(slugs) == 1, False)
        same_id = [known for known in candidates if known.character_id == own_id]
        if len(same_id) == 1:
            return _Claim(row, same_id, is_sure=True, is_of_another=False)
        # The id is another character's, or the character's id another entry's.
        is_of_another = len(candidates) == 1 and (
            (candidates[0].realm_slug, own_id) in self._ids or candidates[0].character_id in self._ids_in_upload
        )
        return _Claim(row, candidates, len(slugs) == 1, is_of_another)

    @cached_property
    def _ids(self) -> Set[tuple[str, int | None]]:
        return {(known.realm_slug, known.character_id) for known in self._present}

    def _places(self, realm: str) -> tuple[Set[str], Set[int]]:
        """The slugs and the ids of the realms that are called so: found once for all entries of one realm."""
        known = self._realms.called(realm)
        slugs = self._slugs.get(realm_key(realm), set()) | {each.slug for each in known}
        self._realms_called[realm] = slugs, {each.realm_id for each in known}
        return self._realms_called[realm]
