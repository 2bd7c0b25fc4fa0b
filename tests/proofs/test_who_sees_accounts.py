"""What rests on account evidence is seen by a guild's officers, and by nobody else, on whatever page and by whatever route.

The routes are taken from the application itself, so a new one is judged here without being listed. Each is asked with the
numbers of all rows that there are, by sessions and tokens of both kinds.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.auth import credentials
from patt.auth.credentials import Scope
from patt.auth.permissions import ROLES, Role
from patt.bootstrap import Services
from patt.worker.running import run_full_match, run_next_job
from sv_common.guild_sync import mitigations, reporter
from sv_common.guild_sync.engine.results import FixReport
from sv_common.guild_sync.erasing import person
from sv_common.guild_sync.erasing.export import export_person
from sv_common.guild_sync.identity.accounts.decisions import ShareAccount
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.reports import CheckReport, Reconciliation
from sv_common.guild_sync.jobs import matches, requests
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, BASE_URL, application, asker, bound_session, issue_number, officer, settings
from web.kept_answers import addresses as kept_addresses
from web.kept_answers import keeping
from web.test_web_routes import all_ways

_TELLING = re.compile(
    r"account_conflict|Account Contradicts|(?:same|one) Battle\.net account|on (?:this|one) account|battle pets: it is"
    r"|Battle\.net accounts? ha(?:s|ve) |play on (?:it|the account|this account)|The account is not known"
)
"""What only officers may read."""

_ROWS = {
    "issue_id": "guild_identity.audit_issues",
    "key": "guild_identity.audit_issues",
    "attempt_id": "guild_identity.fix_attempts",
    "request_id": "guild_identity.match_requests",
    "job_id": "guild_identity.work_requests",
    "character_id": "guild_identity.wow_characters",
    "player_id": "guild_identity.players",
}
_NEVER_ENDS = "/live"
_ALICE = "officer alice"
_HIGHEST_FIRST: tuple[Role, ...] = ("administrator", "officer", "viewer")
_SCOPES: tuple[Scope, ...] = ("read", "write")
_MORE = (
    "/admin/players?show=all",
    "/admin/search?q=Quorra",
    "/admin/search?q=account",
    "/admin/data-quality?state=all",
    "/admin/data-quality?state=dismissed",
    "/admin/data-quality/preview/all",
    "/admin/activity?show=actions",
    f"{API}/issues?issue_type=account_conflict",
    f"{API}/issues?state=resolved",
    f"{API}/rules",
)


@dataclass(frozen=True)
class Told:
    """What somebody was told, by address."""

    answers: dict[str, httpx2.Response]

    @property
    def telling(self) -> dict[str, set[str]]:
        seen = {address: answer for address, answer in self.answers.items() if answer.status_code == 200}
        found = {address: set(_TELLING.findall(answer.text)) for address, answer in seen.items()}
        return {address: words for address, words in found.items() if words}


async def furnish(guild: GuildBuilder) -> None:
    """Let a guild have everything that account evidence leads to: suggestions, links, conflicts, decisions, and their past."""
    pool, number = guild.pool, guild.guild_id
    await guild.execute("update guild_identity.guilds set audit_channel_id = '5001' where id = %(guild)s")
    await _people(guild)
    await run_integrity_check(pool, guild_id=number)
    await mitigations.run_auto_mitigations(pool, guild_id=number)
    conflicts = [
        row[0]
        for row in await guild.rows(
            "select id from guild_identity.audit_issues where issue_type = 'account_conflict' order by id"
        )
    ]
    await mitigations.fix_one(pool, conflicts[0], actor=_ALICE, guild_id=number, discord_bot=None)
    async with pool.writing(number, alone=False) as here:
        await lifecycle.dismiss(here, conflicts[1], actor=_ALICE, reason="A couple.")
    await apply_decision(pool, ShareAccount("Zeph", "They live together."), actor=_ALICE, guild_id=number)
    shared = await apply_decision(pool, ShareAccount("Nobody"), actor=_ALICE, guild_id=number)
    await mitigations.undo(pool, shared.attempt_id or 0, actor=_ALICE, guild_id=number)
    await _automatic(guild)
    await _jobs(guild, conflicts[2])
    denied = await issue_number(guild, "orphan_wow", "Densel")
    await mitigations.fix_one(pool, denied, actor=_ALICE, guild_id=number, discord_bot=None)


async def _people(guild: GuildBuilder) -> None:
    quorra = await guild.player("Quorra")
    main, stays = await guild.character("Quorra"), await guild.character("Altrek", "alt of Sol")
    await guild.link(main, quorra, source="manual", as_main=True)
    await guild.link(stays, quorra)
    await guild.account(main, await guild.character("Ilmarin"), await guild.character("Densel", "alt of Sol"), stays)
    for one, other in (("Sol", "Moor"), ("Vera", "Wulf"), ("Xara", "Yorn"), ("Zeph", "Zora")):
        await guild.main(one)
        await guild.main(other)
        unlinked = [await guild.character("Heath")] if one == "Sol" else []
        await guild.account(*await _characters(guild, one, other), *unlinked)
    await guild.account(await guild.character("Nobody"), await guild.character("Neither"))


async def _automatic(guild: GuildBuilder) -> None:
    """Let automation link by account evidence, and then be told only to suggest."""
    await guild.execute("update guild_identity.account_settings set mode = 'automatic'")
    await mitigations.run_auto_mitigations(guild.pool, guild_id=guild.guild_id)
    linked = await guild.rows("select character_id from guild_identity.player_characters where basis = 'account'")
    assert [row[0] for row in linked] == await _characters(guild, "Ilmarin")
    (main,) = await _characters(guild, "Quorra")
    await guild.account(await guild.character("Silent"))
    await guild.execute(
        "update guild_identity.account_evidence set account = %(main)s where character_id = any (%(ids)s)",
        {"main": main, "ids": await _characters(guild, "Silent")},
    )


async def _jobs(guild: GuildBuilder, conflict: int) -> None:
    """Let workers scan, fix and match, on an officer's request."""
    services = Services(settings(BASE_URL), guild.pool, Sources())
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("scan", {}),
        ("fix_all", {"issue_type": "account_conflict"}),
        ("fix_selected", {"issue_ids": [conflict]}),
    )
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        for kind, arguments in asked:
            await requests.ask(here, kind, arguments, actor=_ALICE)
        await matches.ask(here, actor=_ALICE)
    while await run_next_job(services, guild.guild_id):
        pass
    await run_full_match(services, guild.guild_id)
    await guild.execute("update guild_identity.issue_events set at = at - interval '1 hour'")


