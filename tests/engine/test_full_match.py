"""The full match: whom it joins, whom it makes, whom it leaves alone, and that it can be taken back."""

from __future__ import annotations

from guild_builder import GuildBuilder
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.identity_engine import MatchEvidence, preview_matching, run_matching
from sv_common.guild_sync.integrity_checker import detect_note_mismatch


async def _players(guild: GuildBuilder) -> dict[str, list[str]]:
    """The characters of each player by name."""
    rows = await guild.rows(
        "select p.display_name, array_remove(array_agg(c.character_name order by c.character_name), null) "
        "from guild_identity.players p left join guild_identity.player_characters l on l.player_id = p.id "
        "left join guild_identity.wow_characters c on c.id = l.character_id group by p.id order by p.id"
    )
    return dict(rows)


async def test_professions_banks_dates_and_lone_strangers_do_not_become_people(guild: GuildBuilder) -> None:
    notes = {
        "Banker": "Bank",
        "Toon": "Bank toon",
        "Crafta": "Alch 300",
        "Craftb": "Alch 300",
        "Craftc": "Herb",
        "Olda": "2020-12-05",
        "Oldb": "Joined: 12 Mar '18",
        "Lone": "Zork",
        "Silent": "",
        "Other": None,
        "Asker": "?",
        "Ditto": "^",
        "Alta": "Alt",
        "Altb": "Alt?",
        "Mainy": "Main",
        "Level": "680",
        "Levelb": "680",
    }
    for name, note in notes.items():
        await guild.character(name, note)
    report = await run_matching(guild.pool, actor="alice")
    assert report.counts["players_created"] == 0
    assert await _players(guild) == {}
    assert report.attempt_id is None


async def test_a_main_and_its_alts_become_one_player(guild: GuildBuilder) -> None:
    main = await guild.character("Brightmane", "Main")
    await guild.character("Darkmane", "alt of Brightmane")
    await guild.character("Greymane", "brightmane")
    await run_matching(guild.pool, actor="alice")
    assert await _players(guild) == {"Brightmane": ["Brightmane", "Darkmane", "Greymane"]}
    assert await guild.rows("select main_character_id from guild_identity.players") == [(main,)]


async def test_a_nickname_shared_by_several_characters_is_one_person(guild: GuildBuilder) -> None:
    for name in ("Brightmane", "Darkmane"):
        await guild.character(name, "Kipper")
    await run_matching(guild.pool, actor="alice")
    assert await _players(guild) == {"Kipper": ["Brightmane", "Darkmane"]}


async def test_a_discord_member_with_a_character_of_the_same_name_becomes_a_player(guild: GuildBuilder) -> None:
    member = await guild.member("Brightmane")
    await guild.character("Brightmane")
    await guild.character("Darkmane", "Brightmane's alt")
    await run_matching(guild.pool, actor="alice")
    assert await _players(guild) == {"Brightmane": ["Brightmane", "Darkmane"]}
    assert await guild.rows("select discord_user_id from guild_identity.players") == [(member,)]


async def test_a_nickname_beside_a_discord_name_is_remembered_so_that_no_note_contradicts_its_link(
    guild: GuildBuilder,
) -> None:
    await guild.member("Heathfen")
    for name, note in {"Heathfen": "Robin", "Aa": "Robin", "Bb": "Heathfen"}.items():
        await guild.character(name, note)
    report = await run_matching(guild.pool, actor="alice")
    assert await _players(guild) == {"Heathfen": ["Aa", "Bb", "Heathfen"]}
    assert await guild.rows("select alias from guild_identity.player_note_aliases") == [("robin",)]
    async with guild.pool.connection() as conn:
        assert await detect_note_mismatch(conn) == []
    assert report.attempt_id is not None
    await mitigations.undo(guild.pool, report.attempt_id, actor="bob")
    assert await guild.rows("select alias from guild_identity.player_note_aliases") == []


async def test_a_misspelling_that_several_characters_share_does_not_become_a_person(guild: GuildBuilder) -> None:
    await guild.character("Emberbell", "Main")
    for name in ("Aa", "Bb"):
        await guild.character(name, "Emebrbell")
    report = await run_matching(guild.pool, actor="alice")
    assert await _players(guild) == {}
    assert "looks like Emberbell, spelled differently" in report.left_alone[0].reason


async def test_chains_and_circles_of_notes_end_in_one_player(guild: GuildBuilder) -> None:
    for name, note in {"Aaron": "Baron", "Baron": "Caron", "Caron": "Baron", "Daron": "Aaron"}.items():
        await guild.character(name, note)
    await run_matching(guild.pool, actor="alice")
    assert list((await _players(guild)).values()) == [["Aaron", "Baron", "Caron", "Daron"]]


async def test_a_very_long_chain_of_notes_is_followed_without_falling_over(guild: GuildBuilder) -> None:
    names = ["Zz" + "".join(chr(97 + int(digit)) for digit in f"{n:03}") for n in range(300)]
    for name, note in zip(names, [*names[1:], "Main"], strict=True):
        await guild.character(name, note)
    await run_matching(guild.pool, actor="alice")
    assert [len(characters) for characters in (await _players(guild)).values()] == [300]


