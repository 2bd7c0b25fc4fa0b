"""What a link rests on, who confirmed it, and that nothing which acts on many at once changes what a person decided."""

from __future__ import annotations

from typing import Any

import pytest

from engine.news import notes, number_of, roster
from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import NotFound, Refused
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.decisions import (
    AllowLink,
    AllowMember,
    ConfirmLink,
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    MergePlayers,
    RejectLink,
    UnlinkCharacter,
    UnlinkMember,
)
from sv_common.guild_sync.identity_engine import run_matching
from sv_common.guild_sync.mitigations import fix_all, fix_one, preview_all
from sv_common.guild_sync.rulebook import settings as rule_store
from sv_common.guild_sync.rules import RULES

SOCIAL_ROLE = ROLE_OF_RANK[SOCIAL]


async def _basis(guild: GuildBuilder, character: int) -> tuple[Any, ...]:
    (row,) = await guild.rows(
        "select basis, basis_note, confirmed_by, confirmed_at is not null from guild_identity.player_characters "
        "where character_id = %(character)s",
        {"character": character},
    )
    return row


async def _member_basis(guild: GuildBuilder, player: int) -> tuple[Any, ...]:
    (row,) = await guild.rows(
        "select discord_user_id, discord_basis, discord_confirmed_by from guild_identity.players where id = %(player)s",
        {"player": player},
    )
    return row


async def _fix_everything(guild: GuildBuilder) -> None:
    """All that an officer can have done at once, and all that runs by itself, with every rule automatic."""
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        for issue_type in RULES:
            await rule_store.save_settings(here, issue_type, actor="alice", auto_mitigate=True)
    await guild.automate()
    for issue_type in RULES:
        await guild.scan()
        await guild.fix_all(issue_type)
    await run_matching(guild.pool, actor="alice")


async def test_a_full_match_and_fixes_of_many_leave_the_note_or_the_name_as_the_basis(guild: GuildBuilder) -> None:
    await guild.member("Quillon", roles=[SOCIAL_ROLE])
    await guild.main("Mito")
    numbers = [await guild.character("Quillon"), await guild.character("Breeze", "Mito")]
    await run_matching(guild.pool, actor="alice")
    assert [await _basis(guild, number) for number in numbers] == [
        ("name", None, None, False),
        ("note", "Mito", None, False),
    ]
    (quillon,) = await guild.rows("select id from guild_identity.players where display_name = 'Quillon'")
    assert (await _member_basis(guild, quillon[0]))[1:] == ("name", None)


@pytest.mark.parametrize("click", [False, True])
async def test_a_fix_of_all_rests_on_evidence_and_a_click_on_one_is_the_officers_word(
    guild: GuildBuilder, click: bool
) -> None:
    await guild.main("Mito")
    character = await guild.character("Breeze", "Mito")
    await guild.scan()
    ((issue,),) = await guild.rows("select id from guild_identity.audit_issues where issue_type = 'orphan_wow'")
    if click:
        await fix_one(guild.pool, issue, actor="officer alice")
    else:
        await fix_all(guild.pool, "orphan_wow", actor="officer alice", guild_id=guild.guild_id)
    expected = ("officer", "Mito", "officer alice", True) if click else ("note", "Mito", None, False)
    assert await _basis(guild, character) == expected


async def test_an_officer_confirms_a_link_and_takes_that_back(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", mito)
    await guild.execute("update guild_identity.players set offspec_character_id = %(c)s", {"c": character})
    before = await guild.rows("select to_jsonb(l) from guild_identity.player_characters l order by character_id")
    done = await guild.decide(ConfirmLink("Rivermane"))
    assert await _basis(guild, character) == ("officer", "Mito", "officer alice", True)
    assert await guild.rows("select offspec_character_id from guild_identity.players") == [(character,)]
    with pytest.raises(Refused, match="by an officer"):
        await guild.decide(ConfirmLink("Rivermane"))
    await guild.undo(done)
    assert (
        await guild.rows("select to_jsonb(l) from guild_identity.player_characters l order by character_id") == before
    )
    await guild.character("Loner")
    with pytest.raises(Refused, match="it has no link to confirm"):
        await guild.decide(ConfirmLink("Loner"))


async def test_an_officer_confirms_who_a_player_is_on_discord_and_takes_that_back(guild: GuildBuilder) -> None:
    member = await guild.member("Zephyr")
    player = await guild.player("Mito", member=member)
    done = await guild.decide(LinkMember("Mito", "Zephyr"))
    assert await _member_basis(guild, player) == (member, "officer", "officer alice")
    with pytest.raises(Refused, match="by an officer"):
        await guild.decide(LinkMember("Mito", "Zephyr"))
    await guild.undo(done)
    assert await _member_basis(guild, player) == (member, "name", None)


async def test_that_a_character_is_a_members_confirms_the_whole_way(guild: GuildBuilder) -> None:
    player = await guild.player("Mito", member=await guild.member("Zephyr"))
    character = await guild.alt("Rivermane", "Mito", player)
    await guild.decide(LinkCharacterToMember("Rivermane", "Zephyr"))
    assert (await _basis(guild, character))[0] == (await _member_basis(guild, player))[1] == "officer"
    assert len(await guild.rows("select 1 from guild_identity.confirmed_characters")) == 1


@pytest.mark.parametrize("source", ["manual", "officer_fix"])
async def test_fix_all_leaves_a_link_that_a_person_made_and_says_so_before(guild: GuildBuilder, source: str) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek, source=source)
    await guild.scan()
    planned = await preview_all(guild.pool, "note_mismatch", guild_id=guild.guild_id)
    report = await guild.fix_all("note_mismatch")
    assert not planned.ready
    for result in (*planned.settled, *report.results):
        assert result.outcome is FixOutcome.REFUSED
        assert "An officer linked Rivermane-area-52 to Elrek" in result.reason
        assert "Automatic and bulk fixes never change" in result.reason
    assert await guild.player_of(character) == elrek


