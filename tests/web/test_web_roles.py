"""Every route in every role, with a session or a token, of this guild or of another: what is declared is what happens."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.auth import credentials, sessions
from patt.auth.credentials import Scope
from patt.auth.permissions import ROLES, Role
from patt.web.context import SESSION_COOKIE
from patt.web.security import FORM_HEADER, form_token_of
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.roster import uploads
from sv_common.guild_sync.sources.addon.export import read_addon_export_json
from web.helpers import PAGE, PLAYERS, asker, bound_session
from web.test_web_routes import Way, all_that_is_written, all_ways

SCOPE_OF_ROLE: dict[Role, Scope] = {"viewer": "read", "officer": "write", "administrator": "admin"}
ENDS_THE_SESSION = ("/logout", "/api/v1/admin/account/sessions/revoke-all")


def _may(way: Way, role: Role) -> bool:
    return any(ROLES.index(role) >= ROLES.index(asked) for asked in ROLES if asked in way.audiences)


async def _session(pool: Pool, role: Role, guild_id: int | None) -> dict[str, str]:
    """Headers of a browser in which somebody in this role is signed in, on a page of their own."""
    secret = await bound_session(pool, f"{role} of {guild_id}", role, guild_id)
    cookie = f"{SESSION_COOKIE}={secret}"
    return {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", FORM_HEADER: form_token_of(secret)}


async def _token(pool: Pool, role: Role, guild_id: int | None) -> dict[str, str]:
    async with pool.connection() as conn:
        token = await credentials.create_api_token(
            conn, f"{role} of {guild_id}", guild_id=guild_id, scope=SCOPE_OF_ROLE[role], created_by="test"
        )
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ["session", "token"])
async def test_each_role_gets_what_a_route_declares_and_nothing_more(
    patient: FastAPI, pool: Pool, troubled: GuildBuilder, theirs: dict[str, int], role: Role, kind: str
) -> None:
    headers = await (_session if kind == "session" else _token)(pool, role, troubled.guild_id)
    before, refused = await all_that_is_written(troubled), 0
    async with asker(patient) as client:
        for way in all_ways(patient):
            if not way.is_for_a_role or way.path in ENDS_THE_SESSION or (kind == "token" and way.is_page):
                continue
            if _may(way, role) and way.method != "GET":
                continue  # what it does then is told elsewhere
            answer = await way.ask(client, theirs, headers, troubled.guild_id)
            if not _may(way, role):
                refused += 1
                assert answer.status_code == 403, (way.method, way.path, answer.status_code)
            elif way.path != "/metrics":
                assert answer.status_code not in (401, 403), (way.method, way.path, answer.text)
    assert await all_that_is_written(troubled) == before
    assert bool(refused) is (role != "administrator")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ["session", "token"])
async def test_in_no_role_is_anything_of_another_guild_seen_or_changed(
    patient: FastAPI, pool: Pool, troubled: GuildBuilder, theirs: dict[str, int], role: Role, kind: str
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    headers = await (_session if kind == "session" else _token)(pool, role, other.guild_id)
    numbers = {**theirs, **await _with_access(troubled)}
    before = await all_that_is_written(troubled)
    async with asker(patient) as client:
        for way in all_ways(patient):
            if not way.is_for_a_role or way.path in ENDS_THE_SESSION or (kind == "token" and way.is_page):
                continue
            for guild in (None, troubled.guild_id):
                answer = await way.ask(client, numbers, headers, guild)
                assert answer.status_code != 401, f"{way.method} {way.path}: whoever asks here is signed in"
                assert "Lantern Watch" not in answer.text, (way.method, way.path)
                if guild is not None and "guild" in way.query:
                    assert answer.status_code in (303, 403, 404, 422), (way.method, way.path, answer.text)
    assert await all_that_is_written(troubled) == before


async def _with_access(guild: GuildBuilder) -> dict[str, int]:
    """Give a guild a session, a key, a token, and an upload that was given up; return their numbers."""
    export = read_addon_export_json(b'{"characters": [{"name": "Mito", "note": "main"}]}')
    await bound_session(guild.pool, "watcher", "officer", guild.guild_id)
    async with guild.pool.connection() as conn:
        (session, *_) = await sessions.sessions(conn, guild_id=guild.guild_id)
        await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
        await credentials.create_api_token(conn, "robot", guild_id=guild.guild_id, created_by="test")
        (key, *_), tokens = await credentials.upload_keys(conn, guild.guild_id), await credentials.api_tokens(conn)
        (token,) = (each for each in tokens if each.name == "robot")
        upload = await uploads.receive(GuildConnection(conn, guild.guild_id), key.id, export)
        await uploads.give_up(GuildConnection(conn, guild.guild_id), upload.upload_id, "Given up: it failed 6 times.")
    return {"session_id": session.id, "key_id": key.id, "token_id": token.id, "upload_id": upload.upload_id}


@pytest.mark.parametrize("path", [PAGE, PLAYERS, "/admin/full-match", "/admin/activity", "/admin/settings/officers"])
async def test_pages_show_only_the_guilds_in_reach(
    patient: FastAPI, pool: Pool, troubled: GuildBuilder, path: str
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    bound, free = await _session(pool, "administrator", other.guild_id), await _session(pool, "administrator", None)
    async with asker(patient) as client:
        seen = await client.get(path, headers=bound)
        assert seen.status_code == 200
        assert "Lantern Watch" not in seen.text
        everything = await client.get(path, headers=free)
        assert "Lantern Watch" in everything.text
        assert "Other Watch" in everything.text


@pytest.mark.parametrize("path", [PAGE, "/admin/full-match", "/admin/players/1", "/admin/players/characters/1"])
async def test_a_viewer_sees_no_button_that_changes_something(
    patient: FastAPI, pool: Pool, troubled: GuildBuilder, path: str
) -> None:
    viewer, officer = await _session(pool, "viewer", None), await _session(pool, "officer", None)
    async with asker(patient) as client:
        shown = await client.get(path, headers=viewer)
        assert (shown.status_code, _changing_forms(shown)) == (200, [])
        assert _changing_forms(await client.get(path, headers=officer)) != [] or path.startswith("/admin/players/")


def _changing_forms(page: httpx2.Response) -> list[str]:
    forms = page.text.split("<form")[1:]
    return [form for form in forms if 'method="post"' in form and 'action="/logout"' not in form]


async def test_a_link_without_a_role_leaves_the_account_as_it_is(pool: Pool, guild: GuildBuilder) -> None:
    async with pool.connection() as conn:
        link = await credentials.create_login_link(conn, "bob", role="viewer", guild_id=guild.guild_id)
        account = await credentials.account_of_login_link(conn, link)
        again = await credentials.account_of_login_link(conn, await credentials.create_login_link(conn, "bob"))
    assert account is not None
    assert (account.role, account.guild_id) == ("viewer", guild.guild_id)
    assert again == account
