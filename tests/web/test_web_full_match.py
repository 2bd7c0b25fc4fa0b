"""Full matches over the API: looked at, asked for, and told about."""

from __future__ import annotations

import httpx2
import pytest

from guild_builder import GuildBuilder

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
    (person,) = answer["items"]
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
    assert second["sentence"] == "A full match is already queued; only one runs at a time."


async def test_people_are_named_by_keys_and_only_those_are_asked_for(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    preview = (await alice.get(f"{MATCH}/preview")).json()
    assert preview["by_evidence"] == {"known_player": 0, "discord_member": 1, "main": 0, "nickname": 0}
    keys = [person["key"] for person in preview["items"]]
    answer = (await alice.post(MATCH, json={"selected": keys})).json()
    assert answer["sentence"] == "The full match of 1 selected is queued."
    assert (await alice.get(f"{MATCH}/{answer['request_id']}")).json()["selected"] == keys
    (run,) = (await alice.get(MATCH)).json()["items"]
    assert (run["request_id"], run["selected"], run["state"]) == (answer["request_id"], 1, "waiting")


async def test_whom_evidence_does_not_decide_is_listed_with_the_reason(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    await unmatched.character("Lone", "Xyzzor")
    answer = (await alice.get(f"{MATCH}/preview/undecided")).json()
    assert (answer["total"], answer["pages"]) == (2, 1)
    reasons = {tuple(person["characters"]): person["reason"] for person in answer["items"]}
    assert reasons["Lone-area-52",].startswith("Not enough evidence")


@pytest.mark.parametrize(
    ("selected", "sentence"),
    [([], "No one is selected"), (["nonsense"], "is not in the preview"), ("all", "request")],
)
async def test_a_choice_that_is_none_is_refused_and_nothing_is_asked_for(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder, selected: object, sentence: str
) -> None:
    answer = await alice.post(MATCH, json={"selected": selected})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert sentence in answer.json()["detail"]
    assert await unmatched.rows("select 1 from guild_identity.match_requests") == []


async def test_another_choice_is_refused_while_one_waits(alice: httpx2.AsyncClient, unmatched: GuildBuilder) -> None:
    await alice.post(MATCH)
    answer = await alice.post(MATCH, json={"selected": ["0123456789abcdef"]})
    assert answer.status_code == 409
    assert "only one runs at a time. Nothing was queued." in answer.json()["detail"]
