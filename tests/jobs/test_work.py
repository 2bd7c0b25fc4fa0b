"""Scans and fixes that officers asked for: done by a worker, once, with progress, and never lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from patt.bootstrap import Services
from patt.queue.tasks import Task
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import FixAllJob, FixSelectedJob, Job, JobRequest, ScanJob, ScanRuleJob
from patt.worker.retry import MOST_TRIES
from patt.worker.worker import enqueue_due, work_until_stopped
from sv_common.db.pool import GuildConnection, Pool, counting_statements
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import Busy, NotFound
from sv_common.guild_sync.core.progress import Progress
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.jobs import requests
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import RULES

MOST_NOTES_OF_PROGRESS = 10
"""They are told by the clock, a few in a second, whatever the size of the guild."""

ALICE, BOB = "officer alice", "officer bob"

_SCANNED = sum(rule.is_on for rule in RULES.values())
"""How many rules a scan asks where a guild has set nothing."""


@pytest.fixture
async def noted(guild: GuildBuilder) -> GuildBuilder:
    """A scanned guild with three characters that a fix links to Elrek, and one that it leaves."""
    await guild.main("Elrek")
    for name in ("Ashfen", "Birchlow", "Cinderhall"):
        await guild.character(name, "alt of Elrek")
    await guild.character("Riddle", "hello there friend")
    await run_integrity_check(guild.pool)
    return guild


async def _ask(services: Services, wish: JobRequest, actor: str = ALICE) -> int:
    return (await worker_jobs.enqueue(services, wish, actor=actor, guild_id=None)).id


async def _job(services: Services, job_id: int) -> Job:
    async with services.pool.reading(await guilds.resolve_guild(services.pool, None)) as guild:
        return await worker_jobs.job(guild, job_id)


async def _orphans(guild: GuildBuilder) -> list[int]:
    rows = await guild.rows("select id from guild_identity.audit_issues where issue_type = 'orphan_wow' order by id")
    return [row[0] for row in rows]


async def _state(guild: GuildBuilder) -> Sequence[Any]:
    return await guild.rows(
        "select i.issue_type, i.summary, i.resolved_by, i.review_reason, p.display_name, l.link_source, l.linked_by, "
        "(select array_agg((event, actor, reason) order by e.id)::text from guild_identity.issue_events e where e.issue_id = i.id), "
        "(select array_agg((outcome, actor, is_automatic, reason) order by a.id)::text from guild_identity.fix_attempts a "
        "where a.issue_id = i.id) from guild_identity.audit_issues i "
        "left join guild_identity.player_characters l on l.character_id = i.wow_character_id "
        "left join guild_identity.players p on p.id = l.player_id where i.guild_id = %(guild)s order by i.issue_type, i.summary"
    )


async def test_a_scan_that_was_asked_for_is_done_by_a_worker_and_tells_each_rule(
    services: Services, noted: GuildBuilder
) -> None:
    await noted.character("Latecomer", "alt of Elrek")
    receipt = await worker_jobs.enqueue(services, ScanJob("scan"), actor=ALICE, guild_id=None)
    assert (receipt.state, receipt.is_new, receipt.title, receipt.place) == (
        "waiting",
        True,
        "Scan by all rules",
        "all",
    )
    assert "patt worker" in receipt.sentence
    await work_until_stopped(services, wait=False)
    job = await _job(services, receipt.id)
    assert (job.state, job.done, job.total, job.asked_by) == ("done", _SCANNED, _SCANNED, "officer alice")
    assert job.sentence.startswith("Scan done: ")
    assert job.result is not None
    assert job.result["totals"]["opened"] == 1


async def test_a_scan_of_one_rule_looks_with_that_rule_alone(services: Services, noted: GuildBuilder) -> None:
    job_id = await _ask(services, ScanRuleJob("scan_rule", "orphan_wow"))
    await run_jobs(services, noted.guild_id)
    job = await _job(services, job_id)
    assert job.title == f"Scan: {RULES['orphan_wow'].name}"
    assert job.short_title == "Scan"
    assert (result := job.result) is not None
    assert [rule["issue_type"] for rule in result["rules"]] == ["orphan_wow"]


NOTES = ("alt of Elrek", "Elrek", "Birch", "hello there friend", "", None)


async def _a_guild(pool: Pool, name: str, number: str, notes: Sequence[str | None]) -> GuildBuilder:
    """A scanned guild whose characters have these notes."""
    guild = await GuildBuilder.create(pool, name, number)
    await guild.main("Elrek")
    await guild.main("Birch")
    for place, note in enumerate(notes):
        await guild.character(f"Character{chr(97 + place)}", note)
    await run_integrity_check(pool, guild_id=guild.guild_id)
    return guild


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_the_guild_a_fix_that_was_asked_for_ends_as_the_direct_command_does(
    services: Services, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- makes guilds up, guards nothing
    notes = chance.choices(NOTES, k=chance.randint(1, 9))
    direct = await _a_guild(services.pool, "Ember Court", "7001", notes)
    asked = await _a_guild(services.pool, "Tide Hall", "7002", notes)
    report = await mitigations.fix_all(
        services.pool, "orphan_wow", actor="officer alice", guild_id=direct.guild_id, discord_bot=None
    )
    wish = FixAllJob("fix_all", "orphan_wow")
    job_id = (await worker_jobs.enqueue(services, wish, actor=ALICE, guild_id=asked.guild_id)).id
    for _ in range(chance.randint(0, MOST_TRIES - 1)):  # so many workers begin, and die before they do anything
        async with services.pool.writing(asked.guild_id, alone=False) as guild:
            await requests.next_waiting(guild)
    await run_jobs(services, asked.guild_id)
    async with services.pool.reading(asked.guild_id) as guild:
        job = await worker_jobs.job(guild, job_id)
    assert job.result is not None
    outcomes = [each["outcome"] for each in job.result["issues"]]
    assert outcomes == [each.outcome for each in report.results]
    assert job.sentence == report.sentence
    assert await _state(asked) == await _state(direct)


async def test_telling_of_progress_costs_no_statement_for_each_issue(services: Services, noted: GuildBuilder) -> None:
    async def statements(guild: GuildBuilder) -> int:
        await worker_jobs.enqueue(services, ScanJob("scan"), actor=ALICE, guild_id=guild.guild_id)
        with counting_statements() as count:
            await run_jobs(services, guild.guild_id)
        return count.statements

    large = await _a_guild(services.pool, "Tide Hall", "7002", [NOTES[3]] * 25)
    few, many = await statements(noted), await statements(large)
    assert many - few <= MOST_NOTES_OF_PROGRESS


async def test_of_chosen_issues_each_is_told_of(services: Services, noted: GuildBuilder) -> None:
    rows = await noted.rows("select id from guild_identity.audit_issues where summary ~ 'Ashfen|Riddle' order by id")
    job_id = await _ask(services, FixSelectedJob(kind="fix_selected", issue_ids=[row[0] for row in rows]))
    await run_jobs(services, noted.guild_id)
    job = await _job(services, job_id)
    assert job.title == job.short_title == "Fix of 2 selected issues"
    assert job.sentence == "Of 2 issues: 1 fixed, 1 refused."
    assert job.place == "chosen"


async def test_who_asks_for_the_same_while_it_waits_gets_the_first_ones_number(
    services: Services, noted: GuildBuilder
) -> None:
    first = await worker_jobs.enqueue(services, ScanJob("scan"), actor=ALICE, guild_id=None)
    second = await worker_jobs.enqueue(services, ScanJob("scan"), actor=BOB, guild_id=None)
    other = await worker_jobs.enqueue(services, ScanRuleJob("scan_rule", "orphan_wow"), actor=BOB, guild_id=None)
    assert (second.id, second.is_new) == (first.id, False)
    assert second.sentence == "Scan by all rules was queued by alice."
    assert (other.id == first.id, other.is_new) == (False, True)
    assert await noted.rows("select count(*) from jobs.procrastinate_jobs") == [(1,)]


async def test_what_cannot_be_asked_for_is_refused_and_nothing_waits(services: Services, noted: GuildBuilder) -> None:
    for wish in (ScanRuleJob("scan_rule", "no_such_rule"), FixSelectedJob(kind="fix_selected", issue_ids=[999_999])):
        with pytest.raises(NotFound):
            await worker_jobs.enqueue(services, wish, actor=ALICE, guild_id=None)
    assert await noted.rows("select 1 from guild_identity.work_requests") == []


async def test_a_fix_that_was_cut_off_after_it_was_done_counts_as_fixed_and_is_not_done_again(
    services: Services, noted: GuildBuilder
) -> None:
    job_id = await _ask(services, FixAllJob("fix_all", "orphan_wow"))
    async with services.pool.writing(noted.guild_id, alone=False) as guild:
        begun = await requests.next_waiting(guild)
        assert begun is not None
        issue_ids = await _orphans(noted)
        await requests.begin_fix(guild, begun.id, issue_ids)
    await mitigations.fix_selected(noted.pool, issue_ids, actor="officer alice", guild_id=noted.guild_id)
    before = await noted.rows("select count(*) from guild_identity.fix_attempts where outcome = 'fixed'")
    await run_jobs(services, noted.guild_id)
    job = await _job(services, job_id)
    assert (job.state, job.attempts) == ("done", 2)
    assert job.sentence == "Of 5 issues: 3 fixed, 2 refused."
    assert (
        await noted.rows("select count(*) from guild_identity.fix_attempts where outcome = 'fixed'") == before == [(3,)]
    )


async def test_work_that_ends_every_worker_is_given_up(services: Services, noted: GuildBuilder) -> None:
    job_id = await _ask(services, ScanJob("scan"))
    for _ in range(MOST_TRIES):
        async with services.pool.writing(noted.guild_id, alone=False) as guild:
            await requests.next_waiting(guild)
    await run_jobs(services, noted.guild_id)
    job = await _job(services, job_id)
    assert job.state == "failed"
    assert "Given up" in job.sentence


@pytest.mark.parametrize(
    ("error", "state"), [(Busy("Busy."), "running"), (RuntimeError("x"), "running"), (NotFound("Gone."), "failed")]
)
async def test_only_what_another_try_cannot_change_fails_at_once_and_others_pass(
    services: Services, noted: GuildBuilder, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(mitigations, "fix_selected", fail)
    job_id = await _ask(services, FixAllJob("fix_all", "orphan_wow"))
    scan = await _ask(services, ScanJob("scan"))
    await run_jobs(services, noted.guild_id)
    assert (await _job(services, job_id)).state == state
    assert (await _job(services, scan)).state == "done"
    for _ in range(MOST_TRIES):
        await run_jobs(services, noted.guild_id)  # it pauses after each failure
        await noted.execute("update guild_identity.work_requests set failed_at = failed_at - interval '1 minute'")
    await run_jobs(services, noted.guild_id)
    assert (await _job(services, job_id)).state == "failed"


async def test_what_waits_is_asked_for_again_and_what_is_older_than_a_day_is_cleared_away(
    services: Services, noted: GuildBuilder
) -> None:
    old = await _ask(services, ScanJob("scan"))
    await noted.execute("update guild_identity.work_requests set requested_at = now() - interval '25 hours'")
    ended = await _ask(services, FixAllJob("fix_all", "orphan_wow"))
    await noted.execute(
        "update guild_identity.work_requests set state = 'done', sentence = 'x', finished_at = now() - interval '25 hours' "
        "where id = %(id)s",
        {"id": ended},
    )
    fresh = await _ask(services, ScanRuleJob("scan_rule", "orphan_wow"))
    assert (Task.JOBS, noted.guild_id) in await enqueue_due(services, datetime.now(UTC))
    assert (await _job(services, old)).sentence.startswith("Given up: no worker was running for a day.")
    assert (await _job(services, fresh)).state == "waiting"
    await noted.execute("update guild_identity.guilds set language = 'en-XA'")
    assert (await _job(services, old)).sentence.startswith("⟦Given up: no worker was running for a day.")
    await noted.execute("update guild_identity.guilds set language = 'en'")
    with pytest.raises(NotFound, match="kept for a day"):
        await _job(services, ended)


async def test_progress_is_seen_by_others_while_the_work_holds_the_guilds_lock(
    services: Services, noted: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two rules the work waits until another connection has seen how far it is."""
    seen: list[tuple[int, str]] = []
    rule = RULES["orphan_wow"]
    original = rule.detect
    assert original is not None
    job_id = await _ask(services, ScanJob("scan"))

    async def detect(conn: Any, **options: Any) -> Any:
        while not seen:
            async with services.pool.connection() as other:
                request = await requests.get(GuildConnection(other, noted.guild_id), job_id)
            if request.doing:
                seen.append((request.total, request.doing))
            await asyncio.sleep(0)
        return await original(conn, **options)

    object.__setattr__(rule, "detect", detect)
    try:
        async with asyncio.timeout(20):
            await run_jobs(services, noted.guild_id)
    finally:
        object.__setattr__(rule, "detect", original)
    assert seen[0][0] == _SCANNED
    assert seen[0][1].startswith("Looking for: ")


async def test_a_scan_tells_of_each_rule_and_a_fix_of_each_issue(noted: GuildBuilder) -> None:
    told: list[Progress] = []
    await run_integrity_check(noted.pool, guild_id=noted.guild_id, on_progress=told.append)
    assert [each.done for each in told] == [*range(_SCANNED + 1)]
    told.clear()
    ids = await _orphans(noted)
    await mitigations.fix_selected(
        noted.pool, ids, actor="officer alice", guild_id=noted.guild_id, on_progress=told.append
    )
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert (told[0].done, told[-1].done, told[-1].total) == (0, 5, 5)
