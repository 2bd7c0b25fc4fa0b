"""The law that nobody outside is asked while a connection is held can tell when it is broken."""

from __future__ import annotations

import httpx2
import pytest

from asking_outside import held_to_the_law, note_if_holding
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld


async def test_a_request_over_the_network_while_a_connection_is_held_is_told(pool: Pool) -> None:
    with GuildSimulator(GuildWorld.seeded(7, 1)) as simulator:

        async def ask() -> None:
            with held_to_the_law():
                async with pool.connection(), httpx2.AsyncClient(trust_env=False) as http:
                    await http.get(simulator.discord_url)

        with pytest.raises(AssertionError, match="was asked while a connection was held"):
            await ask()
        async with httpx2.AsyncClient(trust_env=False) as http:
            await http.get(simulator.discord_url)
    with held_to_the_law():
        note_if_holding("nobody")
