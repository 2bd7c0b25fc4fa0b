import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sv_common.guild_sync.core.errors import SourceMalformed
from sv_common.guild_sync.sources.battlenet import wire
from sv_common.guild_sync.sources.http import Asked, Node
from sv_common.guild_sync.sources.models import (
    CharacterProfile,
    CharacterStatus,
    GuildAddress,
    Realm,
    RealmIndex,
    RosterCharacter,
)

ADDRESS = GuildAddress("us", "senjin", "some-guild")
HREF = "https://us.api.blizzard.com/data/wow/guild/senjin/some-guild?namespace=profile-us"
ROSTER: dict[str, Any] = {
    "guild": {"key": {"href": HREF}, "name": "Some Guild", "id": 123},
    "members": [
        {
            "character": {
                "name": "Trog",
                "id": 48367883,
                "realm": {"id": 85, "slug": "senjin"},
                "level": 90,
                "playable_class": {"id": 13},
                "faction": {"type": "HORDE"},
            },
            "rank": 0,
        }
    ],
}
TROG = RosterCharacter("Trog", "senjin", 0, 90, realm_id=85, character_id=48367883, class_id=13)
PROFILE = CharacterProfile(48367883, "Trog", "senjin", "Sen'jin", 85, 13, 700, 1_790_000_000_000)


def node(value: object) -> Node:
    return Node(value, Asked("Battle.net", "the roster"))


def changed(change: Callable[[dict[str, Any]], object]) -> Node:
    roster = copy.deepcopy(ROSTER)
    change(roster)
    return node(roster)


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        ("some-guild", ("some-guild",)),
        ("Some Guild", ("some-guild",)),
        (" Gardiens Éternels ", ("gardiens-éternels",)),
        ("E\u0301clat", ("éclat",)),
        ("dawn's-edge", ("dawn's-edge", "dawns-edge")),
        ("dawn’s-edge", ("dawn’s-edge", "dawns-edge")),
    ],
)
def test_a_guild_name_has_its_plain_form_first_and_then_the_one_without_apostrophes(
    name: str, slugs: tuple[str, ...]
) -> None:
    assert wire.guild_slugs(name) == slugs


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            wire.roster_path("marécage-de-zangar", "éternels"),
            "/data/wow/guild/mar%C3%A9cage-de-zangar/%C3%A9ternels/roster",
        ),
        (wire.roster_path("senjin", "a/b?c#d%e f"), "/data/wow/guild/senjin/a%2Fb%3Fc%23d%25e%20f/roster"),
        (wire.roster_path("..", "."), "/data/wow/guild/%2E%2E/%2E/roster"),
        (wire.status_path("senjin", ".."), "/profile/wow/character/senjin/%2E%2E/status"),
        (wire.profile_path("senjin", "TRÓG"), "/profile/wow/character/senjin/tr%C3%B3g"),
        (wire.status_path("senjin", "TRÓG"), "/profile/wow/character/senjin/tr%C3%B3g/status"),
        (wire.profile_path("gordunni", "Ягода"), "/profile/wow/character/gordunni/%D1%8F%D0%B3%D0%BE%D0%B4%D0%B0"),
    ],
)
def test_each_part_of_an_address_is_quoted(path: str, expected: str) -> None:
    assert path == expected


def test_a_roster_is_read_with_the_name_and_the_canonical_address_of_its_guild() -> None:
    roster = wire.parse_roster(node(ROSTER), GuildAddress("us", "senjin", "Some-Guild"))
    assert (roster.address, roster.name, list(roster.members)) == (ADDRESS, "Some Guild", [TROG])


def test_the_canonical_address_is_unquoted() -> None:
    href = "https://eu.api.blizzard.com/data/wow/guild/mar%C3%A9cage-de-zangar/%C3%A9ternels?namespace=profile-eu"
    roster = changed(lambda answer: answer["guild"].update(key={"href": href}))
    assert wire.parse_roster(roster, ADDRESS).address == GuildAddress("us", "marécage-de-zangar", "éternels")


