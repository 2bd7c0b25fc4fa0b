"""Changing settings: what a preview says comes true, and a change can be undone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from guild_builder import OFFICER, RAIDER, ROLE_NAMES, ROLE_OF_RANK, GuildBuilder
from laws import snapshot
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.core.errors import BadInput, NotFound, PlanStale, Refused
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.roster import members, ranks
from sv_common.guild_sync.rulebook import settings as rule_store
from sv_common.guild_sync.rulebook.parameter import RuleOverrides
from sv_common.guild_sync.settings import changes, readings
from sv_common.guild_sync.settings.requests import (
    RanksRequest,
    RoleWish,
    RuleRequest,
    SettingRequest,
    UndoRequest,
    WordRequest,
)
from sv_common.guild_sync.settings.service import SettingReport, preview_setting, save_setting
from sv_common.guild_sync.settings.trial import Move
from sv_common.guild_sync.sources.models import DiscordRole

ALICE = "officer alice"
AFTER_45_DAYS = RuleRequest("stale_character", parameters={"stale_after_days": "45"})


async def _preview(guild: GuildBuilder, request: SettingRequest) -> SettingReport:
    return await preview_setting(guild.pool, request, guild_id=guild.guild_id)


async def _save(guild: GuildBuilder, request: SettingRequest, seen: str | None = None) -> SettingReport:
    return await save_setting(guild.pool, request, actor=ALICE, guild_id=guild.guild_id, seen=seen)


async def _wishes(guild: GuildBuilder) -> Mapping[str, RuleOverrides]:
    return await guild.call(rule_store.read_overrides)


async def _open(guild: GuildBuilder) -> set[tuple[str, str]]:
    rows = await guild.rows(
        "select issue_type, summary from guild_identity.audit_issues "
        "where guild_id = %(guild)s and resolved_at is null and dismissed_at is null"
    )
    return {(row[0], row[1]) for row in rows}


async def _sleepers(guild: GuildBuilder) -> None:
    """Two characters that are stale after 30 days, of which one is not after 45."""
    mito = await guild.main("Mito")
    for name, days in (("Napper", 40), ("Sleeper", 400)):
        await guild.link(await guild.character(name, last_login_days=days), mito)
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)


async def _roles(guild: GuildBuilder, *more: DiscordRole) -> None:
    known = [DiscordRole(role_id, name, int(role_id), managed=False) for role_id, name in ROLE_NAMES.items()]
    await guild.call(members.apply_roles, [*known, *more])


REFUSED: list[tuple[SettingRequest, str]] = [
    (RuleRequest("stale_character", parameters={"stale_after_days": "0"}), r"Stale after \(stale_after_days\): “0”.* from 1 to 3650"),
    (RuleRequest("stale_character", parameters={"stale_after_days": 3651}), "from 1 to 3650"),
    (RuleRequest("stale_character", parameters={"stale_after_days": "soon"}), "whole number of days"),
    (RuleRequest("stale_character", parameters={"stale_after_days": "4.5"}), "whole number of days"),
    (RuleRequest("stale_character", parameters={"stale_after_days": True}), "whole number of days"),
    (RuleRequest("stale_character", parameters={"stale_after_days": "9" * 400}), "9{12}…"),
    (RuleRequest("stale_character", parameters={"stale_days": 45}), "This rule has no threshold"),
    (RuleRequest("orphan_wow", parameters={"automatic_fix_limit": 0}), "whole number of fixes from 1 to 1000"),
    (RuleRequest("stale_character", fixes_itself="yes"), "has no fix"),
    (RuleRequest("stale_character", severity="dire"), "Severity: “dire” does not exist. Use info, warning, error, or default"),
    (RanksRequest({9: RoleWish("101")}), "Rank 9: the guild has no such rank"),
    (RanksRequest({RAIDER: RoleWish("12345")}), "Rank 2: the Discord server has no role “12345”"),
    (RanksRequest({RAIDER: RoleWish("950")}), "belongs to an integration"),
    (RanksRequest({RAIDER: RoleWish("7000")}), "everyone has"),
    (WordRequest("", "role"), "Word: give a word"),
    (WordRequest("a" * 61, "role"), "at most 60 characters"),
    (WordRequest("a\x00b", "role"), "Word: give a word"),
    (WordRequest("300", "role"), "no letter"),
    (WordRequest("Nightcrew", "raid team"), "Category: “raid team” does not exist"),
]  # fmt: skip


async def test_what_cannot_be_set_is_refused_by_the_field_and_changes_nothing(guild: GuildBuilder) -> None:
    await _roles(
        guild, DiscordRole("950", "Booster", 5, managed=True), DiscordRole("7000", "@everyone", 0, managed=False)
    )
    before = await snapshot.take(guild.pool)
    for asked, sentence in REFUSED:
        for attempt in (_preview, _save):
            with pytest.raises(BadInput, match=sentence):
                await attempt(guild, asked)
    assert snapshot.differences(before, await snapshot.take(guild.pool)) == {}


async def test_every_threshold_that_is_wrong_gets_a_sentence_of_its_own(guild: GuildBuilder) -> None:
    asked = RuleRequest("orphan_wow", parameters={"automatic_fix_limit": "-1", "haste": "9"})
    with pytest.raises(BadInput) as refusal:
        await _preview(guild, asked)
    assert len(refusal.value.problems) == 2


@pytest.mark.parametrize(
    "asked",
    [
        RuleRequest("orphan_wow"),
        RuleRequest("orphan_wow", to_default=True),
        RuleRequest("orphan_wow", is_enabled=True, fixes_itself="default", severity="default"),
        RanksRequest({OFFICER: RoleWish("101")}),
        WordRequest("Nightcrew", "default"),
    ],
)
async def test_what_is_set_so_already_is_refused(guild: GuildBuilder, asked: SettingRequest) -> None:
    with pytest.raises(Refused, match="This is already set"):
        await _preview(guild, asked)


async def test_a_rule_that_does_not_exist_is_not_found(guild: GuildBuilder) -> None:
    with pytest.raises(NotFound, match="Rule “stale” does not exist"):
        await _preview(guild, RuleRequest("stale", is_enabled=False))


async def test_what_a_preview_says_of_a_threshold_is_saved_and_recorded(guild: GuildBuilder) -> None:
    await _sleepers(guild)
    seen = await _preview(guild, AFTER_45_DAYS)
    assert seen.sentence == "This would resolve 1 issue."
    assert [(effect.move, effect.summary.split("'")[1]) for effect in seen.effects] == [(Move.RESOLVES, "Napper")]
    assert (await _save(guild, AFTER_45_DAYS, seen.key)).sentence == "Saved. It resolved 1 issue."
    assert {summary.split("'")[1] for kind, summary in await _open(guild) if kind == "stale_character"} == {"Sleeper"}
    async with guild.pool.connection() as conn:
        [change] = (await changes.newest(conn, guild.guild_id)).items
    assert (change.actor, change.sentence) == (ALICE, "stale_character. Stale after: 30 days → 45 days")
    assert (change.before["parameters"], change.after["parameters"]) == ({}, {"stale_after_days": 45})


async def test_what_was_not_seen_is_not_saved(guild: GuildBuilder) -> None:
    await _sleepers(guild)
    seen = await _preview(guild, AFTER_45_DAYS)
    await guild.execute(
        "update guild_identity.wow_characters set last_login_timestamp = 1 where character_name = 'Napper'"
    )
    with pytest.raises(PlanStale, match="have changed since the preview"):
        await _save(guild, AFTER_45_DAYS, seen.key)
    assert await _wishes(guild) == {}
    again = await _preview(guild, AFTER_45_DAYS)
    await _save(guild, RuleRequest("stale_character", severity="error"))
    with pytest.raises(PlanStale):
        await _save(guild, AFTER_45_DAYS, again.key)
    assert (await _wishes(guild))["stale_character"].parameters == {}


async def test_what_has_changed_before_counts_for_no_setting(guild: GuildBuilder) -> None:
    await _sleepers(guild)
    await guild.character("Newcomer")
    report = await _preview(guild, AFTER_45_DAYS)
    assert report.counts == {Move.OPENS: 0, Move.RESOLVES: 1, Move.FIXED: 0}
    [told] = report.unrelated
    assert told.startswith("With or without this change, the next scan opens 1 issue and closes 0")


async def test_a_rule_that_is_switched_off_leaves_its_issues_open_and_says_so(guild: GuildBuilder) -> None:
    await _sleepers(guild)
    before = await _open(guild)
    off = RuleRequest("stale_character", is_enabled=False)
    seen = await _preview(guild, off)
    assert seen.sentence == "No issue would open or be resolved."
    assert seen.notices[0].startswith("2 issues of this rule stay open. Scans and automatic fixes skip the rule")
    await _save(guild, off, seen.key)
    await guild.execute("update guild_identity.wow_characters set last_login_timestamp = null")
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    assert await _open(guild) == before
    on = await _preview(guild, RuleRequest("stale_character", is_enabled=True))
    assert on.counts[Move.RESOLVES] == 2


async def test_an_automatic_rule_fixes_and_does_so_at_once_within_its_budget(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    for name in ("Firstalt", "Secondalt"):
        await guild.character(name, "alt of Mito")
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    itself = RuleRequest("orphan_wow", fixes_itself="yes", parameters={"automatic_fix_limit": 1})
    held = await _preview(guild, itself)
    assert held.counts[Move.FIXED] == 0
    assert "2 fixes are more than the limit of 1 automatic fixes" in held.notices[0]
    seen = await _preview(guild, RuleRequest("orphan_wow", fixes_itself="yes"))
    assert seen.sentence == "2 issues would be fixed."
    assert seen.effects[0].steps[0].startswith("Link Firstalt-area-52 to Mito")
    saved = await _save(guild, RuleRequest("orphan_wow", fixes_itself="yes"), seen.key)
    assert saved.sentence == "Saved. It fixed 2 issues."
    assert not [each for each in await _open(guild) if each[0] == "orphan_wow"]


async def test_the_budget_is_told_with_how_it_came_about(guild: GuildBuilder) -> None:
    report = await _preview(guild, RuleRequest("orphan_wow", parameters={"automatic_fix_limit": 25}))
    [row] = report.differences
    assert (row.before, row.after) == (
        "10 now: 5 % of 0 characters, but at least 10.",
        "25 now: set by an administrator.",
    )


async def test_back_to_the_default_puts_everything_of_a_rule_back(guild: GuildBuilder) -> None:
    asked = RuleRequest("stale_character", is_enabled=False, severity="error", parameters={"stale_after_days": 90})
    await _save(guild, asked)
    assert len((await _save(guild, RuleRequest("stale_character", to_default=True))).differences) == 3
    assert (await _wishes(guild))["stale_character"] == RuleOverrides()


async def test_a_threshold_that_is_left_empty_is_the_default(guild: GuildBuilder) -> None:
    await _save(guild, AFTER_45_DAYS)
    await _save(guild, RuleRequest("stale_character", parameters={"stale_after_days": ""}))
    assert (await _wishes(guild))["stale_character"].parameters == {}


async def test_ranks_are_mapped_together_and_roles_compared_at_once(guild: GuildBuilder) -> None:
    await _roles(guild)
    await guild.main("Mito", rank=RAIDER)
    await guild.main("Elrek", rank=OFFICER)
    asked = RanksRequest({RAIDER: RoleWish("900"), OFFICER: RoleWish("none"), 0: RoleWish("")})
    seen = await _preview(guild, asked)
    assert [row.sentence for row in seen.differences] == [
        "Rank 1, Officer: Officer → no role",
        "Rank 2, Raider: Raider → DJ",
    ]
    assert [(effect.move, effect.issue_type) for effect in seen.effects] == [(Move.OPENS, "role_mismatch")]
    await _save(guild, asked, seen.key)
    table = await guild.call(ranks.all_ranks)
    assert [(r.discord_role_id, r.is_role_managed, r.is_without_role) for r in table] == [
        (None, False, False),
        (None, False, True),
        ("900", True, False),
        (ROLE_OF_RANK[3], True, False),
    ]


async def test_a_word_is_previewed_with_each_note_that_is_read_differently(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.alt("Rivermane", "Nightcrew", mito)
    await guild.alt("Stonemane", "alt of Mito", mito)
    asked = WordRequest("Nightcrew", "role")
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    seen = await _preview(guild, asked)
    [reading] = seen.readings
    assert (reading.character, reading.before) == ("Rivermane-area-52", "No one here is named “Nightcrew”.")
    assert reading.after == "The note is about a profession, specialization, class or role."
    assert seen.counts[Move.OPENS] == 0
    await _save(guild, asked, seen.key)
    assert [(each.word, each.category) for each in await guild.call(words.all_words)] == [("nightcrew", "role")]
    await _save(guild, WordRequest("NIGHTCREW", "default"))
    assert await guild.call(words.all_words) == []


CHANGES: list[SettingRequest] = [
    RuleRequest("stale_character", is_enabled=False, severity="warning", parameters={"stale_after_days": 60}),
    RanksRequest({RAIDER: RoleWish("900", is_managed=False), OFFICER: RoleWish("none"), 3: RoleWish("")}),
    WordRequest("Holy", "name"),
]


@pytest.mark.parametrize("asked", CHANGES)
async def test_a_change_is_undone_once_and_that_is_a_change_too(guild: GuildBuilder, asked: SettingRequest) -> None:
    await _roles(guild)
    change = (await _save(guild, asked)).change_id
    assert change is not None
    seen = await _preview(guild, UndoRequest(change))
    undone = await _save(guild, UndoRequest(change), seen.key)
    with pytest.raises(Refused, match="alice already undid this change on"):
        await _preview(guild, UndoRequest(change))
    assert undone.change_id is not None
    redone = await _save(guild, UndoRequest(undone.change_id))
    assert [row.after for row in redone.differences] == [row.before for row in seen.differences]


async def test_a_change_over_which_somebody_changed_again_is_not_taken_back(guild: GuildBuilder) -> None:
    first = (await _save(guild, AFTER_45_DAYS)).change_id
    await _save(guild, RuleRequest("stale_character", parameters={"stale_after_days": 60}))
    assert first is not None
    with pytest.raises(Refused, match=r"This was changed again later. Undo the later change first"):
        await _save(guild, UndoRequest(first))


async def test_each_note_that_is_tried_is_read_anew(guild: GuildBuilder) -> None:
    for name in ("Mito", "Zork"):
        await guild.main(name)
    async with guild.pool.reading(guild.guild_id) as here:
        said = [(await readings.try_note(here, f"alt of {name}")).sentence for name in ("Mito", "Zork", "Nobodyhere")]
    assert ["Mito" in said[0], "Zork" in said[1], "Nobodyhere" in said[2]] == [True] * 3, said


async def test_another_guilds_change_is_not_found(guild: GuildBuilder) -> None:
    other = await GuildBuilder.create(guild.pool, "Other Watch", "7001")
    change = (await _save(other, AFTER_45_DAYS)).change_id
    assert change is not None
    with pytest.raises(NotFound, match="Settings change"):
        await _preview(guild, UndoRequest(change))


@pytest.mark.parametrize(
    "asked", [AFTER_45_DAYS, WordRequest("Nightcrew", "role"), RanksRequest({RAIDER: RoleWish("900")})]
)
async def test_the_number_of_statements_does_not_grow_with_the_guild(
    guild: GuildBuilder, asked: SettingRequest
) -> None:
    await _roles(guild)
    await _save(guild, RuleRequest("note_mismatch", parameters={"automatic_fix_limit": 1000}))
    counts = []
    for many in (2, 40):
        mito = await guild.main(f"Mito{'abcd'[many % 4]}", rank=RAIDER)
        for number in range(many):
            name = f"Q{'abcdefghij'[number // 10]}x{'abcdefghij'[number % 10]}y{'pq'[many > 2]}"
            await guild.link(await guild.character(name, "Nightcrew", last_login_days=40), mito)
        await run_integrity_check(guild.pool, guild_id=guild.guild_id)
        with counting_statements() as counted:
            await _preview(guild, asked)
        counts.append(counted.statements)
    assert counts[0] == counts[1]


async def test_of_two_who_save_one_preview_at_one_moment_one_is_refused(guild: GuildBuilder) -> None:
    await _sleepers(guild)
    seen = await _preview(guild, AFTER_45_DAYS)
    ended = await asyncio.gather(*(_save(guild, AFTER_45_DAYS, seen.key) for _ in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["Refused", "SettingReport"]
    async with guild.pool.connection() as conn:
        assert (await changes.newest(conn, guild.guild_id)).total == 1


async def test_fixes_on_discord_are_counted_only_where_a_bot_is_set_up(guild: GuildBuilder) -> None:
    await _roles(guild)
    await guild.main("Mito", rank=RAIDER, roles=[ROLE_OF_RANK[3]])
    await guild.confirm_all()
    await guild.execute("update guild_identity.discord_roles set is_administrative = false")
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    asked = RuleRequest("role_mismatch", fixes_itself="yes")
    without = await _preview(guild, asked)
    assert without.sentence == "No issue would open or be resolved."
    assert without.notices[0].startswith("1 issue could be fixed on Discord, but no bot is set up")
    with_bot = await preview_setting(guild.pool, asked, guild_id=guild.guild_id, with_discord=True)
    assert with_bot.sentence == "1 issue would be fixed."
    assert [step.split()[0] for step in with_bot.effects[0].steps] == ["Give", "Take"]
