"""Characters without a player: banks, and those that several people play, by an officer's word, on real rows."""

from __future__ import annotations

import pytest

from guild_builder import OFFICER, ROLE_OF_RANK, GuildBuilder, entry
from laws import snapshot
from laws.snapshot import PEOPLE_TABLES, differences
from sv_common.db.counting import counting_statements
from sv_common.guild_sync.core.errors import NotFound, PattError, Refused
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.identity.decisions import (
    LinkCharacter,
    LinkCharacterToMember,
    ManualDecision,
    MarkShared,
    MergePlayers,
    NewPlayer,
    SetMain,
    UnlinkCharacter,
    UnmarkShared,
)
from sv_common.guild_sync.identity_engine import preview_decision, preview_matching, run_matching
from sv_common.guild_sync.insights import health, issue, people, person
from sv_common.guild_sync.insights.everyone.summary import PersonKind
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.mitigations import preview_undo
from sv_common.guild_sync.rules import RULES


async def _open(guild: GuildBuilder) -> list[tuple[object, ...]]:
    return await guild.rows(
        "select issue_type, summary from guild_identity.audit_issues where state = 'open' order by issue_type, summary"
    )


async def _marks(guild: GuildBuilder) -> list[tuple[object, ...]]:
    return await guild.rows(
        "select c.character_name, s.reason, s.marked_by from guild_identity.shared_characters s "
        "join guild_identity.wow_characters c on c.id = s.character_id order by 1"
    )