@pytest.mark.parametrize("key", [None, {}, {"href": None}, {"href": "https://elsewhere.example/"}, {"href": "?x=1"}])
def test_without_a_canonical_address_the_one_that_answered_is_kept(key: object) -> None:
    assert wire.parse_roster(changed(lambda answer: answer["guild"].update(key=key)), ADDRESS).address == ADDRESS


def test_fields_that_older_answers_lack_are_unknown() -> None:
    def strip(answer: dict[str, Any]) -> None:
        for key in ("id", "playable_class", "faction"):
            del answer["members"][0]["character"][key]

    assert wire.parse_roster(changed(strip), ADDRESS).members == [replace(TROG, character_id=None, class_id=None)]


@pytest.mark.parametrize("members", [None, [], {}, "none", 5])
def test_a_roster_without_a_list_of_members_is_malformed(members: object) -> None:
    with pytest.raises(SourceMalformed, match="'members' should be a list"):
        wire.parse_roster(changed(lambda answer: answer.update(members=members)), ADDRESS)


@pytest.mark.parametrize("answer", [None, [], "text", 5])
def test_an_answer_that_is_no_object_is_malformed(answer: object) -> None:
    with pytest.raises(SourceMalformed, match="the whole answer should be an object"):
        wire.parse_roster(node(answer), ADDRESS)


@pytest.mark.parametrize("entry", [None, 5, "Trog", [], {}, {"character": None}, {"character": {"name": " "}}])
def test_a_member_without_a_readable_name_is_named_by_its_number(entry: object) -> None:
    with pytest.raises(SourceMalformed, match="members entry 2"):
        wire.parse_roster(changed(lambda answer: answer["members"].append(entry)), ADDRESS)


@pytest.mark.parametrize("rank", [None, "0", True, -1, 10, 1.5])
def test_a_member_with_an_impossible_rank_is_named(rank: object) -> None:
    with pytest.raises(SourceMalformed, match=r"members entry 1 \(Trog\)\.rank"):
        wire.parse_roster(changed(lambda answer: answer["members"][0].update(rank=rank)), ADDRESS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("level", None),
        ("level", "90"),
        ("id", "48367883"),
        ("realm", None),
        ("realm", {"id": 85}),
        ("realm", {"id": "85", "slug": "senjin"}),
        ("playable_class", 13),
        ("playable_class", {"id": "13"}),
    ],
)
def test_a_member_with_a_field_of_another_type_is_named(field: str, value: object) -> None:
    with pytest.raises(SourceMalformed, match=rf"members entry 1 \(Trog\)\.character\.{field}"):
        wire.parse_roster(changed(lambda answer: answer["members"][0]["character"].update({field: value})), ADDRESS)


def test_a_profile_completes_a_roster_entry() -> None:
    assert wire.with_profile(TROG, PROFILE) == replace(
        TROG, realm_name="Sen'jin", item_level=700, last_login_timestamp=1_790_000_000_000
    )


def test_the_roster_wins_where_an_older_profile_disagrees() -> None:
    completed = wire.with_profile(TROG, replace(PROFILE, class_id=1, realm_id=99))
    assert (completed.class_id, completed.realm_id) == (13, 85)


def test_the_profile_of_somebody_else_who_bore_the_name_is_not_used() -> None:
    assert wire.with_profile(TROG, replace(PROFILE, character_id=1)) == TROG


def test_a_profile_gives_the_id_that_the_roster_lacks() -> None:
    bare = RosterCharacter("Trog", "senjin", 0, 90)
    completed = wire.with_profile(bare, PROFILE)
    assert (completed.character_id, completed.realm_id, completed.class_id) == (48367883, 85, 13)


def profile(**fields: object) -> Node:
    realm = {"name": "Sen'jin", "id": 85, "slug": "senjin"}
    return node({"id": 1, "name": "Trog", "realm": realm, "character_class": {"id": 13}} | fields)


def test_a_realm_name_may_come_in_every_language() -> None:
    realm = {"id": 85, "slug": "senjin", "name": {"es_MX": "Sen", "en_US": "Sen'jin"}}
    assert wire.parse_profile(profile(realm=realm), "us").realm_name == "Sen'jin"
    assert wire.parse_profile(profile(realm=realm), "eu").realm_name == "Sen"
    assert wire.parse_profile(profile(realm=realm | {"name": {}}), "us").realm_name is None


