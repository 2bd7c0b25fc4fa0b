"""Many fixes in one run: what one changes for another, whatever their order, and what stops nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes.apply import apply
from sv_common.guild_sync.changes.changeset import Author, Changeset
from sv_common.guild_sync.engine import fix
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.model import Finding
from sv_common.guild_sync.mitigations import fix_one, run_auto_mitigations
from sv_common.guild_sync.rules import RULES


@pytest.fixture
async def chained(guild: GuildBuilder) -> tuple[int, int, int]:
    """Two mismatches, where the fix of Mito changes whom the note of Zork means: Nael (a player), Zork, Mito."""
    nael, weiss = await guild.main("Nael"), await guild.main("Weiss")
    zork = await guild.alt("Zork", "Mito", nael)
    mito = await guild.alt("Mito", "alt of Nael", weiss)
    await run_integrity_check(guild.pool, issue_types=["note_mismatch"])
    return nael, zork, mito


async def test_a_fix_that_another_one_makes_needless_is_not_made(
    guild: GuildBuilder, chained: tuple[int, int, int]
) -> None:
    nael, zork, mito = chained
    report = await mitigations.fix_all(guild.pool, "note_mismatch", actor="alice", guild_id=guild.guild_id)
    assert [result.outcome for result in report.results] == [FixOutcome.NOTHING_TO_DO, FixOutcome.FIXED]
    assert (await guild.player_of(zork), await guild.player_of(mito)) == (nael, nael)
    assert await guild.rows("select id from guild_identity.audit_issues where resolved_at is null") == []
    assert len(await guild.rows("select id from guild_identity.fix_attempts")) == 1


@pytest.mark.parametrize("order", [("Zork", "Mito"), ("Mito", "Zork")])
async def test_what_a_fix_means_after_another_one_does_not_depend_on_their_order(
    guild: GuildBuilder, order: tuple[str, str]
) -> None:
    mains = {name: await guild.main(name) for name in ("Nael", "Weiss", "Grim")}
    alts = {
        "Zork": ("Mito", mains["Grim"]),  # belongs to whomever Mito belongs to
        "Mito": ("alt of Nael", mains["Weiss"]),
    }
    characters = {name: await guild.alt(name, *alts[name]) for name in order}
    await run_integrity_check(guild.pool, issue_types=["note_mismatch"])
    report = await mitigations.fix_all(guild.pool, "note_mismatch", actor="alice", guild_id=guild.guild_id)
    assert [result.outcome for result in report.results] == [FixOutcome.FIXED, FixOutcome.FIXED]
    assert {await guild.player_of(character) for character in characters.values()} == {mains["Nael"]}


async def test_what_was_previewed_and_means_something_else_after_another_fix_is_left_alone(guild: GuildBuilder) -> None:
    nael, weiss, grim = [await guild.main(name) for name in ("Nael", "Weiss", "Grim")]
    zork = await guild.alt("Zork", "Mito", grim)
    mito = await guild.alt("Mito", "alt of Nael", weiss)
    await run_integrity_check(guild.pool, issue_types=["note_mismatch"])
    seen = (await mitigations.preview_all(guild.pool, "note_mismatch", guild_id=guild.guild_id)).keys
    report = await mitigations.fix_selected(guild.pool, list(seen), actor="alice", guild_id=guild.guild_id, seen=seen)
    assert [result.outcome for result in report.results] == [FixOutcome.REFUSED, FixOutcome.FIXED]
    assert "has changed since the preview" in report.results[0].reason
    assert (await guild.player_of(zork), await guild.player_of(mito)) == (grim, nael)


@pytest.mark.parametrize("order", [("Zork", "Mito"), ("Mito", "Zork")])
async def test_of_fixes_that_contradict_each_other_none_is_made_until_an_officer_chooses_one(
    guild: GuildBuilder, order: tuple[str, str]
) -> None:
    owners = {name: await guild.main(f"Main{name.lower()}") for name in order}
    notes = {"Zork": "Mito", "Mito": "Zork"}
    characters = {name: await guild.alt(name, notes[name], owners[name]) for name in order}
    await run_integrity_check(guild.pool)
    results = (await run_auto_mitigations(guild.pool, guild_id=guild.guild_id)).results
    assert [result.outcome for result in results] == [FixOutcome.FAILED, FixOutcome.FAILED]
    assert all("Fix one of them on its own" in result.reason for result in results)
    assert {name: await guild.player_of(character) for name, character in characters.items()} == owners
    chosen = await fix_one(guild.pool, results[0].issue_id, actor="alice")
    assert chosen.outcome is FixOutcome.FIXED
    assert len({await guild.player_of(character) for character in characters.values()}) == 1
    assert await guild.rows("select id from guild_identity.audit_issues where resolved_at is null") == []


async def test_what_another_fix_of_the_same_run_makes_wrong_again_is_not_called_fixed(
    guild: GuildBuilder, chained: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they cannot be made at once, since something breaks, they are made one by one."""
    nael, zork, mito = chained
    ((weiss,),) = await guild.rows("select id from guild_identity.players where display_name = 'Weiss'")

    async def breaks_for_many(here: GuildConnection, plans: Sequence[Changeset], author: Author) -> Any:
        if len(plans) > 1:
            raise RuntimeError("A fault.")
        return await apply(here, plans, author)

    monkeypatch.setattr(fix, "apply", breaks_for_many)
    report = await mitigations.fix_all(guild.pool, "note_mismatch", actor="alice", guild_id=guild.guild_id)
    assert [result.outcome for result in report.results] == [FixOutcome.FAILED, FixOutcome.FIXED]
    assert "caused it again" in report.results[0].reason
    assert (await guild.player_of(zork), await guild.player_of(mito)) == (weiss, nael)
    unresolved = await guild.rows("select wow_character_id from guild_identity.audit_issues where resolved_at is null")
    assert unresolved == [(zork,)]
    again = await mitigations.fix_all(guild.pool, "note_mismatch", actor="alice", guild_id=guild.guild_id)
    assert [result.outcome for result in again.results] == [FixOutcome.FIXED]
    assert await guild.player_of(zork) == nael


