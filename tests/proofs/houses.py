"""Applications on a real server with guilds in every condition: lived in, named by somebody hostile, bare, and none."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx2
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.auth.permissions import ROLES, Role
from patt.web.context import SESSION_COOKIE
from proofs.furnishing import Words, furnish
from proofs.walking import View, Walk, Walker, names_in
from server_folders import TEMPLATE
from sv_common.db import embedded
from sv_common.db.pool import Pool, make_pool
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.simulators.server import serve
from web.helpers import application, bound_session, login_link, session

ENOUGH_FOR_TWO_PAGES = 60

LEADS_ON = frozenset(
    {
        "/",
        "/admin",
        "/admin/",
        "/admin/settings",
        "/claim/battlenet",
        "/claim/battlenet/callback",
        "/claim/discord",
        "/admin/settings/guild/move",  # where Battle.net, which the houses do not have, finds nothing
        "/login/discord",
        "/login/discord/callback",
        "/login/guild",
        "/login/restored",
    }
)
"""Addresses that lead to a page and are none."""

MORE_VIEWS = (
    "/admin/players?search=mito",
    "/admin/players?search=nobody-is-called-so",
    "/admin/players?search=%00",
    "/admin/players?show=all&search=%3Cb%20class=owned%3E",
    "/admin/search?q=mito",
    "/admin/search?q=nobody-is-called-so",
    "/admin/search?q=%3Cb%20class=owned%3E",
    "/admin/search?q=%23{issue_id}",
    "/admin/players/preview?decision=link&guild={guild_id}&character={character_id}&player={player_id}",
    "/admin/players/preview?decision=add_alias&guild={guild_id}&alias=Somebody&player={player_id}",
    "/admin/data-quality/preview?guild={guild_id}&issue_ids={issue_id}",
    "/admin/data-quality/attempts/undo?guild={guild_id}&attempts={attempt_id}",
    "/admin/data-quality/preview/all?guild={guild_id}",
    "/admin/data-quality/preview/all?guild={guild_id}&state=dismissed",
    "/admin/data-quality/issues/{issue_id}?search=o",
    "/admin/data-quality/issues/{issue_id}?search=%3Cb%20class=owned%3E",
    "/admin/settings/preview?guild={guild_id}&kind=word&word=Quux&reading=profession",
    "/admin/settings/preview?guild={guild_id}&kind=rule&issue_type=orphan_wow&is_enabled=false",
    "/admin/settings/preview?guild={guild_id}&kind=ranks&roles.1.role=none",
    "/admin/settings/officers/preview?guild={guild_id}&kind=rank&key=1&role=viewer",
    "/admin/inbox/999999?guild={guild_id}",
    "/admin/inbox/{key}?find=mito",
    "/admin/inbox/{key}?find=nobody-is-called-so",
    "/admin/inbox/{key}?find=%3Cb%20class=owned%3E",
    "/admin/inbox/999999/next?then=",
    "/admin/activity?show=actions&actor=nobody",
    "/admin/activity?status=failed",
    "/admin/activity/losses?guild={guild_id}",
    "/admin/setup?step=battlenet&anew=true",
    "/admin/setup?step=guild&new=true",
    "/admin/setup?step=discord&anew=true",
    "/admin/setup?step=key&anew=true",
    "/admin/setup?step=match",
)
"""Views to which no link leads: what forms ask for. `{name}` stands for the first of the numbers of that name."""

REFUSALS = (
    View("(an unknown page)", "/admin/nothing-is-here", 404),
    View("(an unknown issue)", "/admin/data-quality/issues/999999", 404),
    View("(an address that cannot be used)", "/admin/data-quality?page=0", 422),
    View("(a useless link)", "/login/useless", 401),
)
"""Pages that say why there is nothing to see."""


@dataclass(frozen=True)
class House:
    """An application that is served at an address, an officer's session, and the numbers of what there is to see."""

    app: FastAPI
    base_url: str
    session: str
    numbers: Mapping[str, Sequence[object]]
    is_lived_in: bool = True
    sessions: Mapping[Role, str] = field(default_factory=dict)
    _walks: list[Walk] = field(default_factory=list)

    def client(self, role: Role | None = None) -> httpx2.AsyncClient:
        """Return a client that is signed in, on request in a role."""
        session = self.sessions[role] if role else self.session
        return httpx2.AsyncClient(base_url=self.base_url, cookies={SESSION_COOKIE: session}, timeout=30)

    async def walk(self) -> Walk:
        """Return every page, in each of its views where people live, and refusals; they are visited when this is asked first."""
        if not self._walks:
            self._walks.append(await self._walk())
        return self._walks[0]

    async def _walk(self) -> Walk:
        known = {name: values[0] for name, values in self.numbers.items() if values}
        async with self.client() as client:
            more = [address.format(**known) for address in MORE_VIEWS if known.keys() >= names_in(address)]
            walk = await Walker(self.app, client, self.numbers).walk(more, LEADS_ON, follows_links=self.is_lived_in)
            for view in REFUSALS:
                answer = await client.get(view.address)
                assert answer.status_code == view.status, view
                walk.sources[view], walk.sizes[view] = answer.text, answer.num_bytes_downloaded
        walk.views += REFUSALS
        return walk


