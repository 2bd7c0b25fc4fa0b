"""The health of a guild, on the page and in the API: shares, trends, ages, what mended itself."""

from __future__ import annotations

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.identity_engine import run_matching
from sv_common.guild_sync.rules import RULES
from web.helpers import API, PAGE, House, Seen, issue_number, see


async def test_the_page_says_in_a_sentence_how_healthy_the_data_is(reader: httpx2.AsyncClient) -> None:
    text = (await see(reader, PAGE)).text("content")
    for words in (
        "4 of 7 characters and 2 of 4 Discord members are matched and in sync.",
        "6 issues are open. Out of date",
        "Out of date: Addon notes, Battle.net roster, Discord members, Battle.net profiles.",
        "1 with an open issue",
        "2 without a player",
        "Issues of severity info do not count: 1 here have one.",
    ):
        assert words in text, words


async def test_a_share_is_written_as_the_guilds_language_does(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    assert (await see(alice, PAGE)).text("share-characters").startswith("57% 4 of 7 characters")
    await troubled.execute("update guild_identity.guilds set language = 'de' where id = %(guild)s")
    assert (await see(alice, PAGE)).text("share-characters").startswith("57 % 4 von 7 Charakteren")


@pytest.mark.usefixtures("guild")
async def test_before_anything_came_in_the_page_says_so(alice: httpx2.AsyncClient) -> None:
    text = (await see(alice, PAGE)).text("content")
    assert "No characters and no Discord members yet." in text
    assert "No data yet. An officer types /pattsync" in text


async def test_a_stale_source_comes_with_what_to_do_and_its_last_failure(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, error, started_at, finished_at) values "
        "(%(guild)s, 'battlenet_sync', 'clock', 'done', null, now() - interval '3 days', now() - interval '3 days'), "
        "(%(guild)s, 'battlenet_sync', 'clock', 'failed', 'Battle.net said <no>.', now(), now()), "
        "(%(guild)s, 'discord_sync', 'clock', 'done', null, now(), now())"
    )
    page = await see(alice, PAGE)
    roster = page.text("source-battlenet_roster")
    assert roster.startswith("Battle.net roster stale 3d ago Should be newer than 1 day. Keep “patt serve” running")
    assert "The last run failed: Battle.net said <no>." in roster
    assert f"/admin/activity?guild={guild.guild_id}&pipeline=battlenet_sync&status=failed" in page.links
    assert page.text("source-discord_members") == "Discord members just now updates every 15 minutes"


async def test_each_rules_trend_is_told_in_words_and_can_be_had_over_90_days(
    reader: httpx2.AsyncClient, house: House
) -> None:
    answer = await reader.get(PAGE)
    assert 'aria-label="Open issues of “Unlinked WoW Character” today: 2."' in answer.text
    page = Seen(answer)
    assert page.tags.count("path") == 2 * len(RULES)
    longer = f"{PAGE}?guild={house.guild.guild_id}&days=90"
    assert f"{longer}#trends" in page.links
    assert "first counted today" in Seen(await reader.get(longer)).text("content")


