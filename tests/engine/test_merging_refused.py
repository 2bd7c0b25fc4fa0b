"""A merge that contradicts something, or is not the one that was seen, is refused; each remedy that is named helps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from engine.two_players import Two, people
from laws.snapshot import differences
from sv_common.guild_sync.core.errors import NotFound, PattError, PlanStale, Refused
from sv_common.guild_sync.identity.decisions import AllowLink, MergePlayers, RejectLink, UnlinkMember
from sv_common.guild_sync.identity_engine import apply_decision, preview_decision


async def _both_on_discord(two: Two) -> None:
    await two.guild.execute(
        "update guild_identity.players set discord_user_id = %(member)s where id = %(mito)s",
        {"member": await two.guild.member("Mitochondria"), "mito": two.mito},
    )


async def _others_character_rejected(two: Two) -> None:
    await two.guild.decide(RejectLink("Grimalt", "Mito", ""))


async def _own_character_rejected(two: Two) -> None:
    await two.guild.decide(RejectLink("Mito", "Zed", ""))


async def _two_called_zed(two: Two) -> None:
    await two.guild.player("zed")


async def _nothing(two: Two) -> None:
    pass


REFUSALS: list[tuple[Callable[[Two], Awaitable[None]], MergePlayers, type[PattError], str]] = [
    (_nothing, MergePlayers("Mito", "Mito"), Refused, "Mito cannot be merged with itself. Choose another player."),
    (
        _both_on_discord,
        MergePlayers("Mito", "Zed"),
        Refused,
        "Mito is Mitochondria on Discord and Zed is Zephyr, so they are two people. If they are one, unlink one of them",
    ),
    (
        _others_character_rejected,
        MergePlayers("Mito", "Zed"),
        Refused,
        "An officer ruled out Grimalt-area-52, a character of Zed, for Mito. Undo that first",
    ),
    (
        _own_character_rejected,
        MergePlayers("Mito", "Zed"),
        Refused,
        "An officer ruled out Mito-area-52, a character of Mito, for Zed. Undo that first",
    ),
    (_nothing, MergePlayers("Mito", "Nobodyhere"), NotFound, "No player is named “Nobodyhere”"),
    (_nothing, MergePlayers("Nobodyhere", "Zed"), NotFound, "No player is named “Nobodyhere”"),
    (_nothing, MergePlayers("Mito", "999999"), NotFound, "No player is named “999999”"),
    (_two_called_zed, MergePlayers("Mito", "Zed"), Refused, "Use the number"),
]


@pytest.mark.parametrize(("first", "decision", "error", "says"), REFUSALS)
async def test_a_merge_that_contradicts_something_is_refused_with_the_remedy_and_changes_nothing(
    two: Two, first: Callable[[Two], Awaitable[None]], decision: MergePlayers, error: type[PattError], says: str
) -> None:
    await first(two)
    before, attempts = await people(two.guild), await two.guild.rows("select id from guild_identity.fix_attempts")
    with pytest.raises(error) as refused:
        await two.guild.decide(decision)
    assert says in str(refused.value)
    with pytest.raises(error):
        await preview_decision(two.guild.pool, decision, guild_id=two.guild.guild_id)
    assert differences(before, await people(two.guild)) == {}
    assert await two.guild.rows("select id from guild_identity.fix_attempts") == attempts


async def test_each_remedy_that_a_refusal_names_lets_the_merge_go_on(two: Two) -> None:
    await _both_on_discord(two)
    await _others_character_rejected(two)
    await two.guild.decide(UnlinkMember("Mito"))
    await two.guild.decide(AllowLink("Grimalt", "Mito"))
    await two.guild.decide(MergePlayers("Mito", "Zed"))
    assert await two.guild.player_of(two.numbers["Grimalt"]) == two.mito


async def test_what_was_taken_back_against_a_link_is_not_said_again_when_the_link_is_there(two: Two) -> None:
    await _others_character_rejected(two)
    report = await two.guild.decide(AllowLink("Grimalt", "Mito"))
    await two.guild.decide(MergePlayers("Mito", "Zed"))
    with pytest.raises(PlanStale, match="merged Zed into Mito on "):
        await two.guild.undo(report)


async def test_another_plan_than_the_one_that_was_seen_is_not_carried_out(two: Two) -> None:
    seen = (await preview_decision(two.guild.pool, MergePlayers("Mito", "Zed"))).plan.key
    await two.guild.alt("Latecomer", None, two.zed)
    before = await people(two.guild)
    with pytest.raises(PlanStale, match="changed since the preview"):
        await apply_decision(two.guild.pool, MergePlayers("Mito", "Zed", plan_key=seen), actor="officer alice")
    assert differences(before, await people(two.guild)) == {}
