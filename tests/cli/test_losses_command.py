"""`patt losses`: who is missing from a list that was refused, and letting just them go."""

from __future__ import annotations

import re

import psycopg

from cli.conftest import Init, Patt
from sv_common.guild_sync.simulators import GuildWorld


def test_a_refused_roster_is_listed_by_name_released_and_then_taken_in(
    init: Init, patt: Patt, world: GuildWorld, database: psycopg.Connection
) -> None:
    assert init().code == 0
    assert "No list is held" in patt("losses", "list").out
    leavers = world.characters[::2]
    for character in leavers:
        world.leave(character)
    refused = patt("sync", "battlenet")
    assert refused.refuses("look at the list in the Log or with “patt losses list”")
    listed = patt("losses", "list")
    assert all(character.name in listed.out for character in leavers)
    assert len(patt("losses", "list", "--json").json[0]["subjects"]) == len(leavers)
    found = re.search(r"patt losses release battlenet --key ([0-9a-f]+)", listed.out)
    assert found is not None
    assert patt("losses", "release", "battlenet", "--key", "0" * 12).code == 1
    assert patt("losses", "release", "nowhere", "--key", found[1]).code == 1
    released = patt("losses", "release", "battlenet", "--key", found[1])
    assert (released.code, "and no one else" in released.out) == (0, True)
    assert patt("sync", "battlenet").code == 0
    gone = database.execute("select count(*) from guild_identity.wow_characters where removed_at is not null")
    assert gone.fetchone() == (len(leavers),)
    assert "No list is held" in patt("losses", "list").out
