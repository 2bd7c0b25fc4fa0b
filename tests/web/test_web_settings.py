"""The settings pages and their API: who may look and change, what a form does, and that a preview comes true."""

from __future__ import annotations

from html import unescape
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import FastAPI

from guild_builder import RAIDER, ROLE_NAMES, GuildBuilder
from patt.auth import credentials
from patt.auth.permissions import Role
from patt.companion.code import Code, read_code
from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import PSEUDO, speaking, tr
from sv_common.guild_sync.roster import members
from sv_common.guild_sync.sources.models import DiscordRole
from web.helpers import Seen, api_token, bound_session, officer

API = "/api/v1/admin/settings"
PAGE = "/admin/settings"
STALE = {"kind": "rule", "issue_type": "stale_character", "parameters": {"stale_after_days": 45}}


@pytest.fixture
async def roles(troubled: GuildBuilder) -> None:
    """Let the roles of the Discord server be known."""
    known = [DiscordRole(role_id, name, int(role_id), managed=False) for role_id, name in ROLE_NAMES.items()]
    async with troubled.pool.writing(troubled.guild_id, alone=False) as guild:
        await members.apply_roles(guild, known)


async def _saved(client: httpx2.AsyncClient, change: dict[str, Any]) -> dict[str, Any]:
    preview = await client.post(f"{API}/preview", json=change)
    assert preview.status_code == 200, preview.text
    saved = await client.post(f"{API}/changes", json={**change, "key": preview.json()["key"]})
    assert saved.status_code == 200, saved.text
    answer: dict[str, Any] = saved.json()
    return answer


async def _bob(app: FastAPI, pool: Pool, role: Role, guild: int | None = None) -> httpx2.AsyncClient:
    return officer(app, await bound_session(pool, "bob", role, guild))


@pytest.mark.usefixtures("troubled")
async def test_a_change_is_previewed_saved_told_and_undone_by_the_api(alice: httpx2.AsyncClient) -> None:
    seen = (await alice.post(f"{API}/preview", json=STALE)).json()
    assert (seen["sentence"], seen["resolves"]) == ("This would resolve 1 issue.", 1)
    assert seen["differences"] == [{"what": "Stale after", "before": "30 days", "after": "45 days"}]
    assert seen["effects"][0]["issue_id"] is not None
    saved = await _saved(alice, STALE)
    assert saved["sentence"] == "Saved. It resolved 1 issue."
    [made] = (await alice.get(f"{API}/changes")).json()["items"]
    assert (made["id"], made["actor"], made["is_undoable"]) == (saved["change_id"], "officer alice", True)
    back = (await alice.post(f"{API}/changes/{made['id']}/undo/preview")).json()
    undone = await alice.post(f"{API}/changes/{made['id']}/undo", json={"key": back["key"]})
    assert undone.json()["sentence"] == "Saved. It opened 1 issue."
    [newest, _] = (await alice.get(f"{API}/changes")).json()["items"]
    assert newest["undoes"] == made["id"]
    again = await alice.post(f"{API}/changes/{made['id']}/undo")
    assert (again.status_code, "already undid" in again.json()["detail"]) == (409, True)


@pytest.mark.parametrize("role", ["viewer", "officer", "administrator"])
async def test_officers_look_and_preview_and_administrators_change(
    app: FastAPI, troubled: GuildBuilder, role: Role
) -> None:
    bob = await _bob(app, troubled.pool, role)
    looked = 200 if role != "viewer" else 403
    changed = 200 if role == "administrator" else 403
    for path in ("rules", "ranks", "words", "guild", "changes"):
        assert (await bob.get(f"{API}/{path}")).status_code == looked, path
    for path in ("rules", "rules/orphan_wow", "ranks", "words", "guild", "history"):
        assert (await bob.get(f"{PAGE}/{path}")).status_code == looked, path
    for path in ("keys", "tokens"):
        assert (await bob.get(f"{API}/{path}")).status_code == changed, path
        assert (await bob.get(f"{PAGE}/{path}")).status_code == changed, path
    assert (await bob.post(f"{API}/preview", json=STALE)).status_code == looked
    assert (await bob.post(f"{API}/changes", json=STALE)).status_code == changed
    assert (await bob.post(f"{API}/keys", json={"uploader": "Mito"})).status_code == changed
    saved = await bob.post(f"{API}/changes", data={"kind": "word", "word": "x", "reading": "role"})
    assert saved.status_code == (303 if role == "administrator" else 403)


