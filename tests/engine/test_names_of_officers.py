"""Whom an officer means: by a name, by the number of a row, among namesakes who are here and who have left."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.core.errors import NotFound, PattError, Refused
from sv_common.guild_sync.identity.decisions import LinkCharacter, LinkCharacterToMember, LinkMember, MergePlayers
from sv_common.guild_sync.identity.decisions import ManualDecision as Decision
from sv_common.guild_sync.identity_engine import DecisionReport, preview_decision


async def _meant(guild: GuildBuilder, decision: Decision) -> str:
    report: DecisionReport = await preview_decision(guild.pool, decision)
    return report.plan.reason


async def test_a_player_called_like_a_number_is_named_by_it_and_the_row_by_its_sign(guild: GuildBuilder) -> None:
    await guild.character("Loner")
    first = await guild.player("Mito")
    await guild.player(str(first))
    assert await _meant(guild, LinkCharacter("Loner", str(first))) == f"Loner-area-52 belongs to {first}."
    assert await _meant(guild, LinkCharacter("Loner", f"#{first}")) == "Loner-area-52 belongs to Mito."


async def test_a_bare_number_is_the_row_where_nobody_is_called_so(guild: GuildBuilder) -> None:
    loner, mito = await guild.character("Loner"), await guild.player("Mito")
    member = await guild.member("Zephyr")
    expected = "Loner-area-52 belongs to Mito."
    for character in (str(loner), f"#{loner}", f"# {loner}"):
        assert await _meant(guild, LinkCharacter(character, str(mito))) == expected
    for called in (str(member), f"#{member}"):
        assert await _meant(guild, LinkMember("Mito", called)) == "Mito is Zephyr on Discord."


async def test_a_member_called_like_a_number_is_named_by_it(guild: GuildBuilder) -> None:
    await guild.player("Mito")
    member = await guild.member("Zephyr")
    await guild.member(str(member))
    assert await _meant(guild, LinkMember("Mito", f"#{member}")) == "Mito is Zephyr on Discord."
    assert await _meant(guild, LinkMember("Mito", str(member))) == f"Mito is {member} on Discord."


async def test_characters_and_members_who_left_do_not_stand_in_the_way_of_namesakes_who_are_here(
    guild: GuildBuilder,
) -> None:
    former = await guild.player("Former", member=await guild.member("Mito", is_present=False))
    gone = await guild.character("Grim", realm="stormrage", has_left=True)
    await guild.link(gone, former)
    await guild.character("Grim")
    here = await guild.member("Mito")
    await guild.player("Elrek")
    assert await _meant(guild, LinkCharacter("Grim", "Elrek")) == "Grim-area-52 belongs to Elrek."
    assert await _meant(guild, LinkCharacter("Grim-Stormrage", "Elrek")) == ("Grim-stormrage belongs to Elrek.")
    assert await _meant(guild, LinkMember("Elrek", "Mito")) == "Elrek is Mito on Discord."
    assert await _meant(guild, LinkCharacterToMember("Grim", f"#{here}"))


async def test_who_left_is_still_named_by_name_where_no_one_present_has_it(guild: GuildBuilder) -> None:
    departed = await guild.character("Mito", has_left=True)
    await guild.link(departed, await guild.player("Old Mito"))
    new = await guild.player("New Mito")
    await guild.decide(LinkCharacter("Mito", "New Mito"))
    assert await guild.player_of(departed) == new


async def test_namesakes_who_are_both_here_are_told_with_realm_and_number(guild: GuildBuilder) -> None:
    one, other = await guild.character("Grim"), await guild.character("Grim", realm="stormrage")
    mito, twin = await guild.player("Mito"), await guild.player("Mito")
    await guild.link(await guild.character("Rivermane"), twin, as_main=True)
    first, second = await guild.member("Zephyr"), await guild.member("Zephyr")
    await guild.execute("update guild_identity.discord_users set username = 'zephyr_' || id")
    for decision, told in (
        (LinkCharacter("Grim", "Mito"), f"“Grim” could be Grim-area-52 (#{one}) or Grim-stormrage (#{other})."),
        (
            LinkCharacter(f"#{one}", "Mito"),
            f"“Mito” could be Mito (#{mito}) or Mito (#{twin}, who plays Rivermane-area-52). Use the number",
        ),
        (
            LinkMember(f"#{mito}", "Zephyr"),
            f"“Zephyr” could be @zephyr_{first} (#{first}) or @zephyr_{second} (#{second}).",
        ),
    ):
        with pytest.raises(Refused) as refused:
            await _meant(guild, decision)
        assert told in str(refused.value)


@pytest.mark.parametrize("number", ["#999", "#99999999999999999999", "٣", "²", "#", "#x", "9" * 5000])
async def test_a_number_that_is_nobodys_finds_nobody(guild: GuildBuilder, number: str) -> None:
    await guild.player("Mito")
    await guild.character("Loner")
    for decision in (LinkCharacter(number, "Mito"), LinkCharacter("Loner", number), LinkMember("Mito", number)):
        with pytest.raises(NotFound) as unknown:
            await _meant(guild, decision)
        assert isinstance(unknown.value, PattError)


async def test_merging_takes_numbers_as_names_too(guild: GuildBuilder) -> None:
    stays, other = await guild.main("Mito"), await guild.player("Mito")
    report = await _meant(guild, MergePlayers(f"#{stays}", f"#{other}"))
    assert "Mito" in report
