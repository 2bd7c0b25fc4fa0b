"""What follows from account evidence: suggestions, links, answers that settle an account, and conflicts that an officer decides."""

from __future__ import annotations

import pytest

from engine.test_coverage import action
from engine.test_inbox_along import owners, send
from engine.test_inbox_question import asked
from guild_builder import OFFICER, SOCIAL, GuildBuilder
from sv_common.guild_sync.core.undo_offer import read_ranges
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.accounts.decisions import ShareAccount, UnshareAccount
from sv_common.guild_sync.identity.decisions import LinkCharacter
from sv_common.guild_sync.identity_engine import run_matching
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import fix_one, run_auto_mitigations, undo_together
from sv_common.guild_sync.settings.trial import scan_and_fix


async def basis(guild: GuildBuilder, name: str) -> str | None:
    rows = await guild.rows(
        "select l.basis from guild_identity.player_characters l "
        "join guild_identity.wow_characters c on c.id = l.character_id where c.character_name = %(name)s",
        {"name": name},
    )
    return rows[0][0] if rows else None


async def mito(guild: GuildBuilder, *, source: str = "manual") -> tuple[int, int]:
    """Add the player Mito with a character that an officer has linked; return the player and the character."""
    player = await guild.player("Mito")
    return player, await guild.alt("Mito", None, player, source=source)


async def clicked(guild: GuildBuilder) -> FixOutcome:
    """Fix the one open question about a character without a player."""
    await guild.scan("orphan_wow")
    issue = await guild.open_issue("orphan_wow")
    return (await fix_one(guild.pool, issue.id, actor="alice")).outcome


async def test_fix_all_links_a_character_to_the_known_owner_of_its_account_and_automation_does_not(
    guild: GuildBuilder,
) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.character("Velquin", ""))
    await guild.scan("orphan_wow")
    await run_auto_mitigations(guild.pool)
    assert (await owners(guild))["Velquin"] is None
    await guild.fix_all("orphan_wow")
    assert (await owners(guild))["Velquin"] == "Mito"
    assert await basis(guild, "Velquin") == "account"


async def test_automation_links_by_account_where_the_guild_says_so_and_else_nothing(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.character("Velquin", ""), mode="automatic")
    await guild.character("Altrek", "alt of Mito")  # the rule's own automatic fixes are off
    await guild.scan("orphan_wow")
    await run_auto_mitigations(guild.pool)
    assert (await owners(guild))["Velquin"] == "Mito"
    assert (await owners(guild))["Altrek"] is None


async def test_a_trial_of_settings_links_what_automation_would_link(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.character("Velquin", ""), mode="automatic")
    async with guild.pool.writing(guild.guild_id) as here:
        await scan_and_fix(here)
    assert (await owners(guild))["Velquin"] == "Mito"


@pytest.mark.parametrize(
    ("note", "rank"),
    [("alt of Zephyr", SOCIAL), ("alt of Nobodyhere", SOCIAL), ("guild bank", SOCIAL), ("", OFFICER)],
    ids=["the note names another player", "the note names somebody unknown", "a bank", "a rank that gives a right"],
)
async def test_automation_leaves_to_an_officer_what_else_is_said(guild: GuildBuilder, note: str, rank: int) -> None:
    _, main = await mito(guild)
    await guild.main("Zephyr")
    await guild.account(main, await guild.character("Velquin", note, rank=rank), mode="automatic")
    await guild.scan("orphan_wow")
    await run_auto_mitigations(guild.pool)
    assert (await owners(guild))["Velquin"] is None


async def test_an_account_whose_links_rest_on_notes_alone_has_no_known_owner(guild: GuildBuilder) -> None:
    _, main = await mito(guild, source="full_match")
    await guild.account(main, await guild.character("Velquin", ""), mode="automatic")
    assert await clicked(guild) is not FixOutcome.FIXED


async def test_no_one_is_linked_by_an_account_on_which_several_people_play(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.character("Velquin", ""), mode="automatic")
    done = await guild.decide(ShareAccount(character="Mito", reason="a family"))
    assert await clicked(guild) is not FixOutcome.FIXED
    await guild.undo(done)
    assert await clicked(guild) is FixOutcome.FIXED


async def test_what_is_said_of_an_account_stays_said_until_an_officer_says_otherwise(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.alt("Grimaldo", None, await guild.player("Grimaldo")))
    await guild.scan("account_conflict")
    await guild.decide(ShareAccount(character="Grimaldo"))
    await guild.scan("account_conflict")
    assert await guild.open_issues("account_conflict") == []
    await guild.decide(UnshareAccount(character="Mito"))
    await guild.scan("account_conflict")
    assert len(await guild.open_issues("account_conflict")) == 1