async def test_an_officer_sees_no_button_that_only_an_administrator_may_use(
    app: FastAPI, troubled: GuildBuilder
) -> None:
    bob = await _bob(app, troubled.pool, "officer")
    preview = await bob.get(f"{PAGE}/preview?kind=rule&issue_type=stale_character&parameters.stale_after_days=45")
    assert "This would resolve 1 issue." in Seen(preview).text()
    assert "Only an administrator can save this" in Seen(preview).text()
    assert "API tokens" not in Seen(preview).text()
    assert ">Save<" not in preview.text


async def test_an_officer_is_told_nothing_of_keys_and_tokens_in_the_history(
    app: FastAPI, alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    await alice.post(f"{API}/keys", json={"uploader": "Mito"})
    assert (await alice.get(f"{API}/changes")).json()["total"] == 1
    assert "upload key for" not in (await alice.get("/admin/activity?show=actions")).text
    bob = await _bob(app, troubled.pool, "officer")
    assert (await bob.get(f"{API}/changes")).json()["total"] == 0


@pytest.mark.usefixtures("troubled")
async def test_the_form_of_a_rule_previews_and_saves_without_javascript(alice: httpx2.AsyncClient) -> None:
    form = await alice.get(f"{PAGE}/rules/stale_character")
    assert 'min="1" max="3650"' in form.text
    fields = {"kind": "rule", "issue_type": "stale_character", "is_enabled": "true", "severity": "default"}
    asked = {**fields, "parameters.stale_after_days": "45", "back": f"{PAGE}/rules/stale_character?guild=1"}
    preview = await alice.get(f"{PAGE}/preview", params=asked)
    assert "Stale after 30 days 45 days" in Seen(preview).text()
    saved = await alice.post(f"{API}/changes", data=_hidden(preview))
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PAGE}/rules/stale_character?guild=1")
    after = await alice.get(saved.headers["location"])
    assert "Saved. It resolved 1 issue." in Seen(after).text("status")
    default = {"kind": "rule", "issue_type": "stale_character", "to_default": "true", "back": asked["back"]}
    back = await alice.get(f"{PAGE}/preview", params=default)
    assert "Stale after 45 days 30 days" in Seen(back).text()
    await alice.post(f"{API}/changes", data=_hidden(back))
    assert (await alice.get(f"{API}/rules")).json()[-1]["is_default"] is True


@pytest.mark.usefixtures("troubled")
async def test_the_form_of_what_is_kept_previews_what_goes_and_saves(alice: httpx2.AsyncClient) -> None:
    form = await alice.get(f"{PAGE}/retention")
    assert 'id="days.undo" name="days.undo" type="number" inputmode="numeric" min="7" max="365"' in form.text
    asked = {"kind": "retention", "days.undo": "60", "days.runs": "", "back": f"{PAGE}/retention?guild=1"}
    preview = await alice.get(f"{PAGE}/preview", params=asked)
    assert "Undo 90 days 60 days" in Seen(preview).text()
    assert "the next daily cleaning deletes nothing" in Seen(preview).text()
    saved = await alice.post(f"{API}/changes", data=_hidden(preview))
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PAGE}/retention?guild=1")
    kept = (await alice.get(f"{API}/retention")).json()
    assert (kept["lives"][0]["name"], kept["lives"][0]["value"], kept["is_default"]) == ("undo", 60, False)
    wrong = await alice.get(f"{PAGE}/preview", params={**asked, "days.undo": "6"})
    again = await alice.get(wrong.headers["location"])
    assert "Use a whole number of days from 7 to 365" in Seen(again).text("status")


@pytest.mark.usefixtures("troubled")
async def test_account_evidence_says_what_it_is_and_needs_a_secret(alice: httpx2.AsyncClient) -> None:
    form = Seen(await alice.get(f"{PAGE}/accounts")).text()
    assert "Account evidence is off. Nothing is read or kept." in form
    assert "To object, tell an officer." in form
    asked = {"kind": "accounts", "mode": "suggest", "back": f"{PAGE}/accounts?guild=1"}
    refused = await alice.get(f"{PAGE}/preview", params=asked)
    again = await alice.get(refused.headers["location"])
    assert "Set PATT_INSTALLATION_SECRET" in Seen(again).text("status")
    assert (await alice.get(f"{API}/accounts")).json()["mode"] == "off"


