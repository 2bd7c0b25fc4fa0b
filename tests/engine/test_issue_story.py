"""Why an issue is there and who could be meant: told from the data as it is, and in agreement with what the fix does."""

from __future__ import annotations

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.identity.decisions import LinkCharacter, RejectLink, UnlinkCharacter
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.insights.issue import GONE, IssueDetails, issue_details
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.explanation import Strength, WeighedCandidate
from sv_common.guild_sync.mitigations import fix_one, undo
from sv_common.guild_sync.rules import RULES

BOB = "officer bob"


async def _told(guild: GuildBuilder, issue_type: str, needle: str = "", *, scan: bool = True) -> IssueDetails:
    """Scan, and tell the first issue of a rule whose summary holds a word."""
    if scan:
        await run_integrity_check(guild.pool)
    rows = await guild.rows(
        "select id from guild_identity.audit_issues where issue_type = %(type)s and strpos(summary, %(needle)s) > 0",
        {"type": issue_type, "needle": needle},
    )
    return await issue_details(guild.pool, rows[0][0])


def _sentences(told: IssueDetails) -> list[str]:
    assert told.explanation is not None
    return [saying.sentence for saying in told.explanation.evidence]


def _conclusion(told: IssueDetails) -> str:
    assert told.explanation is not None
    return told.explanation.conclusion


def _one(told: IssueDetails, label: str) -> WeighedCandidate:
    (found,) = [each for each in told.candidates if each.label == label]
    return found


def test_every_rule_explains_its_findings() -> None:
    assert [rule.issue_type for rule in RULES.values() if rule.explain is None] == []


async def test_a_note_that_names_another_player_is_told_from_note_and_link(guild: GuildBuilder) -> None:
    await guild.player("Mito", member=await guild.member("Mito#1234"))
    await guild.alt("Grimalt", "Mito alt", await guild.main("Elrek"))
    told = await _told(guild, "note_mismatch")
    note, meaning, record, *basis = _sentences(told)
    assert basis == [
        "The link is based on the note “an earlier note” alone (not confirmed).",
        "When Grimalt-area-52 was linked, the note said “an earlier note”.",
    ]
    assert note == "The note of Grimalt-area-52 says “Mito alt”."
    assert meaning.endswith("So it means the player Mito.")
    assert record.startswith("Grimalt-area-52 is linked to Elrek, by a full match (test, ")
    assert (
        _conclusion(told) == "The note means Mito, but the character is linked to Elrek. One of the two is out of date."
    )
    assert (told.is_found, told.changed) == (True, ())


async def test_a_discord_name_in_a_note_leads_to_the_player_whose_name_it_is(guild: GuildBuilder) -> None:
    await guild.player("Rob", member=await guild.member("Mito"))
    await guild.character("Newalt", "Mito alt")
    told = await _told(guild, "orphan_wow")
    assert "“Mito” is the Discord name of Mito. So it means the player Rob." in _sentences(told)


async def test_a_character_of_nobody_is_told_with_rank_note_and_who_took_it_away(guild: GuildBuilder) -> None:
    await guild.alt("Rivermane", "Alch 300", await guild.main("Elrek"))
    await apply_decision(guild.pool, UnlinkCharacter("Rivermane"), actor=BOB)
    told = await _told(guild, "orphan_wow", "Rivermane")
    sentences = _sentences(told)
    assert sentences[0] == "Rivermane-area-52 is in the guild as Social."
    assert "The note is about a profession, specialization, class or role." in sentences
    assert "Rivermane-area-52 has no player." in sentences
    assert sentences[-1].startswith("bob unlinked it from Elrek on ")
    assert told.fix is not None
    assert told.fix.remedy == "Choose the player, or dismiss the issue."