async def test_an_existing_player_is_joined_and_not_made_twice(guild: GuildBuilder) -> None:
    bob = await guild.player("Bob")
    await guild.link(await guild.character("Bobmain"), bob)
    await guild.character("Rivermane", "Bob")
    await run_matching(guild.pool, actor="alice")
    await run_matching(guild.pool, actor="alice")
    assert await _players(guild) == {"Bob": ["Bobmain", "Rivermane"]}


async def test_a_bank_character_may_belong_to_somebody_but_is_never_a_main(guild: GuildBuilder) -> None:
    await guild.character("Brightmane", "Main")
    await guild.character("Vault", "Brightmane's bank")
    await run_matching(guild.pool, actor="alice")
    assert await _players(guild) == {"Brightmane": ["Brightmane", "Vault"]}
    rows = await guild.rows(
        "select c.character_name from guild_identity.players p join guild_identity.wow_characters c on c.id = p.main_character_id"
    )
    assert rows == [("Brightmane",)]


async def test_where_two_players_hang_together_nothing_is_done_and_the_reason_is_given(guild: GuildBuilder) -> None:
    await guild.main("Elrek")
    await guild.main("Mito")
    await guild.character("Rivermane", "Elrek/Mito")
    await guild.character("Rivermoon", "Rivermane")
    report = await run_matching(guild.pool, actor="alice")
    assert report.counts["characters_linked"] == 0


async def test_linked_characters_are_left_as_they_are(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    alt = await guild.alt("Rivermane", "Mito", elrek)
    await run_matching(guild.pool, actor="alice")
    assert await guild.player_of(alt) == elrek


async def test_the_preview_is_exactly_what_is_applied_and_changes_nothing_itself(guild: GuildBuilder) -> None:
    await guild.member("Brightmane")
    for name, note in {"Brightmane": None, "Darkmane": "Brightmane", "Aa": "Kipper", "Bb": "Kipper"}.items():
        await guild.character(name, note)
    preview = await preview_matching(guild.pool)
    assert await _players(guild) == {}
    applied = await run_matching(guild.pool, actor="alice")
    assert (preview.groups, preview.left_alone) == (applied.groups, applied.left_alone)


async def test_each_person_is_told_with_the_kind_of_evidence(guild: GuildBuilder) -> None:
    await guild.main("Elrek")
    await guild.member("Heathfen")
    notes = {"Heathfen": None, "Rivermane": "Elrek", "Aa": "Kipper", "Bb": "Kipper", "Mainy": "Main", "Alty": "Mainy"}
    for name, note in {**notes, "Either": "Elrek/Mainy"}.items():
        await guild.character(name, note)
    report = await preview_matching(guild.pool)
    assert {group.name: group.evidence for group in report.groups} == {
        "Heathfen": MatchEvidence.DISCORD_MEMBER,
        "Elrek": MatchEvidence.KNOWN_PLAYER,
        "Kipper": MatchEvidence.NICKNAME,
        "Mainy": MatchEvidence.MAIN,
    }
    assert {group.evidence for group in report.left_alone} <= {None}


async def _two_people(guild: GuildBuilder) -> dict[str, str]:
    """A guild with two people to be matched; their keys by name."""
    for name, note in {"Aa": "Kipper", "Bb": "Kipper", "Mainy": "Main", "Alty": "Mainy"}.items():
        await guild.character(name, note)
    return {group.name: group.key for group in (await preview_matching(guild.pool)).groups}


async def test_only_the_people_who_were_chosen_are_matched(guild: GuildBuilder) -> None:
    keys = await _two_people(guild)
    report = await run_matching(guild.pool, actor="alice", selected=[keys["Mainy"]])
    assert await _players(guild) == {"Mainy": ["Alty", "Mainy"]}
    assert (report.missing, [group.name for group in report.groups]) == (0, ["Mainy"])


async def test_a_person_keeps_the_key_while_others_come_and_go(guild: GuildBuilder) -> None:
    keys = await _two_people(guild)
    await run_matching(guild.pool, actor="alice", selected=[keys["Kipper"]])
    await guild.member("Zork")
    await guild.character("Zork")
    assert {group.name: group.key for group in (await preview_matching(guild.pool)).groups}["Mainy"] == keys["Mainy"]


async def test_a_chosen_person_who_is_not_found_as_previewed_is_left_alone(guild: GuildBuilder) -> None:
    keys = await _two_people(guild)
    await guild.character("Newest", "Kipper")
    report = await run_matching(guild.pool, actor="alice", selected=list(keys.values()))
    assert await _players(guild) == {"Mainy": ["Alty", "Mainy"]}
    assert report.missing == 1
    nobody = await run_matching(guild.pool, actor="alice", selected=[keys["Kipper"]])
    assert (nobody.attempt_id, nobody.missing) == (None, 1)


async def test_without_a_name_the_log_says_that_an_officer_did_it(guild: GuildBuilder) -> None:
    await guild.character("Brightmane", "Main")
    await guild.character("Darkmane", "alt of Brightmane")
    report = await run_matching(guild.pool)
    assert report.attempt_id is not None
    assert await guild.rows("select actor, is_automatic from guild_identity.fix_attempts") == [("officer", False)]
