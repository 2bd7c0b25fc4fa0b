"""The secret of an installation: made once, kept beside the embedded database, never shown, and no hash can be carried elsewhere."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from patt import backups
from patt.auth.installation_secret import FILE, installation_secret
from patt.config import Settings, load_settings
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.keyed_hash import InstallationSecret, keyed_hash

SECRET = InstallationSecret("s" * 32)
words = st.text(max_size=6)


def test_beside_the_embedded_database_a_secret_is_made_once(tmp_path: Path) -> None:
    first = installation_secret(Settings(data_dir=tmp_path / "new"))
    assert first is not None
    assert len(first.value) >= 32
    assert installation_secret(Settings(data_dir=tmp_path / "new")) == first
    assert installation_secret(Settings(data_dir=tmp_path / "other")) != first


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
def test_only_its_owner_reads_the_file_of_the_secret(tmp_path: Path) -> None:
    installation_secret(Settings(data_dir=tmp_path))
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_processes_that_start_at_once_get_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: installation_secret(Settings(data_dir=tmp_path)), range(8)))
    assert len({each.value for each in found if each}) == 1


def test_an_empty_file_of_a_machine_that_stopped_is_written_again(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    found = installation_secret(Settings(data_dir=tmp_path))
    assert found is not None
    assert (tmp_path / FILE).read_text() == found.value


def test_with_a_server_of_ones_own_the_secret_must_be_set(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://nobody@localhost/none")
    assert installation_secret(settings) is None
    assert not (tmp_path / FILE).exists()
    given = settings.model_copy(update={"installation_secret": SecretStr("x" * 40)})
    assert installation_secret(given) == InstallationSecret("x" * 40)


def test_a_short_secret_is_refused_without_saying_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATT_INSTALLATION_SECRET", "hunter2")
    with pytest.raises(
        ConfigurationError, match="PATT_INSTALLATION_SECRET: it must have at least 32 characters"
    ) as error:
        load_settings()
    assert "hunter2" not in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"installation\.secret cannot be read"):
        installation_secret(Settings(data_dir=tmp_path))


def test_a_backup_holds_it_only_where_secrets_are_asked_for(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    kept = installation_secret(settings)
    assert kept is not None
    assert "PATT_INSTALLATION_SECRET" not in backups.settings_of(settings, with_secrets=False)
    assert backups.settings_of(settings, with_secrets=True)["PATT_INSTALLATION_SECRET"] == kept.value


def test_the_secret_is_never_shown() -> None:
    assert SECRET.value not in repr(SECRET)
    assert SECRET.value not in str(SECRET)


@given(left=st.lists(words, max_size=3), right=st.lists(words, max_size=3))
def test_a_hash_stands_for_its_parts_and_where_each_begins(left: list[str], right: list[str]) -> None:
    hashes = [keyed_hash(SECRET, "battle.net account", 1, *parts) for parts in (left, right)]
    assert (hashes[0] == hashes[1]) == (left == right)


def test_a_hash_is_of_no_use_for_another_guild_purpose_or_installation() -> None:
    hashes = {
        keyed_hash(SECRET, "battle.net account", 1, "123"),
        keyed_hash(SECRET, "battle.net account", 2, "123"),
        keyed_hash(SECRET, "account evidence", 1, "123"),
        keyed_hash(InstallationSecret("t" * 32), "battle.net account", 1, "123"),
    }
    assert len(hashes) == 4
