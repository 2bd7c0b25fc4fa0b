"""The connection to the database may be lost before any statement of a command: it ends with 0 only when all is committed.

With `--all` each statement of all commands is cut.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence

import psycopg
import pytest

import thoroughness
from cli.conftest import Patt, patt
from cuts.conftest import Bench
from cuts.proxy import CuttingProxy
from cuts.world import World

__all__ = ["patt"]

Line = Callable[[World], Sequence[object]]

COMMANDS: dict[str, Line] = {
    "scan": lambda _: ("scan", "--guild", 1),
    "fix": lambda w: ("fix", w.numbers["newalt"]),
    "undo": lambda w: ("undo", w.numbers["attempt_id"]),
    "dismiss": lambda w: ("dismiss", w.numbers["riddle"], "--reason", "On purpose."),
    "reopen": lambda w: ("reopen", w.numbers["aside"], "--reason", "On purpose."),
    "resolve": lambda w: ("resolve", w.numbers["riddle"], "--reason", "On purpose."),
    "link": lambda _: ("link", "Riddle", "Mito", "--guild", 1),
    "inbox answer": lambda w: ("inbox", "answer", w.numbers["riddle"], "--shared"),
    "inbox dismiss": lambda w: ("inbox", "dismiss", w.numbers["riddle"], "--reason", "On purpose."),
    "inbox snooze": lambda w: ("inbox", "snooze", w.numbers["riddle"], "--days", 7),
    "inbox fix": lambda w: ("inbox", "fix", w.numbers["newalt"]),
    "match": lambda _: ("match", "--guild", 1),
    "words add": lambda _: ("words", "add", "quux", "profession", "--guild", 1),
    "settings rule": lambda _: ("settings", "rule", "stale_character", "--off", "--guild", 1),
    "ranks map": lambda _: ("ranks", "map", 3, 900, "--guild", 1),
    "ranks unmap": lambda _: ("ranks", "unmap", 3, "--guild", 1),
    "keys add": lambda _: ("keys", "add", "Zork", "--guild", 1),
    "keys revoke": lambda w: ("keys", "revoke", w.numbers["key_id"], "--guild", 1),
    "losses release": lambda w: ("losses", "release", "battlenet", "--key", w.loss_key, "--guild", 1),
    "uploads retry": lambda w: ("uploads", "retry", w.numbers["upload_id"], "--guild", 1),
    "guild add": lambda _: ("guild", "add", "Third Watch", "--realm", "area-52"),
    "admin link": lambda _: ("admin", "link", "--name", "dora"),
    "admin token": lambda _: ("admin", "token", "dashboard"),
    "admin officers give": lambda _: ("admin", "officers", "give", "rank", 2, "viewer", "--guild", 1),
}
"""A line for each way in which commands change something."""

_OFTEN = ("fix", "dismiss", "match", "words add", "ranks map", "keys add", "admin link", "admin officers give")
"""Commands that are cut at every commit, near their last commit to the database; all others, and everywhere, at night."""

_NAMES = [name if name in _OFTEN else pytest.param(name, marks=pytest.mark.nightly) for name in COMMANDS]


@pytest.fixture
def proxy(bench: Bench) -> Iterator[tuple[CuttingProxy, str]]:
    """A proxy in a thread of its own: a command has the event loop for itself."""
    proxy, loop = CuttingProxy(bench.kept.url), asyncio.new_event_loop()
    is_open, is_over, address = threading.Event(), asyncio.Event(), list[str]()

    async def serve() -> None:
        async with proxy.open() as opened:
            address.append(opened)
            is_open.set()
            await is_over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert is_open.wait(10)
    yield proxy, address[0]
    loop.call_soon_threadsafe(is_over.set)
    thread.join()
    loop.close()


@pytest.mark.parametrize("name", _NAMES)
def test_a_command_that_ends_well_has_committed(
    bench: Bench, proxy: tuple[CuttingProxy, str], patt: Patt, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    cutter, address = proxy
    host, port = (part.partition("=")[2] for part in address.split() if part.startswith(("host=", "port=")))
    database = bench.kept.url.partition("?")[0].rpartition("/")[2]
    url = f"postgresql://postgres:@{host}:{port}/{database}?sslmode=disable&gssencmode=disable"
    monkeypatch.setenv("PATT_DATABASE_URL", url)
    line = COMMANDS[name](bench.world)

    def run(cut_at: int | None) -> tuple[int, list[str], str]:
        bench.kept.put_back()
        cutter.begin(cut_at)
        outcome = patt(*line)
        with psycopg.connect(bench.kept.url) as conn:
            return outcome.code, bench.kept.now_by(conn), outcome.out + outcome.err

    bench.kept.put_back()
    with psycopg.connect(bench.kept.url) as conn:
        before = bench.kept.now_by(conn)
    code, whole, said = run(None)
    assert (code, whole == before) == (0, False), said
    statements = list(cutter.statements)
    for place in _places(statements):
        code, now, said = run(place)
        where = f"cut at {place} ({statements[place - 1][:60]!r}) it said: {said}"
        assert "Traceback" not in said, where
        assert code != 0 or now == whole, where


def _places(statements: Sequence[str]) -> Sequence[int]:
    """Where to cut: everywhere when everything is tried, or near the last commit."""
    if thoroughness.everything():
        return range(1, len(statements) + 1)
    last = max(place for place, statement in enumerate(statements, 1) if "COMMIT" in statement.upper()[:20])
    return range(last - 1, last + 1)
