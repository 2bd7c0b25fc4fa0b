"""Asking what became of uploads, and telling it once: also after the companion was started anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from patt.companion.sending import Answer, Outcome, State
from patt.companion.spool import Settled, Spool

Ask: TypeAlias = Callable[[int], Awaitable[Outcome | None]]

_LONGEST_PAUSE = 12
"""Looks that are let pass, at most, between two questions."""

_SAID = {
    State.DONE: "The server took in your last export.",
    State.SUPERSEDED: "A newer export was there before your last one.",
    State.REFUSED: "The server could not use your last export.",
    State.FAILED: "The server could not take in your last export.",
}


@dataclass(slots=True)
class Outcomes:
    """Asks the server until it knows what became of each upload."""

    spool: Spool
    ask: Ask
    _asked: int = 0
    _pause: int = 0
    _newest: int | None = None

    async def told(self) -> list[str]:
        """Return a sentence for each upload of which the server knows now what became of it."""
        untold = self.spool.untold()
        if not untold:
            return []
        if untold[-1].untold != self._newest:
            self._newest, self._asked, self._pause = untold[-1].untold, 0, 0
        if self._pause > 0:
            self._pause -= 1
            return []
        self._asked += 1
        self._pause = min(2**self._asked - 2, _LONGEST_PAUSE)
        return await self._ask(untold)

    async def _ask(self, untold: list[Settled]) -> list[str]:
        sentences = []
        for each in untold:
            outcome = await self.ask(each.untold or 0)
            if outcome is None:
                break
            if outcome.state in _SAID:
                sentences.append(f"{_SAID[outcome.state]} {outcome.sentence}".rstrip())
            self._note(each, outcome)
        return sentences

    def _note(self, settled: Settled, outcome: Outcome) -> None:
        match outcome.state:
            case State.WAITS:
                return
            case State.FAILED:
                self.spool.forget(settled)
            case State.REFUSED:
                self.spool.tell(replace(settled, answer=Answer.REFUSED.value, sentence=outcome.sentence))
            case _:
                self.spool.tell(settled)
