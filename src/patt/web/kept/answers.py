"""The answers that are kept: of the minute in which they were drawn, and no more than fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from markupsafe import escape

from patt.web.kept.marks import Ago, Part, agos_of, pieces_of
from patt.web.kept.packing import Packed, pack
from patt.web.kept.states import State
from patt.web.rendering import ago
from sv_common.guild_sync.core.language import speaking

MOST_BYTES: Final = 32 * 1024 * 1024
MOST_ANSWERS: Final = 1024
_TIMES_ITS_TEXT, _BESIDE_ITS_TEXT = 3, 2048
"""What an answer takes at most: its text in parts, as it was told last, and packed; and what else is known of it."""


@dataclass(slots=True)
class Kept:
    """An answer, and the state of its guild that it shows. `minute` is that of the clock when it was begun."""

    answer: Answer
    headers: Sequence[tuple[bytes, bytes]]
    route: Any
    state: State
    minute: int


@dataclass(slots=True)
class Answer:
    """The text of an answer, and how it was told last: with the same cursor, and as long ago, it is not put together again."""

    parts: Sequence[Part]
    size: int
    agos: Sequence[Ago]
    told: tuple[str, ...] | None = None
    pieces: list[bytes] = field(default_factory=list)
    packed: Packed | None = None

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Answer:
        return cls(parts, sum(len(each) for each in parts if isinstance(each, bytes)), agos_of(parts))

    def text(self, form_token: bytes, cursor: str, now: datetime) -> bytes:
        """Return it with all that was left open."""
        told = (cursor, *_told(self.agos, now))
        if told != self.told:
            self.told, self.pieces, self.packed = told, pieces_of(self.parts, cursor, told[1:]), None
        return form_token.join(self.pieces)

    def gzip(self, form_token: bytes, cursor: str, now: datetime) -> bytes:
        """Return the same, packed."""
        text = self.text(form_token, cursor, now)
        if self.packed is None or self.packed.token_size != len(form_token):
            self.packed = pack(self.pieces, len(form_token))
        return self.packed.with_token(text, form_token)


def _told(agos: Sequence[Ago], now: datetime) -> list[str]:
    known: dict[Ago, str] = {}
    for each in agos:
        if each not in known:
            with speaking(each.language):
                known[each] = str(escape(ago(each.moment, now)))
    return [known[each] for each in agos]


_OF_ALL: Final = 8
"""No answer takes more than this part of all room."""


class KeptAnswers:
    """Answers by request and by viewer. What was asked for the longest time ago is forgotten first."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_answers: int = MOST_ANSWERS) -> None:
        self._most_bytes = most_bytes
        self._most_answers = most_answers
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, minute: int) -> Kept | None:
        """Return an answer that was begun in this minute: pages tell time no finer."""
        found = self._kept.get(key)
        if found is None or found.minute != minute:
            return None
        self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, answer: Kept) -> None:
        """Keep an answer, and forget those of other minutes and those that there is no room for."""
        self._forget(key)
        for each in [each for each, known in self._kept.items() if known.minute != answer.minute]:
            self._forget(each)
        if _size(answer) > self._most_bytes // _OF_ALL or not self._most_answers:
            return
        self._kept[key] = answer
        self.size += _size(answer)
        while self.size > self._most_bytes or len(self._kept) > self._most_answers:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.size -= _size(gone)


def _size(kept: Kept) -> int:
    return kept.answer.size * _TIMES_ITS_TEXT + _BESIDE_ITS_TEXT
