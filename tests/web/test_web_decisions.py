"""Deciding who is who on the pages and by the API: previewed, carried out, undone, and refused with a sentence."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from guild_builder import GuildBuilder
from web.helpers import API, PLAYERS, PLAYERS_API, Seen

Asked = dict[str, Any]


@pytest.fixture
async def known(guild: GuildBuilder) -> GuildBuilder:
    """A guild with Mito, Elrek and his alt Grimalt, Loner, whom nobody has, Zed, who is not on Discord, and Zephyr and 20061, who are."""
    await guild.member("Zephyr")
    await guild.member("20061")
    await guild.alias(await guild.main("Mito"), "Mitzi")
    await guild.execute(
        "update guild_identity.players set discord_basis = 'officer', discord_confirmed_by = 'test', discord_confirmed_at = now()"
    )
    await guild.alt("Grimalt", "Robin", await guild.main("Elrek"))
    loner = await guild.character("Loner", "Robin's alt")
    zed = await guild.player("Zed")
    await guild.link(await guild.character("Zedalt"), zed, as_main=True)
    await guild.alias(zed, "Zeddy")
    await guild.execute(
        "insert into guild_identity.link_rejections (guild_id, character_id, player_id, rejected_by) "
        "values (%(guild)s, %(loner)s, %(zed)s, 'test')",
        {"loner": loner, "zed": zed},
    )
    return guild


async def _number(guild: GuildBuilder, name: str) -> int:
    rows = await guild.rows("select id from guild_identity.players where display_name = %(name)s", {"name": name})
    return int(rows[0][0])


async def _owner(guild: GuildBuilder, character: str) -> str | None:
    rows = await guild.rows(
        "select p.display_name from guild_identity.wow_characters c "
        "join guild_identity.player_characters l on l.character_id = c.id "
        "join guild_identity.players p on p.id = l.player_id where c.character_name = %(name)s",
        {"name": character},
    )
    return rows[0][0] if rows else None


async def _everything(guild: GuildBuilder) -> list[tuple[Any, ...]]:
    """All that decisions write, as it is."""
    return await guild.rows(
        "select to_jsonb(l) from guild_identity.player_characters l "
        "union all select to_jsonb(p) from guild_identity.players p "
        "union all select to_jsonb(a) from guild_identity.player_note_aliases a "
        "union all select to_jsonb(r) from guild_identity.link_rejections r order by 1"
    )


def _fields_of_the_decision(preview: httpx2.Response) -> list[tuple[str, str]]:
    """The hidden fields of the form that makes the decision of a preview."""
    (form,) = re.findall(r"<form[^>]*players/decisions.*?</form>", preview.text, re.DOTALL)
    return re.findall(r'name="(\w+)" value="([^"]*)"', form)


async def test_without_javascript_a_character_is_linked_and_the_link_is_undone(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    page = f"{PLAYERS}/{await _number(known, 'Mito')}"
    asked = {"decision": "link", "character": "Loner", "player": "Mito", "back": page}
    preview = await alice.get(f"{PLAYERS}/preview", params=asked)
    text = Seen(preview).text("content")
    assert "Player of Loner-area-52 no one Mito, decided by an officer" in text
    assert await _owner(known, "Loner") is None
    done = await alice.post(f"{PLAYERS_API}/decisions", data=asked)
    assert (done.status_code, done.headers["location"]) == (303, page)
    shown = Seen(await alice.get(page))
    assert "Done. Link Loner-area-52 to Mito." in shown.text("status")
    assert "Decision: Loner-area-52 belongs to Mito. just now by alice" in shown.text("content")
    assert await _owner(known, "Loner") == "Mito"
    attempt = (await known.rows("select id from guild_identity.fix_attempts"))[0][0]
    undone = await alice.post(f"{API}/attempts/{attempt}/undo", data={"back": page})
    assert undone.headers["location"] == page
    assert "undone by alice" in Seen(await alice.get(page)).text("content")
    assert await _owner(known, "Loner") is None


async def test_a_player_page_tells_of_a_link_that_was_taken_away(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    await alice.post(f"{PLAYERS_API}/decisions", json={"decision": "link", "character": "Grimalt", "player": "Mito"})
    for player in ("Mito", "Elrek"):
        attempts = (await alice.get(f"{PLAYERS_API}/{await _number(known, player)}")).json()["attempts"]
        assert [attempt["reason"] for attempt in attempts] == ["Grimalt-area-52 belongs to Mito."], player


async def test_another_plan_than_the_one_that_was_seen_is_not_carried_out(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    asked = {"decision": "link", "character": "Loner", "player": "Mito"}
    key = (await alice.post(f"{PLAYERS_API}/decisions/preview", json=asked)).json()["plan_key"]
    await alice.post(f"{PLAYERS_API}/decisions", json={**asked, "player": "Elrek"})
    late = await alice.post(f"{PLAYERS_API}/decisions", json={**asked, "plan_key": key})
    assert (late.status_code, late.json()["type"]) == (409, "urn:patt:problem:plan-stale")
    assert await _owner(known, "Loner") == "Elrek"


async def test_without_javascript_a_character_gets_a_new_player_from_its_page_and_from_its_issue(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    loner = (await known.rows("select id from guild_identity.wow_characters where character_name = 'Loner'"))[0][0]
    await known.scan()
    issue = await known.open_issue("orphan_wow")
    page = f"{PLAYERS}/characters/{loner}"
    assert 'value="new_player"' in (await alice.get(page)).text
    on_issue = (await alice.get(f"/admin/data-quality/issues/{issue.id}")).text
    assert "decision=new_player&amp;characters=%23" in on_issue
    asked = {"decision": "new_player", "characters": f"#{loner}", "name": "", "back": page}
    preview = await alice.get(f"{PLAYERS}/preview", params=asked)
    assert "The player Robin does not exist exists" in Seen(preview).text("content")
    sent = _fields_of_the_decision(preview)
    assert ("characters", f"#{loner}") in sent
    done = await alice.post(f"{PLAYERS_API}/decisions", data=dict(sent))
    assert done.headers["location"] == page
    assert await _owner(known, "Loner") == "Robin"


async def test_several_characters_of_one_preview_are_all_sent_on(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    await known.character("Other", "Robin")
    asked: Asked = {"decision": "new_player", "characters": ["Loner", "Other"], "back": PLAYERS}
    preview = await alice.get(f"{PLAYERS}/preview", params=asked)
    sent = _fields_of_the_decision(preview)
    await alice.post(
        f"{PLAYERS_API}/decisions",
        data={"characters": ["Loner", "Other"], **{k: v for k, v in sent if k != "characters"}},
    )
    assert [value for name, value in sent if name == "characters"] == ["Loner", "Other"]
    assert [await _owner(known, name) for name in ("Loner", "Other")] == ["Robin", "Robin"]


async def test_without_javascript_a_character_is_marked_as_shared_and_unmarked(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    number = (await known.rows("select id from guild_identity.wow_characters where character_name = 'Grimalt'"))[0][0]
    page = f"{PLAYERS}/characters/{number}"
    asked = {"decision": "mark_shared", "character": f"#{number}", "back": page}
    preview = Seen(await alice.get(f"{PLAYERS}/preview", params=asked)).text("content")
    assert "no one: a bank or shared character" in preview
    assert "Reason (optional)" in preview
    await alice.post(f"{PLAYERS_API}/decisions", data={**asked, "reason": "guild bank"})
    shown = await alice.get(page)
    text = Seen(shown).text("content")
    assert "Marked as a bank or shared character by alice just now : guild bank" in text
    assert 'name="player"' not in shown.text
    assert "Grimalt" in Seen(await alice.get(PLAYERS, params={"show": "shared"})).text("content")
    assert "1 marked as bank or shared" in Seen(await alice.get("/admin/data-quality")).text("content")
    await alice.post(
        f"{PLAYERS_API}/decisions", data={"decision": "unmark_shared", "character": f"#{number}", "back": page}
    )
    text = Seen(await alice.get(page)).text("content")
    assert "Marked as" not in text
    assert "No player" in text


async def test_a_hiatus_is_set_and_ended_on_the_page_of_the_player(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    number = (await known.rows("select id from guild_identity.players where display_name = 'Mito'"))[0][0]
    page = f"{PLAYERS}/{number}"
    asked = {"decision": "set_hiatus", "player": f"#{number}", "until": "2099-12-24", "back": page}
    preview = Seen(await alice.get(f"{PLAYERS}/preview", params=asked)).text("content")
    assert "Hiatus of Mito not on hiatus away until 2099-12-24" in preview
    assert "Reason (optional)" in preview
    await alice.post(f"{PLAYERS_API}/decisions", data={**asked, "reason": "exams"})
    text = Seen(await alice.get(page)).text("content")
    assert "Away until 2099-12-24: exams by alice just now" in text
    assert "Last change: alice put Mito on hiatus until 2099-12-24 just now" in text
    await known.execute("update guild_identity.guilds set language = 'de' where id = %(guild)s")
    assert "Abwesend bis 24.12.2099: exams" in Seen(await alice.get(page)).text("content")
    assert "abwesend bis 24.12.2099" in Seen(await alice.get(PLAYERS)).text("content")
    await known.execute("update guild_identity.guilds set language = 'en' where id = %(guild)s")
    await alice.post(f"{PLAYERS_API}/decisions", data={"decision": "end_hiatus", "player": f"#{number}", "back": page})
    text = Seen(await alice.get(page)).text("content")
    assert "Not away." in text
    assert "Last change: alice ended the hiatus of Mito just now" in text


WRONG: list[tuple[Asked, int, str]] = [
    ({"decision": "link", "character": "Loner"}, 422, "player"),
    ({"decision": "link", "character": " ", "player": "Mito"}, 422, "character"),
    ({"decision": "link", "character": "9" * 101, "player": "Mito"}, 422, "character"),
    ({"decision": "reject", "character": "Loner", "player": "Mito", "reason": "a\x00b"}, 422, "NUL"),
    ({"decision": "allow", "character": "Loner", "player": "Mito"}, 404, "is not ruled out"),
    ({"decision": "unlink_member", "player": "Zed"}, 409, "has no Discord member to unlink"),
    (
        {"decision": "link_member", "player": "Zed", "member": "Nobodyhere"},
        404,
        "No Discord member is named",
    ),
    ({"decision": "link_member", "player": "Zed", "member": "Mito#discord"}, 409, "merge them"),
    (
        {"decision": "link_member", "player": "Mito", "member": "Mito#discord"},
        409,
        "is already linked to Mito#discord on Discord",
    ),
    ({"decision": "link_member", "player": "Mito", "member": "Zephyr"}, 409, "Unlink that member first"),
    ({"decision": "link_member", "player": "Zed"}, 422, "member"),
    (
        {"decision": "link_to_member", "character": "Grimalt", "member": "Zephyr"},
        409,
        "Elrek is Elrek#discord on Discord",
    ),
    ({"decision": "link_to_member", "character": "Grimalt", "member": "a" * 101}, 422, "member"),
    ({"decision": "merge", "player": "999999", "other": "Mito"}, 404, "No player"),
    ({"decision": "merge", "player": "Mito"}, 422, "other"),
    ({"decision": "merge", "player": "Mito", "other": "a" * 101}, 422, "other"),
    ({"decision": "main", "character": "Loner"}, 409, "Link it first"),
    ({"decision": "main", "character": "Mito"}, 409, "is already the main of Mito"),
    ({"decision": "add_alias", "alias": "MITZI", "player": "Elrek"}, 409, "is already an alias of Mito"),
    ({"decision": "add_alias", "alias": "Mitzi", "player": "Mito"}, 409, "already"),
    ({"decision": "add_alias", "alias": "a\x00b", "player": "Mito"}, 422, "An alias is a name"),
    ({"decision": "add_alias", "alias": "a" * 61, "player": "Mito"}, 422, "An alias is a name"),
    ({"decision": "remove_alias", "alias": "Nothing"}, 404, "is not an alias in this guild"),
    ({"decision": "new_player"}, 422, "characters"),
    ({"decision": "new_player", "characters": []}, 422, "characters"),
    ({"decision": "new_player", "characters": ["Loner", "Grimalt"]}, 409, "belongs to Elrek. Unlink it first"),
    ({"decision": "new_player", "characters": ["Loner"], "name": "Mitzi"}, 409, "is already an alias of Mito"),
    ({"decision": "mark_shared", "character": "Loner", "reason": "a\x00b"}, 422, "NUL"),
    ({"decision": "unmark_shared", "character": "Loner"}, 409, "is not marked as a bank or shared character"),
    ({"decision": "set_hiatus", "player": "Mito", "until": "tomorrow"}, 422, "is no day"),
    ({"decision": "set_hiatus", "player": "Mito", "until": "2001-01-01"}, 422, "does not lie ahead"),
    ({"decision": "set_hiatus", "player": "Mito", "reason": "a\x00b"}, 422, "NUL"),
    ({"decision": "end_hiatus", "player": "Mito"}, 409, "is not on hiatus"),
    ({"decision": "nonsense"}, 422, "decision"),
    ({}, 422, "decision"),
]


@pytest.mark.parametrize(("asked", "status", "says"), WRONG)
async def test_a_decision_that_cannot_be_carried_out_says_why_and_changes_nothing(
    alice: httpx2.AsyncClient, known: GuildBuilder, asked: Asked, status: int, says: str
) -> None:
    before = await _everything(known)
    for path in ("decisions", "decisions/preview"):
        answer = await alice.post(f"{PLAYERS_API}/{path}", json=asked)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert says in answer.text
    form = await alice.post(f"{PLAYERS_API}/decisions", data={**asked, "back": PLAYERS})
    assert (form.status_code, form.headers["location"]) == (303, PLAYERS)
    assert says in Seen(await alice.get(PLAYERS)).text("status")
    preview = await alice.get(f"{PLAYERS}/preview", params={**asked, "back": "//elsewhere.test"})
    assert (preview.status_code, preview.headers["location"]) == (303, PLAYERS)
    assert await _everything(known) == before
