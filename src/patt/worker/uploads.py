"""Uploads of the addon's export: each is processed as a run of its pipeline, oldest export first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import psycopg

from patt.bootstrap import Services
from patt.worker.retry import run_once
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.errors import BadInput, Busy, reason_of
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.roster import uploads
from sv_common.guild_sync.roster.uploads import WaitingUpload
from sv_common.guild_sync.scheduler import PipelineReport

MOST_TRIES = 6
"""A try begins under the guild's lock."""


async def process_next_upload(services: Services, guild_id: int) -> bool:
    """Process the next waiting upload of a guild, if one does; return whether another one waits.

    One that fails is put off, so that it lets the next ones pass.
    """
    async with services.pool.reading(guild_id) as guild:
        upload = await uploads.next_waiting(guild)
    if upload is None:
        return False
    await _Processing(services, guild_id, upload).process()
    async with services.pool.reading(guild_id) as guild:
        return await uploads.is_any_waiting(guild)


class _Processing:
    """One try of one upload. If the worker stops meanwhile, the same notes come again and change nothing."""

    def __init__(self, services: Services, guild_id: int, upload: WaitingUpload) -> None:
        self._services = services
        self._guild_id = guild_id
        self._upload = upload
        self._is_counted = False

    async def process(self) -> None:
        report = await run_once(
            self._run,
            number=self._upload.attempts + 1,
            most=MOST_TRIES,
            is_final=lambda _: False,  # it is kept: what fails now may work after an officer has done something
            upload_id=self._upload.id,
            guild_id=self._guild_id,
        )
        if isinstance(report, PipelineReport):
            await self._finish(report)
        elif report is not None and report.is_final:
            kept = tr("The upload is kept: patt uploads retry {number}", number=self._upload.id)
            await self._write(uploads.give_up, f"{report.reason} {kept}")
        elif report is not None:
            await self._write(uploads.put_off, report.reason)

    async def _run(self) -> PipelineReport | None:
        try:
            return await scheduler.run_addon_sync(
                self._services.pool,
                self._upload.characters,
                guild_id=self._guild_id,
                sources=self._services.sources,
                actor=f"addon of {self._upload.uploader}",
                exported_at=self._upload.as_of,
                origin=self._upload.origin,
                on_start=self._count,
            )
        except BadInput as error:
            await self._store("refused", str(error))
        except (Busy, psycopg.OperationalError) as error:
            if self._is_counted:
                raise
            later = tr("PATT tries again later.")
            await self._write(uploads.put_off, f"{reason_of(error)} {later}")
        except Exception:
            if not self._is_counted:
                await self._count()
            raise
        return None

    async def _count(self) -> None:
        await self._write(uploads.count_try)
        self._is_counted = True

    async def _finish(self, report: PipelineReport) -> None:
        sync = report.steps[0]
        if report.status == "superseded":
            async with self._services.pool.reading(self._guild_id) as guild:
                newer = await uploads.newer_than(guild, self._upload.id)
            by = tr("The newer one is upload {number}.", number=newer) if newer else ""
            await self._store("superseded", f"{sync.notices[0]} {by}".rstrip(), report.run_id)
            return
        older = sync.counts["older"]
        characters = tr_n("{n} character", "{n} characters", sync.counts["characters"])
        notes = tr_n("{n} changed note", "{n} changed notes", sync.counts["notes_changed"])
        done = tr("Processed: {characters}, {notes}.", characters=characters, notes=notes)
        if older:
            known = tr_n(
                "A newer export was known for {n} character.", "A newer export was known for {n} characters.", older
            )
            done = f"{done} {known}"
        await self._store("done", done, report.run_id)

    async def _store(
        self, state: Literal["done", "superseded", "refused"], sentence: str, run_id: int | None = None
    ) -> None:
        await self._write(uploads.finish, state, sentence, run_id=run_id, as_of=self._upload.as_of)

    async def _write(self, change: Callable[..., Awaitable[object]], *values: object, **options: object) -> None:
        async with self._services.pool.writing(self._guild_id, alone=False) as guild:
            await change(guild, self._upload.id, *values, **options)
