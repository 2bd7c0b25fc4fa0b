"""Undo in reach: in every result by the API, in the toast of every page, and with the last change; and its law of both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from laws import snapshot
from laws.snapshot import Snapshot, differences
from patt.bootstrap import Services
from patt.web.forms import Flash
from sv_common.db.pool import Pool
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, Seen, bound_session, officer, session, settings

QUALITY = "/api/v1/admin/data-quality"
DECISIONS = "/api/v1/admin/players/decisions"
CHANGES = "/api/v1/admin/settings/changes"
PAGE = "/admin/data-quality"
LINK = {"decision": "link", "character": "Loner", "player": "Mito"}
_ROWS = {
    f"guild_identity.{name}" for name in ("players", "player_characters", "link_rejections", "player_note_aliases")
} | {"guild_identity.audit_issues"}


@pytest.fixture
async def bob(app: FastAPI, pool: Pool) -> httpx2.AsyncClient:
    """Another officer."""
    return officer(app, await session(pool, "bob"))


@pytest.fixture
async def viewer(app: FastAPI, pool: Pool) -> httpx2.AsyncClient:
    return officer(app, await bound_session(pool, "vera", "viewer", None))


@pytest.fixture
async def known(guild: GuildBuilder) -> GuildBuilder:
    await guild.main("Mito")
    await guild.main("Elrek")
    await guild.character("Loner", "Someone")
    await guild.character("Mitoalt", "alt of Mito")
    await guild.character("Elrekalt", "alt of Elrek")
    await run_integrity_check(guild.pool)
    return guild


async def rows(guild: GuildBuilder) -> Snapshot:
    return await snapshot.take(guild.pool, tables=_ROWS)


async def issue_of(guild: GuildBuilder, name: str) -> int:
    ((number,),) = await guild.rows(
        "select i.id from guild_identity.audit_issues i join guild_identity.wow_characters c on c.id = i.wow_character_id "
        "where c.character_name = %(name)s and i.issue_type = 'orphan_wow'",
        {"name": name},
    )
    return int(number)


async def done(client: httpx2.AsyncClient, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def undone(client: httpx2.AsyncClient, answer: Mapping[str, Any]) -> dict[str, Any]:
    return await done(client, answer["undo"]["post"], answer["undo"]["fields"])


def form_in(page: httpx2.Response) -> tuple[str, dict[str, str]] | None:
    """The address and the fields of the toast's undo."""
    toast = page.text.split('<div id="status"', 1)[1].split("<dialog", 1)[0]
    found = re.search(r'<form class="undo" method="post" action="([^"]*)">(.*?)</form>', toast, re.DOTALL)
    if found is None:
        return None
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', found[2])
    return unescape(found[1]), {name: unescape(value) for name, value in fields}


