"""What a member has proven and the record contradicts is a question to an officer, whose word counts from then on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.decisions import (
    ConfirmLink,
    LinkCharacter,
    MarkShared,
    MergePlayers,
    RejectLink,
    UnlinkCharacter,
    UnlinkMember,
)
from sv_common.guild_sync.identity.plans.keeping import OverruleProof
from sv_common.guild_sync.identity_engine import apply_decision, preview_decision
from sv_common.guild_sync.inbox import commands
from sv_common.guild_sync.insights.inbox import question as inbox
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.mitigations import fix_all, fix_one, undo
from sv_common.guild_sync.rulebook.settings import save_settings

RULE = "link_contradicts_proof"
WHY = "The account was sold"


async def _basis(guild: GuildBuilder, character: int) -> tuple[str, str | None] | None:
    rows = await guild.rows(
        "select basis, confirmed_by from guild_identity.player_characters where character_id = %(id)s",
        {"id": character},
    )
    return rows[0] if rows else None


async def _proven_player(guild: GuildBuilder, name: str) -> tuple[int, int, int]:
    """Add a member who has proven a character of the same name; return player, member, character."""
    member = await guild.member(name)
    player = await guild.player(name, member=member, is_confirmed=True)
    character = await guild.alt(name, None, player)
    await guild.prove(character)
    await guild.claim(member, character, days_ago=2)
    return player, member, character


async def test_a_fix_follows_the_proof_and_its_basis_stays_the_proof(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    elrek = await guild.member("Elrek")
    player = await guild.player("Elrek", member=elrek)
    altrek = await guild.alt("Altrek", "Mito", mito, source="manual")
    await guild.claim(elrek, altrek)
    issue = await guild.open_issue(RULE)
    assert issue.summary == "Elrek proved Altrek-area-52, but it is linked to Mito"
    result = await fix_one(guild.pool, issue.id, actor="officer alice")
    assert result.outcome is FixOutcome.FIXED
    assert await guild.player_of(altrek) == player
    assert await _basis(guild, altrek) == ("proven", None)
    await guild.undo(result)
    assert await guild.player_of(altrek) == mito
    assert await _basis(guild, altrek) == ("officer", "test")


async def test_the_newest_sign_in_is_followed_and_proof_against_proof_is_never_moved_in_bulk(
    guild: GuildBuilder,
) -> None:
    _, _, altrek = await _proven_player(guild, "Altrek")
    mito = await guild.member("Mito")
    player = await guild.player("Mito", member=mito)
    await guild.claim(mito, altrek)
    await guild.call(save_settings, RULE, actor="test", auto_mitigate=True)
    await guild.automate()
    (held,) = (await fix_all(guild.pool, RULE, actor="alice", guild_id=guild.guild_id)).results
    assert held.reason == "Altrek proved Altrek-area-52 too. The newer sign-in is Mito’s, so check this one."
    assert await guild.player_of(altrek) != player
    issue = await guild.open_issue(RULE)
    await fix_one(guild.pool, issue.id, actor="alice")
    assert await guild.player_of(altrek) == player
    assert await guild.open_issues(RULE) == []


@pytest.mark.parametrize("said", ["ruled out", "linked", "shared", "confirmed"])
async def test_what_an_officer_says_after_the_sign_in_counts_until_the_next_sign_in(
    guild: GuildBuilder, said: str
) -> None:
    mito = await guild.main("Mito")
    elrek = await guild.member("Elrek")
    player = await guild.player("Elrek", member=elrek)
    altrek = await guild.alt("Altrek", "Mito", mito)
    await guild.claim(elrek, altrek, days_ago=1)
    assert await guild.open_issues(RULE)
    decision = {
        "ruled out": RejectLink(f"#{altrek}", f"#{player}"),
        "linked": LinkCharacter(f"#{altrek}", f"#{mito}"),
        "shared": MarkShared(f"#{altrek}"),
        "confirmed": ConfirmLink(f"#{altrek}"),
    }[said]
    await guild.decide(decision)
    assert await guild.open_issues(RULE) == []
    await guild.execute("update guild_identity.claimed_characters set proven_at = now()")
    assert await guild.open_issues(RULE)


async def test_what_an_officer_said_before_the_sign_in_is_undone_by_the_fix(guild: GuildBuilder) -> None:
    elrek = await guild.member("Elrek")
    player = await guild.player("Elrek", member=elrek)
    ruled_out, shared = await guild.character("Altrek"), await guild.character("Bankrek")
    await guild.decide(RejectLink(f"#{ruled_out}", f"#{player}"))
    await guild.decide(MarkShared(f"#{shared}"))
    await guild.claim(elrek, ruled_out, shared)
    issues = await guild.open_issues(RULE)
    assert [each.summary for each in issues] == [
        "Elrek proved Altrek-area-52, but it is not linked to them",
        "Elrek proved Bankrek-area-52, which is marked as a bank or shared",
    ]
    for issue in issues:
        assert (await fix_one(guild.pool, issue.id, actor="alice")).outcome is FixOutcome.FIXED
    assert {await guild.player_of(ruled_out), await guild.player_of(shared)} == {player}


async def test_a_contested_account_is_one_question_that_unlinking_the_first_member_settles(guild: GuildBuilder) -> None:
    player, _, altrek = await _proven_player(guild, "Elrek")
    other = await guild.alt("Otherek", None, player)
    await guild.prove(other)
    mito = await guild.member("Mito")
    ((claim,),) = await guild.rows("select id from guild_identity.claims")
    await guild.contest(claim, mito)
    issue = await guild.open_issue(RULE)
    assert issue.wow_character_id == altrek
    async with guild.pool.reading(guild.guild_id) as here:
        asked = await inbox.question(here, issue.id)
    assert asked.entry.question == "Whose is the Battle.net account with Elrek: Elrek’s or Mito’s?"
    told = " ".join(each.sentence for each in asked.evidence)
    assert "Elrek signed in with Battle.net on" in told
    assert "Mito signed in with the same Battle.net account on" in told
    assert asked.no_fix is not None
    assert "unlink Elrek from Discord with a reason; then Mito can sign in again" in asked.no_fix
    await guild.execute("update guild_identity.players set discord_basis = 'proven' where id = %(id)s", {"id": player})
    with pytest.raises(Refused, match="Give a reason to overrule that"):
        await guild.decide(UnlinkMember(f"#{player}"))
    await guild.decide(UnlinkMember(f"#{player}", WHY))
    assert await guild.open_issues(RULE) == []


async def test_a_dismissed_contest_comes_back_for_another_member_only(guild: GuildBuilder) -> None:
    await _proven_player(guild, "Elrek")
    ((claim,),) = await guild.rows("select id from guild_identity.claims")
    await guild.contest(claim, await guild.member("Mito"))
    issue = await guild.open_issue(RULE)
    await guild.call(lifecycle.dismiss, issue.id, actor="officer alice", reason="A friend tried it.")
    await guild.execute("update guild_identity.claim_contests set contested_at = now()")
    assert await guild.open_issues(RULE) == []
    await guild.execute("delete from guild_identity.claim_contests")
    await guild.contest(claim, await guild.member("Zork"))
    assert len(await guild.open_issues(RULE)) == 1


@pytest.mark.parametrize("reason", ["", "   "])
async def test_a_proven_link_is_overruled_with_a_reason_only(guild: GuildBuilder, reason: str) -> None:
    player, _, altrek = await _proven_player(guild, "Altrek")
    other = await guild.main("Mito")
    for decision in (
        UnlinkCharacter(f"#{altrek}", reason),
        RejectLink(f"#{altrek}", f"#{player}", reason),
        MarkShared(f"#{altrek}", reason),
        LinkCharacter(f"#{altrek}", f"#{other}", reason=reason),
    ):
        preview = await preview_decision(guild.pool, decision, guild_id=guild.guild_id)
        assert preview.overrules == "Altrek-area-52 is Altrek’s, proven by a Battle.net sign-in."
        with pytest.raises(Refused) as refusal:
            await guild.decide(decision)
        assert str(refusal.value) == f"{preview.overrules} Give a reason to overrule that."
    assert await _basis(guild, altrek) == ("proven", None)


async def test_the_reason_of_an_overruling_is_kept_and_shown_with_the_link(guild: GuildBuilder) -> None:
    _, _, altrek = await _proven_player(guild, "Altrek")
    other = await guild.main("Mito")
    done = await guild.decide(LinkCharacter(f"#{altrek}", f"#{other}", reason=WHY))
    assert f"Move Altrek-area-52 from Altrek to Mito: {WHY}" in done.sentence
    assert await guild.rows(
        "select evidence, basis from guild_identity.player_characters where character_id = %(id)s", {"id": altrek}
    ) == [(WHY, "officer")]
    await guild.undo(done)
    assert await _basis(guild, altrek) == ("proven", None)


async def test_an_officer_confirms_a_proven_link_and_it_stays_proven(guild: GuildBuilder) -> None:
    player, _, altrek = await _proven_player(guild, "Altrek")
    done = await guild.decide(ConfirmLink(f"#{altrek}"))
    assert await _basis(guild, altrek) == ("proven", "officer alice")
    with pytest.raises(Refused, match="already linked"):
        await guild.decide(LinkCharacter(f"#{altrek}", f"#{player}"))
    await guild.undo(done)
    assert await _basis(guild, altrek) == ("proven", None)


async def test_a_merge_takes_what_is_proven_along_with_the_member_who_proved_it(guild: GuildBuilder) -> None:
    player, member, altrek = await _proven_player(guild, "Altrek")
    await guild.execute(
        "update guild_identity.players set discord_basis = 'proven', discord_confirmed_by = null, "
        "discord_confirmed_at = null where id = %(id)s",
        {"id": player},
    )
    stays = await guild.player("Mito")
    done = await guild.decide(MergePlayers(f"#{stays}", f"#{player}"))
    assert (await guild.player_of(altrek), await _basis(guild, altrek)) == (stays, ("proven", None))
    assert await guild.rows(
        "select discord_user_id, discord_basis, discord_confirmed_by from guild_identity.players"
    ) == [(member, "proven", None)]
    assert await guild.open_issues(RULE) == []
    await guild.undo(done)
    assert (await guild.player_of(altrek), await _basis(guild, altrek)) == (player, ("proven", None))


async def test_a_merge_without_the_member_who_proved_it_overrules_and_needs_a_reason(guild: GuildBuilder) -> None:
    player, _, altrek = await _proven_player(guild, "Altrek")
    await guild.execute(
        "update guild_identity.players set discord_user_id = null, discord_basis = null, discord_confirmed_by = null, "
        "discord_confirmed_at = null where id = %(id)s",
        {"id": player},
    )
    stays = await guild.player("Mito", member=await guild.member("Mito"), is_confirmed=True)
    with pytest.raises(Refused, match="Give a reason"):
        await guild.decide(MergePlayers(f"#{stays}", f"#{player}"))
    await guild.decide(MergePlayers(f"#{stays}", f"#{player}", "One person, two Discord accounts"))
    assert await _basis(guild, altrek) == ("officer", "officer alice")


async def test_a_note_that_names_somebody_else_is_no_mismatch_where_the_link_is_proven(guild: GuildBuilder) -> None:
    _, _, altrek = await _proven_player(guild, "Altrek")
    await guild.main("Mito")
    await guild.set_note(altrek, "Mito")
    assert await guild.open_issues("note_mismatch") == []


@pytest.mark.parametrize("source", [None, "full_match", "manual"])
@pytest.mark.parametrize("is_ruled_out", [False, True])
async def test_an_officer_keeps_a_character_as_it_is_with_a_reason_and_it_is_asked_once(
    guild: GuildBuilder, source: str | None, is_ruled_out: bool
) -> None:
    """Whether it had an owner, by an officer or a note, or none; also where the same was said before the sign-in."""
    mito, elrek = await guild.main("Mito"), await guild.member("Elrek")
    own = await guild.player("Elrek", member=elrek)
    altrek = await guild.character("Altrek")
    if source:
        await guild.link(altrek, mito, source=source)
    if is_ruled_out:
        await apply_decision(guild.pool, RejectLink("Altrek", "Elrek"), actor="officer bob", guild_id=guild.guild_id)
    await _was_all_said_before(guild)
    await guild.claim(elrek, altrek)
    before = await _record(guild)
    issue = await guild.open_issue(RULE)
    async with guild.pool.reading(guild.guild_id) as here:
        keep = (await inbox.question(here, issue.id)).keep
    assert keep is not None
    assert keep.decision == OverruleProof(character=f"#{altrek}", member=f"#{elrek}")
    stays = "Mito’s" if source else "without a player"
    assert keep.effect == f"Altrek-area-52 stays {stays}, though Elrek proved it."
    decision = replace(keep.decision, plan_key=keep.plan_key)
    with pytest.raises(Refused, match=r"Elrek proved Altrek-area-52 with a Battle\.net sign-in\. Give a reason"):
        await commands.answer(guild.pool, issue.id, decision, actor="officer alice")
    assert await _record(guild) == before
    done = await commands.answer(guild.pool, issue.id, replace(decision, reason=WHY), actor="officer alice")
    assert done.closed == [issue.id]
    assert await guild.player_of(altrek) == (mito if source else None)
    ((reason,),) = await guild.rows(
        "select reason from guild_identity.link_rejections where player_id = %(own)s", {"own": own}
    )
    assert reason == WHY
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    async with guild.pool.reading(guild.guild_id) as here:
        assert (await lifecycle.get(here, issue.id)).resolved_at is not None
    ((attempt,),) = await guild.rows("select max(id) from guild_identity.fix_attempts")
    await undo(guild.pool, attempt, actor="officer alice", guild_id=guild.guild_id)
    assert await _record(guild) == before
    assert (await guild.open_issue(RULE)).id == issue.id


async def test_a_character_that_two_members_proved_can_be_kept_with_either(guild: GuildBuilder) -> None:
    mito, _, altrek = await _proven_player(guild, "Altrek")
    elrek = await guild.member("Elrek")
    await guild.claim(elrek, altrek)
    issue = await guild.open_issue(RULE)
    keep = OverruleProof("Altrek", "Elrek", WHY)
    await apply_decision(guild.pool, keep, actor="officer alice", guild_id=guild.guild_id)
    assert await guild.player_of(altrek) == mito
    assert await _basis(guild, altrek) == ("proven", "officer alice")
    async with guild.pool.reading(guild.guild_id) as here:
        assert (await lifecycle.get(here, issue.id)).resolved_at is not None


async def test_where_there_is_nothing_to_keep_that_is_said(guild: GuildBuilder) -> None:
    elrek, altrek = await guild.member("Elrek"), await guild.character("Altrek")
    await guild.claim(elrek, altrek)
    issue = await guild.open_issue(RULE)
    async with guild.pool.reading(guild.guild_id) as here:
        keep = (await inbox.question(here, issue.id)).keep
    assert keep is not None
    assert keep.decision is None
    assert keep.why_not == "Elrek has no player, and Altrek-area-52 belongs to no one. There is nothing to keep."
    mito = await guild.player("Elrek", member=elrek)
    await guild.link(altrek, mito)
    with pytest.raises(Refused, match="Altrek-area-52 is Elrek’s already"):
        await preview_decision(guild.pool, OverruleProof("Altrek", "Elrek", WHY), guild_id=guild.guild_id)


async def _was_all_said_before(guild: GuildBuilder) -> None:
    """Let all that officers have said be of last week."""
    await guild.execute("update guild_identity.link_rejections set created_at = created_at - interval '7 days'")
    await guild.execute("update guild_identity.player_characters set confirmed_at = confirmed_at - interval '7 days'")


async def _record(guild: GuildBuilder) -> list[tuple[object, ...]]:
    return await guild.rows(
        "select (select json_agg(l order by character_id)::text from guild_identity.player_characters l), "
        "(select json_agg(r order by id)::text from guild_identity.link_rejections r), "
        "(select json_agg(p order by id)::text from guild_identity.players p)"
    )
