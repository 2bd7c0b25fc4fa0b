"""Naming an export: as a file or a folder, with the quotes that a terminal or a file manager puts around it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from patt.companion.files import FILE_NAME, export_file
from patt.files import read_file
from sv_common.guild_sync.core.errors import BadInput

ACCOUNTS = "_retail_/WTF/Account"


@pytest.fixture
def game(tmp_path: Path) -> Path:
    """A game with the exports of two accounts, the second of which is newer."""
    for number, account in enumerate(("OLD", "NEW")):
        folder = tmp_path / "World of Warcraft" / ACCOUNTS / account / "SavedVariables"
        folder.mkdir(parents=True)
        (folder / FILE_NAME).write_text("PATTSyncDB = {}")
        os.utime(folder / FILE_NAME, (number, number))
    return tmp_path / "World of Warcraft"


@pytest.mark.parametrize("around", ["{}", '"{}"', "'{}'", " {} ", "& '{}'", '& "{}"'])
def test_quotes_and_blanks_around_a_name_do_not_count(game: Path, around: str) -> None:
    file = game / ACCOUNTS / "OLD" / "SavedVariables" / FILE_NAME
    assert export_file(around.format(file)) == file


@pytest.mark.parametrize("below", [".", "_retail_", "_retail_/WTF", ACCOUNTS])
def test_a_folder_means_the_newest_export_in_it(game: Path, below: str) -> None:
    assert export_file(f'"{game / below}"').parts[-3:] == ("NEW", "SavedVariables", FILE_NAME)


def test_a_folder_means_the_export_that_lies_in_it(game: Path) -> None:
    folder = game / ACCOUNTS / "OLD" / "SavedVariables"
    assert export_file(str(folder)) == folder / FILE_NAME


def test_a_folder_without_an_export_is_refused_with_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"There is no export of the addon in .*Name the file PATTSync\.lua"):
        export_file(str(tmp_path))


@pytest.mark.parametrize("name", ["nothing.lua", "it's mine.lua", "'", '"', "a\0b"])
def test_a_name_without_quotes_around_it_stays_as_it_is(name: str) -> None:
    assert export_file(name) == Path(name)


def test_a_name_that_no_system_takes_is_refused_where_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_file(export_file(str(tmp_path / ("a" * 5000))))
