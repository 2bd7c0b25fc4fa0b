"""Full matches over the API: looked at, asked for, and told about."""

from __future__ import annotations

import httpx2
import pytest

from guild_builder import GuildBuilder
from patt import access

MATCH = "/api/v1/admin/full-match"


@pytest.fixture
async def unmatched(guild: GuildBuilder) -> GuildBuilder:
    """A guild whose member Mito has an unlinked character with an alt."""
    await guild.member("Mito")
    await guild.character("Mito")
    await guild.character("Ayla", "alt of Mito")
    await guild.character("Bank", "Zork or Quin")
    return guild


async def test_a_preview_shows_everybody_with_the_evidence_and_changes_nothing(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    answer = (await alice.get(f"{MATCH}/preview")).json()
    assert (answer["players_created"], answer["characters_linked"]) == (1, 2)
    (person,) = answer["people"]
    assert (person["name"], person["creates_player"]) == ("Mito", True)
    assert any("alt of Mito" in step or "Ayla" in step for step in person["steps"])
    assert await unmatched.rows("select 1 from guild_identity.players") == []


async def test_a_full_match_is_kept_before_it_is_acknowledged(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    answer = await alice.post(MATCH)
    assert (answer.status_code, answer.json()["is_new"]) == (202, True)
    told = (await alice.get(f"{MATCH}/{answer.json()['request_id']}")).json()
    assert (told["state"], told["actor"], told["finished_at"]) == ("waiting", "officer alice", None)


async def test_while_one_waits_no_second_one_is_added(alice: httpx2.AsyncClient, unmatched: GuildBuilder) -> None:
    first, second = (await alice.post(MATCH)).json(), (await alice.post(MATCH)).json()
    assert (second["request_id"], second["is_new"]) == (first["request_id"], False)
    assert second["sentence"] == "A full match is asked for already; there is one at a time."


async def test_another_guilds_request_is_not_visible(
    anonymous: httpx2.AsyncClient, alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    request_id = (await alice.post(MATCH)).json()["request_id"]
    other = await GuildBuilder.create(unmatched.pool, "Ember Court", "7001")
    async with other.pool.connection() as conn:
        token = await access.create_api_token(conn, "bot", guild_id=other.guild_id, created_by="test")
    answer = await anonymous.get(f"{MATCH}/{request_id}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404
