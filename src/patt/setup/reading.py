"""Steps that take long run beside the pages, which show how far they are; after a restart they are begun again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import httpx2
import structlog

from patt.bootstrap import Services
from patt.setup.form import FormDialogue, Outcome, run
from patt.setup.session import SetupSession
from patt.setup.wizard import Step
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.http import http_client

log = structlog.get_logger(__name__)

LONG_STEPS = frozenset({"roster", "members"})
Open = Callable[[FormDialogue], AbstractAsyncContextManager[SetupSession]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A step that runs, or has run, beside the pages."""

    outcome: Outcome
    task: asyncio.Task[None]

    @property
    def is_running(self) -> bool:
        return not self.task.done()


class Readings:
    """The long steps of this process, by guild and name."""

    def __init__(self) -> None:
        self._all: dict[tuple[int, str], Reading] = {}

    def get(self, guild_id: int | None, step: str) -> Reading | None:
        return None if guild_id is None else self._all.get((guild_id, step))

    def begin(self, guild_id: int, step: Step, open_session: Open) -> None:
        """Begin a step, unless it runs."""
        earlier = self.get(guild_id, step.name)
        if earlier is None or not earlier.is_running:
            dialogue = FormDialogue({}, is_anew=earlier is not None)
            task = asyncio.create_task(_read(step, dialogue, open_session))
            self._all[guild_id, step.name] = Reading(dialogue.outcome, task)

    async def close(self) -> None:
        """Stop what runs."""
        tasks = [each.task for each in self._all.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(step: Step, dialogue: FormDialogue, open_session: Open) -> None:
    try:
        async with open_session(dialogue) as session:
            await run(step, session, dialogue)
    except Exception:
        log.exception("setup_step_failed", step=step.name)
        dialogue.outcome.state = "failed"
        dialogue.outcome.problem = tr("This failed unexpectedly; the log says why. Try it again.")


@asynccontextmanager
async def opened(
    services: Services,
    dialogue: FormDialogue,
    *,
    actor: str,
    guild_id: int | None,
    reached_at: str = "",
    is_looking: bool = False,
) -> AsyncIterator[SetupSession]:
    """Yield a session of the set-up with the settings as they are stored now. Raises `ConfigurationError`."""
    async with _http(services) as http:
        yield SetupSession(
            dialogue,
            services.pool,
            http,
            services.settings_now(),
            actor,
            services.permits,
            guild_id,
            reached_at=reached_at,
            is_looking=is_looking,
            keeps_settings=services.keeps_settings,
        )


@asynccontextmanager
async def _http(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    if services.http is not None:
        yield services.http
    else:
        async with http_client() as http:
            yield http
