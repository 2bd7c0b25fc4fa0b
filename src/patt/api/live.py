"""The stream of what changes: progress of jobs, and who has just done what. Server-sent events, for viewers."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Annotated, Any, cast

from fastapi import Header, Query, Request
from starlette.responses import StreamingResponse

from patt.api.routing import officer_router
from patt.bootstrap import Services
from patt.live.hub import Hub
from patt.live.stream import Listener, LiveResponse, is_authorized
from patt.web.context import GuildDep, ServicesDep, ViewerDep, session_of
from patt.web.guard import bearer_token
from patt.worker import jobs as worker_jobs
from sv_common.guild_sync.roster import guilds

_EVENTS = """Events, each with a cursor as its id, from which a stream that breaks off is continued (`Last-Event-ID`):

- `hello`: the jobs that wait and run now (`jobs`); if `is_continued` is false, events are missing: read everything again.
- `job`: the state of a job, as `GET …/jobs/{id}` returns it, without the result.
- `change`: the guild's data changed: a `sentence` for an officer. `is_own` says whether you did it.
- `part`: the list named by `kind` (`jobs`, `runs`, `matches`) changed.
- `reset`: events may be missing: read everything again.
- `bye`: the session or token is no longer valid; do not reconnect with it."""

_EXAMPLE = 'id: 1a2b3c-43\nevent: change\ndata: {"sentence": "Bo fixed 3 issues.", "is_own": false}\n\n'

router = officer_router("live", "live")


@router.get(
    "",
    summary="Changes, as they happen",
    description=_EVENTS,
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
            "description": "Events.",
        }
    },
)
async def live(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    guild: GuildDep,
    after: Annotated[
        str | None, Query(max_length=40, description="The cursor to continue from.", examples=["1a2b3c-42"])
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=40, examples=["1a2b3c-42"])] = None,
) -> LiveResponse:
    """Keep the response open, and send events."""
    hub, holder = cast("Hub", request.app.state.live), _holder(request)
    async with services.pool.snapshot() as conn:
        guild_id = (await guilds.the_only(conn, guild)).id
    listener = Listener(
        viewer.actor,
        viewer.role,
        guild_id,
        holder,
        last_event_id or after,
        partial(is_authorized, services, request.scope, guild_id, viewer.role),
        partial(_now, services, guild_id),
    )
    return LiveResponse(hub, listener, request.app.state.heartbeat_s)


async def _now(services: Services, guild_id: int) -> dict[str, Any]:
    async with services.pool.reading(guild_id) as guild:
        jobs = await worker_jobs.under_way(guild)
    return {"jobs": [worker_jobs.as_event(job) for job in jobs]}


def _holder(request: Request) -> str:
    """Return by what the streams of a session or token are counted: the secret itself is not stored."""
    secret = bearer_token(request) or session_of(request) or ""
    return hashlib.sha256(secret.encode()).hexdigest()
