"""The search over everything: what is found and why, for which role, in which order, and by how many statements."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from patt.auth.permissions import ROLES, Role
from patt.web.places import ACTIONS, SETTING_PLACES
from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.issues import lifecycle
from web.helpers import API, bound_session, officer, see
from web.test_web_routes import all_ways

SEARCH, SEARCH_API = "/admin/search", "/api/v1/admin/search"
GROUPS = ["people", "characters", "members", "notes", "issues", "settings", "places"]
HOSTILE = ("%", "_", "%%", "'", '"', "\\", "';--", "\u202eotiM\u202c", "שלום", "<b class=owned>x", "{{7*7}}", "x" * 500)
FOUND_ALL_THE_SAME = {"%": 1, "'": 2}
"""The note “…, 100%”, and two issues that quote a name."""

DOES = {
    "Run all scans": "/api/v1/admin/data-quality/scan",
    "Fix All, Attempt Fix": "/api/v1/admin/data-quality/fix-all/{issue_type}",
    "Run a full match": "/api/v1/admin/full-match",
    "Reopen dismissed issues": "/api/v1/admin/data-quality/issues/reopen",
    "Undo a change": "/api/v1/admin/data-quality/attempts/{attempt_id}/undo",
    "Try a note": "/api/v1/admin/settings/words/try",
    "Undo a change of settings": "/api/v1/admin/settings/changes/{change_id}/undo",
    "Add a word": "/api/v1/admin/settings/changes",
    "Map ranks to Discord roles": "/api/v1/admin/settings/changes",
    "Create an upload key": "/api/v1/admin/settings/keys",
    "Create an API token": "/api/v1/admin/settings/tokens",
    "Choose who may sign in": "/api/v1/admin/officers/authority",
    "Rename or move the guild": "/api/v1/admin/settings/guild/move",
    "Set up another guild": "/admin/setup",
}
"""What each action does, by the route that does it. A new action needs a line here."""


async def _found(client: httpx2.AsyncClient, q: str, **query: object) -> dict[str, dict[str, Any]]:
    answer = await client.get(SEARCH_API, params={"q": q, **{name: str(value) for name, value in query.items()}})
    assert answer.status_code == 200, answer.text
    return {group["name"]: group for group in answer.json()["groups"]}


async def _told(client: httpx2.AsyncClient, q: str, group: str) -> list[tuple[str, str]]:
    found = (await _found(client, q)).get(group, {"hits": []})
    return [(hit["title"], hit["why"]) for hit in found["hits"]]


@pytest.fixture
async def known(guild: GuildBuilder) -> GuildBuilder:
    """A guild with Mito, her alt and alias, Élan, an unlinked character, a member without a player, a word, and issues."""
    mito = await guild.main("Mito", rank=RAIDER)
    await guild.alt("Grimalt", "alt of Mito", mito)
    await guild.alias(mito, "Robin")
    await guild.main("Élan", rank=OFFICER)
    await guild.character("Loner", "Mito’s bank, 100%")
    await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.execute(
        "update guild_identity.wow_characters set character_class = 'Death Knight', officer_note = 'secretly a spy' "
        "where character_name = 'Mito'"
    )
    await guild.call(words.say, "nightcrew", "role", actor="test")
    await guild.scan()
    return guild


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("typed", "group", "told"),
    [
        ("MIT", "people", [("Mito", "main Mito-area-52 · 2 characters")]),
        ("robin", "people", [("Mito", "alias: Robin · main Mito-area-52 · 2 characters")]),
        ("elan", "people", [("Élan", "main Élan-area-52 · 1 character")]),
        ("grim", "characters", [("Grimalt-area-52", "level 80 class unknown · Social · player Mito")]),
        ("mito-area", "characters", [("Mito-area-52", "level 80 Death Knight · Raider · player Mito")]),
        ("lone", "characters", [("Loner-area-52", "level 80 class unknown · Social · no player")]),
        ("zeph", "members", [("Zephyr", "on Discord · no player")]),
        ("mito#", "members", [("Mito#discord", "on Discord · player Mito")]),
        ("mitos bank", "notes", []),
        ("bank", "notes", [("Loner-area-52", "note: Mito’s bank, 100%")]),
        ("mito alt", "notes", [("Grimalt-area-52", "note: alt of Mito")]),
        ("100%", "notes", [("Loner-area-52", "note: Mito’s bank, 100%")]),
        ("secretly", "notes", []),
        ("nightc", "settings", [("nightcrew", "word in notes: role")]),
        ("raider", "settings", [("Raider", "rank 2 · Discord role Raider")]),
        ("create an upload", "places", [("Create an upload key", "For a companion that sends exports")]),
        ("run scan", "places", [("Run all scans", "Scan with every rule; fixes nothing")]),
        ("settings: rules", "places", [("Settings: Rules", "page")]),
    ],
)
async def test_everything_is_found_and_says_why(
    alice: httpx2.AsyncClient, typed: str, group: str, told: list[tuple[str, str]]
) -> None:
    assert await _told(alice, typed, group) == told


async def test_what_a_hit_is_stands_there_in_the_guilds_language(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    await known.execute("update guild_identity.guilds set language = 'de'")
    assert await _told(alice, "mito-area", "characters") == [
        ("Mito-area-52", "Todesritter Stufe 80 · Raider · Spieler Mito")
    ]
    assert await _told(alice, "nightc", "settings") == [("nightcrew", "Wort in Notizen: Rolle")]


@pytest.mark.usefixtures("known")
async def test_a_setting_is_found_by_its_key_its_label_and_its_rule(alice: httpx2.AsyncClient) -> None:
    for typed in ("stale_after_days", "stale after days", "Stale after"):
        hit = (await _found(alice, typed))["settings"]["hits"][0]
        assert (hit["kind"], hit["title"]) == ("rule", "Stale after")
        assert hit["href"].startswith("/admin/settings/rules/stale_character?")
    assert (await _found(alice, "orphan_wow"))["settings"]["hits"][0]["href"].startswith(
        "/admin/settings/rules/orphan_wow"
    )


async def test_an_issue_is_found_by_its_number_its_summary_and_whom_it_is_about(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    issue = await known.open_issue("orphan_wow")
    for typed in ("'Loner' has", "no player link", "loner-area", f"#{issue.id}", f" # {issue.id}", str(issue.id)):
        (hit, *_) = (await _found(alice, typed))["issues"]["hits"]
        assert (hit["kind"], hit["id"], hit["title"]) == ("issue", issue.id, issue.summary), typed
        assert f"#{issue.id} · " in hit["why"]
        assert hit["href"] == f"/admin/data-quality/issues/{issue.id}?guild={known.guild_id}"
    assert "about Loner-area-52" in (await _told(alice, "loner-area", "issues"))[0][1]


async def test_a_resolved_issue_is_found_by_its_number_alone(alice: httpx2.AsyncClient, known: GuildBuilder) -> None:
    issue = await known.open_issue("orphan_wow")
    await known.call(lifecycle.dismiss, issue.id, actor="alice", reason="a bank")
    assert " · dismissed" in (await _told(alice, "'Loner'", "issues"))[0][1]
    answer = await alice.post(f"{API}/issues/{issue.id}/resolve", json={"reason": "asked"})
    assert answer.status_code == 200
    assert await _told(alice, "'Loner'", "issues") == []
    assert " · resolved" in (await _told(alice, f"#{issue.id}", "issues"))[0][1]
    assert "Search resolved issues" in (await see(alice, SEARCH, q="'Loner'")).text("content")


async def test_a_number_with_its_mark_is_a_row_and_never_text(alice: httpx2.AsyncClient, known: GuildBuilder) -> None:
    loner = await known.rows("select id from guild_identity.wow_characters where character_name = 'Loner'")
    number = loner[0][0]
    await known.set_note(number, f"not #{number}")
    found = await _found(alice, f"#{number}")
    assert [hit["id"] for hit in found["characters"]["hits"]] == [number]
    assert {hit["id"] for group in GROUPS[:5] for hit in found[group]["hits"]} <= {number}
    assert found["notes"]["total"] == found["settings"]["total"] == 0
    assert all(group["total"] == 0 for group in (await _found(alice, "#987654321")).values())


async def test_whole_names_come_first_then_beginnings_then_words_then_parts(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    for name in ("Somito", "Sir Mitoria", "Mitoria", "Mito", "Míto"):
        await guild.player(name)
    assert [title for title, _ in await _told(alice, "mito", "people")] == [
        "Mito", "Míto", "Mitoria", "Sir Mitoria", "Somito",
    ]  # fmt: skip


async def test_eight_of_each_are_shown_and_all_are_counted(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    for number in range(11):
        await guild.player(f"Player{number:02}")
    people = (await _found(alice, "player"))["people"]
    assert ([hit["title"] for hit in people["hits"]], people["total"]) == ([f"Player{n:02}" for n in range(8)], 11)
    assert "Players the best 8 of 11" in (await see(alice, SEARCH, q="player")).text("content")


@pytest.mark.usefixtures("known")
async def test_groups_stand_in_a_fixed_order_and_blank_words_find_the_places_alone(alice: httpx2.AsyncClient) -> None:
    assert list(await _found(alice, "mito")) == GROUPS
    assert list(await _found(alice, "nobody is called so")) == GROUPS
    for blank in ("", "  ", "\u00a0"):
        assert list(await _found(alice, blank)) == ["places"]
    assert "Data Quality page" in (await see(alice, SEARCH)).text("content")


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("typed", HOSTILE)
async def test_hostile_words_are_text(alice: httpx2.AsyncClient, typed: str) -> None:
    found = await _found(alice, typed)
    hits = [hit for group in found.values() for hit in group["hits"] if hit["kind"] != "rule"]
    assert all(typed.lower() in f"{hit['title']} {hit['why']}".lower() for hit in hits), hits
    assert len(hits) == FOUND_ALL_THE_SAME.get(typed, 0)
    page = await alice.get(SEARCH, params={"q": typed})
    assert page.status_code == 200
    assert "<b class=owned>" not in page.text


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("where", [SEARCH, SEARCH_API])
async def test_words_that_are_too_many_get_a_sentence(alice: httpx2.AsyncClient, where: str) -> None:
    assert (await alice.get(where, params={"q": "x" * 501})).status_code == 422
    assert (await alice.get(where, params={"q": "\0"})).status_code == 200


async def test_nothing_of_another_guild_is_found(
    app: FastAPI, alice: httpx2.AsyncClient, pool: Pool, known: GuildBuilder
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    issue = await known.open_issue("orphan_wow")
    for typed in ("mito", "loner", "zephyr", "nightcrew", "bank", f"#{issue.id}", str(issue.id)):
        found = await _found(alice, typed, guild=other.guild_id)
        assert {name for name, group in found.items() if group["total"]} <= {"places", "settings"}, typed
        assert {hit["kind"] for hit in found["settings"]["hits"]} <= {"rank", "rule"}, typed
    theirs = await bound_session(pool, "stranger", "administrator", other.guild_id)
    async with officer(app, theirs) as stranger:
        assert (await stranger.get(SEARCH_API, params={"q": "mito", "guild": known.guild_id})).status_code == 404
        assert (await _found(stranger, "mito"))["people"]["total"] == 0


@pytest.mark.parametrize("role", ROLES)
async def test_nobody_is_shown_a_setting_a_page_or_an_action_that_is_not_theirs(
    app: FastAPI, pool: Pool, known: GuildBuilder, role: Role
) -> None:
    async with officer(app, await bound_session(pool, role, role, known.guild_id)) as client:
        assert ("settings" in await _found(client, "nightcrew")) is (role != "viewer")
        assert (await _found(client, "bank"))["notes"]["total"] == 1  # as on the character's page
        labels = [each.label for each in (*ACTIONS, *SETTING_PLACES)]
        shown = [hit for label in labels for hit in (await _found(client, label))["places"]["hits"]]
        shown += (await _found(client, "link"))["issues"]["hits"]
        for href in {hit["href"] for hit in shown}:
            assert (await client.get(href)).status_code in (200, 303), href
        of_guilds = [each for each in ACTIONS if not each.is_of_installation]
        expected = {each.label for each in of_guilds if ROLES.index(each.least) <= ROLES.index(role)}
        assert {hit["title"] for hit in shown if hit["kind"] == "action"} == expected
        page = (await client.get(SEARCH, params={"q": "create an upload key"})).text
        assert ("/admin/settings/keys" in page) is (role == "administrator")


def test_an_action_is_for_whoever_may_use_the_route_that_does_it(app: FastAPI) -> None:
    audiences = {way.path: way.audiences for way in all_ways(app) if way.method == "POST"}
    pages = {str(route.path) for route in iter_route_contexts(app.routes)}
    assert {each.label for each in ACTIONS} == set(DOES)
    for each in ACTIONS:
        assert audiences[DOES[each.label]] == {"installer" if each.is_of_installation else each.least}, each
        assert urlsplit(each.href).path in pages


async def test_every_hit_leads_to_a_page_that_is_there(alice: httpx2.AsyncClient, known: GuildBuilder) -> None:
    hrefs = {
        hit["href"]
        for typed in ("mito", "loner", "zephyr", "elan", "raider", "nightcrew", "bank", "stale", "o")
        for group in (await _found(alice, typed)).values()
        for hit in group["hits"]
    }
    assert len(hrefs) > 15
    for href in hrefs:
        assert f"guild={known.guild_id}" in href
        assert (await alice.get(href)).status_code == 200, href
    assert "Zephyr" in (await see(alice, (await _found(alice, "zephyr"))["members"]["hits"][0]["href"])).text("content")


async def test_a_search_takes_the_same_number_of_statements_whatever_there_is(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    counts = []
    for size in (0, 1, 30):
        for number in range(size):
            await guild.alt(f"Size{size}x{number}", "size", await guild.main(f"Sized{size}x{number}"))
            await guild.character(f"Sizeless{size}x{number}", "size")
        await guild.scan()
        with counting_statements() as counter:
            assert (await alice.get(SEARCH_API, params={"q": "size", "guild": guild.guild_id})).status_code == 200
        counts.append(counter.statements)
    assert counts[0] == counts[1] == counts[2] <= 8, counts


async def test_every_page_has_the_field_and_it_keeps_the_guild(
    alice: httpx2.AsyncClient, pool: Pool, known: GuildBuilder
) -> None:
    await GuildBuilder.create(pool, "Other Watch", "7001")
    mito = (await known.rows("select id from guild_identity.players where display_name = 'Mito'"))[0][0]
    for path in ("/admin/data-quality", "/admin/settings/words", f"/admin/players/{mito}", "/admin/activity", SEARCH):
        text = (await alice.get(path, params={"guild": known.guild_id, "q": "robin"})).text
        form = text[text.index('<form class="find"') : text.index("</form>", text.index('<form class="find"'))]
        assert f'name="guild" value="{known.guild_id}"' in form, path
        assert ('value="robin"' in form) is (path == SEARCH)
    assert "alias: Robin" in (await see(alice, SEARCH, q="robin", guild=known.guild_id)).text("content")
