"""How errors and every other answer leave the house: one sentence, no internals, strict headers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import psycopg
import pytest
from fastapi import FastAPI
from psycopg_pool import PoolTimeout
from structlog.testing import capture_logs

from guild_builder import GuildBuilder
from patt.web.context import LARGEST_BODY
from sv_common.db.pool import Pool
from sv_common.db.shares import ShareInUseError
from sv_common.guild_sync.core import errors
from web.helpers import API, PAGE, House, application, asker, officer, session

SECRET = "secret"  # noqa: S105 -- a word that must not be shown


@pytest.fixture
async def broken(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """An officer who asks an application with routes that raise."""
    app = application(house.guild.pool)

    def add(path: str, error: Exception) -> None:
        async def fail() -> None:
            raise error

        app.add_api_route(path, fail)

    raised = [
        errors.NotFound("n"),
        errors.BadInput("b", ["one", "two"]),
        errors.Refused("r"),
        errors.PlanStale("p"),
        errors.Busy("y"),
        errors.SuspiciousSource("s"),
        errors.SourceDenied("d"),
        errors.ConfigurationError("c"),
        psycopg.OperationalError(SECRET),
        psycopg.errors.LockNotAvailable(SECRET),
        psycopg.errors.DeadlockDetected(SECRET),
        psycopg.errors.SerializationFailure(SECRET),
        psycopg.errors.QueryCanceled(SECRET),
        PoolTimeout(SECRET),
        ShareInUseError(SECRET),
        RuntimeError(SECRET),
    ]
    for error in raised:
        add(f"/api/fail/{type(error).__name__}", error)
        add(f"/admin/fail/{type(error).__name__}", error)
    async with officer(app, house.session) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("NotFound", 404, "not-found"),
        ("BadInput", 422, "bad-input"),
        ("Refused", 409, "refused"),
        ("PlanStale", 409, "plan-stale"),
        ("Busy", 409, "busy"),
        ("SuspiciousSource", 409, "suspicious-source"),
        ("LockNotAvailable", 409, "busy"),
        ("DeadlockDetected", 409, "busy"),
        ("SerializationFailure", 409, "busy"),
        ("QueryCanceled", 503, "too-slow"),
        ("PoolTimeout", 503, "database"),
        ("ShareInUseError", 503, "overloaded"),
        ("SourceDenied", 502, "source-error"),
        ("ConfigurationError", 503, "configuration"),
        ("OperationalError", 503, "database"),
        ("RuntimeError", 500, "unexpected"),
    ],
)
async def test_each_error_has_its_status_its_kind_and_its_page(
    broken: httpx2.AsyncClient, name: str, status: int, kind: str
) -> None:
    with capture_logs() as logs:
        answer = await broken.get(f"/api/fail/{name}")
        page = await broken.get(f"/admin/fail/{name}")
    body = answer.json()
    assert (answer.status_code, body["status"], body["type"]) == (status, status, f"urn:patt:problem:{kind}")
    assert body["problems"] == (["one", "two"] if name == "BadInput" else [])
    assert page.status_code == status
    assert body["detail"] in page.text
    assert SECRET not in answer.text + page.text
    logs = [log for log in logs if kind != "overloaded"]  # those are told once in a while, since there may be thousands
    assert len(logs) == (2 if status == 500 or kind in ("database", "read-only", "too-slow") else 0)


async def test_no_answer_may_be_kept_framed_or_scripted_from_elsewhere(
    broken: httpx2.AsyncClient, visitor: httpx2.AsyncClient
) -> None:
    with capture_logs():
        answers = [await broken.get(f"{place}/fail/RuntimeError") for place in ("/admin", "/api")]
    answers += [await broken.get(PAGE), await visitor.get(f"{API}/rules")]
    answers += [await visitor.get(path) for path in (PAGE, "/login", "/nothing")]
    for answer in answers:
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(policy)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "kind"), [("patt.css", "text/css"), ("patt.js", "javascript"), ("icon.svg", "image/svg+xml")]
)
async def test_static_files_are_served_and_checked_again_each_time(
    visitor: httpx2.AsyncClient, name: str, kind: str
) -> None:
    answer = await visitor.get(f"/static/{name}")
    assert answer.status_code == 200
    assert kind in answer.headers["content-type"]
    assert answer.headers["cache-control"] == "no-cache"
    assert (await visitor.get("/static/../app.py")).status_code == 404


async def test_health_is_the_databases(anonymous: httpx2.AsyncClient, pool: Pool) -> None:
    answer = await anonymous.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "detail": None})
    await pool.close()
    answer = await anonymous.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


async def test_without_a_database_everything_says_so_calmly(app: FastAPI, pool: Pool) -> None:
    async with asker(app, cookies={"patt_session": await session(pool)}) as client:
        await pool.close()
        with capture_logs():
            answer, page = await client.get(f"{API}/rules"), await client.get(PAGE)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:patt:problem:database")
    assert page.status_code == 503
    assert "The database does not answer" in page.text


async def test_a_body_that_is_too_long_is_refused_like_everything_else(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * LARGEST_BODY

    headers = {"Content-Type": "application/json"}
    for content in (b"x" * (LARGEST_BODY + 1), unannounced()):
        answer = await alice.post(f"{API}/issues/1/dismiss", content=content, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
        assert answer.json()["detail"] == "This is too large."
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = await alice.post(f"{API}/jobs", data={"kind": "x" * LARGEST_BODY})
    assert page.status_code == 413
    assert "This is too large" in page.text
    assert page.headers["content-type"].startswith("text/html")