async def test_a_marked_character_is_found_by_no_rule_and_linked_by_nothing(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    vault = await guild.character("Vault", "alt of Mito", last_login_days=400)
    await guild.scan()
    assert {issue_type for issue_type, _ in await _open(guild)} >= {"orphan_wow", "stale_character"}
    await guild.decide(MarkShared("Vault", "guild bank"))
    assert [each for each in await _open(guild) if "Vault" in str(each)] == []
    await guild.scan()
    await guild.automate()
    for rule in RULES:
        await guild.fix_all(rule)
    assert (await preview_matching(guild.pool)).groups == []
    assert await guild.player_of(vault) is None
    assert await _marks(guild) == [("Vault", "guild bank", "officer alice")]


async def test_a_character_that_had_a_player_is_unlinked_with_the_mark_and_gets_all_back_with_the_undo(
    guild: GuildBuilder,
) -> None:
    mito = await guild.main("Mito", rank=OFFICER)
    before = await snapshot.take(guild.pool, tables=PEOPLE_TABLES)
    done = await guild.decide(MarkShared("Mito"))
    assert await guild.rows("select main_character_id from guild_identity.players where id = %(id)s", {"id": mito}) == [
        (None,)
    ]
    assert [(each.what, each.after) for each in done.effects] == [
        ("Player of Mito-area-52", "no one"),
        ("Main of Mito", "none"),
        ("Who may own Mito-area-52", "no one: a bank or shared character"),
    ]
    await guild.undo(done)
    assert differences(before, await snapshot.take(guild.pool, tables=PEOPLE_TABLES)) == {}
    assert await _marks(guild) == []


async def test_its_rank_gives_nobody_a_role(guild: GuildBuilder) -> None:
    member = await guild.member("Mito", roles=[ROLE_OF_RANK[OFFICER]])
    player = await guild.player("Mito", member=member, is_confirmed=True)
    await guild.link(await guild.character("Mito"), player, as_main=True, source="manual")
    await guild.link(await guild.character("Vault", rank=OFFICER), player, source="manual")
    await guild.scan()
    assert [each for each in await _open(guild) if each[0] == "role_mismatch"] == []
    await guild.decide(MarkShared("Vault"))
    assert len([each for each in await _open(guild) if each[0] == "role_mismatch"]) == 1


@pytest.mark.parametrize("has_namesake", [False, True])
@pytest.mark.parametrize("note", ["Hoarder", "alt of Hoarder", "Hoarder's alt"])
async def test_a_note_that_names_it_links_no_one_makes_no_player_and_contradicts_no_link(
    guild: GuildBuilder, note: str, has_namesake: bool
) -> None:
    mito = await guild.main("Mito")
    await guild.character("Hoarder")
    await guild.decide(MarkShared("Hoarder"))
    others = [await guild.character(name, note) for name in ("Brakka", "Velquin")]
    linked = await guild.alt("Twink", "an earlier note", mito, source="full_match")
    await guild.set_note(linked, note)
    if has_namesake:
        await guild.member("Hoarder", roles=[ROLE_OF_RANK[OFFICER]])
    await guild.scan()
    await guild.automate()
    results = (await guild.fix_all("orphan_wow")).results
    assert (await run_matching(guild.pool, actor="officer alice")).groups == []
    assert [await guild.player_of(each) for each in others] == [None, None]
    assert await guild.player_of(linked) == mito
    assert all("Hoarder" in each.reason for each in results)


async def test_a_note_is_not_followed_through_it(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Vault", "alt of Mito")
    other = await guild.character("Brakka", "alt of Vault")
    await guild.decide(MarkShared("Vault"))
    await guild.scan()
    (result,) = (await guild.fix_all("orphan_wow")).results
    assert "Vault-area-52, a bank or shared character, which has no player" in result.reason
    assert await guild.player_of(other) is None


async def test_it_is_nobodys_candidate(guild: GuildBuilder) -> None:
    member = await guild.member("Vault", roles=[ROLE_OF_RANK[OFFICER]])
    await guild.character("Vault")
    await guild.character("Vaultt")
    await guild.decide(MarkShared("Vault"))
    await guild.decide(MarkShared("Vaultt"))
    await guild.scan()
    found = await guild.open_issue("orphan_discord")
    assert found.discord_member_id == member
    assert (await issue.issue_details(guild.pool, found.id)).candidates == ()
    await guild.decide(UnmarkShared("Vault"))
    assert [each.label for each in (await issue.issue_details(guild.pool, found.id)).candidates] == ["Vault-area-52"]


async def test_a_namesake_of_a_bank_is_the_only_one_of_its_name(guild: GuildBuilder) -> None:
    await guild.member("Zephyr")
    await guild.character("Zephyr", realm="hyjal")
    own = await guild.character("Zephyr")
    await guild.decide(MarkShared("Zephyr-hyjal"))
    await guild.scan()
    await guild.fix_all("orphan_wow")
    assert await guild.player_of(own) is not None


@pytest.mark.parametrize(
    ("decision", "error", "says"),
    [
        (MarkShared("Nobodyhere"), NotFound, "No character is named “Nobodyhere”"),
        (MarkShared("Vault"), Refused, "is already marked as a bank or shared character by alice"),
        (UnmarkShared("Mito"), Refused, "is not marked as a bank or shared character"),
        (
            LinkCharacter("Vault", "Mito"),
            Refused,
            "by alice. Remove the mark first.",
        ),
        (LinkCharacterToMember("Vault", "Zephyr"), Refused, "Remove the mark first."),
        (LinkCharacterToMember("Vault", "Sol"), Refused, "Remove the mark first."),
        (NewPlayer(["Vault"]), Refused, "Remove the mark first."),
        (SetMain("Vault"), Refused, "has no player"),
        (UnlinkCharacter("Vault"), Refused, "has no player"),
    ],
)
async def test_what_contradicts_the_mark_is_refused_in_a_sentence(
    guild: GuildBuilder, decision: ManualDecision, error: type[PattError], says: str
) -> None:
    await guild.main("Mito")
    await guild.member("Zephyr")
    await guild.player("Sol", member=await guild.member("Sol"))
    await guild.character("Vault")
    await guild.decide(MarkShared("Vault"))
    before = await snapshot.take(guild.pool)
    with pytest.raises(error, match=says):
        await guild.decide(decision)
    assert differences(before, await snapshot.take(guild.pool)) == {}


async def test_without_its_mark_it_is_an_orphan_again_and_may_be_linked(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    vault = await guild.character("Vault")
    await guild.decide(MarkShared("Vault"))
    done = await guild.decide(UnmarkShared("Vault"))
    assert done.sentence == "Done. Unmark Vault-area-52 as a bank or shared character."
    assert (await guild.open_issue("orphan_wow")).wow_character_id == vault
    await guild.decide(LinkCharacter("Vault", "Mito"))
    assert await guild.player_of(vault) == mito
    with pytest.raises(Refused, match="alice linked Vault-area-52 to Mito on "):
        await guild.undo(done)


async def test_removing_the_mark_is_undone_exactly(guild: GuildBuilder) -> None:
    await guild.character("Vault")
    await guild.decide(MarkShared("Vault", "bank of all"))
    before = await snapshot.take(guild.pool, tables=PEOPLE_TABLES)
    await guild.undo(await guild.decide(UnmarkShared("Vault")))
    assert differences(before, await snapshot.take(guild.pool, tables=PEOPLE_TABLES)) == {}
    assert await _marks(guild) == [("Vault", "bank of all", "officer alice")]


async def test_an_undo_that_would_link_a_character_marked_since_is_refused(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.alt("Vault", None, (await guild.rows("select id from guild_identity.players"))[0][0])
    unlinked = await guild.decide(UnlinkCharacter("Vault"))
    marked = await guild.decide(MarkShared("Vault"))
    assert unlinked.attempt_id is not None
    ahead = await preview_undo(guild.pool, unlinked.attempt_id, guild_id=guild.guild_id)
    assert [each.attempt_id for each in ahead.later] == [marked.attempt_id]
    with pytest.raises(Refused, match="alice marked Vault-area-52 as bank or shared on "):
        await guild.undo(unlinked)


async def test_a_merge_of_players_leaves_marks_alone(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.link(await guild.character("Zed"), await guild.player("Zed"))
    await guild.decide(MarkShared("Zed"))
    await guild.decide(MergePlayers("Mito", "Zed"))
    assert await _marks(guild) == [("Zed", "an officer decided this.", "officer alice")]


async def test_the_mark_stays_when_the_character_is_renamed_leaves_and_comes_back(guild: GuildBuilder) -> None:
    stays, vault = (entry(name, character_id=number) for number, name in ((1, "Mito"), (2, "Vault")))
    await sync_blizzard_roster(guild.pool, [stays, vault], guild_id=guild.guild_id)
    await guild.decide(MarkShared("Vault"))
    await sync_blizzard_roster(guild.pool, [stays, entry("Coffer", character_id=2)], guild_id=guild.guild_id)
    await sync_blizzard_roster(guild.pool, [stays], guild_id=guild.guild_id, accept_losses=True)
    assert await _marks(guild) == [("Coffer", "an officer decided this.", "officer alice")]
    await sync_blizzard_roster(guild.pool, [stays, entry("Coffer", character_id=2)], guild_id=guild.guild_id)
    await guild.scan()
    assert [each for each in await _open(guild) if "Coffer" in str(each)] == []
    assert await _marks(guild) == [("Coffer", "an officer decided this.", "officer alice")]


async def test_the_mark_of_a_character_that_left_can_be_removed(guild: GuildBuilder) -> None:
    vault = await guild.character("Vault")
    await guild.decide(MarkShared("Vault"))
    await guild.execute("update guild_identity.wow_characters set removed_at = now() where id = %(id)s", {"id": vault})
    await guild.decide(UnmarkShared("Vault"))
    assert await _marks(guild) == []


async def test_the_preview_of_a_mark_changes_nothing_and_is_what_is_done(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    before = await snapshot.take(guild.pool)
    seen = await preview_decision(guild.pool, MarkShared("Mito", "played by two"))
    assert seen.sentences == [
        "Unlink Mito-area-52 from Mito.",
        "Mark Mito-area-52 as a bank or shared character: played by two",
    ]
    assert differences(before, await snapshot.take(guild.pool)) == {}
    assert (await guild.decide(MarkShared("Mito", "played by two", plan_key=seen.plan_key))).plan == seen.plan


async def test_who_marked_it_when_and_why_is_told_where_the_character_is_looked_at(guild: GuildBuilder) -> None:
    vault = await guild.character("Vault")
    await guild.scan()
    found = await guild.open_issue("orphan_wow")
    done = await guild.decide(MarkShared("Vault", "guild bank"))
    async with guild.pool.reading(guild.guild_id) as here:
        shown = await person.character_page(here, vault)
        listed = await people.people_page(here, kind=PersonKind.SHARED)
        orphans = await people.people_page(here, kind=PersonKind.CHARACTER)
        counted = (await health.health(here)).characters
    assert (shown.character.shared_by, shown.character.shared_reason) == ("officer alice", "guild bank")
    assert [each.id for each in shown.attempts] == [done.attempt_id]
    details = await issue.issue_details(guild.pool, found.id)
    assert details.explanation is not None
    assert any(
        e.sentence.startswith("alice marked Vault-area-52 as a bank or shared character on ")
        and e.sentence.endswith(": guild bank")
        for e in details.explanation.evidence
    )
    assert ([each.name for each in listed.items], orphans.items) == (["Vault"], [])
    assert (counted.counted, counted.unlinked, counted.left_out) == (0, 0, {"shared": 1})


async def test_a_hundred_marked_characters_cost_a_scan_and_a_match_no_more_statements(guild: GuildBuilder) -> None:
    counts = []
    for name, many in (("Few", 1), ("Many", 100)):
        for place in range(many):
            character = await guild.character(f"{name}{place}")
            await guild.execute(
                "insert into guild_identity.shared_characters (guild_id, character_id, reason, marked_by) "
                "values (%(guild)s, %(id)s, 'bank', 'test')",
                {"guild": guild.guild_id, "id": character},
            )
        with counting_statements() as counter:
            await run_integrity_check(guild.pool, guild_id=guild.guild_id)
            await preview_matching(guild.pool)
        counts.append(counter.statements)
    assert counts[1] <= counts[0]  # the second look asks no rule of which nothing was written since
    assert await guild.call(lifecycle.open_of_rule, "orphan_wow") == []