@contextlib.asynccontextmanager
async def opened(
    server: embedded.EmbeddedServer,
    name: str,
    fill: Callable[[Pool], Awaitable[None]],
    officer: str = "alice",
    *,
    is_lived_in: bool = True,
) -> AsyncIterator[House]:
    """Serve the application on a database of its own that was filled before."""
    url = embedded.clone_database(server, TEMPLATE, name)
    async with make_pool(url) as pool:
        await pool.wait()
        await fill(pool)
        # Each time this clock is read an hour has passed: nobody is told to wait.
        app = application(pool, clock=itertools.count(step=3600).__next__)
        async with app.state.live.listening(), serve(app) as base_url:
            sessions = {role: await bound_session(pool, f"some {role}", role, None) for role in ROLES}
            own, numbers = await _session_of(pool, officer), await numbers_of(pool)
            yield House(app, base_url, own, numbers, is_lived_in, sessions)


async def _session_of(pool: Pool, officer: str) -> str:
    """Sign somebody in who is called anything, such as no sign-in link can be made for but Discord may call them."""
    token = await session(pool)
    async with pool.connection() as conn:
        await conn.execute("update common.admin_accounts set name = %s where name = 'alice'", [officer])
    return token


async def numbers_of(pool: Pool) -> dict[str, list[object]]:
    """Return what can stand in the path of a page: of each name the rows that look different from one another."""
    async with pool.connection() as conn:
        rows = await conn.execute(_NUMBERS)
        numbers = {name: [value for value in values if value is not None] for name, values in await rows.fetchall()}
    return numbers | {"issue_type": list(RULES), "token": [await login_link(pool, "somebody new")]}


async def furnish_lived_in(pool: Pool) -> None:
    """Two guilds; in the first one everything has happened, and its lists have more than one page."""
    guild = await GuildBuilder.create(pool)
    for place in range(ENOUGH_FOR_TWO_PAGES):
        letters = f"{chr(97 + place // 26)}{chr(97 + place % 26)}"
        await guild.main(f"Sundweller{letters}")
        await guild.character(f"Wanderer{letters}", f"knows somebody named Quux{letters}")
    await furnish(guild, Words())
    await GuildBuilder.create(pool, "Other Watch", "7001")


async def furnish_bare(pool: Pool) -> None:
    """A guild with nobody in it, which was looked at once."""
    guild = await GuildBuilder.create(pool)
    await run_integrity_check(pool, guild_id=guild.guild_id)


async def furnish_nothing(pool: Pool) -> None:
    """No guild at all."""


_NUMBERS = """
    select 'issue_id', array(
        select distinct on (issue_type, resolved_at is null, dismissed_at is null) id
        from guild_identity.audit_issues order by issue_type, resolved_at is null, dismissed_at is null, id)
    union all
    select 'character_id', array(
        select distinct on (l.character_id is null, c.removed_at is null, e.character_id is null) c.id
        from guild_identity.wow_characters c
        left join guild_identity.player_characters l on l.character_id = c.id
        left join guild_identity.link_rejections e on e.character_id = c.id
        order by l.character_id is null desc, c.removed_at is null, e.character_id is null, c.id)
    union all
    select 'player_id', array(
        select player_id from guild_identity.player_characters group by player_id order by count(*) desc, player_id limit 2)
    union all
    select 'request_id', array(select id from guild_identity.match_requests order by id limit 2)
    union all
    select 'attempt_id', array(select id from guild_identity.fix_attempts order by id limit 2)
    union all
    select 'job_id', array(select id from guild_identity.work_requests order by id limit 1)
    union all
    select 'upload_id', array(select id from guild_identity.addon_uploads order by id limit 2)
    union all
    select 'key', array(
        select distinct on (issue_type) id from guild_identity.audit_issues
        where resolved_at is null and dismissed_at is null order by issue_type, id)
    union all
    select 'guild_id', array(select id from guild_identity.guilds order by id limit 1)
"""