@pytest.mark.parametrize("stubborn", [("Alta",), ("Alta", "Altb"), ("Alta", "Altb", "Altc")])
async def test_what_a_fix_does_not_mend_stays_as_it_was_and_stops_no_other(
    guild: GuildBuilder, stubborn: tuple[str, ...]
) -> None:
    """Of some characters the detector says the same whatever is changed."""
    elrek, mito = await guild.main("Elrek"), await guild.main("Mito")
    alts = {name: await guild.alt(name, "Mito", elrek) for name in ("Alta", "Altb", "Altc")}
    await run_integrity_check(guild.pool, issue_types=["note_mismatch"])
    rule = RULES["note_mismatch"]
    detect = rule.detect
    assert detect is not None
    async with guild.pool.reading(guild.guild_id) as here:
        always = [each for each in await detect(here) if each.summary.startswith(_quoted(stubborn))]
    assert len(always) == len(stubborn)

    async def detect_the_same(here: GuildConnection, **options: Any) -> list[Finding]:
        found = {each.issue_hash: each for each in (*await detect(here, **options), *always)}
        return list(found.values())

    object.__setattr__(rule, "detect", detect_the_same)
    try:
        report = await mitigations.fix_all(guild.pool, "note_mismatch", actor="alice", guild_id=guild.guild_id)
    finally:
        object.__setattr__(rule, "detect", detect)
    owners = {name: await guild.player_of(character) for name, character in alts.items()}
    assert owners == {name: elrek if name in stubborn else mito for name in alts}
    assert report.count(FixOutcome.FAILED) == len(stubborn)
    assert report.count(FixOutcome.FIXED) == len(alts) - len(stubborn)
    failed = {each.reason for each in report.results if each.outcome is FixOutcome.FAILED}
    assert failed == {"The fix would not resolve this issue. Nothing was changed."}


def _quoted(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"'{name}'" for name in names)
