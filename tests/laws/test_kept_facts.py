"""What is kept from one look to the next says what a fresh look says, whatever has happened in between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from laws.guilds import (
    BY_ACCOUNTS,
    BY_OFFICERS,
    BY_THEMSELVES,
    IN_THE_GAME,
    ON_DISCORD,
    CharacterSpec,
    Event,
    GuildSpec,
    LinkSpec,
    MemberSpec,
    PlayerSpec,
    RankSpec,
    events,
    guild_specs,
)
from laws.happenings import live, lived
from laws.law import tried_on
from laws.life import Life
from sv_common.db.kept_rows import KeptRows
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.identity import facts as facts_module
from sv_common.guild_sync.identity.facts import GuildFacts, read_facts
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.names.name_index import NameIndex
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.model import Finding
from sv_common.guild_sync.roster import characters
from sv_common.guild_sync.roster.characters import PresentCharacter
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES

_guilds = guild_specs(fewest_characters=4, fewest_members=2)
_events = events(*IN_THE_GAME, *ON_DISCORD, *BY_OFFICERS, *BY_THEMSELVES, *BY_ACCOUNTS)


async def _all_rows(guild: GuildConnection) -> tuple[object, ...]:
    facts, present = await read_facts(guild), await characters.present(guild)
    return list(facts.characters.items()), present


async def _all_rows_read_anew(guild: GuildConnection) -> tuple[object, ...]:
    """The same, without what was kept."""
    known = await guild.rows(facts_module.SQL["characters"], numbers=None)
    there = await guild.rows(characters.SQL["present"], numbers=None)
    return [(row[0], facts_module.KnownCharacter(*row)) for row in known], [PresentCharacter(*row) for row in there]


@tried_on()
@given(_guilds, st.lists(_events, min_size=2, max_size=4))
async def test_kept_rows_are_those_that_the_database_has(
    pool: Pool, spec: GuildSpec, parts_of_life: list[list[Event]]
) -> None:
    life = await lived(pool, spec, [])
    for part in parts_of_life:
        async with pool.reading(life.guild_id) as guild:
            assert await _all_rows(guild) == await _all_rows_read_anew(guild)
        await live(life, part)
        async with pool.writing(life.guild_id) as guild:
            assert await _all_rows(guild) == await _all_rows_read_anew(guild)


async def test_rows_that_were_rolled_back_are_kept_no_longer(pool: Pool) -> None:
    life = await lived(pool, GuildSpec(), [])
    rows = KeptRows(facts_module.SQL["characters_versions"], facts_module.SQL["characters"], tuple)
    add = (
        "insert into guild_identity.wow_characters (guild_id, character_name, name_key, realm_slug, realm_key, rank_index) "
        "values (%(guild_id)s, 'Mito', 'mito', 'area-52', 'area52', 3)"
    )

    async def seen_within(guild: GuildConnection) -> int:
        await guild.run(add)
        return len(await rows.of(guild))

    assert await pool.rehearse(life.guild_id, seen_within) == 1
    async with pool.reading(life.guild_id) as guild:
        assert len(await rows.of(guild)) == 0


async def _facts(life: Life) -> GuildFacts:
    async with life.pool.writing(life.guild_id, alone=False) as guild:
        return await read_facts(guild)


def _decisions(resolver: Resolver) -> list[object]:
    """All that a resolver says of each note, and of each name."""
    known = resolver.facts.characters.values()
    whose = [
        (mention.text, player_id, resolver.names_player(mention, player_id))
        for character in known
        for mention in resolver.certain_mentions(character)
        for player_id in resolver.facts.players
    ]
    names = resolver.names
    by_player = {player: [c.id for c in theirs] for player, theirs in names.characters_by_player.items() if theirs}
    return [[resolver.resolve(each) for each in known], whose, by_player, resolver.characters_by_unknown_name]


@tried_on()
@given(_guilds, _events)
async def test_an_index_of_names_that_follows_an_earlier_one_says_what_a_fresh_one_says(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await lived(pool, spec, [])
    before = Resolver(await _facts(life))
    for event in life_of:
        _decisions(before)
        await live(life, [event])
        facts = await _facts(life)
        after = Resolver(facts, NameIndex.following(facts, before.names))
        assert _decisions(after) == _decisions(Resolver(facts))
        before = after


async def _found(rule: RuleDefinition, guild: GuildConnection, among: set[int] | None = None) -> list[Finding] | str:
    try:
        return await rule.findings(guild, among=among)
    except PattError as refusal:
        return str(refusal)


@tried_on()
@given(_guilds, _events)
async def test_a_rule_that_looks_at_some_subjects_finds_of_them_what_it_finds_of_all(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await lived(pool, spec, life_of)
    async with pool.writing(life.guild_id, alone=False) as guild:
        await resolver_of(guild)
        for rule in RULES.values():
            everything = await _found(rule, guild)
            if isinstance(everything, str):
                assert await _found(rule, guild, {1}) == everything
                continue
            numbers = {each.subject_id for each in everything if each.subject_kind is rule.subject}
            for chosen in ({number for number in numbers if number % 2}, numbers, set()):
                some = [each for each in everything if each.subject_kind is rule.subject and each.subject_id in chosen]
                # A rule that cannot look at some finds what it finds of all.
                assert await _found(rule, guild, chosen) == (everything if rule.detect_among is None else some)


@tried_on()
@given(_guilds, _events)
async def test_after_fixes_a_look_at_all_finds_what_the_look_at_what_they_touched_has_left_open(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await lived(pool, spec, life_of)
    await life.make_everything_automatic()
    await life.scan()
    await life.automate()
    for issue in await life.open_issues():
        await life.fix(issue.id)
    life.results.clear()
    await life.scan()
    (report,) = life.results
    moves = ("opened", "recurred", "refreshed", "resolved", "reopened")
    assert {move: report.total(move) for move in moves} == dict.fromkeys(moves, 0)  # type: ignore[attr-defined]


@tried_on()
@given(_guilds, _events)
async def test_a_look_that_asks_only_rules_whose_ground_has_changed_finds_what_all_rules_find(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await lived(pool, spec, [])
    for event in [*life_of, None]:
        if event is not None:
            await live(life, [event])
        await _assert_a_look_finds_what_all_rules_find(life)


_OF_ONE_ACCOUNT = GuildSpec(
    characters=(CharacterSpec("Mito", 0, 3, None, 1), CharacterSpec("Zork", 0, 1, None, 1)),
    members=(MemberSpec("mito", None, None, frozenset(), is_bot=False),),
    ranks=tuple(RankSpec(role, is_managed=True) for role in (None, "101", "102", "103", "103")),
    players=(PlayerSpec("Mito", 0),),
    links=(LinkSpec(0, 0, "manual", as_main=True),),
)
_LINKED_BY_IT = Event("same_account", who=0, number=1)


@tried_on()
@given(events(*BY_ACCOUNTS, "unlink", "confirm_link"))
async def test_it_does_so_while_a_link_counts_by_its_account_and_counts_no_more(
    pool: Pool, life_of: list[Event]
) -> None:
    life = await lived(pool, _OF_ONE_ACCOUNT, [_LINKED_BY_IT])
    (details,) = [each["details"] for each in await life.rows("audit_issues") if each["issue_type"] == "role_mismatch"]
    assert details["counts_by_account"] is True
    for event in life_of:
        await live(life, [event])
        await _assert_a_look_finds_what_all_rules_find(life)


async def _assert_a_look_finds_what_all_rules_find(life: Life) -> None:
    report = await run_integrity_check(life.pool, guild_id=life.guild_id)
    refused = {each.issue_type for each in report.checks if each.error is not None}
    rows = await life.rows("audit_issues")
    async with life.pool.writing(life.guild_id, alone=False) as guild:
        for rule in (each for each in RULES.values() if each.is_on):
            everything = await _found(rule, guild)
            assert isinstance(everything, str) is (rule.issue_type in refused)
            if not isinstance(everything, str):
                unresolved = [row for row in rows if row["issue_type"] == rule.issue_type and not row["resolved_at"]]
                said = {row["issue_hash"]: (row["summary"], row["details"]) for row in unresolved}
                assert said == {each.issue_hash: (each.summary, each.details) for each in everything}
