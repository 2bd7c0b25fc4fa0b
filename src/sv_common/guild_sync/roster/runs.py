"""The sync log: one row for each run of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from psycopg.types.json import Jsonb
from pydantic import Field, computed_field
from typing_extensions import TypedDict

from sv_common.db.pool import Connection, GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.kept_texts import CUT_OFF, told
from sv_common.guild_sync.core.reports import StepReport

SQL = load_sql(__package__, "runs.sql")

PIPELINE_LOCK = 7284
"""First half of the advisory lock that a run of a guild's pipeline holds from before its row until after its end."""


class LoggedStep(TypedDict):
    """One step of a run, as it was logged."""

    name: str
    duration_ms: int
    counts: dict[str, int]
    notices: Annotated[list[str], Field(description="Sentences that an officer should read.")]
    error: str | None


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One run of a pipeline."""

    id: int
    guild_id: int
    pipeline: str
    actor: str
    status: str
    steps: Sequence[LoggedStep]
    error: str | None
    started_at: datetime
    finished_at: datetime | None

    @computed_field
    @property
    def duration_ms(self) -> int | None:
        """How long it took; null while it runs."""
        return None if self.finished_at is None else round((self.finished_at - self.started_at).total_seconds() * 1000)


def logged_run(*, error: str | None, **columns: Any) -> LoggedRun:
    """Return a run from its columns, as it is shown."""
    return LoggedRun(error=None if error is None else told(error), **columns)


async def now(conn: Connection) -> datetime:
    """Return the time of the database's clock."""
    row = await (await conn.execute(SQL["now"])).fetchone()
    assert row is not None  # noqa: S101 -- a clock always tells
    moment: datetime = row[0]
    return moment


async def fail_cut_off(conn: Connection) -> list[int]:
    """Count runs as failed whose process or connection ended before them; return their guilds.

    A run holds its guild's pipeline lock from before its row is written until after its end is: where the lock is free, none runs.
    """
    rows = await (
        await conn.execute(SQL["fail_cut_off"], {"pipeline_lock": PIPELINE_LOCK, "error": CUT_OFF})
    ).fetchall()
    return [row[0] for row in rows]


async def start(guild: GuildConnection, pipeline: str, *, actor: str) -> int:
    return int(await guild.value(SQL["start"], pipeline=pipeline, actor=actor))


async def finish(
    guild: GuildConnection,
    run_id: int,
    *,
    status: str,
    steps: Sequence[StepReport],
    error: str | None,
    as_of: datetime | None = None,
) -> None:
    """Log how a run ended, and of when the source's news are since, where that is not the present."""
    logged = Jsonb([step.as_json() for step in steps])
    await guild.run(SQL["finish"], run_id=run_id, status=status, steps=logged, error=error, as_of=as_of)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a pipeline of a guild stands: of when its last good news are, and the failures of two days that came after."""

    pipeline: str
    last_good: datetime | None
    failures: int
    last_error: str | None


async def standings(guild: GuildConnection) -> dict[str, Standing]:
    """Return how the pipelines stand, by their names."""
    found = [Standing(*row) for row in await guild.rows(SQL["standings"])]
    return {each.pipeline: replace(each, last_error=each.last_error and told(each.last_error)) for each in found}


async def recent(guild: GuildConnection, limit: int = 20) -> list[LoggedRun]:
    return await guild.all(logged_run, SQL["recent"], limit=limit)
