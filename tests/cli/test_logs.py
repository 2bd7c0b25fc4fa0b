"""Logs: text for people or JSON for programs, and never a secret or a note, whatever goes wrong."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import structlog
from psycopg import sql
from pydantic import BaseModel

from guild_builder import GuildBuilder
from patt.auth import credentials
from patt.log_setup import configure_logging
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused, SourceUnavailable

PLANTED = "planted-in-a-note-or-a-secret"
UPLOAD = "/api/v1/guild-sync/addon-upload"
LONGEST_WAIT_S = 90

Told = Callable[[], str]


@pytest.fixture(params=["text", "json"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def told(form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Told]:
    """What was logged since, with the product's own logs, at their lowest level."""
    monkeypatch.setenv("PATT_LOG_FORMAT", form)
    monkeypatch.setenv("PATT_LOG_LEVEL", "DEBUG")
    before, root = structlog.get_config(), logging.getLogger()
    handlers, shown = list(root.handlers), warnings.showwarning
    configure_logging()
    yield lambda: capsys.readouterr().err
    structlog.configure(**before)
    root.handlers[:] = handlers
    logging.captureWarnings(capture=False)
    warnings.showwarning = shown


def _objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_an_object_in_each_line_and_text_is_a_line_that_begins_with_the_time(told: Told, form: str) -> None:
    log = structlog.get_logger()
    log.info("something_happened", guild_id=3, reason="Line one.\nLine “two”.\x1b[31m")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    text = told()
    if form == "json":
        own, others = _objects(text)
        assert (own["event"], own["level"], own["guild_id"]) == ("something_happened", "info", 3)
        assert own["reason"].startswith("Line one.\nLine")
        assert (others["event"], others["logger"]) == ("Invalid HTTP request received.", "uvicorn.error")
        assert own["timestamp"] <= others["timestamp"]
    else:
        own_line, others_line = text.splitlines()
        assert own_line.endswith(r' INFO    something_happened guild_id=3 reason="Line one.\nLine “two”.\u001b[31m"')
        assert others_line.endswith(" WARNING Invalid HTTP request received. logger=uvicorn.error")
        assert all(line[:4].isdigit() for line in (own_line, others_line))
        assert "\x1b" not in text


def _in_a_value() -> None:
    int(PLANTED)


def _in_a_key() -> None:
    dict[str, str]()[PLANTED]


def _in_a_field() -> None:
    class Character(BaseModel):
        level: int

    Character.model_validate({"level": PLANTED})


def _in_a_sentence_about_evidence() -> None:
    raise Refused(f"The link rests on the note “{PLANTED}” alone.")


def _in_what_led_to_it() -> None:
    try:
        _in_a_value()
    except ValueError as error:
        raise RuntimeError("no number") from error


def _in_a_group() -> None:
    raise ExceptionGroup("several", [ValueError(PLANTED), ExceptionGroup("more", [KeyError(PLANTED)])])


@pytest.mark.parametrize(
    "fail",
    [_in_a_value, _in_a_key, _in_a_field, _in_a_sentence_about_evidence, _in_what_led_to_it, _in_a_group],
)
def test_an_error_is_logged_with_its_kind_and_place_and_without_the_data_that_it_quotes(
    told: Told, fail: Callable[[], None]
) -> None:
    try:
        fail()
    except Exception:
        structlog.get_logger().exception("failed")
        logging.getLogger("procrastinate.worker").exception("Job failed")
    text = told()
    assert PLANTED not in text.replace(f'"{PLANTED}"', "")
    assert text.count(fail.__name__) >= 2
    assert text.count("Error" if fail is not _in_a_sentence_about_evidence else "Refused") >= 2


def test_an_error_that_quotes_nobody_says_what_was_wrong(told: Told) -> None:
    for error in (SourceUnavailable("Discord does not answer."), OSError(28, "No space left on device")):
        structlog.get_logger().error("failed", exc_info=error)
    text = told()
    assert "Discord does not answer." in text
    assert "No space left on device" in text


