"""Undoing several attempts at once: a later one together with what it changed, and a batch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.memory_discord import MemoryDiscord, discord_of
from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from laws import snapshot
from laws.snapshot import Snapshot, differences
from sv_common.guild_sync.changes.tables import TABLES
from sv_common.guild_sync.core.errors import BadInput, NotFound, PlanStale, Refused
from sv_common.guild_sync.core.undo_offer import as_ranges, read_ranges
from sv_common.guild_sync.identity.decisions import (
    AddAlias,
    AllowLink,
    AllowMember,
    EndHiatus,
    LinkCharacter,
    ManualDecision,
    MarkShared,
    MergePlayers,
    NewPlayer,
    RejectLink,
    RejectMember,
    RemoveAlias,
    SetHiatus,
    SetMain,
    UnlinkCharacter,
    UnmarkShared,
)
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import fix_all, preview_undo, preview_undo_together, undo, undo_together

ALICE, BOB = "officer alice", "officer bob"
_TABLES = {f"{table.schema}.{table.name}" for table in TABLES.values()}


async def people(guild: GuildBuilder) -> Snapshot:
    return await snapshot.take(guild.pool, tables=_TABLES)


async def decided(guild: GuildBuilder, decision: ManualDecision, actor: str = ALICE) -> int:
    return (await apply_decision(guild.pool, decision, actor=actor)).attempt_id or 0


async def together(guild: GuildBuilder, attempt: int) -> list[int]:
    """The attempts that the preview offers to undo at once."""
    preview = await preview_undo(guild.pool, attempt)
    return [each.id for each in preview.together.attempts] if preview.together else []


@pytest.fixture
async def known(guild: GuildBuilder) -> GuildBuilder:
    await guild.main("Mito")
    await guild.alt("Grimalt", None, await guild.main("Elrek"))
    await guild.main("Zork")
    await guild.character("Loner")
    return guild


async def test_undo_both_puts_back_the_rows_before_the_older_one(known: GuildBuilder) -> None:
    before = await people(known)
    first = await decided(known, LinkCharacter("Loner", "Mito"))
    second = await decided(known, LinkCharacter("Loner", "Elrek"), BOB)
    preview = await preview_undo(known.pool, first)
    assert [each.attempt_id for each in preview.later] == [second]
    assert preview.later[0].sentence.startswith("bob moved Loner-area-52 from Mito to Elrek on ")
    assert {(each.kind, each.name) for each in preview.later[0].about} == {
        ("character", "Loner-area-52"),
        ("player", "Mito"),
        ("player", "Elrek"),
    }
    assert preview.together is not None
    assert [(effect.before, effect.after) for effect in preview.together.effects] == [
        ("Elrek, decided by an officer", "no one")
    ]
    report = await undo_together(known.pool, await together(known, first), actor=BOB)
    assert [*report.attempt_ids] == [second, first]
    assert report.sentence == "2 changes are undone."
    assert differences(before, await people(known)) == {}


LIVES: list[tuple[list[ManualDecision], list[int]]] = [
    ([LinkCharacter("Loner", "Mito"), SetMain("Loner")], [0, 1]),
    ([UnlinkCharacter("Grimalt"), LinkCharacter("Grimalt", "Elrek")], [0, 1]),
    ([UnlinkCharacter("Grimalt"), LinkCharacter("Grimalt", "Mito"), LinkCharacter("Grimalt", "Zork")], [0, 1, 2]),
    ([SetMain("Grimalt"), AddAlias("Robin", "Elrek"), UnlinkCharacter("Elrek")], [0, 2]),
    ([NewPlayer(["Loner"], "Robin"), LinkCharacter("Grimalt", "Robin"), AddAlias("Bob", "Robin")], [0, 1, 2]),
    ([LinkCharacter("Loner", "Mito"), UnlinkCharacter("Loner"), AddAlias("Bob", "Mito")], [0, 1]),
    ([LinkCharacter("Grimalt", "Mito"), RejectLink("Grimalt", "Elrek", "no")], [0, 1]),
]


@pytest.mark.parametrize(("decisions", "needed"), LIVES, ids=range(len(LIVES)))
async def test_only_what_stands_in_the_way_is_offered_with_it(
    known: GuildBuilder, decisions: Sequence[ManualDecision], needed: Sequence[int]
) -> None:
    done = [await decided(known, each) for each in decisions]
    wanted = sorted((done[place] for place in needed), reverse=True)
    assert await together(known, done[0]) == wanted
    others = [each for each in done if each not in wanted]
    await undo_together(known.pool, wanted, actor=BOB)
    left = await known.rows("select id from guild_identity.fix_attempts where undone_at is null")
    assert [number for (number,) in left] == others


SINCE: list[tuple[list[ManualDecision], ManualDecision, str]] = [
    ([SetHiatus("Mito")], SetHiatus("Mito", "2099-01-01"), "bob changed the hiatus of Mito on "),
    ([SetHiatus("Mito")], EndHiatus("Mito"), "bob ended the hiatus of Mito on "),
    ([SetHiatus("Mito"), EndHiatus("Mito")], SetHiatus("Mito"), "bob put Mito on hiatus on "),
    ([SetHiatus("Odo")], MergePlayers("Elrek", "Odo"), "bob merged Odo into Elrek on "),
    ([NewPlayer(["Loner"])], SetHiatus("Loner", "2099-01-01"), "bob put Loner on hiatus until 2099-01-01 on "),
    (
        [RejectLink("Loner", "Mito", "no"), AllowLink("Loner", "Mito")],
        RejectLink("Loner", "Mito", "no"),
        "bob ruled out Loner-area-52 for Mito on ",
    ),
    (
        [RejectMember("Mito", "Quillon", "no"), AllowMember("Mito", "Quillon")],
        RejectMember("Mito", "Quillon", "no"),
        "bob ruled out Quillon for Mito on ",
    ),
    (
        [AddAlias("Robin", "Mito"), RemoveAlias("Robin")],
        AddAlias("Robin", "Elrek"),
        "bob remembered “Robin” for Elrek on ",
    ),
    ([MarkShared("Loner", "bank")], UnmarkShared("Loner"), "bob unmarked Loner-area-52 as bank or shared on "),
    ([UnlinkCharacter("Grimalt")], MarkShared("Grimalt", "bank"), "bob marked Grimalt-area-52 as bank or shared on "),
]


@pytest.mark.parametrize(("decisions", "since", "says"), SINCE, ids=range(len(SINCE)))
async def test_whatever_stands_in_the_way_of_an_undo_is_told_with_who_did_it(
    known: GuildBuilder, decisions: Sequence[ManualDecision], since: ManualDecision, says: str
) -> None:
    await known.member("Quillon")
    await known.player("Odo")
    *_, undone = [await decided(known, each) for each in decisions]
    later = await decided(known, since, BOB)
    preview = await preview_undo(known.pool, undone)
    assert (preview.obstacle or "").startswith(says)
    assert [each.attempt_id for each in preview.later] == [later]
    assert await together(known, undone) == [later, undone]


async def test_a_change_between_two_is_never_taken_along(known: GuildBuilder) -> None:
    first = await decided(known, LinkCharacter("Loner", "Mito"))
    await decided(known, LinkCharacter("Loner", "Zork"), BOB)
    last = await decided(known, LinkCharacter("Loner", "Elrek"))
    before = await people(known)
    with pytest.raises(PlanStale, match=r"bob moved Loner-area-52 from Mito to Zork on .*undo all 3"):
        await undo_together(known.pool, [first, last], actor=ALICE)
    preview = await preview_undo_together(known.pool, [first, last])
    assert preview.obstacle is not None
    assert preview.together is not None
    assert differences(before, await people(known)) == {}


async def test_what_no_attempt_changed_is_no_reason_to_offer_more(known: GuildBuilder) -> None:
    first = await decided(known, LinkCharacter("Loner", "Mito"))
    await known.execute(
        "update guild_identity.player_characters set confirmed_by = 'somebody' where linked_by = 'officer alice'"
    )
    preview = await preview_undo(known.pool, first)
    assert (preview.later, preview.together) == ([], None)
    assert "was changed since" in (preview.obstacle or "")


async def _batch(guild: GuildBuilder) -> list[int]:
    for name in ("Mito", "Elrek", "Zork"):
        await guild.main(name)
        await guild.character(f"{name}alt", f"alt of {name}")
    await run_integrity_check(guild.pool)
    report = await fix_all(guild.pool, "orphan_wow", actor=ALICE, guild_id=guild.guild_id)
    assert report.undo is not None
    assert report.undo.label == "Undo all 3"
    return read_ranges(report.undo.fields["attempts"])


async def test_a_batch_is_undone_at_once_and_exactly(guild: GuildBuilder) -> None:
    attempts = await _batch(guild)
    linked = await guild.rows("select count(*) from guild_identity.player_characters")
    await undo_together(guild.pool, attempts, actor=BOB)
    assert (linked, await guild.rows("select count(*) from guild_identity.player_characters")) == ([(6,)], [(3,)])
    undone = await guild.rows("select undone_by from guild_identity.fix_attempts")
    assert undone == [(BOB,)] * 3


async def test_of_a_batch_what_an_officer_did_since_stays(guild: GuildBuilder) -> None:
    attempts = await _batch(guild)
    await decided(guild, LinkCharacter("Zorkalt", "Mito"), BOB)
    before = await people(guild)
    with pytest.raises(PlanStale, match="bob moved Zorkalt-area-52 from Zork to Mito"):
        await undo_together(guild.pool, attempts, actor=ALICE)
    assert differences(before, await people(guild)) == {}
    preview = await preview_undo_together(guild.pool, attempts)
    assert (preview.parts, [each.people for each in preview.blocked]) == (2, ["Zork"])
    assert preview.blocked[0].reason.startswith("bob moved Zorkalt-area-52 from Zork to Mito on ")
    report = await undo_together(guild.pool, attempts, actor=ALICE, partly=True)
    assert len(report.attempt_ids) == 2
    (left,) = report.left
    assert left.startswith("Zork: bob moved Zorkalt-area-52 from Zork to Mito on ")
    assert left.endswith(". Undo that first.")
    owners = await guild.rows(
        "select c.character_name, p.display_name from guild_identity.player_characters l "
        "join guild_identity.wow_characters c on c.id = l.character_id "
        "join guild_identity.players p on p.id = l.player_id where c.character_name like '%%alt' order by 1"
    )
    assert owners == [("Zorkalt", "Mito")]


async def test_of_a_batch_what_is_undone_already_does_not_keep_the_rest(guild: GuildBuilder) -> None:
    first, *_ = attempts = await _batch(guild)
    await undo(guild.pool, first, actor=BOB)
    with pytest.raises(Refused, match="undone already"):
        await undo_together(guild.pool, attempts, actor=ALICE)
    report = await undo_together(guild.pool, attempts, actor=ALICE, partly=True)
    assert sorted(report.attempt_ids) == sorted(attempts)[1:]
    assert [f"Attempt {first} was undone already" in line for line in report.left] == [True]


async def _roles(guild: GuildBuilder, discord: MemoryDiscord, *names: str) -> list[int]:
    """Fix the roles of all members; return the attempts."""
    report = await fix_all(guild.pool, "role_mismatch", actor=ALICE, guild_id=guild.guild_id, discord_bot=discord)
    assert report.fixed == len(names)
    return sorted(each.attempt_id for each in report.results if each.attempt_id is not None)


async def test_later_role_changes_of_one_member_are_undone_with_the_first(guild: GuildBuilder) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    discord = await discord_of(guild)
    before = {member: [*roles] for member, roles in discord.roles.items()}
    await run_integrity_check(guild.pool)
    (first,) = await _roles(guild, discord, "Elrek")
    await guild.execute(
        "update guild_identity.wow_characters c set rank_index = r.wow_rank_index, guild_rank_id = r.id "
        "from common.guild_ranks r where r.guild_id = c.guild_id and r.wow_rank_index = %(rank)s",
        {"rank": SOCIAL},
    )
    await run_integrity_check(guild.pool)
    (second,) = await _roles(guild, discord, "Elrek")
    preview = await preview_undo(guild.pool, first, discord_bot=discord)
    assert "were changed on Discord since" in (preview.obstacle or "")
    assert preview.together is not None
    assert [each.id for each in preview.together.attempts] == [second, first]
    await undo_together(guild.pool, [first, second], actor=BOB, discord_bot=discord)
    assert discord.roles == before


async def test_where_discord_stops_it_half_way_the_report_says_what_is_undone_and_what_is_not(
    guild: GuildBuilder,
) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    await guild.main("Mito", rank=OFFICER, roles=[ROLE_OF_RANK[SOCIAL]])
    discord = await discord_of(guild)
    await run_integrity_check(guild.pool)
    attempts = await _roles(guild, discord, "Elrek", "Mito")
    by_new_role = {role: attempt for attempt in attempts for role in await _taken(guild, attempt)}
    first_to_be_undone = max(attempts)
    refused = next(role for role, attempt in by_new_role.items() if attempt != first_to_be_undone)
    discord.refused = [refused]
    report = await undo_together(guild.pool, attempts, actor=BOB, discord_bot=discord)
    assert ([*report.attempt_ids], report.is_stopped) == ([first_to_be_undone], True)
    assert report.left[0].startswith(f"Attempt {min(attempts)}: ")
    assert "Not undone; you can undo these later:" in report.sentence
    undone = await guild.rows("select id from guild_identity.fix_attempts where undone_at is not null")
    assert undone == [(first_to_be_undone,)]
    discord.refused = []
    await undo_together(guild.pool, [min(attempts)], actor=BOB, discord_bot=discord)


async def _taken(guild: GuildBuilder, attempt: int) -> list[str]:
    """The roles that an attempt took, which its undo gives again."""
    return [
        role
        for (role,) in await guild.rows(
            "select c -> 'after' ->> 'role_id' from guild_identity.fix_attempts, jsonb_array_elements(changes) c "
            "where id = %(attempt)s and not (c -> 'after' ->> 'held')::boolean",
            {"attempt": attempt},
        )
    ]


async def test_no_attempt_and_one_of_no_guild_are_refused(known: GuildBuilder) -> None:
    with pytest.raises(BadInput):
        await undo_together(known.pool, [], actor=ALICE)
    done = await decided(known, LinkCharacter("Loner", "Mito"))
    with pytest.raises(NotFound):
        await undo_together(known.pool, [done, done + 100], actor=ALICE)
    assert (await preview_undo(known.pool, done)).obstacle is None


@pytest.mark.parametrize(("text", "numbers"), [("7", [7]), ("7-9,12", [7, 8, 9, 12]), ("#3, 5", [3, 5])])
def test_lists_of_numbers_are_read(text: str, numbers: list[int]) -> None:
    assert read_ranges(text) == numbers
    assert read_ranges(as_ranges(numbers)) == numbers


@pytest.mark.parametrize("text", ["", "x", "0", "9-7", "1-99999", "-3", "1,,2", "１"])
def test_what_is_no_list_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_ranges(text)
