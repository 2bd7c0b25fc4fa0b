from collections import Counter

import pytest

from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.simulators.addon import render
from sv_common.guild_sync.simulators.model import Realm
from sv_common.guild_sync.simulators.seeding import HOME_REALM, OTHER_REALM, REALMS
from sv_common.guild_sync.simulators.vocabulary import TRAP_NAMES
from sv_common.guild_sync.sources.models import CLASS_NAMES

NOW_MS = 1_790_000_000_000
SEEDS = [1, 2, 3, 42]


def portrait(world: GuildWorld) -> tuple[object, ...]:
    """Show everything that a source could say about a world."""
    members = [
        (member.user_id, member.username, member.display_name, member.role_ids, member.is_bot)
        for member in world.members
    ]
    ids = [(character.character_id, character.last_login_ms, character.has_profile) for character in world.characters]
    return render(world), members, ids


def test_the_same_seed_makes_the_same_guild() -> None:
    assert portrait(GuildWorld.seeded(5, now_ms=NOW_MS)) == portrait(GuildWorld.seeded(5, now_ms=NOW_MS))


def test_another_seed_makes_another_guild() -> None:
    assert portrait(GuildWorld.seeded(5, now_ms=NOW_MS)) != portrait(GuildWorld.seeded(6, now_ms=NOW_MS))


@pytest.mark.parametrize("size", [1, 2, 12, 59, 60, 120, 1000])
def test_a_guild_has_the_size_it_was_asked_for(size: int) -> None:
    world = GuildWorld.seeded(1, size, now_ms=NOW_MS)
    assert len(world.characters) == size
    assert Counter(character.rank for character in world.characters)[0] == 1


@pytest.mark.parametrize("size", [0, -1, 1001])
def test_a_size_that_no_guild_can_have_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        GuildWorld.seeded(1, size)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_usual_guild_has_about_forty_people_three_in_four_on_discord(seed: int) -> None:
    world = GuildWorld.seeded(seed, now_ms=NOW_MS)
    assert len(world.people) == 40
    assert 24 <= sum(person.member is not None for person in world.people) <= 36
    assert {character.rank for character in world.characters} == set(range(len(world.rank_names)))
    assert any(member.is_bot for member in world.members)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_character_could_be_in_the_game(seed: int) -> None:
    world = GuildWorld.seeded(seed, now_ms=NOW_MS)
    for character in world.characters:
        assert 2 <= len(character.name) <= 12
        assert len(character.note) <= 31
        assert character.class_id in CLASS_NAMES
        assert character.last_login_ms <= NOW_MS
    addresses = [(name_key(character.name), character.realm.slug) for character in world.characters]
    assert len(set(addresses)) == len(addresses)
    assert len({character.character_id for character in world.characters}) == len(addresses)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_name_is_part_of_another_except_on_purpose(seed: int) -> None:
    world = GuildWorld.seeded(seed, 300, now_ms=NOW_MS)
    names = [name_key(character.name) for character in world.characters if character.name not in TRAP_NAMES]
    traps = [name_key(name) for name in TRAP_NAMES]
    assert not [(one, other) for one in names for other in (*names, *traps) if one != other and one in other]
    assert not [(trap, name) for trap in traps for name in names if trap in name]


def test_one_name_lives_on_both_realms_and_belongs_to_two_people() -> None:
    world = GuildWorld.seeded(1, now_ms=NOW_MS)
    one, other = world.character("Ravenlode", HOME_REALM.slug), world.character("Ravenlode", OTHER_REALM.slug)
    assert one is not other
    assert world.person_of(one) is not world.person_of(other)


@pytest.mark.parametrize("realm", [HOME_REALM, OTHER_REALM])
def test_a_realms_name_slug_and_normalized_form_meet_in_one_key(realm: Realm) -> None:
    assert realm_key(realm.name) == realm_key(realm.slug) == realm_key(realm.normalized)