async def test_an_error_of_the_database_names_the_constraint_and_quotes_no_row(told: Told, pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.execute("create temporary table noted (note text constraint too_long check (length(note) < 5))")
        with pytest.raises(psycopg.errors.CheckViolation, match=PLANTED) as raised:
            await conn.execute("insert into noted values (%s)", [PLANTED])
        structlog.get_logger().error("failed", exc_info=raised.value)
        await conn.rollback()
    text = told()
    assert "psycopg.errors.CheckViolation: 23514" in text
    assert "constraint too_long" in text
    assert PLANTED not in text


async def test_what_a_lost_task_held_is_not_written_down(told: Told) -> None:
    async def fail() -> None:
        raise ValueError(PLANTED)

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
    await asyncio.sleep(0)
    text = told()
    assert "Task exception was never retrieved" in text
    assert PLANTED not in text


def test_libraries_do_not_write_down_requests_at_any_level(told: Told) -> None:
    for name in ("httpcore.http11", "httpx2", "discord.http", "procrastinate"):
        logging.getLogger(name).debug("Authorization: %s", PLANTED)
        logging.getLogger(name).info("GET /login/%s", PLANTED)
    assert told() == ""


@pytest.mark.own_database
async def test_the_whole_program_writes_neither_notes_nor_secrets_when_everything_goes_wrong(
    database_url: str, pool: Pool, tmp_path: Path
) -> None:
    guild = await GuildBuilder.create(pool)
    await guild.character("Mito", "Main")
    async with pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
        no_such_note = sql.SQL("check (guild_note is null or guild_note not like {})").format(f"%{PLANTED}%")
        await conn.execute(sql.SQL("alter table guild_identity.wow_characters add {}").format(no_such_note))
    nobody = "http://127.0.0.1:1"
    environment = {
        "PATT_DATABASE_URL": database_url,
        "PATT_LOG_FORMAT": "json",
        "PATT_LOG_LEVEL": "DEBUG",
        "PATT_BLIZZARD_CLIENT_ID": f"{PLANTED}-1",
        "PATT_BLIZZARD_CLIENT_SECRET": f"{PLANTED}-2",
        "PATT_BLIZZARD_TOKEN_URL": f"{nobody}/token",
        "PATT_BLIZZARD_API_URL": f"{nobody}/api",
        "PATT_DISCORD_BOT_TOKEN": f"{PLANTED}-3",
        "PATT_DISCORD_API_URL": f"{nobody}/discord",
        "PYTHONUTF8": "1",
    }
    written = tmp_path / "stderr"
    program = _serving(environment, written)
    try:
        address = (await _line(written, "is served on")).partition(" on ")[2].partition(" ")[0]
        async with httpx2.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
            export = {"characters": [{"name": "Mito", "note": f"alt of {PLANTED}"}]}
            assert (await client.post(UPLOAD, json=export, headers={"X-API-Key": key})).status_code == 202
            for path in (f"/login/{PLANTED}", f"/{PLANTED}", f"/login/discord/callback?code={PLANTED}&state={PLANTED}"):
                await client.get(path, headers={"Authorization": f"Bearer {PLANTED}", "Cookie": f"session={PLANTED}"})
        await _line(written, "CheckViolation")
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(60)
    lines = written.read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    assert [line for line in lines if not line.startswith("{")][2:] in ([], ["Stopped."])
    assert any(each["event"] == "job_failed" for each in logged)
    assert [line for line in lines if PLANTED in line or key in line] == []


def _serving(environment: dict[str, str], written: Path) -> subprocess.Popen[bytes]:
    with written.open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "patt", "serve", "--port", "0"],
            env={**os.environ, **environment},
            cwd=written.parent,
            stderr=errors,
        )


async def _line(file: Path, needle: str) -> str:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < deadline:
        for line in file.read_text(encoding="utf-8").splitlines():
            if needle in line:
                return line
        await asyncio.sleep(0.1)
    raise AssertionError(f"“{needle}” was not written:\n{file.read_text(encoding='utf-8')}")
