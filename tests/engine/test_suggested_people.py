"""For an orphan of a real guild the right people are suggested, with reasons and a strength, and nothing happens automatically."""

from __future__ import annotations

import pytest

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.identity.decisions import RejectLink, UnlinkMember
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.insights.issue import issue_details
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.explanation import Strength, WeighedCandidate
from sv_common.guild_sync.mitigations import run_auto_mitigations

BOB = "officer bob"


async def _suggested(guild: GuildBuilder, issue_type: str, needle: str) -> tuple[WeighedCandidate, ...]:
    await run_integrity_check(guild.pool)
    rows = await guild.rows(
        "select id from guild_identity.audit_issues where issue_type = %(type)s and strpos(summary, %(needle)s) > 0",
        {"type": issue_type, "needle": needle},
    )
    return tuple((await issue_details(guild.pool, rows[0][0])).candidates)


async def _for_member(guild: GuildBuilder, name: str) -> tuple[WeighedCandidate, ...]:
    await guild.member(name, roles=[ROLE_OF_RANK[RAIDER]])
    return await _suggested(guild, "orphan_discord", name)


async def _seen_on(guild: GuildBuilder, character: int, day: str) -> None:
    await guild.execute(
        "update guild_identity.wow_characters set first_seen = %(day)s::date + interval '12 hours' where id = %(id)s",
        {"id": character, "day": day},
    )


@pytest.mark.parametrize(
    ("discord_name", "strength"),
    [
        ("[GM] Brightwynd", Strength.STRONG),
        ("Sir Brightwynd", Strength.STRONG),
        ("Brightwynd | raid lead", Strength.STRONG),
        ("🔥 Brightwynd 🔥", Strength.STRONG),
        ("brightwynd_main", Strength.STRONG),
        ("Brightwynd/Alt", Strength.STRONG),
        ("xXBrightwyndXx", Strength.LIKELY),
        ("Br1ghtwynd", Strength.LIKELY),
        ("Brightwnyd", Strength.LIKELY),
        ("Brighty", Strength.LIKELY),
        ("Not Brightwynd", Strength.LIKELY),
        ("Brightwynd's dad", Strength.LIKELY),
    ],
)
async def test_a_decorated_or_shortened_discord_name_leads_to_the_player(
    guild: GuildBuilder, discord_name: str, strength: Strength
) -> None:
    await guild.player("Brightwynd")
    await guild.player("Marlfall")
    found = await _for_member(guild, discord_name)
    assert found[0].label == "Brightwynd"
    assert found[0].strength is strength
    assert found[0].speaks_for
    assert not found[0].is_decided


async def test_a_short_form_of_a_given_name_leads_to_the_player(guild: GuildBuilder) -> None:
    await guild.player("Robert")
    (found,) = await _for_member(guild, "Bobby | Tank")
    assert (found.label, found.strength) == ("Robert", Strength.LIKELY)
    assert found.speaks_for == ("“Bobby” and “Robert” are one given name: Robert.",)


async def test_a_name_built_like_the_others_of_a_player_leads_to_them(guild: GuildBuilder) -> None:
    zork = await guild.main("Zork")
    await guild.alt("Sunzork", None, zork)
    await guild.main("Marlfall")
    await guild.character("Moonzork")
    found = await _suggested(guild, "orphan_wow", "Moonzork")
    assert (found[0].label, found[0].strength) == ("Zork", Strength.LIKELY)
    assert "“Zork” is also in Sunzork-area-52 and Zork-area-52, characters of Zork." in found[0].speaks_for
    assert "Marlfall" not in {each.label for each in found}


async def test_the_same_nickname_in_a_note_leads_to_the_player_whose_character_has_it(guild: GuildBuilder) -> None:
    await guild.alt("Grimalt", "Odo", await guild.main("Elrek"), linked_under="Odo")
    await guild.character("Velquin", "Odo")
    (found,) = await _suggested(guild, "orphan_wow", "Velquin")
    assert (found.label, found.strength) == ("Elrek", Strength.LIKELY)
    assert found.speaks_for[0] == "The note of Grimalt-area-52, a character of Elrek, also says “Odo”."


async def test_a_day_of_joining_and_a_rare_rank_support_and_are_weak_alone(guild: GuildBuilder) -> None:
    for at in range(13):
        await guild.character(f"Old{'abcdefghijklm'[at]}quix", "bank", rank=SOCIAL)
    member = await guild.member("Marlfall")
    await guild.main("Elrek", rank=OFFICER)
    marl = await guild.player("Zuzu", member=member)
    theirs = await guild.character("Zuzulock", rank=OFFICER)
    await guild.link(theirs, marl)
    orphan = await guild.character("Zuzupaw", rank=OFFICER)
    other = await guild.character("Velquin", rank=SOCIAL)
    for number in (theirs, orphan, other):
        await _seen_on(guild, number, "2099-03-02")
    found = await _suggested(guild, "orphan_wow", "Zuzupaw")
    assert found[0].label == "Zuzu"
    assert {"Zuzu was first seen on the same day (2099-03-02).", "Zuzulock-area-52 has the same rank."} <= set(
        found[0].speaks_for
    )
    (alone, *_) = [each for each in await _suggested(guild, "orphan_wow", "Velquin") if each.label == "Zuzu"]
    assert (alone.strength, alone.speaks_for) == (
        Strength.WEAK,
        ("Zuzu was first seen on the same day (2099-03-02).",),
    )


