"""Fixtures of the engine's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from engine.two_players import Two
from guild_builder import RAIDER, ROLE_OF_RANK, GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.identity.decisions import RejectLink


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Write no log: a traceback in colors costs seconds."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def guild(pool: Pool) -> GuildBuilder:
    """A guild with four ranks and nobody in it."""
    return await GuildBuilder.create(pool)


@pytest.fixture
async def two(guild: GuildBuilder) -> Two:
    """Mito has a main and nothing else. Zed has two characters, both pointers, a Discord member, an alias, a rejection."""
    mito = await guild.player("Mito")
    await guild.link(await guild.character("Mito", rank=RAIDER), mito, as_main=True)
    member = await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    zed = await guild.player("Zed", member=member)
    numbers = {"member": member}
    for name, source in (("Grimalt", "full_match"), ("Stormalt", "officer_fix")):
        numbers[name] = await guild.alt(name, "alt of Zed", zed, source=source)
    await guild.execute(
        "update guild_identity.players set main_character_id = %(main)s, offspec_character_id = %(offspec)s "
        "where id = %(zed)s",
        {"main": numbers["Grimalt"], "offspec": numbers["Stormalt"], "zed": zed},
    )
    await guild.alias(zed, "Robin")
    numbers["Loner"] = await guild.character("Loner")
    await guild.decide(RejectLink("Loner", "Zed", "another Zed"))
    return Two(guild, mito, zed, numbers)
