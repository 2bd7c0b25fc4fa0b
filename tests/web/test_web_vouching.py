"""Who confirms a link, and what may not rest on a note alone: rights here, and roles on Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import OFFICER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from patt.auth import permissions
from patt.auth.permissions import Change
from patt.web.context import SESSION_COOKIE
from sv_common.db.guild import lock
from sv_common.db.pool import Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.identity.decisions import ConfirmLink, UnlinkCharacter, UnlinkMember
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.scheduler import run_addon_sync
from sv_common.guild_sync.sources.models import AddonCharacter
from sv_common.guild_sync.sources.ports import Sources
from web.discord_people import CAPTAIN, MASTER, Visitor, confirm, give, populate, visitor
from web.helpers import API, PLAYERS, PLAYERS_API, Seen, application, bound_session, issue_number, officer, own_form

PEOPLE = "/api/v1/admin/officers"
_SURELY_BRISA = (
    "update guild_identity.players set discord_basis = 'officer', discord_confirmed_by = 'officer alice', "
    "discord_confirmed_at = now() where display_name = 'Brisa'"
)


@pytest.fixture
async def unconfirmed(guild: GuildBuilder) -> dict[str, int]:
    """The people of a guild, where evidence alone says whose Brisa is and who her player is on Discord."""
    characters = await populate(guild)
    await give(guild, "rank", str(OFFICER), "officer")
    await guild.execute(
        "update guild_identity.player_characters set link_source = 'auto_fix', basis = 'note', basis_note = 'alt of Brisa', "
        "confirmed_by = null, confirmed_at = null where character_id = %(brisa)s",
        {"brisa": characters[CAPTAIN]},
    )
    await guild.execute(
        "update guild_identity.players set discord_basis = 'name', discord_confirmed_by = null, discord_confirmed_at = null "
        "where display_name = 'Brisa'"
    )
    return characters


async def _brisa(client: httpx2.AsyncClient) -> dict[str, Any]:
    listed = (await client.get(f"{PEOPLE}/people")).json()["items"]
    return next(each for each in listed if each["display_name"] == "Brisa")


async def _decide(client: httpx2.AsyncClient, **asked: object) -> httpx2.Response:
    return await client.post(f"{PLAYERS_API}/decisions", json=asked)


async def test_a_rank_over_a_link_that_nobody_vouches_for_lets_its_member_only_look(
    alice: httpx2.AsyncClient, unconfirmed: dict[str, int]
) -> None:
    brisa = await _brisa(alice)
    assert (brisa["role"], [each["role"] for each in brisa["waiting"]]) == ("viewer", ["officer"])
    why = brisa["waiting"][0]["why_waiting"]
    assert "is based on the note “alt of Brisa” alone (not confirmed)" in why
    assert "An officer has to confirm that Brisa is @brisa on Discord" in why
    page = Seen(await alice.get("/admin/settings/officers")).text("content")
    assert "As Brisa (Officer) they would be officer. The link to Brisa is based on the note" in page


async def test_both_halves_of_the_way_have_to_be_confirmed(
    alice: httpx2.AsyncClient, unconfirmed: dict[str, int]
) -> None:
    done = await _decide(alice, decision="confirm", character=str(unconfirmed[CAPTAIN]))
    assert done.status_code == 200
    assert (await _brisa(alice))["role"] == "viewer"
    await _decide(alice, decision="link_member", player="Brisa", member="brisa")
    assert ((await _brisa(alice))["role"], (await _brisa(alice))["waiting"]) == ("officer", [])
    undone = await alice.post(f"{API}/attempts/{done.json()['attempt_id']}/undo", json={})
    assert undone.status_code == 200, undone.text
    assert (await _brisa(alice))["role"] == "viewer"


async def test_a_word_on_the_officers_page_vouches_for_the_whole_way_and_can_be_undone(
    alice: httpx2.AsyncClient, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    asked = {"discord_id": CAPTAIN, "character_id": unconfirmed[CAPTAIN]}
    done = await alice.post(f"{PEOPLE}/confirm", json=asked)
    assert done.json()["sentence"] == "Confirmed: Brisa (Officer) is Brisa’s, who is an officer by it."
    assert (await _brisa(alice))["role"] == "officer"
    ((attempt,),) = await guild.rows("select id from guild_identity.fix_attempts")
    await alice.post(f"{API}/attempts/{attempt}/undo", json={})
    assert (await _brisa(alice))["role"] == "viewer"


async def test_an_administrators_word_ends_when_nobody_vouches_for_the_link_any_more(
    alice: httpx2.AsyncClient, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    await confirm(guild, MASTER, unconfirmed[MASTER])
    await guild.execute(
        "update guild_identity.player_characters set basis = 'note', confirmed_by = null, confirmed_at = null"
    )
    listed = (await alice.get(f"{PEOPLE}/people")).json()["items"]
    master = next(each for each in listed if each["discord_id"] == MASTER)
    assert master["role"] is None


@pytest.fixture
async def by_role(discord_app: FastAPI, unconfirmed: dict[str, int], guild: GuildBuilder) -> AsyncIterator[Visitor]:
    """Brisa, who is an officer by her Discord role, signed in; no person confirmed her character."""
    await give(guild, "discord_role", "900", "officer")
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{900}' where discord_id = '9002'")
    brisa = visitor(discord_app, CAPTAIN)
    await brisa.sign_in()
    brisa.client.headers.update(own_form(brisa.client.cookies[SESSION_COOKIE]))
    yield brisa
    await brisa.client.aclose()


async def test_nobody_vouches_for_a_right_of_their_own(
    by_role: Visitor, alice: httpx2.AsyncClient, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    character = str(unconfirmed[CAPTAIN])
    assert (await _decide(by_role.client, decision="confirm", character=character)).status_code == 200
    for asked in (
        {"decision": "link_member", "player": "Brisa", "member": "brisa"},
        {"decision": "link_to_member", "character": character, "member": "brisa"},
    ):
        for path in ("decisions", "decisions/preview"):
            refused = await by_role.client.post(f"{PLAYERS_API}/{path}", json=asked)
            assert refused.status_code == 409, refused.text
            assert "You cannot give yourself access: Brisa (Officer) would make you an officer." in refused.text
    assert await guild.rows("select 1 from guild_identity.confirmed_characters where player_id = 2") == []
    assert (await _decide(alice, decision="link_member", player="Brisa", member="brisa")).status_code == 200


async def test_nobody_takes_a_right_by_fixing_one_issue_or_by_an_undo(
    by_role: Visitor, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    taken = await _taken_from_brisa(guild)
    refused = await by_role.client.post(f"{API}/attempts/{taken}/undo", json={})
    assert refused.status_code == 409
    assert "You cannot give yourself access" in refused.text
    await guild.character("Cap", "Brisa", rank=OFFICER)
    await run_integrity_check(guild.pool)
    issue = await issue_number(guild, "orphan_wow", "Cap")
    refused = await by_role.client.post(f"{API}/fix/{issue}", json={})
    assert refused.status_code == 409, refused.text
    assert "Cap (Officer) would make you an officer" in refused.text


async def test_the_preview_of_an_undo_says_that_it_would_give_a_right_of_ones_own(
    by_role: Visitor, alice: httpx2.AsyncClient, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    taken = await _taken_from_brisa(guild)
    for client, can_be_undone in ((alice, True), (by_role.client, False)):
        told = (await client.get(f"{API}/attempts/{taken}/undo")).json()
        assert told["can_be_undone"] is can_be_undone, told
        assert ("You cannot give yourself access" in (told["obstacle"] or "")) is not can_be_undone
        page = Seen(await client.get(f"/admin/data-quality/attempts/{taken}/undo")).text("content")
        assert ("You cannot give yourself access" in page) is not can_be_undone


@pytest.mark.parametrize("what", ["fix", "undo", "decision"])
async def test_whether_it_gives_a_right_is_judged_in_the_moment_in_which_it_is_done(
    by_role: Visitor, unconfirmed: dict[str, int], guild: GuildBuilder, what: str
) -> None:
    """An administrator comes between whatever a request does under the guild's lock, and lets a rank give a right."""
    await give(guild, "rank", str(OFFICER), "none")
    asked: dict[str, str] = {}
    if what == "undo":
        path = f"{API}/attempts/{await _taken_from_brisa(guild)}/undo"
    elif what == "fix":
        await guild.execute(_SURELY_BRISA)
        await guild.character("Cap", "Brisa", rank=OFFICER)
        await run_integrity_check(guild.pool)
        path = f"{API}/fix/{await issue_number(guild, 'orphan_wow', 'Cap')}"
    else:
        await apply_decision(guild.pool, ConfirmLink("Brisa"), actor="officer alice")
        path = f"{PLAYERS_API}/decisions"
        asked = {"decision": "link_member", "player": "Brisa", "member": "brisa"}
    done_before = await guild.rows("select count(*) from guild_identity.fix_attempts where undone_at is null")
    async with guild.pool.connection() as ahead, asyncio.TaskGroup() as tasks:
        await lock(ahead, guild.guild_id)
        asking = tasks.create_task(by_role.client.post(path, json=asked))
        await _waiting(guild, 1)
        coming_between = tasks.create_task(_let_officers_rank_give(guild))
        await _waiting(guild, 2)
        await ahead.commit()
    was_done = coming_between.result() != done_before
    assert was_done or asking.result().status_code == 409, asking.result().text
    assert asking.result().status_code in (200, 409), asking.result().text


