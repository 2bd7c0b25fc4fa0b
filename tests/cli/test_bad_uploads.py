"""Every kind of unusable upload gets its sentence, and the database stays as it was."""

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
    "empty": (b"", "empty"),
    "truncated": (_export(GOOD)[:-12], "ends in the middle"),
    "nested 10,000 deep": (b"PATTSyncDB = " + b"{" * 10_000 + b"}" * 10_000, "deep"),
    "50 MB": (b"PATTSyncDB = {}\n" + b" " * 50_000_000, "MiB"),
    "another addon": (b'\nOtherAddonDB = {\n["x"] = 1,\n}\n', "PATTSyncDB"),
    "nothing exported": (b"\nPATTSyncDB = {\n}\n", "export"),
    "no characters": (_export(), "no character"),
    "characters is a number": (b'\nPATTSyncDB = {\n["lastExport"] = {\n["characters"] = 5,\n}\n}\n', "characters"),
    "an entry is a number": (_export(GOOD, "17"), "entry 2"),
    "an entry is nil": (_export(GOOD, "nil", GOOD.replace("River", "Other")), "entry 2"),
    "a note is a number": (_export(GOOD, '{ ["name"] = "Elrek", ["realm"] = "Area52", ["note"] = 5 }'), "note"),
    "a NUL byte": (_export(GOOD, '{ ["name"] = "Elrek", ["realm"] = "Area52", ["note"] = "a\0b" }'), "Elrek"),
    "a NUL byte in a name": (_export('{ ["name"] = "El\\0rek", ["realm"] = "Area52" }'), "name"),
    "a name of 300 letters": (_export(GOOD, '{ ["name"] = "' + "x" * 300 + '" }'), "300"),
    "a rank that is no number": (_export('{ ["name"] = "Elrek", ["rank"] = "high" }'), "rank"),
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
