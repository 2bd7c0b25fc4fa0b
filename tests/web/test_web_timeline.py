"""The timeline of a player or a character, and what the person card says beside it."""

from __future__ import annotations

from typing import Any

import httpx2

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.identity.decisions import ConfirmLink, SetHiatus, UnlinkCharacter
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.mitigations import fix_one
from web.helpers import PLAYERS_API


async def _timeline(alice: httpx2.AsyncClient, who: object, **query: int) -> dict[str, Any]:
    answer = await alice.get(f"{PLAYERS_API}/{who}/timeline", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_timeline_tells_what_happened_newest_first_with_what_can_be_undone(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    mito = await guild.main("Mito", rank=RAIDER)
    grim = await guild.character("Grim", "alt of Mito")
    issue = await guild.open_issue("orphan_wow")
    fixed = await fix_one(guild.pool, issue.id, actor="officer alice")
    away = await guild.decide(SetHiatus("Mito", "2099-12-24", "exams"))
    await guild.undo(away)
    await guild.rename(grim, "Grimmer")
    kept = await guild.decide(ConfirmLink("Mito"))
    found = await _timeline(alice, mito)
    told = [(each["what"], each["attempt_id"], each["is_undoable"]) for each in found["items"]]
    assert [each for each in told if each[1] is not None] == [
        ("decision", kept.attempt_id, True),
        ("undone", away.attempt_id, False),
        ("decision", away.attempt_id, False),
        ("fix", fixed.attempt_id, True),
    ]
    assert {"opened", "resolved", "joined", "renamed"} <= {each["what"] for each in found["items"]}
    assert [each["at"] for each in found["items"]] == sorted((each["at"] for each in found["items"]), reverse=True)
    renamed = next(each for each in found["items"] if each["what"] == "renamed")
    assert (renamed["actor"], renamed["sentence"]) == (None, "Grimmer was called Grim.")
    of_character = await _timeline(alice, f"characters/{grim}")
    assert [each["attempt_id"] for each in of_character["items"] if each["what"] == "fix"] == [fixed.attempt_id]
    assert not [each for each in of_character["items"] if each["what"] == "decision"]


async def test_dismissals_are_told_with_their_reason_and_a_stranger_has_none_of_it(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    mito, other = await guild.main("Mito"), await guild.main("Zed")
    await guild.link(await guild.character("Sleeper", last_login_days=40), mito)
    issue = await guild.open_issue("stale_character")
    await guild.call(lifecycle.dismiss, issue.id, actor="officer alice", reason="a bank")
    items = (await _timeline(alice, mito))["items"]
    dismissed = next(each for each in items if each["what"] == "dismissed")
    assert (dismissed["actor"], dismissed["issue_id"]) == ("officer alice", issue.id)
    assert dismissed["sentence"].endswith(": a bank")
    assert {each["what"] for each in (await _timeline(alice, other))["items"]} == {"joined"}


async def test_a_long_timeline_has_pages_and_costs_the_same_statements(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    mito = await guild.main("Mito")
    with counting_statements() as short:
        await _timeline(alice, mito)
    for number in range(60):
        await guild.alt(f"Alt{number}", None, mito)
    with counting_statements() as long:
        first = await _timeline(alice, mito)
    second = await _timeline(alice, mito, page=2)
    assert (first["total"], first["pages"], len(first["items"]), len(second["items"])) == (61, 2, 50, 11)
    assert (await _timeline(alice, mito, page=99))["items"] == second["items"]
    assert short.statements == long.statements


async def test_a_timeline_of_nobody_is_not_found(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    _ = guild
    for who in ("999", "characters/999"):
        assert (await alice.get(f"{PLAYERS_API}/{who}/timeline")).status_code == 404


async def test_the_person_card_says_what_stands_for_each_link_which_role_is_right_and_how_often_an_alias_is_used(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    mito = await guild.main("Mito", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    await guild.alt("Grimalt", "alt of Robin", mito)
    await guild.character("Loner", "robin's friend")
    await guild.character("Other", "robinson")
    await guild.alias(mito, "Robin")
    await guild.decide(ConfirmLink("Mito"))
    shown = (await alice.get(f"{PLAYERS_API}/{mito}")).json()
    assert {each["name"]: each["proof"] for each in shown["characters"]} == {"Mito": "officer", "Grimalt": "note"}
    assert (shown["member"]["proof"], shown["member"]["right_role"]) == ("name", "Officer")
    assert [(each["alias"], each["uses"]) for each in shown["aliases"]] == [("Robin", 2)]
    assert shown["characters"][0]["links"][0]["site"] == "armory"
    await guild.decide(UnlinkCharacter("Mito"))
    assert (await alice.get(f"{PLAYERS_API}/{mito}")).json()["member"]["right_role"] == "Social"
    await guild.execute("update common.guild_ranks set name_in_game = 'Renamed' where wow_rank_index = 2")
    assert (await alice.get(f"{PLAYERS_API}/{mito}")).json()["member"]["right_role"] is None
