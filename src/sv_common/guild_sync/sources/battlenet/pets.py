"""Battle.net's answers about battle pets as typed values, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeGuard

from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.sources.battlenet.wire import profile_path
from sv_common.guild_sync.sources.http import LARGEST_INTEGER, Node
from sv_common.guild_sync.sources.models import Pet

MOST_PETS: Final = 20_000
"""Pets of one answer; the game lets an account have about two thousand."""


def pets_path(realm_slug: str, name: str) -> str:
    return f"{profile_path(realm_slug, name)}/collections/pets"


def parse_pets(answer: Node) -> frozenset[Pet]:
    """Read which pets an account has; none where the answer has no list of them, as for an account without any.

    Raises SourceMalformed for what is no such answer, and for a pet that cannot be read: of a part nothing is made.
    """
    pets = answer.child("pets")
    if pets.value is None:
        links = answer.child("_links")
        if not isinstance(links.value, dict):
            raise links.malformed(tr("an object"))
        return frozenset()
    if isinstance(pets.value, list) and len(pets.value) > MOST_PETS:
        raise pets.malformed(tr("a list of at most {most} entries", most=number(MOST_PETS)))
    return frozenset(_pets(pets))


def _pets(pets: Node) -> Iterator[Pet]:
    if not isinstance(pets.value, list):
        raise pets.malformed(tr("a list"))
    for place, entry in enumerate(pets.value):
        # By Python's own means: an answer has a thousand pets, and a node for each of their parts takes ten times as long.
        species = entry.get("species") if isinstance(entry, dict) else None
        pet_id, species_id = (each.get("id") if isinstance(each, dict) else None for each in (entry, species))
        if not (_is_number(pet_id) and _is_number(species_id)):
            raise _fault(pets, place)
        yield Pet(pet_id, species_id)


def _is_number(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= LARGEST_INTEGER


def _fault(pets: Node, place: int) -> Exception:
    """Name the part of a pet that cannot be read."""
    entry = list(pets.items())[place]
    try:
        entry.child("id").integer()
        entry.child("species").child("id").integer()
    except Exception as error:  # noqa: BLE001 -- it is raised by the caller
        return error
    return entry.malformed(tr("an object"))
