"""The file with the proposed notes: whole or as it was, data alone, only in the addon's folder, and gone with the key's right."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lupa import lua51
from starlette.responses import HTMLResponse, JSONResponse, Response

from companion.conftest import KEY, Watch
from companion.scripted import ADDON, ScriptedServer, account, addon, export, note
from companion.test_rejected_key import NO
from patt.cli.companion.manage import forget
from patt.companion.addon_file import EMPTY, FILE_NAME, addon_folders, lua_of, write_proposed
from patt.companion.code import write_code
from patt.companion.home import Home
from patt.companion.noting import Noting
from patt.companion.proposals import MOST_NOTES, New, Note, Proposed, fetch, read_proposed
from patt.companion.server import contact
from thoroughness import examples

HOSTILE = (
    '"; os.execute("rm -rf /") --',
    "]]; error() --",
    "\\",
    '\\"',
    "\n}\nns.owned = true\n",
    "\0",
    "\x1a",
    "%s %b {} ${x}",
    "|cffff0000red|r |Hplayer:x|h",
    "Ünïcødé 龍 한별",
    "]=]",
    "--[[",
    "\u2028",
    "9" * 40,
)


def _loaded(content: bytes) -> Any:
    """Load a file as the game loads an addon's, in an empty world; return what it has put into the addon's table."""
    lua = lua51.LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    space = lua.table()
    run = lua.execute(
        b"return function(text, space) local f = assert(loadstring(text)); setfenv(f, {}); f('PATTSync', space) end"
    )
    run(content, space)
    assert set(space) <= {b"proposals"}
    return space[b"proposals"]


def _proposed(*notes: Note, guild: str = "Pull the Pin") -> Proposed:
    return Proposed(guild, ("Area 52",), 1, notes)


def _note(name: str = "Newalt", **fields: Any) -> Note:
    told = {"realms": ("Area 52",), "note": "", "proposed": "alt of Mito", "reason": "", "lost": "", **fields}
    return Note(name=name, **told)


@pytest.fixture
def folder(game: Path) -> Path:
    return addon(game)


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient() as client:
        yield client


@pytest.fixture
def renew(http: httpx2.AsyncClient, address: str, game: Path) -> Callable[[], Any]:
    """Make contact with the server once, as the companion does each hour; return what it tells."""
    noting = Noting(lambda: [game], partial(fetch, http, address, KEY))

    async def once() -> list[str]:
        return [each.sentence for each in await noting.renew(await contact(http, address, KEY))]

    return once


def _content(folder: Path) -> bytes:
    return (folder / FILE_NAME).read_bytes()


def test_the_addon_brings_the_empty_file() -> None:
    assert (ADDON / FILE_NAME).read_bytes() == EMPTY
    assert _loaded(EMPTY) is None


async def test_what_the_server_proposes_is_written_for_the_game_to_load(
    renew: Callable[[], Any], patt_server: ScriptedServer, folder: Path
) -> None:
    patt_server.let_fetch_notes(note("Newalt", note="tank", lost="x"), note("Zoë", realms=["Silvermoon", "Луна"]))
    told = await renew()
    assert told == ["2 guild notes are proposed. Type /reload and /pattsync notes in the game (_retail_)."]
    table = _loaded(_content(folder))
    assert (table[b"guild"], table[b"region"], table[b"realms"][1]) == (b"Pull the Pin", 1, b"Area 52")
    first, second = (list(table[b"notes"][number].values()) for number in (1, 2))
    assert first == [b"Newalt", 1, b"tank", b"alt of Mito", b"The note is empty.", b"x"]
    assert second[:2] == ["Zoë".encode(), 2]
    assert list(table[b"places"][2].values()) == [b"Silvermoon", "Луна".encode()]
    assert sorted(each.name for each in folder.iterdir()) == sorted(each.name for each in ADDON.iterdir())


async def test_notes_that_are_the_same_are_not_fetched_nor_written_nor_told_again(
    renew: Callable[[], Any], patt_server: ScriptedServer, folder: Path
) -> None:
    patt_server.let_fetch_notes(note())
    assert len(await renew()) == 1
    before = (folder / FILE_NAME).stat()
    assert await renew() == []
    assert patt_server.tags == [None, '"1"']
    assert (folder / FILE_NAME).stat() == before


async def test_the_file_says_anew_that_its_notes_were_checked_before_the_addon_takes_them_for_old(
    folder: Path,
) -> None:
    assert write_proposed(folder, _proposed(_note()), 1_790_000_000)
    assert not write_proposed(folder, _proposed(_note()), 1_790_000_000 + 3600)
    assert b"checkedAt = 1790000000," in _content(folder)
    assert not write_proposed(folder, _proposed(_note()), 1_790_000_000 + 12 * 3600)
    assert b"checkedAt = 1790043200," in _content(folder)


async def test_an_addon_that_was_updated_meanwhile_gets_its_notes_again(
    renew: Callable[[], Any], patt_server: ScriptedServer, folder: Path
) -> None:
    patt_server.let_fetch_notes(note())
    await renew()
    written = _content(folder)
    (folder / FILE_NAME).write_bytes(EMPTY)
    assert len(await renew()) == 1
    assert len(_loaded(_content(folder))[b"notes"]) == len(_loaded(written)[b"notes"])


@pytest.mark.parametrize(
    ("date", "expected"),
    [("Fri, 27 Nov 2026 12:00:00 GMT", 1_795_780_800), ("soon", None), (None, None)],
)
async def test_the_time_is_the_servers_where_it_tells_it(date: str | None, expected: int | None) -> None:
    body = {"guild": "G", "realms": ["x"], "region": 1, "notes": []}
    headers = {} if date is None else {"Date": date}
    answering = httpx2.MockTransport(lambda _: httpx2.Response(200, json=body, headers=headers))
    async with httpx2.AsyncClient(transport=answering) as http:
        answer = await fetch(http, "https://patt.example.org", KEY, None)
    assert isinstance(answer, New)
    assert answer.at == expected if expected else abs(answer.at - time.time()) < 60


@pytest.mark.parametrize("what", ["rejected", "may not", "refused"])
async def test_they_are_taken_out_when_the_key_is_rejected_or_may_no_longer_fetch_them(
    renew: Callable[[], Any], patt_server: ScriptedServer, folder: Path, what: str
) -> None:
    patt_server.let_fetch_notes(note())
    await renew()
    assert _content(folder) != EMPTY
    if what == "rejected":
        patt_server.holder = NO
    elif what == "may not":
        patt_server.holder = None
    else:
        patt_server.notes = None
    assert await renew() == ["The proposed notes were taken out of _retail_."]
    assert _content(folder) == EMPTY
    assert await renew() == []


@pytest.mark.parametrize(
    "answer",
    [
        HTMLResponse("<h1>Sign in to the hotel</h1>"),
        HTMLResponse("Blocked", 403),
        HTMLResponse("Sign in", 401),
        Response("", 500),
        JSONResponse({"detail": "Not found."}, 404),
        JSONResponse({"guild": "Pull the Pin"}),
        JSONResponse({"guild": "Pull the Pin", "realms": [], "region": 1, "notes": []}),
        JSONResponse({"guild": "G", "realms": ["x"], "region": 1, "notes": [note(proposed="x" * 32)]}),
        JSONResponse({"guild": "G", "realms": ["x"], "region": 1, "notes": [note(proposed="|Hx|h")]}),
        JSONResponse({"guild": "G", "realms": ["x"], "region": 1, "notes": [note()] * (MOST_NOTES + 1)}),
    ],
)
async def test_what_is_no_word_of_patt_changes_nothing(
    renew: Callable[[], Any], patt_server: ScriptedServer, folder: Path, answer: Response
) -> None:
    patt_server.let_fetch_notes(note())
    await renew()
    before = _content(folder)
    patt_server.notes = answer
    assert await renew() == []
    assert _content(folder) == before


async def test_a_server_that_is_away_changes_nothing(game: Path, folder: Path, http: httpx2.AsyncClient) -> None:
    write_proposed(folder, _proposed(_note()), 1)
    before = _content(folder)
    noting = Noting(lambda: [game], partial(fetch, http, "http://127.0.0.1:9", KEY))
    assert await noting.renew(await contact(http, "http://127.0.0.1:9", KEY)) == []
    assert _content(folder) == before


async def test_a_key_that_only_sends_exports_asks_for_no_notes(
    renew: Callable[[], Any], patt_server: ScriptedServer, folder: Path
) -> None:
    assert await renew() == []
    assert patt_server.tags == []
    assert _content(folder) == EMPTY


async def test_nothing_is_written_where_there_is_no_addon(
    renew: Callable[[], Any], patt_server: ScriptedServer, game: Path
) -> None:
    other = game / "_retail_" / "Interface" / "AddOns" / "PATTSync"
    other.mkdir(parents=True)
    patt_server.let_fetch_notes(note())
    assert await renew() == []
    assert list(other.iterdir()) == []


async def test_an_addon_that_does_not_load_the_file_is_told_once_and_left_alone(
    renew: Callable[[], Any], patt_server: ScriptedServer, folder: Path
) -> None:
    toc = folder / "PATTSync.toc"
    toc.write_text(toc.read_text().replace(FILE_NAME, ""))
    patt_server.let_fetch_notes(note())
    (told,) = await renew()
    assert "The addon in _retail_ is too old" in told
    assert await renew() == []
    assert _content(folder) == EMPTY


async def test_a_file_that_cannot_be_written_is_told_and_tried_again(
    renew: Callable[[], Any], patt_server: ScriptedServer, folder: Path
) -> None:
    patt_server.let_fetch_notes(note())
    (folder / FILE_NAME).unlink()
    (folder / FILE_NAME).mkdir()
    (told,) = await renew()
    assert "cannot be written" in told
    (folder / FILE_NAME).rmdir()
    assert "1 guild note is proposed" in (await renew())[0]
    assert [each.name for each in folder.iterdir() if each.name.endswith(".part")] == []


def test_a_disk_that_fills_up_leaves_the_file_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_proposed(folder, _proposed(_note()), 1)
    assert _content(folder) == EMPTY
    assert [each.name for each in folder.iterdir() if each.name.endswith(".part")] == []


@pytest.mark.parametrize("below", ["", "_retail_", "_retail_/WTF", "_retail_/WTF/Account/1/SavedVariables"])
def test_the_addon_is_found_from_any_folder_that_may_be_named(game: Path, folder: Path, below: str) -> None:
    account(game, "1")
    assert addon_folders(game / below) == [folder]


def test_each_flavour_of_the_game_has_its_own(game: Path) -> None:
    assert addon_folders(game) == []
    assert addon_folders(game / "missing") == []
    both = [addon(game, flavour) for flavour in ("_classic_", "_retail_")]
    assert addon_folders(game) == both


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.text(max_size=40), min_size=5, max_size=5), st.text(max_size=30))
@example(list(HOSTILE[:5]), HOSTILE[5])
@example(list(HOSTILE[5:10]), HOSTILE[10])
@example(list(HOSTILE[9:14]), HOSTILE[13])
def test_whatever_names_and_notes_say_the_file_holds_them_as_data_and_nothing_else(
    texts: list[str], guild: str
) -> None:
    name, realm, before, proposed, reason = (text.encode("utf-8", "replace").decode() for text in texts)
    guild = guild.encode("utf-8", "replace").decode()
    one = Note(name, (realm,), before, proposed, reason, name)
    content = lua_of(Proposed(guild, (realm, name), 3, (one, one)), 1_790_000_000)
    assert content.isascii()
    assert re.fullmatch(rb"(?:[\x20-\x7e]*\n)*", content)
    table = _loaded(content)
    assert table[b"guild"] == guild.encode()
    expected = [name.encode(), 1, before.encode(), proposed.encode(), reason.encode(), name.encode()]
    assert [list(each.values()) for each in table[b"notes"].values()] == [expected, expected]


@settings(max_examples=examples(300), deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(HOSTILE),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(list(note())), inner),
        max_leaves=8,
    ),
    st.sampled_from(["guild", "realms", "region", "notes", "name", "proposed", "note", "reason", "lost"]),
)
def test_an_answer_of_any_shape_is_read_whole_or_not_at_all(value: Any, field: str) -> None:
    body: dict[str, Any] = {"guild": "G", "realms": ["x"], "region": 1, "notes": [note()]}
    (body if field in body else body["notes"][0])[field] = value
    read = read_proposed(body)
    if read is not None:
        assert _loaded(lua_of(read, 1))[b"guild"] == read.guild.encode()
        assert all(0 < len(each.proposed) <= 31 for each in read.notes)


def test_watching_once_tells_of_the_notes(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path, folder: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    patt_server.let_fetch_notes(note())
    patt_server.outcomes[1] = {"state": "done", "sentence": ""}
    Home().keep(write_code(address, KEY), [game])
    printed = patt_watch("--once").printed
    assert re.search(r"ok +Notes +1 guild note is proposed", printed)
    assert _loaded(_content(folder)) is not None


def test_watching_on_takes_them_out_when_the_key_is_rejected(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path, folder: Path
) -> None:
    write_proposed(folder, _proposed(_note()), 1)
    patt_server.holder = NO
    ended = patt_watch(game, "--server", address, "--key", KEY)
    assert ended.fails("The proposed notes were taken out of _retail_.")
    assert _content(folder) == EMPTY


@pytest.mark.usefixtures("patt_watch")
def test_forgetting_the_companion_takes_them_out(
    address: str,
    game: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("patt.cli.companion.manage._autostart_or_none", lambda _: None)
    Home().keep(write_code(address, KEY), [game])
    write_proposed(folder, _proposed(_note()), 1)
    forget(dry_run=True)
    assert "Take the proposed notes out" in capsys.readouterr().out
    assert _content(folder) != EMPTY
    forget(yes=True)
    assert "The proposed notes were taken out of _retail_." in capsys.readouterr().out
    assert _content(folder) == EMPTY
