"""Answers that come one byte at a time: each byte in time, the whole never."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from faults.installation import Installation
from faults.sentences import faults_of
from faults.test_lasting_faults import ROUTES, sync
from sv_common.guild_sync.core.errors import SourceUnavailable
from sv_common.guild_sync.simulators.faults import Fault
from sv_common.guild_sync.sources.http import RetryPolicy

PAUSE_S = 0.04
"""Shorter than the impatient client waits for a byte."""


BYTES = 40
"""With a pause after each, more than four times as long as the impatient client waits for a byte."""


class TrickleResponse(Response):
    """An answer that sends a byte after each pause, and ends early."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- the form of ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": []})
        for byte in bytes(self.body)[:BYTES]:
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await asyncio.sleep(PAUSE_S)
        await send({"type": "http.response.body", "body": b""})


def trickling(answer: Response) -> Response:
    return TrickleResponse(answer.body, answer.status_code, media_type="application/json")


@pytest.mark.parametrize("route", ["roster", "members"])
async def test_an_answer_that_trickles_in_holds_no_sync_for_ever(
    installed: Installation, impatient: httpx2.AsyncClient, route: str
) -> None:
    before = await installed.fingerprint()
    installed.connect(impatient, RetryPolicy(attempts=2))
    installed.simulator.faults.add(route, Fault(change=trickling, times=None))
    with pytest.raises(SourceUnavailable, match="did not answer in time") as caught:
        await sync(installed, ROUTES[route])
    assert faults_of(str(caught.value), ROUTES[route]) == []
    assert await installed.fingerprint() == before
    assert installed.simulator.calls[route] == 2
