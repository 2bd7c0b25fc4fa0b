"""A guild's own words: what they change in the reading of its notes, and only of its notes."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.integrity_checker import run_integrity_check


async def _say(guild: GuildBuilder, word: str, category: str | None) -> None:
    await guild.call(words.say, word, category, actor="officer alice")


async def _forget(guild: GuildBuilder, word: str) -> bool:
    return await guild.call(words.forget, word)


async def _mismatches(guild: GuildBuilder) -> int:
    report = await run_integrity_check(guild.pool, guild_id=guild.guild_id, issue_types=["note_mismatch"])
    return report.total("found")


async def test_a_word_that_a_guild_adds_is_no_name_there(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.alt("Rivermane", "Nightcrew", mito)
    assert await _mismatches(guild) == 1
    await _say(guild, "Nightcrew", "role")
    assert await _mismatches(guild) == 0
    assert await _forget(guild, "nightcrew")
    assert await _mismatches(guild) == 1


async def test_a_word_that_a_guild_removes_may_be_a_name_there(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.alt("Rivermane", "Twink von Herb", mito)
    await guild.alt("Stonemane", "Holy", mito)
    before = await _mismatches(guild)
    await _say(guild, "Holy", None)
    assert await _mismatches(guild) == before + 1


async def test_another_guild_goes_on_reading_as_before(guild: GuildBuilder) -> None:
    other = await GuildBuilder.create(guild.pool, "Other Watch", "7001")
    mito = await other.main("Mito")
    await other.alt("Rivermane", "Nightcrew", mito)
    await _say(guild, "Nightcrew", "role")
    assert await _mismatches(other) == 1


@pytest.mark.parametrize(("word", "category"), [("Nightcrew", "nonsense"), ("123", "role"), ("", "role")])
async def test_a_word_that_cannot_be_is_refused(guild: GuildBuilder, word: str, category: str) -> None:
    with pytest.raises(BadInput):
        await _say(guild, word, category)
    assert await guild.call(words.all_words) == []


async def test_forgetting_what_was_never_said_says_so(guild: GuildBuilder) -> None:
    assert not await _forget(guild, "Nightcrew")
