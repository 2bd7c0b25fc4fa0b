"""Restoring from the first page: what is sent is read as it comes, and refused in a sentence where it cannot be used."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.setup.restoring import Restoring
from patt.web.load.multipart import Multipart, boundary_of, first_field
from patt.web.rendering import FORM_FIELD
from patt.web.security import form_token_of
from sv_common.db import backup
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, Seen, asker, made, session, settings

RESTORE = "/admin/setup/restore"
NEWER = f"PATT backup 9 {'0' * 64}\n".encode()


@pytest.fixture
def app(pool: Pool, tmp_path: Path) -> FastAPI:
    return made(Services(settings(BASE_URL, data_dir=tmp_path / "data"), pool, Sources()))


@pytest.fixture
async def token(pool: Pool) -> str:
    return await session(pool)


@pytest.fixture
async def client(app: FastAPI, token: str) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with asker(app, cookies={"patt_session": token}, headers=headers) as client:
        yield client


@pytest.fixture
def file(database_url: str, tmp_path: Path) -> Path:
    """A backup of an installation without a guild."""
    written = tmp_path / "daily.patt"
    backup.write(database_url, written, version="0.1")
    return written


async def send(client: httpx2.AsyncClient, token: str, content: bytes, name: str = "daily.patt") -> str:
    """Send a file; return what the page says to which this leads."""
    answer = await client.post(
        f"{RESTORE}/preview",
        data={FORM_FIELD: form_token_of(token)},
        files={"file": (name, content)},
        follow_redirects=True,
    )
    assert answer.status_code == 200, answer.text
    return Seen(answer).text("content")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choose the file of a backup."),
        (b"something else", "daily.patt is no backup of PATT, or its beginning is damaged."),
        (NEWER, "daily.patt was made by a newer version of PATT. Install that version, then restore."),
        (NEWER.replace(b" 9 ", b" 1 ") + b"x", "daily.patt is damaged: its checksum is another one."),
    ],
)
async def test_a_file_that_cannot_be_restored_is_refused_in_a_sentence_and_not_kept(
    client: httpx2.AsyncClient, token: str, tmp_path: Path, content: bytes, sentence: str
) -> None:
    assert sentence in await send(client, token, content)
    assert list((tmp_path / "data" / "backups").iterdir()) == []


async def test_a_backup_is_shown_before_anything_changes_and_only_what_was_shown_is_restored(
    app: FastAPI, client: httpx2.AsyncClient, token: str, file: Path
) -> None:
    restoring: Restoring = app.state.restoring
    stops: list[str] = []
    restoring.stop = lambda: stops.append("stopped")
    shown = await send(client, token, file.read_bytes(), "C:\\old\\my daily.patt")
    assert "my daily.patt" in shown
    assert "PATT 0.1" in shown
    assert restoring.wanted is None
    other = {FORM_FIELD: form_token_of(token), "key": "0" * 64}
    refused = await client.post(RESTORE, data=other, follow_redirects=True)
    assert "This is not the backup that was shown." in Seen(refused).text("content")
    assert (restoring.wanted, stops) == (None, [])
    key = hashlib.sha256(file.read_bytes()).hexdigest()
    answer = await client.post(RESTORE, data={FORM_FIELD: form_token_of(token), "key": key})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login/restored")
    assert stops == ["stopped"]
    assert restoring.wanted is not None
    assert "This page goes on when it is done." in (await client.get("/login/restored")).text


async def test_where_the_server_cannot_pause_the_command_is_named(
    client: httpx2.AsyncClient, token: str, file: Path
) -> None:
    assert "patt db restore FILE" in await send(client, token, file.read_bytes())


async def test_where_there_is_a_guild_no_backup_is_taken(
    client: httpx2.AsyncClient, token: str, file: Path, guild: GuildBuilder, tmp_path: Path
) -> None:
    assert "There is a guild here already." in await send(client, token, file.read_bytes())
    assert not (tmp_path / "data").exists()
    assert "There is a guild here already." in (await client.get(RESTORE)).text


@pytest.mark.parametrize("field", ["", "somebody-else"])
async def test_a_file_of_another_page_is_refused_before_it_is_read(
    client: httpx2.AsyncClient, tmp_path: Path, field: str
) -> None:
    data = {FORM_FIELD: form_token_of(field)} if field else {"other": "1"}
    answer = await client.post(f"{RESTORE}/preview", data=data, files={"file": ("a.patt", b"x" * 100_000)})
    assert answer.status_code == 403
    assert not (tmp_path / "data").exists()


async def test_nothing_was_restored_says_the_page_of_the_end_to_nobody(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/login/restored")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def parts_of(body: bytes, sizes: list[int]) -> list[tuple[str, str, bytes]]:
    """Read a form that comes in pieces of these sizes, again and again."""

    async def chunks() -> AsyncIterator[bytes]:
        at, turn = 0, 0
        while at < len(body):
            yield body[at : at + sizes[turn % len(sizes)]]
            at += sizes[turn % len(sizes)]
            turn += 1

    form, found = Multipart(chunks(), b"xyz"), []
    while (part := await form.next_part()) is not None:
        found.append((*part, b"".join([piece async for piece in form.content()])))
    return found


def form_of(token: str, content: bytes) -> bytes:
    head = b'--xyz\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n' + token.encode()
    rest = b'\r\n--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.patt"\r\n\r\n' + content
    return head + rest + b"\r\n--xyz--\r\n"


@given(
    content=st.lists(st.sampled_from([b"\r\n--xy", b"\r\n", b"--xyz", b"\r", b"-", b"\0data", b"z" * 30])).map(
        b"".join
    ),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=3),
)
async def test_a_file_comes_out_as_it_was_sent_however_it_is_cut(content: bytes, sizes: list[int]) -> None:
    if b"\r\n--xyz" not in b"\r\n" + content:
        assert await parts_of(form_of("t", content), sizes) == [
            ("form_token", "", b"t"),
            ("file", "a.patt", content),
        ]


@pytest.mark.parametrize("cut", [10, 60, 90, 150, -6])
async def test_a_form_that_ends_early_is_refused(cut: int) -> None:
    with pytest.raises(BadInput, match="did not arrive whole"):
        await parts_of(form_of("t", b"data" * 20)[:cut], [7])


def test_the_first_field_is_known_once_it_is_whole_and_other_forms_have_no_boundary() -> None:
    body = form_of("secret", b"x")
    assert first_field(body[:70], b"xyz") is None
    assert first_field(body, b"xyz") == ("form_token", "secret")
    assert boundary_of('multipart/form-data; boundary="xyz"') == b"xyz"
    assert boundary_of("application/json; boundary=xyz") is None
