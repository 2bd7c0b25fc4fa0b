"""Which words of a note stand for other people than the player of this character, or for a former name.

A note is looked at clause by clause; commas, slashes, brackets and dashes part clauses, a colon does not.

- A word of relation ("friend of Zork", "Zork's wife") makes the names of its clause other people's; in a clause without
  a name ("Zork (wife)") it speaks of the whole note.
- A word of company ("duo Zork", "PI: Zork", "Team / Zork") does so for its own clause and, without a name there, for those
  behind it; behind a name ("Zork / team 2") it is a mere tail.
- A negation denies all that follows; at the end of a clause ("조크 아님", "Zork nicht") also what the clause begins with.
- A name behind "formerly", "aka", "irl" is a past or second one; where none follows ("Zork irl"), those before are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sv_common.guild_sync.notes.words.tokens import Gap, Shape, Token
from sv_common.guild_sync.notes.words.vocabulary import TRADES, Categories, Category, categories_of

_SAYING_WHOSE: Final = categories_of("alt bank character main owner identity")
_QUALIFIED: Final = TRADES | {Category.STATUS, Category.MEASURE, Category.DATE}
"""What "not" and "former" speak of instead of a name: "not active", "ex-raider"."""

_CONNECTING: Final = frozenset({Category.ARTICLE, Category.LINK, Category.COPULA})
_TOLD: Final = frozenset({Category.RELATION, Category.COMPANY, Category.NEGATION, Category.SECOND_NAME})
_OF_OTHERS: Final = frozenset({Category.RELATION, Category.COMPANY})
Places = frozenset[int]
NOWHERE: Final[Places] = frozenset()


def is_told_of_others(categories: Categories) -> bool:
    """Whether a note with words of these categories has to be looked at at all."""
    return bool(categories & _TOLD)


def denied_in(tokens: Sequence[Token]) -> Places:
    """Places of the words that the note says not to mean."""
    clauses = list(_clauses(tokens))
    denied: set[int] = set()
    for clause in clauses:
        for place in clause:
            if tokens[place].has(Category.NEGATION) and len(tokens) > 1 and not _is_qualifier(tokens, place):
                denied.update(range(place, len(tokens)), clause if place == clause[-1] else ())
    return frozenset(denied)


def others_in(tokens: Sequence[Token], *, handle_at: int = -1) -> Places:
    """Places of the words that name other people. `handle_at`: where a name stands that is not among the words; -1 for nowhere."""
    if any(token.has(Category.COMPANY) and token.end <= handle_at for token in tokens):
        return frozenset(range(len(tokens)))
    clauses = list(_clauses(tokens))
    others: set[int] = set()
    is_company_told = False
    for number, clause in enumerate(clauses):
        has_name = any(_may_name(tokens[place]) for place in clause)
        if _has(tokens, clause, Category.RELATION) and not has_name and (len(tokens) > 1 or handle_at >= 0):
            others.update(range(len(tokens)))
        elif (has_name and _is_about_others(tokens, clause, is_company_told=is_company_told)) or (
            _continues(tokens, clauses, number) and not others.isdisjoint(clauses[number - 1])
        ):
            others.update(clause)
        is_company_told = is_company_told or (not has_name and _has(tokens, clause, Category.COMPANY))
        if not others.isdisjoint(clause):
            others.update(_listed_before(tokens, clauses, number))
    return frozenset(others)


def second_names_in(tokens: Sequence[Token]) -> Places:
    """Places of the words that give a past, another or a real name."""
    places: set[int] = set()
    for place, token in enumerate(tokens):
        if not token.has(Category.SECOND_NAME) or len(tokens) == 1 or _is_qualifier(tokens, place):
            continue
        places.update(_reach(tokens, place) or range(place))
    return frozenset(places)


def _reach(tokens: Sequence[Token], place: int) -> list[int]:
    """The words behind "formerly" up to the end of what it speaks of; none where no name is among them."""
    reached: list[int] = []
    has_name = False
    for later in range(place + 1, len(tokens)):
        if has_name and tokens[later].gap is Gap.BREAK:
            break
        has_name = has_name or _may_name(tokens[later]) or tokens[later].is_everyday
        reached.append(later)
    return reached if has_name else []


def _is_qualifier(tokens: Sequence[Token], place: int) -> bool:
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    if following is None or following.gap not in (Gap.SPACE, Gap.HYPHEN) or following.is_possessive:
        return False
    is_word = following.shape is Shape.WORD and not following.categories & _CONNECTING
    return is_word and bool(following.categories & _QUALIFIED) and following.is_tail


def _clauses(tokens: Sequence[Token]) -> Iterator[range]:
    start = 0
    for place, token in enumerate(tokens):
        if place and token.gap in (Gap.LIST, Gap.BREAK):
            yield range(start, place)
            start = place
    if tokens:
        yield range(start, len(tokens))


def _may_name(token: Token) -> bool:
    return token.is_unknown or (token.is_possessive and not token.has(Category.RELATION))


def _has(tokens: Sequence[Token], clause: range, category: Category) -> bool:
    return any(tokens[place].has(category) for place in clause)


def _is_about_others(tokens: Sequence[Token], clause: range, *, is_company_told: bool) -> bool:
    """Whether a clause says that its names are others'; after "team 2" one that says whose it is ("Zork's alt") does not."""
    if any(tokens[place].categories & _OF_OTHERS for place in clause):
        return True
    return is_company_told and not _says_whose(tokens, clause)


def _continues(tokens: Sequence[Token], clauses: Sequence[range], number: int) -> bool:
    """Whether a clause goes on with the list of the one before: "friend of Zork and Brakk"."""
    return number > 0 and tokens[clauses[number][0]].gap is Gap.LIST and not _says_whose(tokens, clauses[number])


def _says_whose(tokens: Sequence[Token], clause: range) -> bool:
    return any(tokens[place].categories & _SAYING_WHOSE for place in clause)


def _listed_before(tokens: Sequence[Token], clauses: Sequence[range], number: int) -> Iterator[int]:
    """The names that a list puts before the last one: "Zork & Brakk's friend"."""
    while number > 0 and tokens[clauses[number][0]].gap is Gap.LIST and not _says_whose(tokens, clauses[number - 1]):
        number -= 1
        yield from clauses[number]
