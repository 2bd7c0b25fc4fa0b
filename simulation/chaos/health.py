"""Whether /health tells the truth, asked all the time while things break."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from simulation.tally import LawBroken

LONGEST_ANSWER_S = 45.0
"""The application gives itself three seconds; a machine with much else to do, on which processes start anew, many more."""

_PAUSE_S = 0.1
_DYING_S = 2.0
"""How long the sessions of a server that was killed may go on."""


@dataclass
class Health:
    """Asks one web process. `is_sound` says that nothing is broken; `outages` counts those that it has told of."""

    http: httpx2.AsyncClient
    base_url: str
    is_sound: bool = False
    asked: int = 0
    outages: int = 0
    slowest_s: float = 0.0

    async def answer(self) -> int | None:
        """Return the status, None where nobody answers. Raises `LawBroken` for an answer that does not come."""
        began = time.monotonic()
        try:
            response = await self.http.get(f"{self.base_url}/health", timeout=LONGEST_ANSWER_S)
        except httpx2.ReadTimeout as error:
            raise LawBroken(f"/health did not answer within {LONGEST_ANSWER_S:.0f} seconds") from error
        except httpx2.HTTPError:
            return None
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        return response.status_code

    async def watch(self) -> None:
        """Ask again and again. Raises `LawBroken` where it says that something is wrong and nothing is."""
        while True:
            was_sound = self.is_sound
            status = await self.answer()
            self.asked += 1
            if was_sound and self.is_sound and status != HTTPStatus.OK:
                raise LawBroken(f"/health said {status} while nothing was broken")
            await asyncio.sleep(_PAUSE_S)

    async def tell_of_the_outage(self) -> None:
        """Ask while the database is away and does not come back. Raises `LawBroken` where that goes on unsaid."""
        deadline = time.monotonic() + _DYING_S
        while (status := await self.answer()) not in (HTTPStatus.SERVICE_UNAVAILABLE, None):
            if time.monotonic() > deadline:
                raise LawBroken(f"/health said {status} while the database was away")
            await asyncio.sleep(_PAUSE_S)
        self.outages += 1

    async def until_well(self, longest_s: float) -> None:
        """Wait until it says that all is well. Raises `LawBroken` when it does not say so."""
        deadline = time.monotonic() + longest_s
        while (status := await self.answer()) != HTTPStatus.OK:
            if time.monotonic() > deadline:
                raise LawBroken(f"/health still said {status} {longest_s:.0f} seconds after everything worked again")
            await asyncio.sleep(_PAUSE_S)
