"""What watches over the product: `/ready`, and the metrics that Prometheus reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from db.later_version import later_version
from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.queue.tasks import Task, open_queue
from sv_common.db.pool import GuildConnection, Pool, counting_statements
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.mitigations import run_auto_mitigations
from sv_common.guild_sync.rulebook.settings import save_settings
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, BASE_URL, PAGE, api_token, asker, issue_number, made, settings

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


async def _metrics(client: httpx2.AsyncClient, headers: dict[str, str]) -> Samples:
    answer = await client.get("/metrics", headers=headers)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def _value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


async def test_it_is_ready_while_nothing_waits_in_vain(anonymous: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    answer = await anonymous.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert [(check["name"], check["ok"]) for check in answer.json()["checks"]] == [
        ("database", True),
        ("schema", True),
        ("database access", True),
        ("worker", True),
    ]


async def test_it_is_not_ready_while_jobs_wait_and_no_worker_lives(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, database_url: str
) -> None:
    async with open_queue(database_url) as queue:
        await queue.enqueue(Task.SWEEP, guild.guild_id)
    answer = await anonymous.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert "1 job," in answer.json()["checks"][3]["message"]
    await guild.execute("insert into jobs.procrastinate_workers (last_heartbeat) values (now() + interval '1 year')")
    assert (await anonymous.get("/ready")).status_code == 503  # it died while the clock was wrong
    await guild.execute("insert into jobs.procrastinate_workers default values")
    assert (await anonymous.get("/ready")).status_code == 200


@pytest.mark.own_database
async def test_it_is_not_ready_with_another_schema(anonymous: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await guild.execute("update public.alembic_version set version_num = '0000'")
    answer = await anonymous.get("/ready")
    assert answer.status_code == 503
    assert "has the schema 0000, which this version of PATT does not know" in answer.json()["checks"][1]["message"]


@pytest.mark.own_database
async def test_it_is_not_ready_before_an_upgrade(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, tmp_path: Path
) -> None:
    with later_version(tmp_path, "select 1"):
        answer = await anonymous.get("/ready")
    assert answer.status_code == 503
    assert "and this version needs 9001" in answer.json()["checks"][1]["message"]


async def test_it_is_not_ready_without_a_database(anonymous: httpx2.AsyncClient, pool: Pool) -> None:
    await pool.close()
    answer = await anonymous.get("/ready")
    assert (answer.status_code, answer.json()["checks"][0]["ok"]) == (503, False)


async def test_findings_and_fixes_are_counted_by_rule(anonymous: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await run_auto_mitigations(troubled.pool, guild_id=troubled.guild_id)
    samples, guild = await _metrics(anonymous, await api_token(troubled.pool)), str(troubled.guild_id)
    rows = await troubled.rows(
        "select issue_type, count(*) from guild_identity.audit_issues "
        "where resolved_at is null and dismissed_at is null group by 1"
    )
    for rule in RULES:
        found = _value(samples, "patt_findings", guild=guild, rule=rule, state="open")
        assert found == dict(rows).get(rule, 0), rule
        assert _value(samples, "patt_findings", guild=guild, rule=rule, state="dismissed") == 0
    fixed = await troubled.rows("select issue_type, count(*) from guild_identity.fix_attempts group by 1")
    assert fixed
    for rule, count in fixed:
        labels = {"guild": guild, "rule": rule, "outcome": "fixed", "by": "automation"}
        assert _value(samples, "patt_fixes_total", **labels) == count


async def test_the_budget_of_automatic_fixes_is_what_one_run_may_do(
    anonymous: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    async with troubled.pool.connection() as conn:
        guild = troubled.guild_id
        await save_settings(
            GuildConnection(conn, guild), "note_mismatch", actor="test", parameters={"automatic_fix_limit": 3}
        )
        await save_settings(GuildConnection(conn, guild), "role_mismatch", actor="test", auto_mitigate=True)
    samples = await _metrics(anonymous, await api_token(troubled.pool))
    budgets = {
        rule: _value(samples, "patt_automatic_fix_budget", guild=str(guild), rule=rule)
        for rule in ("note_mismatch", "orphan_wow", "orphan_discord", "role_mismatch")
    }
    assert budgets == {"note_mismatch": 3, "orphan_wow": 0, "orphan_discord": 0, "role_mismatch": 10}


async def test_ages_are_in_seconds_and_absent_where_there_is_nothing(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    headers, number = await api_token(guild.pool), str(guild.guild_id)
    assert _value(await _metrics(anonymous, headers), "patt_scan_age_seconds", guild=number) is None
    note = [{"name": "Mito", "guild_note": "Main"}]
    await scheduler.run_addon_sync(guild.pool, note, guild_id=guild.guild_id, sources=Sources(), actor="test")
    await guild.execute("update guild_identity.sync_log set finished_at = finished_at - interval '1 hour'")
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) values "
        "(%(guild)s, 'addon_upload', 'test', 'done', now() + interval '1 year', now() + interval '1 year')"
    )  # by a clock that was wrong
    await scheduler.run_sweep(guild.pool, guild_id=guild.guild_id, sources=Sources())
    samples = await _metrics(anonymous, headers)
    addon = _value(samples, "patt_source_age_seconds", guild=number, source="addon")
    scan = _value(samples, "patt_scan_age_seconds", guild=number)
    assert addon is not None
    assert scan is not None
    assert 3600 <= addon < 7200
    assert 0 <= scan < 3600
    assert _value(samples, "patt_source_age_seconds", guild=number, source="discord") is None


async def test_jobs_and_uploads_that_wait_are_counted(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, database_url: str
) -> None:
    async with open_queue(database_url) as queue:
        await queue.enqueue(Task.SWEEP, guild.guild_id)
    await guild.execute("update jobs.procrastinate_events set at = at - interval '1 hour'")
    await guild.execute(
        "with key as (insert into common.upload_keys (guild_id, uploader, key_hash, created_by) "
        "values (%(guild)s, 'Mito', 'h', 'test') returning id) "
        "insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, characters, character_count) "
        "select %(guild)s, id, 'c', '[]', 1 from key"
    )
    await guild.execute("insert into jobs.procrastinate_workers (last_heartbeat) values (now() + interval '1 year')")
    samples = await _metrics(anonymous, await api_token(guild.pool))
    assert _value(samples, "patt_jobs_waiting", task="sweep") == 1
    assert _value(samples, "patt_jobs_waiting", task="sync_discord") == 0
    assert _value(samples, "patt_jobs_running", task="sweep") == 0
    oldest = _value(samples, "patt_jobs_oldest_age_seconds", task="sweep")
    assert oldest is not None
    assert 3600 <= oldest < 7200
    assert _value(samples, "patt_uploads_waiting", guild=str(guild.guild_id)) == 1
    assert _value(samples, "patt_workers") == 0


async def test_requests_are_counted_by_route_and_status_and_never_by_path(
    anonymous: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    headers = await api_token(troubled.pool)
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    for path in (f"{API}/issues/{number}", f"{API}/issues/999999", "/login/a-secret", PAGE, "/no-such-page"):
        await anonymous.get(path, headers=headers)
    await anonymous.request("BREW", "/no-such-page")
    samples = await _metrics(anonymous, headers)
    route = f"{API}/issues/{{issue_id}}"
    for status in ("200", "404"):
        assert _value(samples, "patt_http_requests_total", method="GET", route=route, status=status) == 1
    assert _value(samples, "patt_http_request_duration_seconds_count", route=route) == 2
    seen = {dict(labels).get("route") for _, labels in samples}
    assert seen - {None} == {route, "/login/{token}", "(none)"}
    assert _value(samples, "patt_http_requests_total", method="other", route="(none)", status="404") == 1


async def test_each_application_counts_for_itself(app: FastAPI, pool: Pool, guild: GuildBuilder) -> None:
    headers = await api_token(pool)
    other = made(Services(settings(BASE_URL), pool, Sources()))
    async with asker(app) as one, asker(other) as two:
        await one.get("/health")
        samples = await _metrics(two, headers)
    assert _value(samples, "patt_http_requests_total", method="GET", route="/health", status="200") is None


async def test_metrics_need_a_session_or_a_token_of_the_whole_installation(
    anonymous: httpx2.AsyncClient, alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    refused = await anonymous.get("/metrics")
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert (await alice.get("/metrics")).status_code == 200
    bound = await anonymous.get("/metrics", headers=await api_token(guild.pool, guild_id=guild.guild_id))
    assert (bound.status_code, "without a guild" in bound.json()["detail"]) == (403, True)


@pytest.mark.parametrize("guilds", [1, 4])
async def test_the_number_of_statements_is_the_same_however_many_guilds_there_are(
    anonymous: httpx2.AsyncClient, pool: Pool, guilds: int
) -> None:
    for number in range(guilds):
        await GuildBuilder.create(pool, f"Watch {number}", str(7000 + number))
    headers = await api_token(pool)
    await _metrics(anonymous, headers)
    with counting_statements() as counter:
        await _metrics(anonymous, headers)
    assert counter.statements == 9


async def test_every_metric_is_in_the_document(anonymous: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    document = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    answer = await anonymous.get("/metrics", headers=await api_token(troubled.pool))
    names = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")}
    names = {name for name in names if not name.endswith("_created")}
    assert len(names) > 8
    assert [name for name in sorted(names) if f"`{name}`" not in document] == []
