"""The activity page and its API: the sync log, jobs, who did what, and all of it as files."""

from __future__ import annotations

import csv
import io
import json
import re

import httpx2
import pytest

from guild_builder import GuildBuilder
from patt.auth import credentials
from patt.queue.tasks import Task, open_queue
from sv_common.db.pool import GuildConnection, counting_statements
from sv_common.guild_sync import mitigations, scheduler
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.identity.decisions import UnlinkCharacter
from sv_common.guild_sync.identity_engine import apply_decision, run_matching
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.jobs import matches
from sv_common.guild_sync.roster import uploads
from sv_common.guild_sync.sources.addon.export import read_addon_export_json
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import Seen, api_token, issue_number, see

ACTIVITY = "/admin/activity"
API = "/api/v1/admin/activity"


@pytest.fixture
async def busy(troubled: GuildBuilder) -> GuildBuilder:
    """A guild in which a sweep was done, a sync of Discord failed, and officers and automation have acted."""
    pool, guild_id = troubled.pool, troubled.guild_id
    await scheduler.run_sweep(pool, guild_id=guild_id, sources=Sources())
    with pytest.raises(ConfigurationError):
        await scheduler.run_discord_sync(pool, guild_id=guild_id, sources=Sources(), actor="officer bob")
    fixed = await mitigations.fix_one(pool, await issue_number(troubled, "orphan_wow", "Newalt"), actor="officer alice")
    assert fixed.attempt_id is not None
    await mitigations.undo(pool, fixed.attempt_id, actor="officer bob")
    async with pool.writing(guild_id, alone=False) as guild:
        number = await issue_number(troubled, "orphan_wow", "Riddle")
        await lifecycle.dismiss(guild, number, actor="officer alice", reason="=HYPERLINK(1)", until=None)
        await matches.ask(guild, actor="officer carol")
    return troubled


@pytest.mark.usefixtures("guild")
async def test_where_nothing_happened_yet_the_lists_are_empty(alice: httpx2.AsyncClient) -> None:
    assert "No jobs are waiting or running. " in (page := (await see(alice, ACTIVITY)).text("content"))
    assert "No runs match." in page
    assert "No exports yet." in page
    assert "No activity matches." in (await see(alice, ACTIVITY, show="actions")).text("content")


@pytest.mark.usefixtures("busy")
async def test_runs_are_shown_with_their_steps_and_what_went_wrong(alice: httpx2.AsyncClient) -> None:
    text = (await see(alice, ACTIVITY)).text("content")
    assert "failed Discord by bob just now" in text
    assert "Discord is not set up: set PATT_DISCORD_BOT_TOKEN." in text
    assert "done Daily check by schedule just now" in text
    assert "integrity check" in text
    assert text.rindex("by bob") < text.rindex("by schedule")


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("query", "pipelines"),
    [
        ({}, ["discord_sync", "sweep"]),
        ({"pipeline": "sweep"}, ["sweep"]),
        ({"status": "failed"}, ["discord_sync"]),
        ({"pipeline": "sweep", "status": "failed"}, []),
        ({"since": "2999-01-01"}, []),
        ({"since": "2020-01-01"}, ["discord_sync", "sweep"]),
    ],
)
async def test_runs_are_filtered(alice: httpx2.AsyncClient, query: dict[str, str], pipelines: list[str]) -> None:
    answer = (await alice.get(f"{API}/runs", params=query)).json()
    assert [run["pipeline"] for run in answer["items"]] == pipelines
    assert answer["total"] == len(pipelines)
    assert [run["pipeline"] for run in (await alice.get(f"{API}/runs.json", params=query)).json()] == pipelines
    assert f"{len(pipelines)} total" in (await see(alice, ACTIVITY, **query)).text("content")


@pytest.mark.usefixtures("busy")
async def test_who_did_what_is_told_newest_first(alice: httpx2.AsyncClient) -> None:
    actions = (await alice.get(f"{API}/actions")).json()["items"]
    assert [(action["actor"], action["what"]) for action in actions if not action["is_automatic"]] == [
        ("officer carol", "requested"),
        ("officer alice", "dismissed"),
        ("officer bob", "undone"),
        ("officer alice", "fixed"),
    ]
    assert "'Newalt' has no player link" in actions[-2]["subject"]
    text = (await see(alice, ACTIVITY, show="actions")).text("content")
    assert "undone 'Newalt' has no player link by bob" in text


