"""What the player types and reads."""

import inspect
import re

import pytest

from addon.client import ADDON, LEGACY, Client, guild_of
from sv_common.guild_sync.sources.addon import entries, export


def lines(client: Client, command: str) -> list[str]:
    said = client.type(command)
    assert all(line.startswith("PATTSync: ") for line in said)
    return [line.removeprefix("PATTSync: ") for line in said]


def test_the_command_says_that_it_begins_and_what_came_of_it() -> None:
    client = Client(guild_of(3))
    assert lines(client, "/pattsync") == ["Reading the guild roster ..."]
    assert client.finish() == [
        "PATTSync: Exported Kin of Dawn: 3 members. Log out or type /reload so that the game writes the file."
    ]


def test_a_second_command_leaves_the_export_under_way_alone() -> None:
    client = Client(guild_of(3), in_combat=True)
    client.type("/pattsync")
    assert lines(client, "/pattsync") == ["An export is under way: you are in combat."]


def test_force_begins_anew() -> None:
    client = Client(guild_of(3), stream=[0])
    client.type("/pattsync")
    client.advance(100)
    assert lines(client, "/pattsync force") == ["Reading the guild roster ..."]
    assert client.advance(100) == []
    client.reveal(3)
    client.advance(1)
    client.reveal(3)
    assert "Exported" in client.finish()[0]


def test_the_readers_messages_name_commands_that_the_addon_knows() -> None:
    source = "".join(inspect.getsource(each) for each in (export, entries))
    named = set(re.findall(r"/pattsync(?: \w+)?", source))
    assert named
    for command in named:
        assert "no command" not in " ".join(Client(guild_of(3)).type(command))


def test_status_before_any_export() -> None:
    client = Client(guild_of(3))
    assert lines(client, "/pattsync status") == [
        "There is no export yet. Type /pattsync.",
        "Nothing is under way.",
    ]


def test_status_tells_age_and_size_and_whether_the_file_has_it() -> None:
    client = Client(guild_of(12))
    client.try_to_export()
    client.advance(180)
    last, unsaved, idle = lines(client, "/pattsync status")
    assert re.fullmatch(r"Last export: Kin of Dawn, 12 members, 3 min ago, id [0-9a-f]{8}-[0-9a-f]{6}\.", last)
    assert unsaved == "It is not in the file yet: log out or type /reload."
    assert idle == "Nothing is under way."
    again = Client(guild_of(12), saved=client.log_out())
    again.advance(3 * 60 * 60)
    last, idle = lines(again, "/pattsync status")
    assert "12 members, 2 h ago" in last or "12 members, 3 h ago" in last


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 min"), (59 * 60, "59 min"), (3600, "1 h"), (47 * 3600, "47 h"), (48 * 3600, "2 d")]
)
def test_ages_are_told_in_the_unit_that_fits(seconds: int, words: str) -> None:
    client = Client(guild_of(3))
    client.try_to_export()
    client.now += seconds
    assert f", {words} ago," in lines(client, "/pattsync status")[0]


@pytest.mark.parametrize(
    ("obstacle", "reason"),
    [
        ("in_combat", "you are in combat"),
        ("in_instance", "you are in an instance"),
        ("in_lockdown", "the game hides guild data from addons at present"),
    ],
)
def test_status_tells_what_is_waited_for(obstacle: str, reason: str) -> None:
    client = Client(guild_of(3))
    setattr(client, obstacle, True)
    client.type("/pattsync")
    client.advance(3)
    assert lines(client, "/pattsync status")[-1].startswith(f"Under way: {reason}")


def test_status_tells_how_much_of_the_roster_has_arrived() -> None:
    client = Client(guild_of(40), stream=[0, 12, 30, 40], seconds_apart=5)
    client.type("/pattsync")
    client.advance(7)
    assert lines(client, "/pattsync status")[-1] == (
        "Under way: the roster is still arriving from the server (12 members so far)."
    )


def test_help_lists_every_command() -> None:
    said = lines(Client(), "/pattsync help")
    assert [line.partition(" - ")[0] for line in said] == [
        "/pattsync",
        "/pattsync force",
        "/pattsync notes",
        "/pattsync status",
        "/pattsync help",
    ]


def test_a_word_that_is_no_command_is_answered_with_help() -> None:
    client = Client()
    first, *rest = lines(client, "/pattsync exprot")
    assert first == 'There is no command "exprot".'
    assert rest == lines(client, "/pattsync help")


@pytest.mark.parametrize("typed", ["/pattsync STATUS", "/pattsync   status  "])
def test_commands_are_understood_in_any_case_and_with_blanks(typed: str) -> None:
    assert lines(Client(), typed)[-1] == "Nothing is under way."


def test_a_german_client_reads_german() -> None:
    client = Client(guild_of(3), language="deDE")
    assert lines(client, "/pattsync") == ["Die Gildenliste wird gelesen ..."]
    assert "exportiert: 3 Mitglieder." in client.finish()[0]


@pytest.mark.parametrize("language", ["frFR", "xxXX"])
def test_a_language_without_a_table_reads_english(language: str) -> None:
    assert lines(Client(language=language), "/pattsync status")[-1] == "Nothing is under way."


def test_a_client_that_does_not_tell_its_language_reads_english() -> None:
    assert lines(Client(missing=LEGACY | {"GetLocale"}), "/pattsync status")[-1] == "Nothing is under way."


def sentences(language: str) -> dict[str, str]:
    source = (ADDON / "Locales" / f"{language}.lua").read_text(encoding="utf-8")
    return dict(re.findall(r"^    ([A-Z_]+) = (.+?),?$", source, re.MULTILINE))


def test_a_translation_has_only_sentences_that_english_has_with_the_same_gaps() -> None:
    english, german = sentences("enUS"), sentences("deDE")
    assert german
    assert german.keys() <= english.keys()
    for key, sentence in german.items():
        assert re.findall(r"%\w", sentence) == re.findall(r"%\w", english[key]), key


def test_every_sentence_is_used_and_every_one_used_exists() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in ADDON.glob("*.lua"))
    used = set(re.findall(r"\bL\.([A-Z_]+)|return \"([A-Z_]+)\"", code))
    assert {first or second for first, second in used} == sentences("enUS").keys()