async def test_a_link_by_account_does_not_follow_a_note_that_changes(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.main("Zephyr")
    velquin = await guild.character("Velquin", "")
    await guild.account(main, velquin)
    await guild.scan("orphan_wow")
    await guild.fix_all("orphan_wow")
    await guild.set_note(velquin, "alt of Zephyr")
    await run_integrity_check(guild.pool)
    await run_auto_mitigations(guild.pool)
    assert (await owners(guild))["Velquin"] == "Mito"
    assert len(await guild.open_issues("note_mismatch")) == 1


async def test_a_link_stays_and_is_no_question_when_its_account_is_not_known_any_more(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.character("Velquin", ""))
    await guild.scan("orphan_wow")
    await guild.fix_all("orphan_wow")
    assert await basis(guild, "Velquin") == "account"
    await guild.execute("delete from guild_identity.account_evidence")
    await run_integrity_check(guild.pool)
    assert (await owners(guild))["Velquin"] == "Mito"
    assert [await guild.open_issues(rule) for rule in ("account_conflict", "note_mismatch", "orphan_wow")] == [[]] * 3


async def test_one_answer_settles_an_account_and_one_undo_takes_it_all(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.account(*[await guild.character(name, "") for name in ("Velquin", "Vellone", "Velquito")])
    await guild.character("Lonely", "")
    assert await action(guild) == ("accounts", 1, 3)
    found = await asked(guild, "Whose is Velquin?")
    assert found.entry.settles == 3
    assert found.also == (
        "Your answer also links Vellone-area-52 and Velquito-area-52, on the same Battle.net account."
    )
    assert "Same Battle.net account as Vellone and Velquito. They own the same battle pets." in [
        each.sentence for each in found.evidence
    ]
    done = await send(guild, found, LinkCharacter(character="Velquin", player="Mito"))
    assert sorted(done.also) == sorted(found.entry.along)
    assert {name: who for name, who in (await owners(guild)).items() if name.startswith("Vel")} == {
        "Velquin": "Mito",
        "Vellone": "Mito",
        "Velquito": "Mito",
    }
    assert [await basis(guild, name) for name in ("Velquin", "Vellone")] == ["officer", "account"]
    assert done.undo is not None
    await undo_together(guild.pool, read_ranges(done.undo.fields["attempts"]), actor="bob", guild_id=guild.guild_id)
    assert [(await owners(guild))[name] for name in ("Velquin", "Vellone", "Velquito")] == [None] * 3


async def test_the_owner_of_the_account_is_suggested_with_the_reason(guild: GuildBuilder) -> None:
    _, main = await mito(guild, source="full_match")
    await guild.account(main, await guild.character("Velquin", ""))
    found = await asked(guild, "Whose is Velquin?")
    (answer,) = [each for each in found.answers if each.label == "Mito"]
    assert "Mito-area-52, a character of Mito, is on the same Battle.net account." in str(answer.speaks_for)


async def test_two_players_on_an_account_that_is_known_by_achievements_are_told_so(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.alt("Grimaldo", None, await guild.player("Grimaldo")), by_achievements=True)
    told = [each.sentence for each in (await asked(guild, "Are Grimaldo and Mito one person?")).evidence]
    assert "All these characters earned the same achievements in the same minutes: it is one account." in told
    assert "battle pets" not in str(told)


async def test_a_reason_is_told_anew_when_an_account_is_known_by_the_other_kind(guild: GuildBuilder) -> None:
    _, main = await mito(guild, source="full_match")
    velquin = await guild.character("Velquin", "")
    await guild.account(main, velquin)
    same = "Same Battle.net account as Mito (Mito)."
    told = str((await asked(guild, "Whose is Velquin?")).evidence)
    assert f"{same} They own the same battle pets." in told
    await guild.execute("delete from guild_identity.account_evidence")
    await guild.account(main, velquin, by_achievements=True)
    told = str((await asked(guild, "Whose is Velquin?")).evidence)
    assert f"{same} They earned the same achievements in the same minutes." in told


async def test_a_question_is_asked_anew_when_an_account_is_read(guild: GuildBuilder) -> None:
    _, main = await mito(guild, source="full_match")
    velquin = await guild.character("Velquin", "")
    assert (await asked(guild, "Whose is Velquin?")).answers == []
    await guild.account(main, velquin)
    assert [each.label for each in (await asked(guild, "Whose is Velquin?")).answers] == ["Mito"]


async def test_two_players_on_one_account_are_merged_only_by_a_click_on_that_question(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.alt("Grimaldo", None, await guild.player("Grimaldo")), mode="automatic")
    await run_integrity_check(guild.pool)
    await run_auto_mitigations(guild.pool)
    await guild.fix_all("account_conflict")
    assert (await owners(guild))["Grimaldo"] == "Grimaldo"
    found = await asked(guild, "Are Grimaldo and Mito one person?")
    assert {"Grimaldo plays Grimaldo-area-52.", "Mito plays Mito-area-52."} <= {
        each.sentence for each in found.evidence
    }
    assert found.share_account is not None
    assert isinstance(found.share_account.decision, ShareAccount)
    result = await fix_one(guild.pool, found.key, actor="alice")
    assert result.outcome is FixOutcome.FIXED
    assert (await owners(guild))["Grimaldo"] == "Mito"
    await guild.undo(result)
    assert (await owners(guild))["Grimaldo"] == "Grimaldo"


async def test_the_answer_that_several_people_play_closes_the_question(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.alt("Grimaldo", None, await guild.player("Grimaldo")))
    found = await asked(guild, "Are Grimaldo and Mito one person?")
    assert found.share_account is not None
    assert found.share_account.decision is not None
    done = await send(guild, found, found.share_account.decision)
    assert list(done.closed) == [found.key]
    await guild.scan("account_conflict")
    assert await guild.open_issues("account_conflict") == []


async def test_a_full_match_links_by_account(guild: GuildBuilder) -> None:
    _, main = await mito(guild)
    await guild.account(main, await guild.character("Velquin", ""), await guild.character("Vellone", "?"))
    await run_matching(guild.pool, guild_id=guild.guild_id, actor="alice")
    assert {(await owners(guild))[name] for name in ("Velquin", "Vellone")} == {"Mito"}
    assert await basis(guild, "Velquin") == "account"