@pytest.mark.usefixtures("busy")
async def test_actions_are_filtered_by_who_did_them(alice: httpx2.AsyncClient) -> None:
    text = (await see(alice, ACTIVITY, show="actions", actor="officer bob")).text("content")
    assert "1 total" in text
    assert "by alice" not in text
    assert (await alice.get(f"{API}/actions", params={"actor": "nobody"})).json()["total"] == 0
    assert (await alice.get(f"{API}/actions", params={"actor": "a\x00"})).status_code == 422


async def test_what_was_done_manually_or_as_a_whole_is_told_too(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    await apply_decision(troubled.pool, UnlinkCharacter("Grimalt"), actor="officer alice")
    await run_matching(troubled.pool, actor="root")
    text = (await see(alice, ACTIVITY, show="actions")).text("content")
    assert "fixed Full match by root" in text
    assert "fixed Manual by alice" in text


@pytest.mark.usefixtures("busy")
async def test_a_file_of_actions_holds_no_formula(alice: httpx2.AsyncClient) -> None:
    answer = await alice.get(f"{API}/actions.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="patt-who-did-what-' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == (await alice.get(f"{API}/actions")).json()["total"]
    (dismissed,) = [row for row in rows if row["what"] == "dismissed"]
    assert dismissed["reason"] == "'=HYPERLINK(1)"


async def test_an_export_that_would_be_too_large_says_how_to_make_it_smaller(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) "
        "select %(guild)s, 'discord_sync', 'schedule', 'done', now() - n * interval '1 hour', now() "
        "from generate_series(1, 20001) n"
    )
    answer = await alice.get(f"{API}/runs.csv")
    assert answer.status_code == 409
    assert "Choose a later day" in answer.json()["detail"]
    assert (await alice.get(f"{API}/runs.csv", params={"since": "2999-01-01"})).status_code == 200


async def test_jobs_that_wait_are_shown_to_whoever_may_see_the_guild(
    alice: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, guild: GuildBuilder, database_url: str
) -> None:
    other = await GuildBuilder.create(guild.pool, "Ember Court", "7001")
    async with open_queue(database_url) as queue:
        await queue.enqueue(Task.DISCORD, guild.guild_id)
        await queue.enqueue(Task.SWEEP, other.guild_id)
    text = (await see(alice, ACTIVITY, guild=guild.guild_id)).text("jobs")
    assert "Current jobs 1 waiting Sync with Discord · Lantern Watch just now" in text
    part = Seen(await alice.get(f"{ACTIVITY}/jobs", params={"guild": other.guild_id}))
    assert "Daily check · Ember Court" in part.text("jobs")
    assert "html" not in part.tags
    assert {job["task"] for job in (await alice.get(f"{API}/jobs")).json()["items"]} == {"sync_discord", "sweep"}
    token = await api_token(guild.pool, guild_id=other.guild_id)
    (job,) = (await anonymous.get(f"{API}/jobs", headers=token)).json()["items"]
    assert (job["task"], job["guild"], job["state"]) == ("sweep", "Ember Court", "waiting")


async def test_the_log_of_another_guild_is_not_shown(
    anonymous: httpx2.AsyncClient, alice: httpx2.AsyncClient, busy: GuildBuilder
) -> None:
    other = await GuildBuilder.create(busy.pool, "Ember Court", "7001")
    token = await api_token(busy.pool, guild_id=other.guild_id)
    for path in ("runs", "actions"):
        assert (await anonymous.get(f"{API}/{path}", headers=token)).json()["total"] == 0
        answer = await anonymous.get(f"{API}/{path}.csv", params={"guild": busy.guild_id}, headers=token)
        assert answer.status_code == 404
    assert "0 total" in (await see(alice, ACTIVITY, guild=other.guild_id, show="actions")).text("content")


async def test_fifty_are_on_a_page_and_the_number_of_statements_stays(
    alice: httpx2.AsyncClient, busy: GuildBuilder
) -> None:
    async def statements(show: str) -> int:
        with counting_statements() as count:
            await see(alice, ACTIVITY, show=show)
        return count.statements

    few = [await statements("runs"), await statements("actions")]
    for _ in range(60):
        await busy.execute(
            "with r as (insert into guild_identity.sync_log (guild_id, pipeline, actor, status, finished_at) "
            "values (%(guild)s, 'sweep', 'schedule', 'done', now())) "
            "insert into guild_identity.fix_attempts (guild_id, issue_type, actor, is_automatic, outcome, reason, "
            "duration_ms) values (%(guild)s, 'orphan_wow', 'officer dan', false, 'failed', 'no', 1)"
        )
    assert [await statements("runs"), await statements("actions")] == few
    page = await see(alice, ACTIVITY, show="actions", actor="officer dan")
    assert "Page 1 of 2" in page.text("content")
    assert f"{ACTIVITY}?guild={busy.guild_id}&show=actions&actor=officer+dan&page=2#list" in page.links
    assert (await alice.get(f"{API}/runs", params={"page": 2})).json()["page"] == 2


async def _sent(guild: GuildBuilder, uploader: str, *notes: str) -> list[int]:
    """Exports that a companion sent, in this order."""
    async with guild.pool.connection() as conn:
        await credentials.create_upload_key(conn, uploader, guild_id=guild.guild_id, created_by="test")
        key = next(each for each in await credentials.upload_keys(conn, guild.guild_id) if each.uploader == uploader)
        exports = [
            read_addon_export_json(json.dumps({"characters": [{"name": "Elrek", "note": note}]}).encode())
            for note in notes
        ]
        return [
            (await uploads.receive(GuildConnection(conn, guild.guild_id), key.id, each)).upload_id for each in exports
        ]


async def test_the_last_uploads_are_listed_with_what_became_of_each(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    old, done, refused, waiting = await _sent(guild, "<b>Zoë</b>", "a", "b", "c", "d")
    async with guild.pool.connection() as conn:
        await uploads.finish(
            GuildConnection(conn, guild.guild_id), old, "superseded", "Older than upload 2; nothing was changed."
        )
        await uploads.finish(
            GuildConnection(conn, guild.guild_id), done, "done", "Taken in: 1 character, 1 changed note."
        )
        await uploads.finish(
            GuildConnection(conn, guild.guild_id), refused, "refused", "It is an export of <i>Other</i> Watch."
        )
        await conn.execute(
            "update guild_identity.addon_uploads set as_of = now() - interval '90 days' where id = %s", [old]
        )
    for address in (ACTIVITY, f"{ACTIVITY}/uploads"):
        text = Seen(await alice.get(address)).text("uploads")
        assert f"waiting Export of just now by <b>Zoë</b> · 1 character · upload {waiting}" in text
        assert "A worker will process it." in text
        assert f"refused Export of just now by <b>Zoë</b> · 1 character · upload {refused}" in text
        assert "It is an export of <i>Other</i> Watch." in text
        assert re.search(r"superseded Export of \d{4}-\d\d-\d\d by", text)
        assert "Older than upload 2; nothing was changed." in text
        assert text.index(f"upload {waiting} ") < text.index(f"upload {refused} ") < text.index(f"upload {done} ")
        assert "Retry" not in text


async def test_an_upload_that_was_given_up_is_tried_again_by_its_button(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    (number,) = await _sent(guild, "Zork", "a")
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await uploads.give_up(here, number, "Given up: it failed 6 times.")
    page = await see(alice, ACTIVITY)
    assert "given up Export of" in page.text("uploads")
    assert "Retry" in page.text("uploads")
    button = f"/api/v1/admin/uploads/{number}/retry"
    assert (await alice.post(button, data={"back": ACTIVITY})).headers["location"] == ACTIVITY
    assert (
        f"Upload {number} is queued again. A worker processes it: patt serve, or patt worker."
        in (await see(alice, ACTIVITY)).text()
    )
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        assert (await uploads.get(here, number)).state == "received"
    await alice.post(button, data={"back": ACTIVITY})
    assert "Only a failed upload can be tried again." in (await see(alice, ACTIVITY)).text()