@pytest.mark.usefixtures("troubled")
async def test_what_was_typed_and_cannot_be_used_is_there_again_with_the_reason(alice: httpx2.AsyncClient) -> None:
    asked = {
        "kind": "rule",
        "issue_type": "stale_character",
        "parameters.stale_after_days": "99999",
        "back": f"{PAGE}/rules/stale_character?guild=1",
    }
    refused = await alice.get(f"{PAGE}/preview", params=asked)
    assert refused.status_code == 303
    form = await alice.get(refused.headers["location"])
    assert 'value="99999"' in form.text
    assert "from 1 to 3650" in Seen(form).text("status")


@pytest.mark.usefixtures("troubled")
async def test_saving_what_has_changed_since_leads_to_a_new_preview(alice: httpx2.AsyncClient) -> None:
    asked = {"kind": "rule", "issue_type": "stale_character", "parameters.stale_after_days": "45"}
    fields = _hidden(await alice.get(f"{PAGE}/preview", params=asked))
    await _saved(alice, {**STALE, "parameters": {"stale_after_days": 50}})
    refused = await alice.post(f"{API}/changes", data=fields)
    again = await alice.get(refused.headers["location"])
    assert "Stale after 50 days 45 days" in Seen(again).text()
    assert "have changed since the preview" in Seen(again).text("status")