async def test_a_character_unlinked_manually_is_not_put_back_by_evidence_but_by_an_officer(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    character = await guild.alt("Rivermane", "alt of Mito", mito)
    await guild.decide(UnlinkCharacter("Rivermane"))
    await _fix_everything(guild)
    assert await guild.player_of(character) is None
    await guild.decide(LinkCharacter("Rivermane", "Mito"))
    assert await guild.player_of(character) == mito
    assert await guild.rows("select 1 from guild_identity.link_rejections") == []


async def test_that_a_character_was_unlinked_can_be_taken_back_or_made_firm(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    character = await guild.alt("Rivermane", "alt of Mito", mito)
    await guild.decide(UnlinkCharacter("Rivermane"))
    await guild.decide(RejectLink("Rivermane", "Mito", "somebody else's"))
    with pytest.raises(Refused, match="An officer ruled out Mito for"):
        await guild.decide(LinkCharacter("Rivermane", "Mito"))
    await guild.decide(AllowLink("Rivermane", "Mito"))
    await _fix_everything(guild)
    assert await guild.player_of(character) == mito


async def test_a_member_taken_off_manually_is_not_put_back_by_evidence_but_by_an_officer(guild: GuildBuilder) -> None:
    member = await guild.member("Mito", roles=[SOCIAL_ROLE])
    player = await guild.player("Mito", member=member)
    await guild.link(await guild.character("Mito"), player)
    await guild.character("Breeze", "@mito")
    done = await guild.decide(UnlinkMember("Mito"))
    await _fix_everything(guild)
    assert (await _member_basis(guild, player))[0] is None
    await guild.undo(done)
    assert (await _member_basis(guild, player), await guild.rows("select 1 from guild_identity.link_rejections")) == (
        (member, "name", None),
        [],
    )
    await guild.decide(UnlinkMember("Mito"))
    await guild.decide(LinkMember("Mito", str(member)))
    assert await _member_basis(guild, player) == (member, "officer", "officer alice")
    assert await guild.rows("select 1 from guild_identity.link_rejections") == []


async def test_what_was_said_of_a_member_can_be_taken_back(guild: GuildBuilder) -> None:
    member = await guild.member("Mito", roles=[SOCIAL_ROLE])
    player = await guild.player("Mito", member=member)
    with pytest.raises(NotFound, match="is not ruled out"):
        await guild.decide(AllowMember("Mito", "Mito"))
    await guild.decide(UnlinkMember("Mito"))
    await guild.scan()
    planned = await preview_all(guild.pool, "orphan_discord", guild_id=guild.guild_id)
    assert "An officer ruled out the player Mito for Mito on Discord." in planned.settled[0].reason
    await guild.decide(AllowMember("Mito", "Mito"))
    await guild.fix_all("orphan_discord")
    assert await _member_basis(guild, player) == (member, "name", None)


async def test_a_merge_takes_along_what_was_said_of_members_and_does_not_contradict_it(guild: GuildBuilder) -> None:
    mito, zed = await guild.player("Mito"), await guild.player("Zed", member=await guild.member("Zephyr"))
    await guild.decide(UnlinkMember("Zed"))
    done = await guild.decide(MergePlayers("Mito", "Zed"))
    told = "select player_id from guild_identity.link_rejections where discord_user_id is not null"
    assert await guild.rows(told) == [(mito,)]
    await guild.undo(done)
    assert await guild.rows(told) == [(zed,)]
    await guild.decide(LinkMember("Mito", "Zephyr"))
    with pytest.raises(Refused, match="An officer ruled out Zephyr on Discord for Zed"):
        await guild.decide(MergePlayers("Mito", "Zed"))


@pytest.mark.parametrize(
    ("note", "rank", "is_moved"),
    [("Mito", SOCIAL, True), ("Mito", RAIDER, False), ("Zork", OFFICER, False), ("Zork", SOCIAL, True)],
)
async def test_automation_does_not_move_a_character_whose_rank_gives_a_role_above_the_lowest(
    guild: GuildBuilder, note: str, rank: int, is_moved: bool
) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", note, elrek, rank=rank)
    (result,) = await guild.automate()
    assert (await guild.player_of(character) != elrek) is is_moved
    assert ("changing its player needs an officer" in result.reason) is not is_moved


async def test_automation_does_not_move_a_character_whose_rank_gives_a_right_here(guild: GuildBuilder) -> None:
    await guild.execute("insert into common.access_grants values (%(guild)s, 'rank', '3', 'viewer', 'test')")
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek)
    (result,) = await guild.automate()
    assert await guild.player_of(character) == elrek
    assert "has the rank Social, which gives the role viewer here" in result.reason


@pytest.mark.parametrize("has_power", ["here", "on Discord"])
async def test_automation_does_not_move_a_character_whose_rank_gives_the_only_managed_role_and_that_has_power(
    guild: GuildBuilder, has_power: str
) -> None:
    await guild.execute("update common.guild_ranks set is_role_managed = wow_rank_index = 1")
    await guild.roles_without_power(powerful=["101"] if has_power == "on Discord" else [])
    if has_power == "here":
        await guild.execute(
            "insert into common.access_grants values (%(guild)s, 'discord_role', '101', 'officer', 'test')"
        )
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek, rank=OFFICER)
    results = await guild.automate()
    assert await guild.player_of(character) == elrek
    (waiting,) = [each for each in results if each.issue_type == "note_mismatch"]
    assert "has the rank Officer, which gives the Discord role Officer" in waiting.reason


