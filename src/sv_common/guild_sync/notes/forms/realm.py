"""Names with the realm of which the note speaks, in words: "Zork on Hyjal", "твин Зорка с Галакронда".

Whether the words behind the preposition are a realm is not known here, so such a mention counts only where they are.
"""

from __future__ import annotations

from typing import Final

from sv_common.guild_sync.notes.mentions import Mention, MentionKind, readings_of
from sv_common.guild_sync.notes.state import CONNECTING, NoteState
from sv_common.guild_sync.notes.words.tokens import Gap, Token
from sv_common.guild_sync.notes.words.vocabulary import Category

_PLACING: Final = frozenset(
    [
        "on",
        "from",
        "at",
        "in",
        "over",
        "auf",
        "von",
        "vom",
        "aus",
        "im",
        "sur",
        "de",
        "du",
        "en",
        "no",
        "na",
        "do",
        "da",
        "em",
        "su",
        "di",
        "dal",
        "на",
        "с",
        "со",
        "из",
        "з",
        "z",
        "ze",
        "w",
        "på",
        "fra",
        "från",
        "i",
        "op",
        "van",
    ]
)
_OTHERWISE: Final = frozenset({Category.RELATION, Category.COMPANY, Category.NEGATION, Category.SECOND_NAME})
_BEFORE: Final = CONNECTING | {Category.IDENTITY, Category.AGAIN}
_MOST_WORDS: Final = 4


def read_on_realm(state: NoteState) -> None:
    """Read `Zork on Hyjal` where nothing but words about characters comes first."""
    for place in range(1, len(state.tokens) - 1):
        token, name, behind = state.tokens[place], state.tokens[place - 1], state.tokens[place + 1 :]
        if token.key not in _PLACING or token.gap is not Gap.SPACE or not name.is_unknown:
            continue
        is_short = len(behind) <= _MOST_WORDS and not any(each.categories & _OTHERWISE for each in behind)
        if (
            is_short
            and all(_may_precede(each) for each in state.tokens[: place - 1])
            and place - 1 not in state.doubted
        ):
            realm = state.text[behind[0].start : behind[-1].end]
            readings = readings_of(name, belongs=True)
            state.mentions.append(
                Mention(name.text, MentionKind.NAME, readings, realm, True, is_owner=True, needs_realm=True)
            )
        return


def _may_precede(token: Token) -> bool:
    return not token.categories & _OTHERWISE and (token.is_tail or bool(token.categories & _BEFORE))