async def _characters(guild: GuildBuilder, *names: str) -> list[int]:
    rows = await guild.rows(
        "select id from guild_identity.wow_characters where character_name = any (%(names)s) order by id",
        {"names": list(names)},
    )
    return [row[0] for row in rows]


async def _addresses(guild: GuildBuilder, app: FastAPI) -> list[str]:
    """Return the address of everything that can be looked at, with the numbers of all rows."""
    known = {
        name: [row[0] for row in await guild.rows(f"select id from {table} order by id")]  # noqa: S608 -- names of this file
        for name, table in _ROWS.items()
    }
    values: dict[str, list[Any]] = {**known, "issue_type": list(RULES)}
    found = [*_MORE]
    for way in all_ways(app):
        names = re.findall(r"{(\w+)}", way.path)
        is_asked = way.method == "GET" and way.is_for_a_role and not way.path.endswith(_NEVER_ENDS)
        if is_asked and values.keys() >= set(names):
            every = itertools.product(*(values[name] for name in names))
            found += [way.path.format(**dict(zip(names, given, strict=True))) for given in every]
    found += [f"/admin/data-quality/attempts/undo?attempts={number}" for number in known["attempt_id"]]
    return [*found, *(f"/admin/data-quality/preview?issue_ids={number}" for number in known["issue_id"])]


async def _told(client: httpx2.AsyncClient, addresses: Iterable[str]) -> Told:
    answers = {}
    for address in addresses:
        answer = await client.get(address)
        assert answer.status_code < 500, (address, answer.text[:500])
        answers[address] = answer
    return Told(answers)


@pytest.fixture
async def house(guild: GuildBuilder) -> GuildBuilder:
    await furnish(guild)
    return guild


