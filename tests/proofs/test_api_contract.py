"""The API keeps to its own description, whatever is sent to it and by whom, and leaves the data sound."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from laws import guild_rows, oracle
from patt.auth import credentials as access
from patt.web.context import SESSION_COOKIE
from proofs.furnishing import Words, furnish
from proofs.fuzzing import Credential, Fuzzing
from simulation import laws
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.simulators.server import serve
from web.helpers import API, api_token, application, own_form, session

READING, CHANGING = frozenset({"GET", "HEAD"}), frozenset({"POST", "PUT", "PATCH", "DELETE"})
REQUESTS_EACH = {READING: 40, CHANGING: 60}
LAWS_OF_ROWS = (
    "never_two_players_for_one_character",
    "never_two_players_for_one_member",
    "never_an_undone_plan_repeated_by_automation",
    "never_two_open_issues_for_one_subject",
    "never_an_upload_given_up",
)


@pytest.fixture
async def furnished(guild: GuildBuilder) -> GuildBuilder:
    """A guild to which everything has happened."""
    await furnish(guild, Words())
    return guild


async def _credentials(pool: Pool, guild: GuildBuilder) -> list[Credential]:
    """Every kind of credential, alone and together."""
    token = await session(pool)
    cookies = {SESSION_COOKIE: token}
    async with pool.connection() as conn:
        for number in range(12):  # what is made up revokes the first ones
            await access.create_upload_key(conn, f"Early {number}", guild_id=guild.guild_id, created_by="test")
        key = await access.create_upload_key(
            conn, "Zork", guild_id=guild.guild_id, created_by="test", may_fetch_notes=True
        )
    ours = {"Sec-Fetch-Site": "same-origin", **own_form(token)}
    theirs = {**ours, "Sec-Fetch-Site": "cross-site"}
    robot, bound = await api_token(pool, "robot"), await api_token(pool, "bound", guild.guild_id)
    return [
        Credential("session", ours, cookies, is_good=True),
        Credential("token", robot, is_good=True),
        Credential("token of one guild", bound, is_good=True),
        Credential("upload key", {"X-API-Key": key}, is_good=True),
        Credential("session and upload key", {**ours, "X-API-Key": key}, cookies, is_good=True),
        Credential("token and upload key", {**robot, "X-API-Key": key}, is_good=True),
        Credential("session, from another site", theirs, cookies),
        Credential("nothing"),
        Credential("what was guessed", {"Authorization": "Bearer guessed", "X-API-Key": "guessed"}),
    ]


async def _broken_laws(pool: Pool, guild: GuildBuilder) -> dict[str, object]:
    """What the rows say that can never be so."""
    broken: dict[str, object] = {}
    async with pool.connection() as conn:
        for law in LAWS_OF_ROWS:
            broken[law] = await (await conn.execute(laws.SQL[law])).fetchall()
    broken["players made by nobody"] = await guild.rows(
        "select id, created_by from guild_identity.players where created_by !~ '^((officer|token) |test$)'"
    )
    # The oracle knows the rulebook's own thresholds, and what was made up has changed them.
    await guild.execute("delete from guild_identity.rule_settings")
    await run_integrity_check(pool, guild_id=guild.guild_id)
    logged = await guild.rows(
        "select issue_type, coalesce(wow_character_id, discord_member_id, player_id) "
        "from guild_identity.audit_issues where guild_id = %(guild)s and resolved_at is null"
    )
    found = oracle.find(await guild_rows.Guild.read(pool, guild.guild_id, int(time.time() * 1000)))
    for issue_type in RULES:
        open_now = {subject for each, subject in logged if each == issue_type}
        broken[issue_type] = open_now ^ found.get(issue_type, set())
    return {law: seen for law, seen in broken.items() if seen}


@pytest.mark.parametrize("methods", [READING, CHANGING], ids=["reading", "changing"])
async def test_whatever_is_sent_the_answer_is_one_that_is_described_and_the_data_stay_sound(
    pool: Pool, furnished: GuildBuilder, methods: frozenset[str]
) -> None:
    patient: FastAPI = application(pool, clock=itertools.count(step=3600).__next__)
    patient.state.services = replace(patient.state.services, secret=InstallationSecret("of these tests alone " * 2))
    credentials = await _credentials(pool, furnished)
    async with serve(patient) as base_url, _streams_that_end(patient):
        fuzzing = Fuzzing(patient.openapi(), base_url, credentials, await _names(furnished))
        wrong = await asyncio.to_thread(fuzzing.try_all, methods, REQUESTS_EACH[methods])
    assert wrong == [], "\n\n".join(wrong)
    assert await _broken_laws(pool, furnished) == {}
    served = {credential for credential, _, status in fuzzing.answers if status < 300}
    assert served >= {each.name for each in credentials if each.is_good}


async def test_a_body_that_is_no_text_is_bad_input_like_any_other(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    body = b"\xff\xfe{"
    answer = await alice.post(f"{API}/issues/1/dismiss", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:patt:problem:bad-input")
    assert answer.json()["detail"] == "The request is not readable. Send JSON in UTF-8."


@contextlib.asynccontextmanager
async def _streams_that_end(app: FastAPI) -> AsyncIterator[None]:
    """End every stream of events soon after it began, as a server that stops does: whoever asks waits for its end."""

    async def end_them() -> None:
        while True:
            await asyncio.sleep(0.1)
            app.state.live.close()

    ending = asyncio.create_task(end_them())
    try:
        yield
    finally:
        ending.cancel()


async def _names(guild: GuildBuilder) -> list[str]:
    """What people of the guild are called, by number and by name."""
    rows = await guild.rows(
        "select id::text from guild_identity.players union all select id::text from guild_identity.wow_characters "
        "union all select display_name from guild_identity.players "
        "union all select alias from guild_identity.player_note_aliases"
    )
    return [str(row[0]) for row in rows]
