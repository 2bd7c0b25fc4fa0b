"""Whether /health tells the truth, asked all the time while things break."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from simulation.tally import LawBroken

LONGEST_ANSWER_S = 15.0
"""The application gives itself three seconds, and a machine with much to do some more."""

_PAUSE_S = 0.1
_DYING_S = 1.0
"""How long the sessions of a server that was killed may go on."""


@dataclass
class Health:
    """Asks one web process. `is_sound` says that nothing is broken, `is_down` that the database is away."""

    http: httpx2.AsyncClient
    base_url: str
    is_down: Callable[[], bool]
    is_sound: bool = False
    asked: int = 0
    told_of_an_outage: int = 0

    async def answer(self) -> int | None:
        """Return the status, None where nobody answers. Raises `LawBroken` for an answer that does not come."""
        try:
            response = await self.http.get(f"{self.base_url}/health", timeout=LONGEST_ANSWER_S)
        except httpx2.ReadTimeout as error:
            raise LawBroken(f"/health did not answer within {LONGEST_ANSWER_S:.0f} seconds") from error
        except httpx2.HTTPError:
            return None
        return response.status_code

    async def watch(self) -> None:
        """Ask again and again. Raises `LawBroken` for what is not true."""
        down_since: float | None = None
        while True:
            began, was_sound = time.monotonic(), self.is_sound
            down_since = (down_since or began) if self.is_down() else None
            status = await self.answer()
            self.asked += 1
            if was_sound and self.is_sound and status != HTTPStatus.OK:
                raise LawBroken(f"/health said {status} while nothing was broken")
            was_down = down_since is not None and began - down_since > _DYING_S
            if was_down and self.is_down() and status is not None:
                self.told_of_an_outage += 1
                if status != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise LawBroken(f"/health said {status} while the database was away")
            await asyncio.sleep(_PAUSE_S)

    async def until_well(self, longest_s: float) -> None:
        """Wait until it says that all is well. Raises `LawBroken` when it does not say so."""
        deadline = time.monotonic() + longest_s
        while (status := await self.answer()) != HTTPStatus.OK:
            if time.monotonic() > deadline:
                raise LawBroken(f"/health still said {status} {longest_s:.0f} seconds after everything worked again")
            await asyncio.sleep(_PAUSE_S)
