"""The issue's page and its API: why it is there, who could be meant, and decisions that are refused on an old page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import RAIDER, ROLE_OF_RANK, GuildBuilder
from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync.integrity_checker import run_integrity_check
from web.helpers import API, PAGE, PLAYERS_API, House, Seen, issue_number, officer, session


async def _issue(client: httpx2.AsyncClient, number: int) -> dict[str, Any]:
    answer = await client.get(f"{API}/issues/{number}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
async def bob(app: FastAPI, pool: Pool) -> httpx2.AsyncClient:
    """Another officer."""
    return officer(app, await session(pool, "bob"))


async def test_the_api_tells_the_story_the_candidates_and_the_changes(reader: httpx2.AsyncClient, house: House) -> None:
    body = (await reader.get(f"{API}/issues/{await issue_number(house.guild, 'note_mismatch')}")).json()
    assert (
        body["explanation"]["conclusion"]
        == "The note means Mito, but the character is linked to Elrek. One of the two is out of date."
    )
    assert body["explanation"]["evidence"][0] == {
        "source": "note",
        "sentence": "The note of Grimalt-area-52 says “Mito”.",
    }
    mito, elrek = body["candidates"]
    assert (mito["label"], mito["is_decided"], mito["is_linked"]) == ("Mito", True, False)
    assert mito["choose"]["character"] == f"#{body['character_id']}"
    assert (elrek["label"], elrek["is_decided"], elrek["is_linked"], elrek["choose"]) == ("Elrek", False, True, None)
    assert body["changes"] == [
        {"what": "Player of Grimalt-area-52", "before": "Elrek, by evidence", "after": "Mito, decided by an officer"}
    ]
    assert body["events"][0]["sentence"] == "a scan found it"


async def test_what_a_candidate_offers_can_be_sent_as_it_is(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    candidate = (await alice.get(f"{API}/issues/{number}")).json()["candidates"][0]
    for decision in ("reject", "choose"):
        done = await alice.post(f"{PLAYERS_API}/decisions", json=candidate[decision])
        assert done.status_code == 200, done.text
        told = (await alice.get(f"{API}/issues/{number}")).json()
        if decision == "reject":
            assert (told["state"], told["candidates"][0]["choose"]) == ("open", None)
            assert told["candidates"][0]["is_rejected"]
            await alice.post(f"{API}/attempts/{done.json()['attempt_id']}/undo")
    assert told["state"] == "resolved"
    assert told["events"][-1]["sentence"].startswith(
        "a scan no longer found it, after alice decided: Newalt-area-52 belongs to Mito"
    )


async def test_without_javascript_another_player_is_searched_and_chosen_and_the_issue_says_what_came_of_it(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    page = await alice.get(f"{PAGE}/issues/{number}", params={"search": "elr"})
    (choose,) = [link for link in Seen(page).links if "decision=link" in link]
    preview = await alice.get(choose)
    assert "Player of Riddle-area-52 no one Elrek, decided by an officer" in Seen(preview).text("content")
    fields = {name: values[0] for name, values in parse_qs(urlsplit(choose).query).items()}
    done = await alice.post(f"{PLAYERS_API}/decisions", data=fields)
    assert urlsplit(done.headers["location"]).path == f"{PAGE}/issues/{number}"
    shown = Seen(await alice.get(done.headers["location"]))
    assert shown.text("status") == "Done. Link Riddle-area-52 to Elrek. Undo u"
    text = shown.text("content")
    assert "after alice decided: Riddle-area-52 belongs to Elrek." in text
    assert "resolved" in text


async def test_a_member_without_a_player_is_given_a_character_and_both_issues_are_settled(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number, riddle = [
        await issue_number(troubled, issue_type, name)
        for issue_type, name in (("orphan_discord", "Zephyr"), ("orphan_wow", "Riddle"))
    ]
    page = await alice.get(f"{PAGE}/issues/{number}")
    assert "Choose one of their characters" in Seen(page).text("content")
    fields = dict(
        re.findall(r'name="(decision|member|guild|back)" value="([^"]*)"', page.text.split('id="candidates"')[1])
    )
    assert fields["decision"] == "link_to_member"
    preview = await alice.get("/admin/players/preview", params={**fields, "character": "Riddle"})
    text = Seen(preview).text("content")
    assert (
        "The player Zephyr does not exist exists Discord member of Zephyr none Zephyr, decided by an officer Main of"
        in text
    )
    assert "Player of Riddle-area-52 no one Zephyr, decided by an officer" in text
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', preview.text))
    done = await alice.post(f"{PLAYERS_API}/decisions", data=sent)
    shown = Seen(await alice.get(done.headers["location"]))
    assert "Create the player Zephyr, Discord member Zephyr, main Riddle-area-52." in shown.text("status")
    assert "after alice decided: Riddle-area-52 belongs to Zephyr on Discord" in shown.text("content")
    assert [(await _issue(alice, each))["state"] for each in (number, riddle)] == ["resolved", "resolved"]
    assert 'value="link_to_member"' not in (await alice.get(f"{PAGE}/issues/{number}")).text


async def test_what_could_be_a_members_can_be_chosen_and_a_member_for_a_character(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    zephyr = await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    stormy = await guild.character("Stormy", "Zephyr")
    await run_integrity_check(guild.pool)
    about_member = await _issue(alice, await issue_number(guild, "orphan_discord"))
    (candidate,) = about_member["candidates"]
    assert (candidate["kind"], candidate["choose"]["decision"]) == ("character", "link_to_member")
    assert (candidate["choose"]["character"], candidate["choose"]["member"]) == (f"#{stormy}", f"#{zephyr}")
    about_character = await _issue(alice, await issue_number(guild, "orphan_wow"))
    (choice,) = [each["choose"] for each in about_character["candidates"] if each["kind"] == "member"]
    done = await alice.post("/api/v1/admin/players/decisions", json=choice)
    assert done.status_code == 200, done.text
    assert await guild.rows("select discord_user_id from guild_identity.players") == [(zephyr,)]
    assert await guild.player_of(stormy) is not None


async def test_a_player_who_bears_a_members_name_can_be_said_to_be_them(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    zephyr = await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    player = await guild.player("Zephyr")
    await guild.link(await guild.character("Stormy"), player, as_main=True)
    await run_integrity_check(guild.pool)
    found = await _issue(alice, await issue_number(guild, "orphan_discord"))
    (choice,) = [each["choose"] for each in found["candidates"] if each["kind"] == "player"]
    assert (choice["decision"], choice["player"], choice["member"]) == ("link_member", f"#{player}", f"#{zephyr}")
    assert (await alice.post("/api/v1/admin/players/decisions", json=choice)).status_code == 200
    assert await guild.rows("select discord_user_id from guild_identity.players") == [(zephyr,)]
    assert (await _issue(alice, found["id"]))["state"] == "resolved"


async def test_nobody_found_is_said(reader: httpx2.AsyncClient, house: House) -> None:
    number = await issue_number(house.guild, "orphan_wow", "Riddle")
    page = Seen(await reader.get(f"{PAGE}/issues/{number}", params={"search": "<b>nobody"}))
    assert "No player matches “ <b>nobody ”." in page.text("found")


async def test_not_this_player_is_respected_by_the_next_scan_and_fix(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    (reject,) = [link for link in Seen(await alice.get(f"{PAGE}/issues/{number}")).links if "decision=reject" in link]
    fields = {name: values[0] for name, values in parse_qs(urlsplit(reject).query).items()}
    await alice.post(f"{PLAYERS_API}/decisions", data={**fields, "reason": "another Mito"})
    await run_integrity_check(troubled.pool)
    page = Seen(await alice.get(f"{PAGE}/issues/{number}"))
    assert "alice said on" in page.text("candidates")
    assert "ruled out" in page.text("candidates")
    assert "undo it on the character’s page" in page.text("content")
    assert (await alice.post(f"{API}/fix/{number}")).json()["outcome"] == "refused"


async def test_a_player_is_kept_by_letting_the_unknown_name_mean_them(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.alt("Grimalt", "Zorkmund", await guild.main("Elrek"))
    await run_integrity_check(guild.pool)
    number = await issue_number(guild, "note_mismatch")
    (keep,) = [link for link in Seen(await alice.get(f"{PAGE}/issues/{number}")).links if "remember_note" in link]
    preview = await alice.get(keep)
    assert "Alias “Zorkmund” none Elrek" in Seen(preview).text("content")
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', preview.text))
    done = await alice.post(f"{PLAYERS_API}/decisions", data=fields)
    shown = Seen(await alice.get(done.headers["location"]))
    assert "Add the alias “Zorkmund” for Elrek." in shown.text("status")
    assert (await _issue(alice, number))["state"] == "resolved"


MOVES = [
    ("fix/{number}", {}),
    ("issues/{number}/dismiss", {"reason": "a guest"}),
    ("issues/{number}/resolve", {"reason": "asked him"}),
]


@pytest.mark.parametrize(("path", "body"), MOVES)
async def test_a_click_on_an_old_page_is_refused_with_what_happened_since(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, troubled: GuildBuilder, path: str, body: dict[str, str]
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    seen = str((await _issue(alice, number))["seen"])
    assert (await bob.post(f"{API}/fix/{number}", params={"seen": seen})).status_code == 200
    late = await alice.post(f"{API}/{path.format(number=number)}", params={"seen": seen}, json=body)
    assert (late.status_code, late.json()["type"]) == (409, "urn:patt:problem:plan-stale")
    assert late.json()["detail"] == (
        "Since you opened this page: bob fixed it just now. Nothing was changed. Check it again."
    )
    form = await alice.post(f"{API}/{path.format(number=number)}?seen={seen}", data={**body, "back": PAGE})
    assert form.status_code == 303
    assert "bob fixed it just now" in Seen(await alice.get(PAGE)).text("status")


async def test_the_forms_of_the_page_carry_what_was_seen(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    seen = str((await _issue(alice, number))["seen"])
    page = (await alice.get(f"{PAGE}/issues/{number}")).text
    actions = re.findall(r'action="([^"]*/(?:fix|dismiss|resolve)[^"]*)"', page)
    assert len(actions) == 3
    assert all(f"seen={seen}" in action for action in actions)


async def test_waking_on_an_old_page_is_refused(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    seen = str((await _issue(alice, number))["seen"])
    await bob.post(f"{API}/issues/{number}/dismiss", json={"reason": "a guest"})
    late = await alice.post(f"{API}/issues/{number}/reopen", params={"seen": seen})
    assert "bob dismissed it just now" in late.json()["detail"]
    now = str((await _issue(alice, number))["seen"])
    assert (await alice.post(f"{API}/issues/{number}/reopen", params={"seen": now})).json()["state"] == "open"


async def test_what_was_never_given_as_seen_is_refused(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    for seen in ("nonsense", "1-2", "9" * 101):
        answer = await alice.post(f"{API}/fix/{number}", params={"seen": seen})
        assert answer.status_code == 422
        assert "seen" in answer.text
    assert (await _issue(alice, number))["state"] == "open"


async def test_an_issue_is_marked_as_resolved_manually(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    assert (await alice.post(f"{API}/issues/{number}/resolve", json={"reason": ""})).status_code == 422
    assert (await alice.post(f"{API}/issues/{number}/resolve", json={"reason": "a\x00b"})).status_code == 422
    done = await alice.post(f"{API}/issues/{number}/resolve", json={"reason": "He has left."})
    assert (done.status_code, done.json()["state"]) == (200, "resolved")
    text = Seen(await alice.get(f"{PAGE}/issues/{number}")).text("content")
    assert "alice marked it as resolved ( He has left. )" in text
    again = await alice.post(f"{API}/issues/{number}/resolve", json={"reason": "again"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:patt:problem:refused")


async def test_an_undo_is_previewed_before_it_is_done_and_leads_back(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "note_mismatch")
    done = (await alice.post(f"{API}/fix/{number}")).json()
    preview = (await alice.get(f"{API}/attempts/{done['attempt_id']}/undo")).json()
    assert (preview["can_be_undone"], preview["obstacle"], preview["issue_id"]) == (True, None, number)
    assert preview["effects"] == [
        {"what": "Player of Grimalt-area-52", "before": "Mito, decided by an officer", "after": "Elrek, by evidence"}
    ]
    (link,) = [link for link in Seen(await alice.get(f"{PAGE}/issues/{number}")).links if "/undo" in link]
    page = await alice.get(link)
    assert "Player of Grimalt-area-52 Mito, decided by an officer Elrek, by evidence" in Seen(page).text("content")
    (action,) = re.findall(r'action="([^"]*/undo[^"]*)"', page.text)
    back = re.findall(r'name="back" value="([^"]*)"', page.text)[0]
    undone = await alice.post(action.replace("&amp;", "&"), data={"back": back})
    assert urlsplit(undone.headers["location"]).path == f"{PAGE}/issues/{number}"
    assert "is undone" in Seen(await alice.get(undone.headers["location"])).text("status")
    over = Seen(await alice.get(link)).text("content")
    assert "This cannot be undone" in over
    assert "was undone already, by alice" in over


async def test_an_undo_that_is_in_somebodys_way_says_whose(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    done = (await alice.post(f"{API}/fix/{await issue_number(troubled, 'note_mismatch')}")).json()
    await bob.post(f"{PLAYERS_API}/decisions", json={"decision": "link", "character": "Grimalt", "player": "Elrek"})
    preview = (await alice.get(f"{API}/attempts/{done['attempt_id']}/undo")).json()
    assert not preview["can_be_undone"]
    assert preview["later"][0]["actor"] == "officer bob"
    text = Seen(await alice.get(f"{PAGE}/attempts/{done['attempt_id']}/undo")).text("content")
    assert "bob moved Grimalt-area-52 from Mito to Elrek on " in text
    assert "Undo that first, or undo both." in text
    assert "Undo it" not in text


async def test_the_statements_of_the_page_do_not_grow_with_candidates_and_people(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.character("Newalt", "Robin")
    await guild.player("Robin")
    await guild.player("Robin")
    await run_integrity_check(guild.pool)
    number = await issue_number(guild, "orphan_wow")
    counts = []
    for more in ("a", "bcdefgh", "ijklmnopqr"):
        for each in more:
            await guild.main(f"Robin{each}", note="Robin")
            await guild.player("Robin")
        with counting_statements() as counter:
            await alice.get(f"{PAGE}/issues/{number}", params={"search": "rob"})
        counts.append(counter.statements)
    assert counts[0] == counts[1] == counts[2]
