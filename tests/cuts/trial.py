"""Cutting one piece of work at one statement after the other, and judging what it said by what is in the database."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import thoroughness
from cuts.kept_state import KeptState
from cuts.proxy import CuttingProxy
from laws.snapshot import Snapshot, differences

_OTHERS = 1


@dataclass
class Sweep:
    """What was cut, and what was wrong with what was said then."""

    cuts: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """What the user was told: whether it is done, and in which words."""

    is_done: bool
    words: str


Work = Callable[[], Awaitable[Told]]
Judge = Callable[[Told, Snapshot, Snapshot], Awaitable[str | None]]
"""Says what is wrong, given what was told, what is in the database now, and what is there when nothing is cut."""


@dataclass
class Trial:
    """A database that is brought back to the same state before each try, with a proxy before it."""

    kept: KeptState
    proxy: CuttingProxy
    begin: Callable[[], Awaitable[None]]
    before: Snapshot = field(default_factory=dict)

    async def sweep(self, name: str, work: Work, judge: Judge, *, changes_nothing: bool = False) -> Sweep:
        """Do the work once as it is, then again and again with a cut; the first is to succeed and to change something."""
        told, whole = await self._try(work, None)
        assert told.is_done, f"{name} was not done: {told.words}"
        assert changes_nothing or differences(self.before, whole), f"{name} has changed nothing: {told.words}"
        sweep, statements = Sweep(), self.proxy.statements
        todo, tried = list(places(name, statements)), set[int]()
        while todo:
            place = todo.pop(0)
            tried.add(place)
            statement = " ".join(statements[place - 1].replace("\x00", " ").split())[:60]
            told, after = await self._try(work, place)
            if self.proxy.was_cut:
                sweep.cuts += 1
            elif len(self.proxy.statements) < len(statements):
                # The first try also opened connections; now that they are open, the places are chosen from what is left.
                statements = self.proxy.statements
                todo = [each for each in places(name, statements) if each not in tried]
            if (fault := await judge(told, after, whole)) is not None:
                sweep.faults.append(f"{name}, cut at {place} ({statement}): {fault}; it said: {told.words[:200]}")
        return sweep

    async def _try(self, work: Work, cut_at: int | None) -> tuple[Told, Snapshot]:
        self.kept.put_back()
        await self.begin()
        if not self.before:
            self.before = await self.kept.now()
        self.proxy.begin(cut_at)
        told = await work()
        return told, await self.kept.now()


def places(name: str, statements: list[str]) -> Iterator[int]:
    """Where to cut: everywhere when everything is tried, or at the last, at and before the last commit, and at another."""
    count = len(statements)
    if thoroughness.everything():
        yield from range(1, count + 1)
        return
    commits = [place for place, statement in enumerate(statements, 1) if "COMMIT" in statement.upper()[:20]]
    chosen = {count, *commits[-1:], *(place - 1 for place in commits[-1:])}
    chosen |= set(random.Random(name).sample(range(1, count + 1), min(_OTHERS, count)))  # noqa: S311 -- no secret
    yield from sorted(place for place in chosen if 1 <= place <= count)
