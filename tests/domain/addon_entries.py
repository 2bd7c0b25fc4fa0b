"""Entries of an export as the addon writes them, and what becomes of them."""

from collections.abc import Iterable

import pytest

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.entries import read_characters
from sv_common.guild_sync.sources.models import AddonCharacter


def row(name: object = "Brightmane", **fields: object) -> dict[str, object]:
    return {
        "name": name,
        "realm": "Area52",
        "note": "Robin",
        "officerNote": "trusted",
        "rank": 3,
        "level": 80,
        **fields,
    }


def one(**fields: object) -> AddonCharacter:
    (character,) = read_characters([row(**fields)])
    return character


def refusal(rows: Iterable[object]) -> BadInput:
    with pytest.raises(BadInput) as refused:
        read_characters(rows)
    return refused.value


def problems_of(*rows: object) -> tuple[str, ...]:
    return refusal(rows).problems