@pytest.mark.usefixtures("roles")
async def test_ranks_are_mapped_by_one_form(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    page = await alice.get(f"{PAGE}/ranks")
    assert "has no role set" not in Seen(page).text()
    fields = {"kind": "ranks", "back": f"{PAGE}/ranks", "roles.0.role": "", "roles.1.role": "101"}
    fields |= {"roles.2.role": "900", "roles.2.is_managed": "false", "roles.3.role": "none"}
    preview = await alice.get(f"{PAGE}/preview", params=fields)
    text = Seen(preview).text()
    assert "Rank 2, Raider Raider DJ (fixes never give or take it)" in text
    assert "Rank 3, Social Social no role" in text
    assert "Rank 0" not in text
    await alice.post(f"{API}/changes", data=_hidden(preview))
    table = (await alice.get(f"{API}/ranks")).json()
    assert [(r["role_id"], r["is_without_role"]) for r in table["ranks"]][RAIDER:] == [("900", False), (None, True)]
    assert table["ranks"][1]["members"] == 1


@pytest.mark.usefixtures("roles")
async def test_what_is_wrong_with_the_rank_table_is_told(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await troubled.execute("update common.guild_ranks set discord_role_id = '102' where wow_rank_index = 3")
    await troubled.execute("update common.guild_ranks set name_in_game = 'Warlord' where wow_rank_index = 2")
    await troubled.execute("delete from guild_identity.discord_roles where role_id = '101'")
    await troubled.character("Boss", rank=0)
    warnings = " ".join((await alice.get(f"{API}/ranks")).json()["warnings"])
    for expected in (
        "Rank 0, Guild Master, has no role set.",
        "Rank 1, Officer: the role Officer is gone",
        "Rank 2 was Raider and is now Warlord in the game",
        "Ranks 2 (Raider) and 3 (Social) share one role",
    ):
        assert expected in warnings


@pytest.mark.usefixtures("troubled")
async def test_a_word_is_added_with_the_notes_it_changes_and_removed(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    mito = await troubled.player("Someone")
    await troubled.alt("Nightalt", "Nightcrew", mito)
    asked = {"kind": "word", "word": "Nightcrew", "reading": "role", "back": f"{PAGE}/words"}
    preview = await alice.get(f"{PAGE}/preview", params=asked)
    assert "Notes read differently 1" in Seen(preview).text()
    assert "No one here is named “Nightcrew”." in Seen(preview).text()
    await alice.post(f"{API}/changes", data=_hidden(preview))
    assert [each["word"] for each in (await alice.get(f"{API}/words")).json()["words"]] == ["nightcrew"]
    remove = {"kind": "word", "word": "nightcrew", "reading": "default", "back": f"{PAGE}/words"}
    await alice.post(f"{API}/changes", data=_hidden(await alice.get(f"{PAGE}/preview", params=remove)))
    assert (await alice.get(f"{API}/words")).json()["words"] == []


@pytest.mark.usefixtures("troubled")
async def test_a_note_is_tried_and_kept_nowhere(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    note = "alt of Mito zzqy"
    with structlog.testing.capture_logs() as log:
        page = await alice.post(f"{PAGE}/words/try", data={"note": note}, follow_redirects=True)
        tried = (await alice.post(f"{API}/words/try", json={"note": "alt: Mito"})).json()
    assert "zzqy" not in str(log)
    assert "zzqy" in unescape(page.text)
    assert (tried["verdict"], tried["known_words"]) == ("confident", [{"word": "alt", "is_here": "alt, ordinary"}])
    assert tried["sentence"].startswith("Means Mito")
    too_long = await alice.post(f"{PAGE}/words/try", data={"note": "x" * 201}, follow_redirects=True)
    assert "the longest that is read here has 200" in Seen(too_long).text()


@pytest.mark.usefixtures("troubled")
async def test_a_key_is_shown_once_works_and_is_revoked(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    with structlog.testing.capture_logs() as log:
        made = await alice.post(f"{PAGE}/keys", data={"uploader": "Mito & <b>"}, follow_redirects=True)
    shown, secret = (part.split("<")[0].strip() for part in made.text.split('class="key">')[1:])
    assert read_code(shown) == Code("http://patt.test", secret)
    assert "patt watch" in Seen(made).text()
    assert "begins with http://, so others on the way could read the key" in Seen(made).text()
    assert "--key" not in made.text  # a key in a command line can be read by others on that computer
    assert "Mito &amp; &lt;b&gt;" in made.text
    assert "& <b>" not in made.text
    assert "data-live" not in made.text  # what others do would take the page, and the secret, away
    assert [each for each in (secret, shown) if each in str(log)] == []
    async with troubled.pool.connection() as conn:
        assert await credentials.uploader_of_key(conn, secret) is not None
    for path in (f"{PAGE}/keys", f"{PAGE}/history", "/admin/activity?show=actions"):
        assert secret not in (await alice.get(path)).text
    [key] = (await alice.get(f"{API}/keys")).json()
    await alice.post(f"{API}/keys/{key['id']}/revoke", data={"back": f"{PAGE}/keys"})
    assert "Revoked Mito & <b>’s upload key 1." in Seen(await alice.get(f"{PAGE}/keys")).text("status")
    async with troubled.pool.connection() as conn:
        assert await credentials.uploader_of_key(conn, secret) is None
    assert (await alice.post(f"{API}/keys/{key['id']}/revoke")).status_code == 404
    rows = await troubled.rows("select sentence, before, after from guild_identity.setting_changes order by id")
    assert [row[0] for row in rows] == [
        "An upload key for Mito & <b> was made.",
        "The upload key 1 of Mito & <b> was revoked.",
    ]
    assert secret not in str(rows)


@pytest.mark.parametrize("scope", credentials.SCOPES)
async def test_a_token_opens_what_was_chosen_and_is_shown_once(
    alice: httpx2.AsyncClient, troubled: GuildBuilder, scope: str
) -> None:
    made = await alice.post(f"{PAGE}/tokens", data={"name": "dashboard", "scope": scope}, follow_redirects=True)
    secret = made.text.split('class="key">')[1].split("<")[0]
    async with troubled.pool.connection() as conn:
        holder = await credentials.holder_of_token(conn, secret)
    assert holder is not None
    assert (holder.name, holder.scope, holder.guild_id) == ("dashboard", scope, None)
    listed = await alice.get(f"{PAGE}/tokens")
    assert (secret in listed.text, "dashboard" in listed.text) == (False, True)
    await alice.post(f"{API}/tokens/{holder.id}/revoke", data={})
    async with troubled.pool.connection() as conn:
        assert await credentials.holder_of_token(conn, secret) is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " ", "scope": credentials.SCOPES[0]}, "Name: enter a readable name"),
        ({"name": "x", "scope": "everything"}, "Scope: “everything” does not exist"),
        ({"name": "x", "scope": "metrics", "guild_id": "1"}, "metrics cover all guilds"),
        ({"name": "x", "scope": credentials.SCOPES[0], "guild_id": "99"}, "Guild 99 does not exist"),
        ({"name": "x" * 101, "scope": credentials.SCOPES[0]}, "at most 100 characters"),
    ],
)
async def test_a_token_that_cannot_be_is_refused_by_its_field(
    alice: httpx2.AsyncClient, troubled: GuildBuilder, fields: dict[str, str], sentence: str
) -> None:
    answer = await alice.post(f"{PAGE}/tokens", data=fields, follow_redirects=True)
    assert sentence in Seen(answer).text()
    assert (await alice.get(f"{API}/tokens")).json() == []


def test_a_field_whose_name_cannot_be_used_is_translated_once() -> None:
    with speaking(PSEUDO):
        with pytest.raises(BadInput, match=r"^⟦⟦Uploader⟧: enter a readable name"):
            credentials.usable_name("\u200b", tr("Uploader"))
        with pytest.raises(BadInput, match=r"^⟦⟦Name⟧: enter a readable name"):
            credentials.usable_name(" ")


@pytest.mark.usefixtures("troubled")
async def test_a_program_cannot_make_itself_another_token(
    app: FastAPI, anonymous: httpx2.AsyncClient, pool: Pool
) -> None:
    headers = await api_token(pool)
    for path, body in (("tokens", {"name": "more", "scope": credentials.SCOPES[0]}), ("keys", {"uploader": "Mito"})):
        answer = await anonymous.post(f"{API}/{path}", json=body, headers=headers)
        assert answer.status_code == 403
    assert (await anonymous.post(f"{API}/tokens/1/revoke", headers=headers)).status_code == 403


async def test_another_guilds_settings_are_neither_seen_nor_changed(
    alice: httpx2.AsyncClient, app: FastAPI, troubled: GuildBuilder
) -> None:
    other = await GuildBuilder.create(troubled.pool, "Other Watch", "7001")
    saved = await alice.post(f"{API}/changes", json=STALE, params={"guild": other.guild_id})
    change = saved.json()["change_id"]
    bob = await _bob(app, troubled.pool, "administrator", troubled.guild_id)
    assert (await bob.get(f"{API}/rules", params={"guild": other.guild_id})).status_code == 404
    assert (await bob.post(f"{API}/changes/{change}/undo")).status_code == 404
    asked = {"kind": "undo", "change": change, "back": f"{PAGE}/history"}
    assert (await bob.get(f"{PAGE}/preview", params=asked)).status_code == 303
    token = {"name": "x", "scope": credentials.SCOPES[0], "guild_id": other.guild_id}
    assert (await bob.post(f"{API}/tokens", json=token)).status_code == 404


async def test_the_command_for_a_guild_is_safe_in_a_shell(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await guild.execute("update guild_identity.guilds set name = %(name)s", {"name": """Watch'; rm -rf "$HOME\""""})
    command = Seen(await alice.get(f"{PAGE}/guild")).text()
    assert """patt guild add 'Watch'"'"'; rm -rf "$HOME"' --realm""" in command


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "nonsense"},
        {"kind": "undo", "change": "x"},
        {"kind": "undo", "change": "9" * 40},
        {"kind": "ranks"},
        {"kind": "ranks", "role.77": "101"},
        {"kind": "rule", "issue_type": "x" * 100},
        {"kind": "word", "word": "x" * 99, "reading": "role"},
        {},
    ],
)
@pytest.mark.usefixtures("troubled")
async def test_a_form_that_makes_no_sense_leads_back_with_a_sentence(
    alice: httpx2.AsyncClient, fields: dict[str, str]
) -> None:
    refused = await alice.get(f"{PAGE}/preview", params={**fields, "back": f"{PAGE}/words"})
    assert refused.status_code == 303
    assert refused.headers["location"].startswith(f"{PAGE}/words")
    assert (await alice.post(f"{API}/changes", data={**fields, "back": PAGE})).status_code == 303
    assert (await alice.get(f"{API}/changes")).json()["total"] == 0


@pytest.mark.parametrize("path", ["rules", "ranks", "words", "history", "keys", "tokens"])
async def test_a_page_asks_the_same_number_of_questions_however_large_the_guild(
    alice: httpx2.AsyncClient, troubled: GuildBuilder, path: str
) -> None:
    counts = []
    for many in range(2):
        for number in range(20 * many):
            await troubled.character(f"More{'abcdefghijklmnopqrst'[number]}", "Nightcrew")
            await alice.post(f"{API}/keys", json={"uploader": f"Key {number}"})
        with counting_statements() as counted:
            assert (await alice.get(f"{PAGE}/{path}")).status_code == 200
        counts.append(counted.statements)
    assert counts[0] == counts[1]


def _hidden(page: httpx2.Response) -> dict[str, str]:
    """The hidden fields of the form with which a preview is saved."""
    form = page.text.split("<main", 1)[1].split('action="/api/v1/admin/settings/changes', 1)[1].split("</form>", 1)[0]
    pieces = [each.split('"') for each in form.split('<input type="hidden" name="')[1:]]
    return {piece[0]: unescape(piece[2]) for piece in pieces}