@pytest.mark.parametrize("region", REALMS)
def test_a_guild_of_any_region_lives_on_realms_of_that_region_and_has_the_same_people(region: str) -> None:
    world = GuildWorld.seeded(1, now_ms=NOW_MS, region=region)
    assert (world.region, world.realm, world.realms) == (region, REALMS[region][0], list(REALMS[region]))
    assert {character.realm for character in world.characters} == set(REALMS[region])
    american = GuildWorld.seeded(1, now_ms=NOW_MS)
    assert [(each.name, each.note) for each in world.characters] == [
        (each.name, each.note) for each in american.characters
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_everyone_on_discord_starts_with_the_one_right_role(seed: int) -> None:
    world = GuildWorld.seeded(seed, now_ms=NOW_MS)
    rank_roles = {role.role_id for role in world.rank_roles.values()}
    for person in world.people:
        correct = world.correct_role(person)
        if person.member is not None:
            assert correct is not None
            assert [role_id for role_id in person.member.role_ids if role_id in rank_roles] == [correct.role_id]


def test_the_traps_are_laid() -> None:
    world = GuildWorld.seeded(1, now_ms=NOW_MS)
    shown = {member.display_name for member in world.members}
    assert {"Shodoom", "Showertune", "washington", "chris", "christopher"} <= shown
    assert world.character("Tideling").note == "sho"
    assert world.character("Velquin").note == "Grim"
    assert world.character("Ton").note == ""
    assert world.person_of(world.character("Oakling")).name == "Oakmantle"


def test_a_guild_of_a_few_has_no_traps() -> None:
    names = {character.name for character in GuildWorld.seeded(1, 59, now_ms=NOW_MS).characters}
    assert names.isdisjoint(TRAP_NAMES)


@pytest.fixture
def small() -> GuildWorld:
    return GuildWorld.seeded(7, 12, now_ms=NOW_MS)


def test_a_note_can_be_changed_within_the_letters_of_the_game(small: GuildWorld) -> None:
    character = small.characters[0]
    small.set_note(character, "é" * 31)
    assert character.note == "é" * 31
    with pytest.raises(ValueError, match="31 letters"):
        small.set_note(character, "x" * 32)


def test_a_rank_can_be_changed_to_one_that_exists(small: GuildWorld) -> None:
    small.set_rank(small.characters[3], 1)
    assert small.characters[3].rank == 1
    with pytest.raises(ValueError, match="no rank 7"):
        small.set_rank(small.characters[3], 7)


def test_an_inserted_rank_moves_every_rank_below_it_with_its_role(small: GuildWorld) -> None:
    officer_role, raider_role = small.rank_roles[1], small.rank_roles[3]
    before = [character.rank for character in small.characters]
    small.insert_rank(2, "Champion")
    assert small.rank_names[1:5] == ["Officer", "Champion", "Veteran", "Raider"]
    assert [character.rank for character in small.characters] == [rank + (rank >= 2) for rank in before]
    assert (small.rank_roles[1], small.rank_roles[4]) == (officer_role, raider_role)
    assert 2 not in small.rank_roles


def test_a_guild_has_at_most_ten_ranks(small: GuildWorld) -> None:
    for name in ("Seven", "Eight", "Nine"):
        small.insert_rank(1, name)
    with pytest.raises(ValueError, match="ten ranks"):
        small.insert_rank(1, "Ten")


def test_who_leaves_is_gone_and_comes_back_without_notes_at_the_bottom(small: GuildWorld) -> None:
    character = small.characters[2]
    character.note, character.officer_note = "alt of Opal", "trial"
    person = small.person_of(character)
    small.leave(character)
    assert character not in small.characters
    assert small.person_of(character) is person
    small.rejoin(character)
    assert character in small.characters
    assert (character.note, character.officer_note, character.rank) == ("", "", 6)
    small.leave(character)
    small.rejoin(character, rank=3, note="Opal")
    assert (character.note, character.rank) == ("Opal", 3)


def test_who_has_no_character_in_the_guild_has_no_rank_and_no_role(small: GuildWorld) -> None:
    person = small.people[0]
    for character in person.characters:
        small.leave(character)
    assert person.highest_rank is None
    assert small.correct_role(person) is None


def test_a_renamed_character_keeps_its_id_and_a_transferred_one_does_not(small: GuildWorld) -> None:
    character = small.characters[0]
    number = character.character_id
    small.rename(character, "Newname")
    assert small.character("Newname").character_id == number
    small.transfer(character, OTHER_REALM)
    assert character.character_id != number
    with pytest.raises(LookupError, match="Newname"):
        small.character("Newname", HOME_REALM.slug)


def test_a_new_character_belongs_to_a_new_person_or_to_a_known_one(small: GuildWorld) -> None:
    stranger = small.join("Stranger", note="hello", rank=4)
    alt = small.join("Secondling", person=small.people[0], realm=OTHER_REALM)
    assert small.person_of(stranger).main is stranger
    assert alt in small.people[0].alts
    assert (alt.rank, stranger.rank) == (6, 4)
    other_world = GuildWorld.seeded(7, 12, now_ms=NOW_MS)
    with pytest.raises(LookupError, match="not of this world"):
        other_world.person_of(stranger)
