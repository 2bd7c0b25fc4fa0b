"""Keeping settings in `.env`: what is written is read again as it was, and nothing else is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import dotenv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import thoroughness
from patt.setup import env_file
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError

printable = st.text(
    st.characters(blacklist_categories=("C", "Zl", "Zp", "Zs")) | st.sampled_from(" '\"\\#=$"), min_size=1
).filter(lambda value: "${" not in value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=thoroughness.examples(60))
@given(value=printable)
def test_a_value_is_read_as_it_was_written(file: Path, value: str) -> None:
    env_file.keep({"discord_bot_token": value}, file)
    assert dotenv.dotenv_values(file)["PATT_DISCORD_BOT_TOKEN"] == value


@pytest.mark.parametrize("value", ["a\nb", "a\0b", "x${HOME}y", "\x1b[31m"])
def test_a_value_that_no_file_can_hold_is_refused_and_nothing_is_written(file: Path, value: str) -> None:
    with pytest.raises(BadInput, match="PATT_BASE_URL has a character"):
        env_file.keep({"discord_bot_token": "good", "base_url": value}, file)
    assert not file.exists()


def test_other_lines_stay_byte_for_byte_and_a_setting_stands_once(file: Path) -> None:
    file.write_text(
        "# a comment\n\nexport OTHER=1\nPATT_BASE_URL=old\nnonsense line\nPATT_BASE_URL=older", encoding="utf-8"
    )
    env_file.keep({"base_url": "new", "discord_bot_token": "t"}, file)
    kept = file.read_text(encoding="utf-8")
    assert kept.startswith("# a comment\n\nexport OTHER=1\nPATT_BASE_URL='new'\nnonsense line\n")
    assert kept.endswith("PATT_DISCORD_BOT_TOKEN='t'\n")
    assert "old" not in kept


@pytest.mark.skipif(os.name != "posix", reason="needs the permissions of POSIX")
@pytest.mark.parametrize("before", [None, 0o644, 0o600])
def test_only_the_owner_can_read_it(file: Path, before: int | None) -> None:
    if before is not None:
        file.write_text("A=1\n", encoding="utf-8")
        file.chmod(before)
    env_file.keep({"base_url": "x"}, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_a_link_to_a_file_elsewhere_stays_a_link(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "settings"
    elsewhere.write_text("A=1\n", encoding="utf-8")
    file.symlink_to(elsewhere)
    env_file.keep({"base_url": "x"}, file)
    assert file.is_symlink()
    assert elsewhere.read_text(encoding="utf-8") == "A=1\nPATT_BASE_URL='x'\n"


def test_a_file_that_cannot_be_written_is_told_and_stays(tmp_path: Path, file: Path) -> None:
    file.mkdir()
    with pytest.raises(
        ConfigurationError, match=r"\.env in this folder cannot be written .* set PATT_BASE_URL in the environment"
    ):
        env_file.keep({"base_url": "x"}, file)
    unreadable = tmp_path / "binary"
    unreadable.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        env_file.keep({"base_url": "x"}, unreadable)
    assert unreadable.read_bytes() == b"\xff\xfe"


@pytest.mark.parametrize("name", ["PATT_BASE_URL", "patt_base_url"])
def test_what_the_environment_says_is_not_contradicted(file: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "there")
    with pytest.raises(ConfigurationError, match="PATT_BASE_URL is set in the environment, which overrides"):
        env_file.keep({"base_url": "x"}, file)
    assert not file.exists()