async def test_each_command_that_changed_something_says_how_to_undo_it(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    loner, mitoalt = await issue_of(known, "Loner"), await issue_of(known, "Mitoalt")
    commands: list[tuple[str, Mapping[str, Any] | None]] = [
        (DECISIONS, LINK),
        (f"{QUALITY}/fix/{mitoalt}", None),
        (f"{QUALITY}/fix-all/orphan_wow", None),
        (f"{QUALITY}/issues/fix", {"issue_ids": [mitoalt, await issue_of(known, "Elrekalt")]}),
        (f"{QUALITY}/issues/{loner}/dismiss", {"reason": "bank alt", "until": "2099-01-01"}),
        (f"{QUALITY}/issues/{loner}/resolve", {"reason": "asked him"}),
        (f"{QUALITY}/issues/dismiss", {"issue_ids": [loner, mitoalt], "reason": "known"}),
    ]
    for path, body in commands:
        before = await rows(known)
        answer = await done(alice, path, body)
        assert differences(before, await rows(known)) != {}, path
        assert answer["undo"]["label"].startswith("Undo"), path
        await undone(alice, answer)
        changed = differences(before, await rows(known))
        assert changed.keys() <= {"guild_identity.audit_issues"}, path
        assert await states(known) == {"Loner": "open", "Mitoalt": "open", "Elrekalt": "open"}, path


async def states(guild: GuildBuilder) -> dict[str, str]:
    return dict(
        await guild.rows(
            "select c.character_name, i.state from guild_identity.audit_issues i "
            "join guild_identity.wow_characters c on c.id = i.wow_character_id where i.issue_type = 'orphan_wow'"
        )
    )


async def test_a_reopening_is_undone_with_the_same_reason_and_day_and_redone(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    loner = await issue_of(known, "Loner")
    await done(bob, f"{QUALITY}/issues/{loner}/dismiss", {"reason": "left soon", "until": "2099-01-01"})
    before = await rows(known)
    reopened = await done(alice, f"{QUALITY}/issues/{loner}/reopen")
    back = await undone(alice, reopened)
    assert differences(before, await rows(known)) == {}
    assert back["undo"]["label"] == "Redo"
    await undone(alice, back)
    assert (await states(known))["Loner"] == "open"


async def test_a_new_reason_of_a_dismissal_is_undone_to_the_old_one(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    loner = await issue_of(known, "Loner")
    await done(bob, f"{QUALITY}/issues/{loner}/dismiss", {"reason": "left soon"})
    before = await rows(known)
    await undone(alice, await done(alice, f"{QUALITY}/issues/{loner}/dismiss", {"reason": "bank alt"}))
    assert differences(before, await rows(known)) == {}


async def test_what_happened_to_an_issue_since_is_left_alone_and_named(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    numbers = [await issue_of(known, name) for name in ("Loner", "Mitoalt")]
    batch = await done(alice, f"{QUALITY}/issues/dismiss", {"issue_ids": numbers, "reason": "known"})
    await done(bob, f"{QUALITY}/issues/{numbers[0]}/reopen")
    answer = await undone(alice, batch)
    assert (answer["moved"], answer["left_alone"]) == (1, 1)
    assert f"1 left alone: Issue {numbers[0]} was reopened since, by bob on " in answer["sentence"]
    again = await alice.post(batch["undo"]["post"], json=batch["undo"]["fields"])
    assert again.status_code == 409
    assert (await alice.post(f"{QUALITY}/issues/undo", json={"events": "999999"})).status_code == 404
    ((opened,),) = await known.rows("select min(id) from guild_identity.issue_events where event = 'opened'")
    assert (await alice.post(f"{QUALITY}/issues/undo", json={"events": str(opened)})).status_code == 409


async def test_a_setting_says_how_to_undo_it_and_that_can_be_redone(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    assert known.guild_id
    made = await done(alice, CHANGES, {"kind": "rule", "issue_type": "stale_character", "is_enabled": False})
    back = await undone(alice, made)
    assert (made["undo"]["label"], back["undo"]["label"]) == ("Undo", "Redo")


async def test_where_nothing_was_changed_there_is_no_undo(alice: httpx2.AsyncClient, known: GuildBuilder) -> None:
    loner = await issue_of(known, "Loner")
    assert (await done(alice, f"{QUALITY}/fix/{loner}"))["undo"] is None
    page = await alice.post(f"{QUALITY}/fix/{loner}", data={"back": PAGE}, follow_redirects=True)
    assert "Not fixed" in Seen(page).text("status")
    assert form_in(page) is None


async def test_the_toast_undoes_and_leads_back_and_its_own_toast_has_no_undo(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    before = await rows(known)
    page = await alice.post(DECISIONS, data={**LINK, "back": f"{PAGE}?guild=1"}, follow_redirects=True)
    form = form_in(page)
    assert form is not None
    answer = await alice.post(form[0], data=form[1])
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?guild=1")
    assert differences(before, await rows(known)).keys() <= {"guild_identity.audit_issues"}
    shown = await alice.get(answer.headers["location"])
    assert "is undone." in Seen(shown).text("status")
    assert form_in(shown) is None
    assert form_in(await alice.get(PAGE)) is None


async def test_a_toast_whose_undo_is_in_the_way_leads_to_who_is_and_offers_both(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    page = await alice.post(DECISIONS, data={**LINK, "back": PAGE}, follow_redirects=True)
    form = form_in(page)
    assert form is not None
    await done(bob, DECISIONS, {**LINK, "player": "Elrek"})
    shown = await alice.post(form[0], data=form[1], follow_redirects=True)
    text = Seen(shown).text()
    assert "bob moved Loner-area-52 from Mito to Elrek on " in Seen(shown).text("status")
    assert "Undo that first, or undo both." in text
    ((elrek,),) = await known.rows("select id from guild_identity.players where display_name = 'Elrek'")
    assert f"/admin/players/{elrek}?guild=1" in Seen(shown).links
    main = shown.text.split("<main", 1)[1]
    (both,) = re.findall(r'<form class="undo" method="post" action="([^"]*)">(.*?)</form>', main, re.DOTALL)
    fields = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', both[1]))
    answer = await alice.post(unescape(both[0]), data={each: unescape(value) for each, value in fields.items()})
    assert answer.status_code == 303
    assert (
        await known.rows(
            "select l.player_id from guild_identity.player_characters l join guild_identity.wow_characters c "
            "on c.id = l.character_id where c.character_name = 'Loner'"
        )
        == []
    )


async def test_a_batch_of_which_a_part_is_in_the_way_is_offered_in_part(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    batch = await done(alice, f"{QUALITY}/fix-all/orphan_wow")
    assert (batch["fixed"], batch["undo"]["label"]) == (2, "Undo all 2")
    await done(bob, DECISIONS, {"decision": "link", "character": "Mitoalt", "player": "Elrek"})
    refused = await alice.post(batch["undo"]["post"], json=batch["undo"]["fields"])
    assert (refused.status_code, "bob moved Mitoalt" in refused.json()["detail"]) == (409, True)
    ahead = (await alice.get(f"{QUALITY}/attempts/undo", params=batch["undo"]["fields"])).json()
    assert (ahead["parts"], len(ahead["attempt_ids"]), len(ahead["together"]["attempts"])) == (1, 2, 3)
    page = await alice.get(f"{PAGE}/attempts/undo", params=batch["undo"]["fields"])
    assert "Undo a part" in Seen(page).text("content")
    part = await done(alice, batch["undo"]["post"], {**batch["undo"]["fields"], "partly": True})
    assert (len(part["attempt_ids"]), len(part["left"])) == (1, 1)
    owner = await known.rows(
        "select c.character_name, p.display_name from guild_identity.player_characters l "
        "join guild_identity.wow_characters c on c.id = l.character_id "
        "join guild_identity.players p on p.id = l.player_id where c.character_name like '%%alt'"
    )
    assert owner == [("Mitoalt", "Elrek")]


async def test_the_end_of_a_job_that_refused_something_is_a_problem_with_the_undo_of_the_rest(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    numbers = [await issue_of(known, name) for name in ("Loner", "Mitoalt")]
    job = (await alice.post(f"{QUALITY}/jobs", json={"kind": "fix_selected", "issue_ids": numbers})).json()
    await run_jobs(Services(settings(BASE_URL), known.pool, Sources()), known.guild_id)
    page = await alice.get(f"/admin/activity/jobs/{job['id']}", params={"back": PAGE})
    assert "Of 2 issues: 1 fixed, 1 refused." in Seen(page).text("status")
    assert "status is-problem" in page.text
    assert form_in(page) is not None


async def test_the_end_of_a_job_offers_the_undo_of_all_that_it_did(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    before = await rows(known)
    job = (await alice.post(f"{QUALITY}/jobs", json={"kind": "fix_all", "issue_type": "orphan_wow"})).json()
    assert job["undo"] is None
    await run_jobs(Services(settings(BASE_URL), known.pool, Sources()), known.guild_id)
    ended = (await alice.get(f"{QUALITY}/jobs/{job['id']}")).json()
    assert (ended["state"], ended["undo"]["label"]) == ("done", "Undo all 2")
    page = await alice.get(f"/admin/activity/jobs/{job['id']}", params={"back": f"{PAGE}?guild=1"})
    form = form_in(page)
    assert form is not None
    assert form[1]["back"] == f"{PAGE}?guild=1"
    assert (await alice.post(form[0], data=form[1])).status_code == 303
    assert differences(before, await rows(known)).keys() <= {"guild_identity.audit_issues"}


async def test_issue_player_and_character_say_their_last_change_with_its_undo(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    loner = await issue_of(known, "Loner")
    ((character,),) = await known.rows("select id from guild_identity.wow_characters where character_name = 'Loner'")
    ((mito,),) = await known.rows("select id from guild_identity.players where display_name = 'Mito'")
    places = {
        f"{QUALITY}/issues/{loner}": f"{PAGE}/issues/{loner}",
        f"/api/v1/admin/players/characters/{character}": f"/admin/players/characters/{character}",
        f"/api/v1/admin/players/{mito}": f"/admin/players/{mito}",
    }
    for path in places:
        assert (await alice.get(path)).json()["last_change"] is None
    made = await done(alice, DECISIONS, LINK)
    for path, page in places.items():
        change = (await alice.get(path)).json()["last_change"]
        assert (change["who"], change["what"]) == ("alice", "linked Loner-area-52 to Mito"), path
        assert change["undo"] == made["undo"], path
        assert change["is_about_others"] is False, path
        text = Seen(await alice.get(page)).text("content")
        assert "Last change: alice linked Loner-area-52 to Mito just now Undo" in text, page
    assert (await alice.get("/api/v1/admin/activity/last")).json()["undo"] == made["undo"]
    await undone(alice, made)
    await done(alice, f"{QUALITY}/issues/{loner}/dismiss", {"reason": "bank alt"})
    change = (await alice.get(f"{QUALITY}/issues/{loner}")).json()["last_change"]
    assert (change["who"], change["what"]) == ("alice", "dismissed it")
    assert (await alice.get("/api/v1/admin/activity/last")).json()["what"].startswith("dismissed “")


async def test_a_viewer_sees_no_undo_that_they_may_not_use(
    viewer: httpx2.AsyncClient, alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    await done(alice, DECISIONS, LINK)
    loner = await issue_of(known, "Loner")
    page = await viewer.get(f"{PAGE}/issues/{loner}")
    assert "Last change: alice linked" in Seen(page).text("content")
    assert 'class="undo"' not in page.text


SENTENCE = "This is a sentence of forty-one letters. "


@pytest.mark.parametrize(
    ("text", "head", "rest"),
    [
        ("Done.", "Done.", ""),
        (SENTENCE * 6, (SENTENCE * 3).strip(), (SENTENCE * 3).strip()),
        ("word " * 60, f"{('word ' * 32).strip()} …", "word " * 60),
    ],
)
def test_a_result_fits_on_two_lines_and_the_rest_is_one_click_away(text: str, head: str, rest: str) -> None:
    flash = Flash(text)
    assert (flash.head, flash.rest) == (head, rest)
    assert len(flash.head) <= 162