async def _taken_from_brisa(guild: GuildBuilder) -> int:
    """Take Brisa from her player, who is surely hers on Discord; return the attempt."""
    await apply_decision(guild.pool, ConfirmLink("Brisa"), actor="officer alice")
    taken = await apply_decision(guild.pool, UnlinkCharacter("Brisa"), actor="officer alice")
    await guild.execute(_SURELY_BRISA)
    return taken.attempt_id or 0


async def _waiting(guild: GuildBuilder, number: int) -> None:
    """Wait until so many transactions wait for a guild's lock."""
    statement = "select count(*) from pg_locks where locktype = 'advisory' and classid = 7283 and not granted"
    while await guild.rows(statement) != [(number,)]:  # noqa: ASYNC110 -- another task moves in the database
        await asyncio.sleep(0.01)


async def _let_officers_rank_give(guild: GuildBuilder) -> list[tuple[Any, ...]]:
    """Let the officers' rank give the role of an officer; return how many attempts stood just before that."""
    async with guild.pool.writing(guild.guild_id) as here:
        before = await (
            await here.conn.execute("select count(*) from guild_identity.fix_attempts where undone_at is null")
        ).fetchall()
        await permissions.decide(here, Change("rank", str(OFFICER), "officer"), actor="test")
        return before


async def test_what_gives_nobody_a_right_is_not_refused(
    by_role: Visitor, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    loner = await guild.character("Loner", rank=SOCIAL)
    for asked in (
        {"decision": "link", "character": "Loner", "player": "Brisa"},
        {"decision": "link_to_member", "character": str(unconfirmed[MASTER]), "member": "aldwyn"},
        {"decision": "unlink", "character": "Loner"},
    ):
        done = await _decide(by_role.client, **asked)
        assert done.status_code == (409 if "aldwyn" in asked.values() else 200), done.text
        assert "own rights" not in done.text
    assert await guild.player_of(loner) is None


async def test_whoever_writes_notes_makes_nobody_an_officer(
    alice: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    await populate(guild)
    await give(guild, "rank", str(OFFICER), "officer")
    mallory = await guild.player("Mallory", member=await guild.member("Mallory", roles=[ROLE_OF_RANK[SOCIAL]]))
    await guild.link(await guild.character("Mallory"), mallory, as_main=True)
    (brisa,) = await guild.rows("select id from guild_identity.players where display_name = 'Brisa'")
    alt = await guild.alt("Brisalt", "alt of Brisa", brisa[0], rank=OFFICER, linked_under="alt of Brisa")
    export = [AddonCharacter("Brisalt", "Area52", "alt of Mallory", None, None, None, None, None)]
    await run_addon_sync(pool, export, guild_id=guild.guild_id, sources=Sources())
    assert await guild.player_of(alt) == brisa[0]
    mismatch = await issue_number(guild, "note_mismatch", "Brisalt")
    ((why,),) = await guild.rows(
        "select review_reason from guild_identity.audit_issues where id = %(id)s", {"id": mismatch}
    )
    assert "has the rank Officer, which gives the role officer here" in why

    await mitigations.fix_all(pool, "note_mismatch", actor="officer alice", guild_id=guild.guild_id)
    assert await guild.player_of(alt) == mallory
    listed = (await alice.get(f"{PEOPLE}/people")).json()["items"]
    found = next(each for each in listed if each["display_name"] == "Mallory")
    assert (found["role"], found["waiting"][0]["because"]) == ("viewer", "Brisalt (Officer)")
    role_issue = await issue_number(guild, "role_mismatch", "Mallory")
    planned = (await mitigations.preview_one(pool, role_issue)).ready[0].plan
    told = "The link of Brisalt to Mallory is based on the note “alt of Mallory” alone (not confirmed)."
    assert told in planned.reason
    assert planned.waits_for_officer is not None
    assert told in Seen(await alice.get(f"/admin/data-quality/issues/{role_issue}")).text("content")


async def test_pages_and_api_say_what_a_link_rests_on_and_confirm_it(
    alice: httpx2.AsyncClient, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    character = unconfirmed[CAPTAIN]
    page = await alice.get(f"{PLAYERS}/characters/{character}")
    assert "The link is based on the note “alt of Brisa” alone (not confirmed) ." in Seen(page).text("content")
    assert "Confirm Unlink" in Seen(page).text("content")
    preview = await alice.get(f"{PLAYERS}/preview", params={"decision": "confirm", "character": str(character)})
    assert "Brisa, by evidence Brisa, decided by an officer" in Seen(preview).text("content")
    await alice.post(f"{PLAYERS_API}/decisions", data={"decision": "confirm", "character": str(character)})
    body = (await alice.get(f"{PLAYERS_API}/characters/{character}")).json()["character"]
    assert (body["basis"], body["basis_note"], body["confirmed_by"]) == ("officer", None, "officer alice")
    assert body["rests_on"].startswith("a decision by alice on ")
    assert "Confirm Unlink" not in Seen(await alice.get(f"{PLAYERS}/characters/{character}")).text("content")
    ((player,),) = await guild.rows("select id from guild_identity.players where display_name = 'Brisa'")
    told = Seen(await alice.get(f"{PLAYERS}/{player}")).text("content")
    assert "the Discord name alone (not confirmed)" in told
    member = (await alice.get(f"{PLAYERS_API}/{player}")).json()["member"]
    assert (member["basis"], member["confirmed_by"]) == ("name", None)


async def test_a_member_taken_off_is_shown_and_may_be_taken_back(
    alice: httpx2.AsyncClient, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    await apply_decision(guild.pool, UnlinkMember("Brisa"), actor="officer alice")
    ((player,),) = await guild.rows("select id from guild_identity.players where display_name = 'Brisa'")
    assert "Not Brisa" in Seen(await alice.get(f"{PLAYERS}/{player}")).text("content")
    body = (await alice.get(f"{PLAYERS_API}/{player}")).json()
    assert [each["username"] for each in body["member_rejections"]] == ["brisa"]
    done = await _decide(alice, decision="allow_member", player="Brisa", member="brisa")
    assert done.status_code == 200
    assert (await alice.get(f"{PLAYERS_API}/{player}")).json()["member_rejections"] == []


async def test_an_issue_says_what_the_link_rests_on(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.alt("Rivermane", "Mito", await guild.main("Elrek"), linked_under="Mito")
    await run_integrity_check(guild.pool)
    issue = await issue_number(guild, "note_mismatch")
    told = Seen(await alice.get(f"/admin/data-quality/issues/{issue}")).text("content")
    assert "The link is based on the note “Mito” alone (not confirmed)." in told
    assert "The note has not changed since Rivermane-area-52 was linked" in told


async def test_an_officer_who_signs_in_by_link_vouches_for_anybody(
    pool: Pool, unconfirmed: dict[str, int], guild: GuildBuilder
) -> None:
    app = application(pool)
    async with officer(app, await bound_session(pool, "dave", "officer", guild.guild_id)) as dave:
        done = await _decide(dave, decision="link_to_member", character=str(unconfirmed[CAPTAIN]), member="brisa")
        assert done.status_code == 200