async def test_viewers_learn_nothing_of_accounts_and_officers_do(house: GuildBuilder) -> None:
    app = application(house.pool, clock=itertools.count(step=3600).__next__)
    addresses = await _addresses(house, app)
    told: dict[str, Told] = {}
    for role in ROLES:
        secret = await bound_session(house.pool, f"some {role}", role, house.guild_id)
        async with officer(app, secret) as client:
            told[role] = await _told(client, addresses)
    assert told["viewer"].telling == {}
    for role in ("officer", "administrator"):
        routes = " ".join(told[role].telling)
        for part in ("/admin/inbox", "/admin/data-quality", "/admin/activity", "/admin/players/", "/admin/search", API):
            assert part in routes, part
    words = set().union(*told["officer"].telling.values())
    assert len(words) > 5, words


async def test_a_program_that_may_only_read_learns_nothing_either(house: GuildBuilder) -> None:
    app = application(house.pool, clock=itertools.count(step=3600).__next__)
    addresses = [each for each in await _addresses(house, app) if each.startswith("/api")]
    told = {}
    for scope in _SCOPES:
        async with house.pool.connection() as conn:
            token = await credentials.create_api_token(
                conn, scope, guild_id=house.guild_id, created_by="test", scope=scope
            )
        async with asker(app, headers={"Authorization": f"Bearer {token}"}) as client:
            told[scope] = await _told(client, addresses)
    assert told["read"].telling == {}
    assert len(told["write"].telling) > 5


async def test_a_viewer_reads_that_only_officers_see_what_a_question_rests_on(house: GuildBuilder) -> None:
    app = application(house.pool)
    denied = await issue_number(house, "orphan_wow", "Densel")
    silent = await issue_number(house, "orphan_wow", "Silent")
    pages = [f"/admin/data-quality/issues/{silent}", f"/admin/inbox/{silent}"]
    told = {}
    for role in ROLES:
        secret = await bound_session(house.pool, f"some {role}", role, house.guild_id)
        async with officer(app, secret) as client:
            told[role] = await _told(client, [*pages, f"{API}/issues/{denied}", f"/admin/data-quality/issues/{denied}"])
    for page in pages:
        assert told["viewer"].answers[page].status_code == 200
        assert "Quorra" not in told["viewer"].answers[page].text, page
        assert "Quorra" in told["officer"].answers[page].text, page
    kept = told["viewer"].answers[f"{API}/issues/{denied}"].json()["review_reason"]
    assert kept == "The note means Sol, but something speaks against that. Only officers see what this rests on."
    assert "Same Battle.net account as" in told["officer"].answers[f"/admin/data-quality/issues/{denied}"].text


async def test_a_link_by_account_stays_a_link_and_counts_by_basis_stay(house: GuildBuilder) -> None:
    (linked,) = await _characters(house, "Ilmarin")
    secret = await bound_session(house.pool, "vera", "viewer", house.guild_id)
    async with officer(application(house.pool), secret) as client:
        character = (await client.get(f"/api/v1/admin/players/characters/{linked}")).json()
        assert (character["player"], character["character"]["basis"]) == ("Quorra", "account")
        assert "1 by the same account" in (await client.get("/admin/players")).text


async def test_what_is_kept_of_officers_pages_is_given_to_no_viewer(house: GuildBuilder) -> None:
    app = keeping(house.pool)
    numbers = [row[0] for row in await house.rows("select id from guild_identity.audit_issues order by id")]
    pages = kept_addresses(house.guild_id, numbers)
    for _ in range(2):
        for role in _HIGHEST_FIRST:
            secret = await bound_session(house.pool, "the same name", role, house.guild_id)
            async with officer(app, secret) as client:
                told = await _told(client, pages)
            assert bool(told.telling) == (role != "viewer"), (role, told.telling)


async def test_no_message_on_discord_and_no_export_of_a_person_tells_it(house: GuildBuilder) -> None:
    pool, number = house.pool, house.guild_id
    check = await run_integrity_check(pool, guild_id=number)
    opened = CheckReport([replace(each, moves=Reconciliation(opened=7)) for each in check.checks])
    summary = reporter.summary_text(opened, FixReport([])) or ""
    digest = await reporter.preview_digest(pool, guild_id=number)
    assert digest is not None
    assert "Unlinked WoW Character" in summary
    assert "Unlinked WoW Character" in str(digest)
    assert not _TELLING.findall(summary + str(digest))
    told = 0
    async with pool.reading(number) as here:
        for name in ("Sol", "Vera", "Quorra"):
            data = await export_person(here, await person.find(here, name))
            assert not _TELLING.findall(str(data)), name
            told += "account_evidence" in str(data)
    assert told