async def test_what_mended_itself_is_counted_and_leads_to_the_attempts(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    await mitigations.run_auto_mitigations(troubled.pool, guild_id=troubled.guild_id)
    page = await see(alice, PAGE)
    assert "Fixed automatically this week 1 Guild Note Mismatch 1" in page.text("content")
    (link,) = [link for link in page.links if "actor=automation" in link]
    listed = Seen(await alice.get(link)).text("content")
    assert "1 total" in listed
    assert "fixed 'Grimalt'" in listed


async def test_a_card_tells_how_often_the_rule_fires_and_how_its_fixes_ended(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    assert "1 found in 30 days, 1 this week. No fixes in 90 days." in (await see(alice, PAGE)).text(
        "rule-note_mismatch"
    )
    await mitigations.run_auto_mitigations(troubled.pool, guild_id=troubled.guild_id)
    ((attempt,),) = await troubled.rows("select id from guild_identity.fix_attempts")
    await mitigations.undo(troubled.pool, attempt, actor="officer alice")
    await mitigations.fix_all(troubled.pool, "orphan_wow", actor="officer alice", guild_id=troubled.guild_id)
    page = await see(alice, PAGE)
    assert "2 found in 30 days, 2 this week; 1 came back. 1 of 1 fix worked, 1 was undone." in page.text(
        "rule-note_mismatch"
    )
    assert "1 of 1 fix worked. 1 click without enough evidence." in page.text("rule-orphan_wow")
    assert "No fix" not in page.text("rule-stale_character")


async def test_the_api_tells_the_same_health(reader: httpx2.AsyncClient, house: House) -> None:
    body = (await reader.get(f"{API}/health")).json()
    characters = {"counted": 7, "healthy": 4, "percent": 57, "unlinked": 2, "troubled": 1, "noted": 1, "left_out": {}}
    assert body["characters"] == characters
    assert body["guild_id"] == house.guild.guild_id
    assert [source["is_stale"] for source in body["sources"]] == [True] * 4
    assert (body["fixed"], body["fixed_automatically"]) == (0, [])


async def test_the_api_tells_trends_of_30_or_90_days(reader: httpx2.AsyncClient) -> None:
    month = (await reader.get(f"{API}/trends")).json()
    assert (len(month["days"]), month["total"]) == (1, [6])  # the guild was scanned today for the first time
    assert [rule["issue_type"] for rule in month["rules"]] == list(RULES)
    found = {rule["issue_type"]: rule["open"][-1] for rule in month["rules"] if rule["open"][-1]}
    assert found == {"note_mismatch": 1, "orphan_wow": 2, "orphan_discord": 1, "role_mismatch": 1, "stale_character": 1}
    for days in ("31", "x", "", "-30"):
        assert (await reader.get(f"{API}/trends", params={"days": days})).status_code == 422, days
        assert (await reader.get(PAGE, params={"days": days})).status_code == 422, days


async def test_the_api_tells_the_record_of_each_rule(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await mitigations.run_auto_mitigations(troubled.pool, guild_id=troubled.guild_id)
    assert (await alice.get(f"{API}/rules")).json()[0]["opened_ever"] is None  # without reading the whole history
    rule = (await alice.get(f"{API}/rules", params={"ever": True})).json()[0]
    names = ("found", "found_in_a_week", "recurred", "fixes_tried", "fixes_worked", "fixes_failed", "fixes_undone")
    assert [rule[name] for name in names] == [1, 1, 0, 1, 1, 0, 0]
    assert (rule["opened_ever"], rule["resolved_ever"], rule["auto_fixed"]) == (1, 1, 1)


async def test_a_trend_begins_with_the_first_run_and_never_with_a_number_that_nobody_counted(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    await troubled.execute("update guild_identity.issue_events set at = at - interval '3 days' where event = 'opened'")
    trends = (await alice.get(f"{API}/trends")).json()
    assert (len(trends["days"]), trends["total"]) == (4, [6, 6, 6, 6])
    page = await see(alice, PAGE)
    assert "6 issues are open, as many as 3 days ago." in page.text("content")
    await troubled.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) values "
        "(%(guild)s, 'discord_sync', 'clock', 'done', now() - interval '5 days', now() - interval '5 days')"
    )
    trends = (await alice.get(f"{API}/trends")).json()
    assert trends["total"] == [0, 0, 6, 6, 6, 6]
    assert len((await alice.get(f"{API}/trends", params={"days": 90})).json()["days"]) == 6


async def test_the_full_match_is_mentioned_until_it_was_made_with_what_it_would_link(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    assert "Full match" not in (await see(alice, PAGE)).text("content")
    await guild.main("Mito")
    await guild.character("Newalt", "alt of Mito")
    page = await see(alice, PAGE)
    text = page.text("content")
    assert "No full match was made yet. It would link 1 character and create 0 players." in text
    assert f"/admin/full-match?guild={guild.guild_id}" in page.links
    await run_matching(guild.pool, guild_id=guild.guild_id)
    await guild.character("Another", "alt of Mito")
    assert "No full match was made yet" not in (await see(alice, PAGE)).text("content")


async def test_what_failed_is_not_shown_as_what_was_done(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    riddle, newalt = [await issue_number(troubled, "orphan_wow", name) for name in ("Riddle", "Newalt")]
    for path, data, tone in (
        (f"fix/{riddle}", {}, "problem"),
        ("issues/reopen", {f"seen.{riddle}": ""}, "problem"),
        ("issues/fix", {f"seen.{riddle}": ""}, "problem"),
        (f"fix/{newalt}", {}, "result"),
        ("issues/dismiss", {f"seen.{riddle}": "", "reason": "mine"}, "problem"),
        ("issues/dismiss", {"issue_ids": str(riddle), "reason": "mine"}, "result"),
    ):
        page = await alice.post(f"{API}/{path}", data={"back": PAGE, **data}, follow_redirects=True)
        assert f'class="status is-{tone}"' in page.text, (path, Seen(page).text("status"))


async def test_a_rules_text_names_the_guilds_own_threshold(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    change = {"kind": "rule", "issue_type": "stale_character", "parameters": {"stale_after_days": 45}}
    assert (await alice.post("/api/v1/admin/settings/changes", json=change)).status_code == 200
    for path, place in ((PAGE, "rule-stale_character"), ("/admin/settings/rules", "rule-stale_character")):
        text = (await see(alice, path, guild=troubled.guild_id)).text(place)
        assert "has not logged in for more than 45 days" in text, path
