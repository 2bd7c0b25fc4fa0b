"""Several accounts, versions of the game, guilds and companions on one computer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import thoroughness
from companion.conftest import KEY, Ended, Watch
from companion.scripted import ScriptedServer, Sink, account, export
from patt.companion.files import export_files
from patt.companion.watcher import Spool, Watcher
from sv_common.guild_sync.simulators.server import running

Once = Callable[[], Ended]


def test_exports_of_two_accounts_are_sent_in_the_order_in_which_they_were_made(
    once: Once, patt_server: ScriptedServer, game: Path
) -> None:
    newer, older = export("newer", 1_800_000_000), export("older", 1_700_000_000)
    account(game, "1").write_bytes(newer)
    account(game, "2").write_bytes(older)
    os.utime(game / "_retail_/WTF/Account/1/SavedVariables/PATTSync.lua", (1, 1))
    assert once().code == 0
    assert patt_server.received == [older, newer]


def test_two_versions_of_the_game_and_two_installations_are_watched_at_once(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second drive" / "World of Warcraft"
    contents = [export(str(number), 1_700_000_000 + number) for number in range(3)]
    places = [account(game, "1"), account(game, "1", "_classic_"), account(second, "1")]
    for place, content in zip(places, contents, strict=True):
        place.write_bytes(content)
    ended = patt_watch(game, second, game / "_retail_", "--server", address, "--key", KEY, "--once")
    assert ended.code == 0
    assert patt_server.received == contents


def test_what_one_guild_was_sent_is_not_taken_for_what_another_has(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    other = ScriptedServer()
    with running(other.app()) as elsewhere:
        for where, key in ((address, KEY), (address, "key-of-another-guild"), (elsewhere, KEY)):
            assert patt_watch(game, "--server", where, "--key", key, "--once").code == 0
    assert patt_server.keys == [KEY, "key-of-another-guild"]
    assert other.keys == [KEY]


async def _look_at(folder: Path, accounts: list[tuple[int | None, int]], companions: int) -> tuple[Sink, list[Path]]:
    """Let companions look at a computer with accounts: when the export was made, and when the file was written."""
    sink = Sink()
    for number, (made_at, written_at) in enumerate(accounts):
        file = account(folder / "game", str(number))
        file.write_bytes(export(f"note {number}", made_at))
        os.utime(file, (written_at, written_at))

    async def watch() -> None:
        watcher = Watcher(lambda: export_files(folder / "game"), Spool(folder / "spool"), sink.send, sink.ask)
        looks = [await watcher.check() for _ in range(4)]
        assert looks[-1].is_delivered, looks[-1]

    await asyncio.gather(*(watch() for _ in range(companions)))
    return sink, list((folder / "spool").glob("*.lua"))


TIMES = st.integers(0, 2_000_000_000)


@settings(max_examples=thoroughness.examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.none() | TIMES, TIMES), min_size=1, max_size=6))
def test_whatever_the_accounts_exports_are_sent_once_each_in_the_order_of_their_times(
    accounts: list[tuple[int | None, int]],
) -> None:
    with TemporaryDirectory() as folder:
        sink, waiting = asyncio.run(_look_at(Path(folder), accounts, companions=1))
    times = {
        export(f"note {number}", made): made if made is not None else at for number, (made, at) in enumerate(accounts)
    }
    assert [times[each] for each in sink.sent] == sorted(times.values())
    assert len(sink.sent) == len(accounts)
    assert waiting == []


@settings(max_examples=thoroughness.examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=4), st.integers(2, 4))
def test_companions_that_share_a_computer_lose_nothing_and_none_of_them_falls(
    accounts: list[tuple[int | None, int]], companions: int
) -> None:
    with TemporaryDirectory() as folder:
        sink, waiting = asyncio.run(_look_at(Path(folder), accounts, companions))
    assert set(sink.sent) == {export(f"note {number}", made) for number, (made, _) in enumerate(accounts)}
    assert waiting == []
