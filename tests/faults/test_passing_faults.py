"""A source that misbehaves twice and then does what it should: the run ends as if nothing had been."""

from __future__ import annotations

import httpx2
import pytest

from faults import table
from faults.installation import MOMENTS, Installation
from faults.table import Misbehavior
from faults.test_lasting_faults import ROUTES, cases, sync

STRIKES = 2
SEEN_LAST = "until"
"""The column that says when a former name was last given up: it moves on whenever the member takes another name."""
ROUNDS_UNTIL_SETTLED = 3
"""What a first look at a source brings comes only once, and each of the member's names becomes a former one only once."""


class News:
    """Something new at each source, and then the old again; each of the four combinations has one right database."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._is_new = {"Battle.net": False, "Discord": False}
        self._right: dict[tuple[bool, ...], dict[str, str]] = {}
        world = installation.world
        self._character = world.characters[0]
        self._member = next(member for member in world.members if not (member.role_ids or member.is_bot))

    def happens(self, source: str) -> None:
        """Turn the news of a source into the old, or back."""
        self._is_new[source] = not self._is_new[source]
        self._character.level = 88 if self._is_new["Battle.net"] else 90
        self._member.nick = "news" if self._is_new["Discord"] else "old"

    async def settle(self) -> None:
        """Read every combination from honest sources, and remember what the database looks like then."""
        for source in ("Battle.net", "Discord") * 2:
            self.happens(source)
            await sync(self._installation, source)
            self._right[tuple(self._is_new.values())] = await self.state()

    async def state(self) -> dict[str, str]:
        return await self._installation.fingerprint(without_columns=(*MOMENTS, SEEN_LAST))

    @property
    def right_state(self) -> dict[str, str]:
        return self._right[tuple(self._is_new.values())]


@pytest.fixture(scope="module")
async def news(shared: Installation) -> News:
    happening = News(shared)
    for _ in range(ROUNDS_UNTIL_SETTLED):
        await happening.settle()
    return happening


@pytest.mark.parametrize(("route", "fault"), cases(table.PASSING))
async def test_a_fault_that_passes_leaves_no_trace(
    honest: Installation, news: News, impatient: httpx2.AsyncClient, route: str, fault: Misbehavior
) -> None:
    if fault.is_slow:
        honest.connect(impatient)
    news.happens(ROUTES[route])
    fault.strike(honest.simulator.faults, route, STRIKES)
    assert (await sync(honest, ROUTES[route])).status == "done"
    assert await news.state() == news.right_state
    assert honest.simulator.faults.is_spent(route)
