"""A clock that only moves when someone sleeps by it, so that tests and demos wait for nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass
class SimulatedClock:
    """Time in seconds from 0. `sleeps` keeps the length of every sleep in order; `luck` is all that chance gives."""

    luck: float = 1.0
    now: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move the clock on, and let other tasks run."""
        self.sleeps.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def jitter(self) -> float:
        return self.luck