async def test_a_member_whom_an_officer_ruled_out_is_shown_last_with_who_said_so(guild: GuildBuilder) -> None:
    member = await guild.member("Zork", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.player("Zork", member=member)
    await guild.player("Zorkan")
    await apply_decision(guild.pool, UnlinkMember("Zork"), actor=BOB)
    found = await _suggested(guild, "orphan_discord", "'Zork'")
    assert [(each.label, each.is_rejected) for each in found] == [("Zorkan", False), ("Zork", True)]
    assert found[-1].speaks_against[0].startswith("bob said on ")
    assert "that Zork on Discord is not the player Zork" in found[-1].speaks_against[0]


async def test_a_player_whom_an_officer_ruled_out_is_not_suggested_by_name_again(guild: GuildBuilder) -> None:
    zork = await guild.main("Zork")
    await guild.alt("Sunzork", None, zork)
    await guild.main("Moonzar")
    await guild.character("Moonzork")
    await apply_decision(guild.pool, RejectLink("Moonzork", "Zork", "his brother"), actor=BOB)
    found = await _suggested(guild, "orphan_wow", "Moonzork")
    assert [each.is_rejected for each in found] == sorted(each.is_rejected for each in found)
    assert (found[-1].label, found[-1].is_rejected) == ("Zork", True)
    assert found[-1].speaks_against[0].endswith("does not belong to Zork: his brother")


async def test_a_player_who_is_somebody_else_on_discord_is_a_weaker_suggestion(guild: GuildBuilder) -> None:
    await guild.player("Zorkan")
    await guild.player("Zork", member=await guild.member("Zork the First"))
    found = await _for_member(guild, "Zork | Tank")
    taken = next(each for each in found if each.label == "Zork")
    assert taken.strength is not Strength.STRONG
    assert taken.speaks_against[-1] == "The player Zork is already linked to Zork the First on Discord."


async def test_nothing_follows_from_a_suggestion_by_itself(guild: GuildBuilder) -> None:
    zork = await guild.main("Zork")
    await guild.alt("Sunzork", None, zork)
    await guild.player("Brightwynd")
    await guild.character("Moonzork")
    await guild.member("Sir Brightwynde", roles=[ROLE_OF_RANK[RAIDER]])
    tables = "select character_id, player_id from guild_identity.player_characters order by 1"
    people = "select id, discord_user_id from guild_identity.players order by 1"
    before = await guild.rows(tables), await guild.rows(people)
    assert (await _suggested(guild, "orphan_wow", "Moonzork"))[0].label == "Zork"
    assert (await _suggested(guild, "orphan_discord", "Brightwynde"))[0].label == "Brightwynd"
    await run_auto_mitigations(guild.pool)
    assert (await guild.rows(tables), await guild.rows(people)) == before
    open_issues = await guild.rows(
        "select count(*) from guild_identity.audit_issues where issue_type like 'orphan%%' and resolved_at is null"
    )
    assert open_issues == [(2,)]


async def test_the_statements_do_not_grow_with_the_guild(guild: GuildBuilder) -> None:
    await guild.member("Sir Zork", roles=[ROLE_OF_RANK[RAIDER]])
    await run_integrity_check(guild.pool)
    rows = await guild.rows("select id from guild_identity.audit_issues where issue_type = 'orphan_discord'")
    counts = []
    for name in ("Zorkan", "Zorkin", "Zorkun"):
        await guild.player(name)
        with counting_statements() as counter:
            await issue_details(guild.pool, rows[0][0])
        counts.append(counter.statements)
    assert len(set(counts)) == 1


async def test_a_user_name_that_is_like_the_character_is_named_itself(guild: GuildBuilder) -> None:
    member = await guild.member("Lumenbell")
    await guild.execute(
        "update guild_identity.discord_users set username = 'cinderstrand' where id = %(id)s", {"id": member}
    )
    await guild.character("Cinderstrond")
    (found,) = await _suggested(guild, "orphan_wow", "Cinderstrond")
    assert found.label == "Lumenbell"
    assert found.speaks_for == ("“Cinderstrond” is spelled like @cinderstrand, a name of Lumenbell.",)
