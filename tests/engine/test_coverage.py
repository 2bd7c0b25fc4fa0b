"""How much is known, by what stands for it: the same numbers everywhere, and what to do next."""

from __future__ import annotations

import pytest

from engine.busy_guild import fill
from guild_builder import GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.identity.decisions import MarkShared
from sv_common.guild_sync.insights.coverage import Coverage, coverage
from sv_common.guild_sync.insights.health import health
from sv_common.guild_sync.insights.inbox.listing import inbox


async def known(guild: GuildBuilder) -> Coverage:
    return await guild.call(coverage)


async def action(guild: GuildBuilder) -> tuple[str, int, int] | None:
    found = (await known(guild)).next_action
    return (found.kind, found.answers, found.characters) if found else None


async def test_each_character_is_counted_by_the_strongest_that_stands_for_it(guild: GuildBuilder) -> None:
    player = await guild.player("Mito")
    links = {
        "Proven": ("proven", None),
        "Provenalso": ("proven", "alice"),
        "Officer": ("officer", "alice"),
        "Confirmed": ("note", "alice"),
        "Account": ("account", None),
        "Note": ("note", None),
        "Name": ("name", None),
    }
    for name, (basis, confirmed_by) in links.items():
        character = await guild.character(name)
        await guild.link(character, player)
        await guild.execute(
            "update guild_identity.player_characters set basis = %(basis)s, confirmed_by = %(by)s, "
            "confirmed_at = case when %(by)s::text is not null then now() end where character_id = %(id)s",
            {"basis": basis, "by": confirmed_by, "id": character},
        )
    await guild.character("Unknown")
    await guild.character("Bank")
    await guild.decide(MarkShared(character="Bank"))
    await guild.link(await guild.character("Gone", has_left=True), player)
    found = await known(guild)
    assert {each.basis: each.characters for each in found.by_basis} == {
        "proven": 2,
        "officer": 2,
        "account": 1,
        "note": 1,
        "name": 1,
        "none": 1,
    }
    assert [each.basis for each in found.by_basis] == ["proven", "officer", "account", "note", "name", "none"]
    assert (found.known, found.total, found.percent) == (7, 8, 87)
    assert found.sentence == (
        "7 of 8 characters have a player: 2 verified by Battle.net, 2 by an officer, 1 by the same account, 1 by a note, "
        "1 by a Discord name, 1 unknown."
    )


async def test_a_guild_without_characters_has_no_share_and_nothing_to_do(guild: GuildBuilder) -> None:
    found = await known(guild)
    assert (found.total, found.percent, found.next_action) == (0, None, None)


async def test_health_and_inbox_say_the_same_numbers(guild: GuildBuilder) -> None:
    await fill(guild, 60)
    await guild.scan()
    async with guild.pool.reading(guild.guild_id) as here:
        healthy, listed = await health(here), await inbox(here)
    found = healthy.coverage
    assert (found.known, found.total) == (listed.known, listed.total)
    assert found.total - found.known == healthy.characters.unlinked
    assert found.known > 0 < found.total - found.known


async def test_what_links_the_most_for_one_answer_comes_first(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.confirm_all()
    assert await action(guild) is None
    await guild.alt("Altrek", None, (await guild.rows("select id from guild_identity.players"))[0][0])
    assert await action(guild) == ("confirm", 1, 1)
    await guild.character("Silent", "")
    assert await action(guild) == ("ask", 1, 1)
    await guild.main("Grimaldo")
    await guild.main("Grimrokk")
    await guild.character("Velquin", "Grimaldo or Grimrokk")
    assert await action(guild) == ("suggested", 1, 1)
    for name in ("Ara", "Bex"):
        await guild.character(name, "alt of Odo (raids)")
    assert await action(guild) == ("names", 1, 2)


async def test_unknown_names_are_counted_with_the_characters_that_they_settle(guild: GuildBuilder) -> None:
    for name in ("Ara", "Bex", "Cole"):
        await guild.character(name, "alt of Odo")
    await guild.character("Dolm", "alt of Zeb")
    found = (await known(guild)).next_action
    assert found is not None
    assert (found.kind, found.answers, found.characters) == ("names", 2, 4)
    assert found.sentence == "Notes give 2 names that no one here has. One answer each settles 4 characters."


async def test_a_full_match_that_would_link_many_is_the_next_thing(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    for name in ("Ara", "Bex"):
        await guild.character(name, "alt of Mito")
    found = (await known(guild)).next_action
    assert found is not None
    assert (found.kind, found.sentence) == ("match", "A full match would link 2 characters to 1 player.")


@pytest.mark.parametrize("size", [10, 150])
async def test_the_number_of_statements_does_not_grow_with_the_guild(guild: GuildBuilder, size: int) -> None:
    await fill(guild, size)
    async with guild.pool.reading(guild.guild_id) as here:
        with counting_statements() as counted:
            await coverage(here)
    assert counted.statements <= 8
