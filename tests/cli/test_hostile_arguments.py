"""Whatever stands on the command line or in the environment, a command answers in sentences and an exit code."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import psycopg
import pytest

import thoroughness
from cli.command_tree import commands
from cli.conftest import Outcome, Patt
from patt.config import Settings

NO_TEXT = ("\udcff\udce9", "a\x00b", "a\x1b[31mb", "9" * 5000, "x" * 5000)
"""Latin-1 bytes as Python reads them, NUL, what steers a terminal, and more than anybody means."""

ODD_TEXT = ("99999999999999999999", "'; drop table x --%s%(n)s\u202e", "#", "")
"""Texts that are texts, and yet no name and no number of anything here."""

ODD_SETTINGS = ("\udcff\udce9", "a\nb", "99999999999999999999999", "\u202e“”", "postgresql://127.0.0.1:abc/x")
NONSENSE = ("nonsense", "http://[", "ftp://x", "http://host name/", "postgresql://127.0.0.1:1/d?bogus=1")
CHECKED = frozenset(
    {"base_url", "blizzard_token_url", "blizzard_api_url", "discord_api_url", "discord_authorize_url", "database_url",
     "discord_gateway_url", "trusted_proxies", "log_level", "discord_gateway"}
)  # fmt: skip
"""Settings that nonsense cannot be."""

WITHOUT_END = frozenset({"serve", "worker", "demo", "watch"})
"""Commands that go on until they are stopped; only what is refused before they begin is tried on them."""


@dataclass(frozen=True)
class Door:
    """One parameter of one command, and what stands beside it so that nothing else is missing."""

    words: tuple[str, ...]
    name: str
    before: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' '.join(self.words)} {self.name}"

    def arguments(self, value: str) -> list[str]:
        return [*self.words, *(value if part is _HERE else part for part in self.before)]


_HERE = "\ufffchere"


def _commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    return ((words, command) for words, command in commands() if not hasattr(command, "commands"))


def _doors() -> Iterator[Door]:
    for words, command in _commands():
        for hostile in command.params:
            if hostile.name == "help" or hostile.type_descriptor.annotation is bool:
                continue
            others = [each for each in command.params if each.required and each is not hostile]
            parts: list[str] = []
            for each in sorted([*others, hostile], key=command.params.index):
                value = _HERE if each is hostile else _usual(each)
                is_option = each.opts[0].startswith("-")
                parts += [each.opts[0], value] if is_option else [value]
            yield Door(words, hostile.name, tuple(parts))


def _usual(parameter: Any) -> str:
    """A value that this parameter takes, by what it is declared as."""
    wanted = parameter.type_descriptor.annotation
    if get_origin(wanted) is Literal:
        return str(get_args(wanted)[0])
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return str(next(iter(wanted)).value)
    return "1" if wanted is int else "Elrek"


DOORS = tuple(_doors())


def _check(outcome: Outcome, door: Door, value: str) -> None:
    told = f"patt {door} {value!r}: {outcome}"
    assert outcome.code in (0, 1, 2), told
    assert "Traceback" not in outcome.out + outcome.err, told
    assert outcome.code == 0 or outcome.err.strip() or outcome.out.strip(), told


def test_the_walk_finds_the_doors_that_people_use() -> None:
    found = {str(door) for door in DOORS}
    assert {"show issue", "dismiss reason", "link character", "alias add alias", "admin link name"} <= found
    assert len(DOORS) > 100


def test_what_is_no_text_is_refused_at_every_door_with_a_sentence(patt: Patt) -> None:
    for door, value in itertools.product(DOORS, NO_TEXT):
        outcome = patt(*door.arguments(value))
        _check(outcome, door, value)
        assert outcome.code == 1
        assert "cannot be used: it contains" in outcome.err or "cannot be used: it has" in outcome.err


@pytest.mark.parametrize("place", range(len(ODD_TEXT)))
def test_odd_texts_and_numbers_are_answered_at_every_door(
    patt: Patt, guild: psycopg.Connection, place: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each door gets one of the odd texts at every commit, and all of them where everything is tried."""
    monkeypatch.chdir(tmp_path)  # some are names of files that are written
    tried = [door for door in DOORS if door.words[0] not in {*WITHOUT_END, "init"}]
    for number, door in enumerate(tried):
        if thoroughness.everything() or number % len(ODD_TEXT) == place:
            _check(patt(*door.arguments(ODD_TEXT[place])), door, ODD_TEXT[place])


def test_a_file_is_read_whatever_bytes_its_name_has(patt: Patt, guild: psycopg.Connection, tmp_path: Path) -> None:
    file = tmp_path / "Not\udce9s.tsv"
    file.write_text("character\tnote\nMito\talt of Elrek\n", encoding="utf-8")
    outcome = patt("notes", file)
    assert (outcome.code, "alt of Elrek" in outcome.out) == (0, True)
    assert patt("notes", tmp_path / "N\udce9.tsv").refuses("it contains bytes that are not UTF-8 text")


def test_a_user_without_a_name_on_this_computer_may_act_all_the_same(
    patt: Patt, guild: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "Ren\udce9e\x1b")
    assert patt("unlink", "Rivermane").code == 0
    assert guild.execute("select actor from guild_identity.fix_attempts").fetchone() == ("officer Ren�e�",)


def test_a_setting_that_cannot_be_used_is_named_in_a_sentence(
    patt: Patt, guild: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        variable, usual = f"PATT_{name.upper()}", os.environ.get(f"PATT_{name.upper()}")
        for value in (*ODD_SETTINGS, *(NONSENSE if name in CHECKED else ())):
            monkeypatch.setenv(variable, value)
            outcome = patt("rules")
            told = (variable, value, outcome)
            assert outcome.code in ((1,) if value in NONSENSE else (0, 1)), told
            assert "Traceback" not in outcome.out + outcome.err, told
            assert outcome.code == 0 or variable in outcome.err, told
        monkeypatch.delenv(variable) if usual is None else monkeypatch.setenv(variable, usual)


def test_a_setting_that_is_empty_is_not_set(
    patt: Patt, guild: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATT_BASE_URL", "PATT_DISCORD_BOT_TOKEN", "PATT_LOG_LEVEL", "PATT_TRUSTED_PROXIES"):
        monkeypatch.setenv(name, "")
    assert patt("rules").code == 0


def test_a_database_that_does_not_answer_is_a_sentence_at_every_command_that_needs_one(
    patt: Patt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATT_DATABASE_URL", "postgresql://u:hidden@127.0.0.1:1/x")
    asked = [
        words for words, _ in _commands() if words[0] not in {"demo", "watch", "companion", "notes", "init", "doctor"}
    ]
    for words in asked:
        door = next((each for each in DOORS if each.words == words and _HERE in each.before), None)
        usual = [part for part in (door.before if door else ()) if part is not _HERE]
        outcome = patt(*words, *usual)
        assert outcome.code in (1, 2), (words, outcome)
        assert "Traceback" not in outcome.out + outcome.err
        assert "hidden" not in outcome.out + outcome.err
    for line in ("rules", "issues", "db status", "db upgrade", "guild list", "admin link"):
        outcome = patt(*line.split())
        assert outcome.code == 1
        assert outcome.err.startswith("The database does not answer: ")


def test_a_folder_that_is_none_is_named(patt: Patt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("PATT_DATABASE_URL")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATT_DATA_DIR", str(tmp_path / "file"))
    assert patt("rules").refuses("The embedded database in PATT_DATA_DIR")