async def test_automation_gives_nobody_a_character_or_a_member_with_weight(guild: GuildBuilder) -> None:
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        for issue_type in ("orphan_wow", "orphan_discord"):
            await rule_store.save_settings(here, issue_type, actor="alice", auto_mitigate=True)
    await guild.main("Mito")
    orphan = await guild.character("Rivermane", "Mito", rank=OFFICER)
    await guild.member("Quillon", roles=[SOCIAL_ROLE])
    quillon = await guild.player("Quillon")
    await guild.link(await guild.character("Quillalt", rank=RAIDER), quillon)
    results = await guild.automate()
    assert await guild.player_of(orphan) is None
    assert (await _member_basis(guild, quillon))[0] is None
    waiting = [result.issue_type for result in results if "changing its player needs an officer" in result.reason]
    assert waiting == ["orphan_wow"]  # of the members, no fix is safe, so automation asks for none
    await guild.fix_all("orphan_wow")
    assert await guild.player_of(orphan) is not None


async def test_the_rank_of_before_counts_while_the_rank_table_does_not_fit(guild: GuildBuilder) -> None:
    await roster(guild, {1: "Elrek", 2: "Mito", 3: "Rivermane"}, ranks={3: OFFICER})
    await notes(guild, Elrek="Main", Mito="Main", Rivermane="Elrek")
    elrek, mito = await guild.player("Elrek"), await guild.player("Mito")
    for name, player in (("Elrek", elrek), ("Mito", mito), ("Rivermane", elrek)):
        await guild.link(await number_of(guild, name), player, linked_under="Elrek")
    await guild.execute("update guild_identity.wow_characters set rank_index = 3 where character_name = 'Rivermane'")
    await notes(guild, Rivermane="Mito")
    await guild.automate()
    assert await guild.player_of(await number_of(guild, "Rivermane")) == elrek


@pytest.mark.parametrize("is_confirmed", [False, True])
async def test_a_role_that_gives_a_right_is_not_given_to_many_at_once_over_an_unconfirmed_link(
    guild: GuildBuilder, is_confirmed: bool
) -> None:
    await guild.execute("insert into common.access_grants values (%(guild)s, 'discord_role', '101', 'officer', 'test')")
    player = await guild.player("Mito", member=await guild.member("Mito", roles=[SOCIAL_ROLE]), is_confirmed=True)
    character = await guild.character("Mito", "Mito", rank=OFFICER)
    await guild.link(character, player, source="manual" if is_confirmed else "bulk_fix", linked_under="alt of Mito")
    await guild.scan()
    planned = await preview_all(guild.pool, "role_mismatch", guild_id=guild.guild_id)
    assert len(planned.ready) == is_confirmed
    if not is_confirmed:
        (settled,) = planned.settled
        assert "The link of Mito to Mito is based on the note “alt of Mito” alone (not confirmed)." in settled.reason
        assert "The role would make Mito an officer here, so check this one on its own." in settled.reason
    ((issue,),) = await guild.rows("select id from guild_identity.audit_issues where issue_type = 'role_mismatch'")
    assert len((await mitigations.preview_one(guild.pool, issue)).ready) == 1
