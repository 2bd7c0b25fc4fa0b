"""An unusable upload gets its sentence, and the database stays as it was; the kinds of faults are in `tests/domain`."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from cli.conftest import Patt

GOOD = '{ ["name"] = "Rivermane", ["realm"] = "Area52", ["note"] = "Mito" }'


def _export(*rows: str) -> bytes:
    return ('\nPATTSyncDB = {\n["lastExport"] = {\n["characters"] = {\n' + ",\n".join(rows) + "\n}\n}\n}\n").encode()


CASES = {
    "not Lua": (b"<html>hello</html>", "not a SavedVariables file"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "not a SavedVariables file"),
    "truncated": (_export(GOOD)[:-12], "ends in the middle"),
    "50 MB": (b"PATTSyncDB = {}\n" + b" " * 50_000_000, "MiB"),
    "an entry is nil": (_export(GOOD, "nil", GOOD.replace("River", "Other")), "entry 2"),
    "a duplicate": (_export(GOOD, GOOD), "Rivermane"),
    "not UTF-8": (_export(GOOD).replace(b"Mito", b"M\xff\xfeto"), "UTF-8"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_unusable_upload_gets_its_sentence_and_changes_nothing(
    patt: Patt, guild: psycopg.Connection, tmp_path: Path, case: str
) -> None:
    content, sentence = CASES[case]
    file = tmp_path / "PATTSync.lua"
    file.write_bytes(content)
    outcome = patt("upload", file)
    assert outcome.code == 1
    assert sentence.lower() in outcome.err.lower()
    assert "Traceback" not in outcome.err
    assert guild.execute("select guild_note from guild_identity.wow_characters order by id").fetchall() == [
        ("",),
        ("",),
        ("Elrek",),
        ("hi there",),
    ]
    assert guild.execute("select count(*) from guild_identity.audit_issues").fetchone() == (0,)


def test_an_export_of_another_guild_is_refused_with_both_names_and_changes_nothing(
    patt: Patt, guild: psycopg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "PATTSync.lua"
    file.write_bytes(_export(GOOD).replace(b'["characters"]', b'["guildName"] = "Mirror Moon",\n["characters"]'))
    outcome = patt("upload", file)
    assert outcome.refuses("“Mirror Moon”")
    assert "“Lantern Watch”" in outcome.err
    assert guild.execute("select guild_note from guild_identity.wow_characters where id = 3").fetchone() == ("Elrek",)


def test_an_older_export_than_the_last_one_is_told_and_changes_nothing(
    patt: Patt, guild: psycopg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "PATTSync.lua"
    outcomes = []
    for moment, note in ((1_790_000_000, b"Mito"), (1_780_000_000, b"Elrek")):
        export = _export(GOOD.replace("Mito", note.decode()))
        file.write_bytes(export.replace(b'["characters"]', b'["exportTime"] = %d,\n["characters"]' % moment))
        outcomes.append(patt("upload", file))
    assert [outcome.code for outcome in outcomes] == [0, 1]
    assert "Superseded: this export is from 2026-05-28" in outcomes[1].out
    assert guild.execute("select guild_note from guild_identity.wow_characters where id = 3").fetchone() == ("Mito",)


def test_uploads_are_listed_and_one_that_was_given_up_is_tried_again(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute(
        "with key as (insert into common.upload_keys (guild_id, uploader, key_hash, created_by) values (1, 'Zork', 'h', 't') "
        "returning id) insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, characters, "
        "character_count, state, sentence, attempts, finished_at) "
        "select 1, id, 'c', '[]', 1, 'failed', 'Given up: it failed 6 times.', 6, now() from key"
    )
    (listed,) = patt("uploads", "list", "--json").json
    assert (listed["upload_id"], listed["uploader"], listed["state"]) == (1, "Zork", "failed")
    assert "Given up: it failed 6 times." in patt("uploads", "list").out
    assert "Upload 1 is queued again." in patt("uploads", "retry", 1).out
    assert patt("uploads", "retry", 1).refuses("Only a failed upload")
    assert guild.execute("select state, attempts from guild_identity.addon_uploads").fetchall() == [("received", 0)]