def test_the_item_level_is_that_of_the_worn_items_where_it_is_known() -> None:
    assert wire.parse_profile(profile(average_item_level=710, equipped_item_level=700), "us").item_level == 700
    assert wire.parse_profile(profile(average_item_level=710), "us").item_level == 710
    assert wire.parse_profile(profile(), "us").item_level is None


@pytest.mark.parametrize("fields", [{"id": None}, {"name": 5}, {"realm": "senjin"}, {"last_login_timestamp": "soon"}])
def test_a_profile_with_a_field_of_another_type_is_malformed(fields: dict[str, object]) -> None:
    with pytest.raises(SourceMalformed):
        wire.parse_profile(profile(**fields), "us")


@pytest.mark.parametrize("is_valid", [True, False])
def test_a_status_says_whether_the_character_is_valid(is_valid: bool) -> None:
    assert wire.parse_status(node({"id": 5, "is_valid": is_valid})) == CharacterStatus(5, is_valid)


@pytest.mark.parametrize("answer", [{"id": 5}, {"id": 5, "is_valid": None}, {"id": 5, "is_valid": "no"}, [], None])
def test_a_status_that_does_not_say_so_is_malformed_and_not_taken_for_invalid(answer: object) -> None:
    with pytest.raises(SourceMalformed):
        wire.parse_status(node(answer))


ZANGAR = {"id": 1624, "slug": "marécage-de-zangar"}


@pytest.mark.parametrize("name", ["Marécage de Zangar", {"en_GB": "Marécage de Zangar", "de_DE": "Zangarmarschen"}])
def test_a_realm_index_is_read_in_one_language_or_in_all(name: object) -> None:
    (realm,) = wire.parse_realms(node({"realms": [ZANGAR | {"name": name}]}))
    assert (realm.realm_id, realm.slug, realm.names[0]) == (1624, "marécage-de-zangar", "Marécage de Zangar")
    assert len(realm.names) == (1 if isinstance(name, str) else 2)


@pytest.mark.parametrize("realms", [None, [], {}, [None], [{"id": 1}], [{"id": "1", "slug": "a", "name": "A"}]])
def test_a_realm_index_without_readable_realms_is_malformed(realms: object) -> None:
    with pytest.raises(SourceMalformed, match="realms"):
        wire.parse_realms(node({"realms": realms}))


def test_indexes_in_several_languages_become_one() -> None:
    english = [Realm(1602, "gordunni", ("Gordunni",)), Realm(1621, "pozzo-delleternità", ("Pozzo dell'Eternità",))]
    russian = [Realm(1602, "gordunni", ("Гордунни",)), Realm(1621, "pozzo-delleternità", ("Pozzo dell'Eternità",))]
    assert wire.merge_realms([english, russian]) == [
        Realm(1602, "gordunni", ("Gordunni", "Гордунни")),
        Realm(1621, "pozzo-delleternità", ("Pozzo dell'Eternità",)),
    ]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Гордунни", "gordunni"),
        ("gordunni", "gordunni"),
        ("AzjolNerub", "azjolnerub"),
        ("Azjol-Nerub", "azjolnerub"),
        ("Aggra(Português)", "aggra-português"),
        ("PozzodellEternità", "pozzo-delleternità"),
        ("Pozzodell'Eternità", "pozzo-delleternità"),
        ("Nowhere", None),
        ("", None),
    ],
)
def test_a_realm_is_found_by_the_form_of_the_game_client_in_any_language(name: str, slug: str | None) -> None:
    index = RealmIndex(
        [
            Realm(1602, "gordunni", ("Gordunni", "Гордунни")),
            Realm(1621, "pozzo-delleternità", ("Pozzo dell'Eternità",)),
            Realm(120, "azjolnerub", ("Azjol-Nerub",)),
            Realm(1303, "aggra-português", ("Aggra (Português)",)),
        ]
    )
    assert [realm.slug for realm in index.called(name)] == ([slug] if slug else [])


def test_a_name_of_two_realms_is_both() -> None:
    index = RealmIndex([Realm(1, "a", ("Arena",)), Realm(2, "b", ("Arena",))])
    assert index.called("Arena") == set(index.realms)