async def test_a_member_without_a_player_is_told_with_role_record_and_characters(guild: GuildBuilder) -> None:
    await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.character("Stormy", "Zephyr")
    told = await _told(guild, "orphan_discord")
    assert _sentences(told) == [
        "Zephyr is on the server.",
        "Guild roles: Raider.",
        "Zephyr is not a player yet, and no player without a Discord member has this name.",
        "Unknown characters whose note or name matches Zephyr: Stormy-area-52.",
    ]
    assert _conclusion(told) == "Zephyr has a guild role but no known characters."


_UNCONFIRMED = (
    "The link of Promoted to Promoted is based on the note “an earlier note” alone (not confirmed). The link of "
    "Promoted to Promoted#discord on Discord is based on the Discord name alone (not confirmed)."
)


async def test_a_wrong_role_is_told_from_rank_table_and_discord(guild: GuildBuilder) -> None:
    await guild.main("Promoted", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    told = await _told(guild, "role_mismatch")
    assert _sentences(told) == [
        "Promoted is Promoted’s highest character: Officer in the game.",
        "Rank table: Officer → Discord role Officer.",
        "The player Promoted is the Discord member Promoted#discord.",
        _UNCONFIRMED,
        "Promoted#discord has Raider.",
    ]
    assert (
        _conclusion(told) == "Promoted#discord should have Officer, but does not, and Raider belongs to another rank."
    )
    assert told.fix is not None
    assert [(effect.what, effect.before, effect.after) for effect in told.fix.effects] == [
        ("Discord role Officer of Promoted#discord", "does not have it", "has it"),
        ("Discord role Raider of Promoted#discord", "has it", "does not have it"),
    ]


async def test_a_sleeping_character_is_told_with_where_its_player_is_active(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.link(await guild.character("Sleeper", last_login_days=40.5), elrek)
    told = await _told(guild, "stale_character")
    first, *others = _sentences(told)
    assert first.endswith(", 40 days ago.")
    assert others == ["It belongs to Elrek.", "Elrek is active on Elrek."]
    assert _conclusion(told) == "The player is active. Only this character is not."
    assert told.candidates == ()


async def test_where_a_rule_cannot_tell_the_page_says_why_instead_of_failing(guild: GuildBuilder) -> None:
    await guild.main("Promoted", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    await run_integrity_check(guild.pool)
    await guild.execute("update common.guild_ranks set name_in_game = 'Council' where wow_rank_index = 1")
    told = await _told(guild, "role_mismatch", scan=False)
    assert told.is_found is None
    assert "The ranks changed in the game" in (told.doubt or "")
    assert told.fix is not None
    assert told.fix.outcome == "refused"


async def test_what_has_changed_since_a_scan_last_looked_is_said(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    await guild.main("Zork")
    grimalt = await guild.alt("Grimalt", "Mito", elrek)
    await run_integrity_check(guild.pool)
    await guild.set_note(grimalt, "Zork")
    told = await _told(guild, "note_mismatch", scan=False)
    assert told.changed == ("At the last scan the note said “Mito”.",)
    assert _conclusion(told).startswith("The note means Zork")
    await guild.set_note(grimalt, "Elrek")
    told = await _told(guild, "note_mismatch", scan=False)
    assert told.is_found is False
    assert told.fix is not None
    assert told.fix.outcome == GONE


async def test_two_who_could_be_meant_speak_against_each_other(guild: GuildBuilder) -> None:
    await guild.player("Robin", member=await guild.member("Robin"))
    await guild.alt("Robin", None, await guild.main("Elrek"))
    await guild.character("Newalt", "alt of Robin")
    told = await _told(guild, "orphan_wow", "Newalt")
    assert _one(told, "Robin").speaks_against == ("“Robin” could also mean Elrek.",)
    assert _one(told, "Elrek").speaks_against == ("“Robin” could also mean Robin.",)
    assert not any(each.is_decided for each in told.candidates)


async def test_a_name_that_is_only_like_the_word_is_shown_and_proves_nothing(guild: GuildBuilder) -> None:
    await guild.main("Grimrokk")
    await guild.character("Newalt", "Grimrok")
    told = await _told(guild, "orphan_wow", "Newalt")
    found = _one(told, "Grimrokk")
    assert found.speaks_for[0] == "“Grimrok” matches the start of Grimrokk-area-52, a character of Grimrokk."
    assert found.strength is Strength.LIKELY
    assert found.speaks_against == ("Similar, not identical.",)
    assert not found.is_decided


async def test_another_realm_than_the_note_names_speaks_against(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Newalt", "alt of Mito-Illidan")
    told = await _told(guild, "orphan_wow", "Newalt")
    assert "The note names the realm Illidan, but Mito-area-52 is on another." in _one(told, "Mito").speaks_against


async def test_whom_an_officer_has_ruled_out_is_shown_last_with_who_said_so_and_why(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Newalt", "alt of Mito")
    await apply_decision(guild.pool, RejectLink("Newalt", "Mito", "another Mito"), actor=BOB)
    told = await _told(guild, "orphan_wow", "Newalt")
    found = _one(told, "Mito")
    assert found.is_rejected
    assert found.speaks_for == ("“Mito” is a character of Mito.",)
    assert found.speaks_against[-1].startswith("bob said on ")
    assert found.speaks_against[-1].endswith("that Newalt-area-52 does not belong to Mito: another Mito")
    assert any(sentence.startswith("bob said on ") for sentence in _sentences(told))
    assert told.fix is not None
    assert told.fix.reason.endswith("does not belong to Mito: another Mito")
    assert "undo it on the character’s page" in (told.fix.remedy or "")


async def test_a_character_that_bears_a_name_which_others_bear_too_is_told_of(guild: GuildBuilder) -> None:
    await guild.member("Raven", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.character("Raven")
    await guild.link(await guild.character("Raven", realm="illidan"), await guild.main("Elrek"))
    orphan = await _told(guild, "orphan_wow")
    assert _one(orphan, "Raven").speaks_against[0] == "Other characters share this name."
    member = await _told(guild, "orphan_discord", scan=False)
    assert _one(member, "Raven-area-52").speaks_against == ("Others share this name.",)
    elrek = _one(member, "Elrek")
    assert elrek.speaks_for[0] == "Raven-illidan, a character of Elrek: The character has this member's Discord name."
    assert elrek.speaks_against[-1] == "The player Elrek is already linked to Elrek#discord on Discord."


async def test_a_stranger_in_the_note_can_be_made_a_word_for_the_linked_player(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    grimalt = await guild.alt("Grimalt", "Zork", elrek)
    told = await _told(guild, "note_mismatch")
    found = _one(told, "Elrek")
    assert (found.is_linked, found.needs_word, found.is_decided) == (True, True, False)
    decision = LinkCharacter(str(grimalt), str(elrek), remember_note=True)
    await apply_decision(guild.pool, decision, actor=BOB)
    again = await _told(guild, "note_mismatch", scan=False)
    assert again.issue.resolved_at is not None


async def test_a_plan_that_was_undone_says_who_undid_it(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.alt("Grimalt", "Mito", await guild.main("Elrek"))
    told = await _told(guild, "note_mismatch")
    done = await fix_one(guild.pool, told.issue.id, actor=BOB)
    assert done.attempt_id is not None
    await undo(guild.pool, done.attempt_id, actor=BOB)
    told = await _told(guild, "note_mismatch", scan=False)
    assert told.fix is not None
    assert (told.fix.waits or "").startswith("bob undid this fix on ")
    assert told.history[-1].sentence.startswith("a scan found it again, after bob undid this: ")


async def test_the_number_of_statements_does_not_grow_with_the_candidates(guild: GuildBuilder) -> None:
    await guild.character("Newalt", "Robin")
    await run_integrity_check(guild.pool)
    counts = []
    for number in range(1, 5):
        await guild.player("Robin")
        with counting_statements() as counter:
            told = await _told(guild, "orphan_wow", scan=False)
        counts.append(counter.statements)
        assert len(told.candidates) == number
    # One candidate is a plan, for which it is asked whether it was undone before; several are none.
    assert counts[0] - 1 == counts[1] == counts[2] == counts[3]
