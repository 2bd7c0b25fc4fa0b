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
from patt.live.stream import Listener, LiveResponse
from patt.live.welcome import is_still_welcome
from patt.web.context import GuildDep, ServicesDep, ViewerDep, session_of
from patt.web.guard import bearer_token
from patt.worker import jobs as worker_jobs
from sv_common.guild_sync.roster import guilds

_EVENTS = """Events, each with a mark as its id, from which a stream that breaks off is continued (`Last-Event-ID`):

- `hello`: the jobs that wait and run now (`jobs`); with `is_continued` false, what was before is not known: read anew.
- `job`: how a job stands, as `GET …/jobs/{id}` tells it, without the result.
- `change`: somebody has changed the guild's data: a `sentence` for an officer. `is_own` says whether it was you.
- `part`: the list named by `kind` (`jobs`, `runs`, `matches`) is no longer as it was.
- `reset`: something may have been missed: read anew.
- `bye`: the session or token counts no longer; do not come back with it."""

_EXAMPLE = 'id: 1a2b3c-43\nevent: change\ndata: {"sentence": "Bo fixed 3 issues.", "is_own": false}\n\n'

router = officer_router("live", "live")


@router.get(
    "",
    summary="What changes, as it happens",
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
        str | None, Query(max_length=40, description="The mark to continue from.", examples=["1a2b3c-42"])
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=40, examples=["1a2b3c-42"])] = None,
) -> LiveResponse:
    """Keep the answer open, and tell what happens."""
    hub, holder = cast("Hub", request.app.state.live), _holder(request)
    async with services.pool.snapshot() as conn:
        guild_id = (await guilds.the_only(conn, guild)).id
    listener = Listener(
        viewer.actor,
        guild_id,
        holder,
        last_event_id or after,
        partial(is_still_welcome, services, request.scope, guild_id),
        partial(_now, services, guild_id),
    )
    return LiveResponse(hub, listener, request.app.state.heartbeat_s)


async def _now(services: Services, guild_id: int) -> dict[str, Any]:
    async with services.pool.snapshot() as conn:
        jobs = await worker_jobs.under_way(conn, guild_id)
    return {"jobs": [worker_jobs.as_event(job) for job in jobs]}


def _holder(request: Request) -> str:
    """By what the streams of somebody are counted: the secret itself is not kept."""
    secret = bearer_token(request) or session_of(request) or ""
    return hashlib.sha256(secret.encode()).hexdigest()
