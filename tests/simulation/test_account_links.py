"""The laws about account evidence, each held against what would break it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simulation.account_links import AccountLinks, Truth
from simulation.tally import LawBroken
from simulation.witness import Change, Transaction
from sv_common.guild_sync.simulators.accounts import WorldAccount

MITO, GRIMALT, AYLA = 1, 2, 3
"""Two characters of one account, and one of another."""

PLAYER = 5
MITOS, AYLAS = WorldAccount(), WorldAccount()
TRUTH: Truth = {(1, 100 + MITO): MITOS, (1, 100 + GRIMALT): MITOS, (1, 100 + AYLA): AYLAS}
NOBODY: Mapping[str, Any] = {"confirmed_by": None}
ALICE: Mapping[str, Any] = {"confirmed_by": "officer Alice"}


def _link(number: int, basis: str, word: Mapping[str, Any] = NOBODY, player: int = PLAYER) -> dict[str, Any]:
    return {"character_id": number, "player_id": player, "basis": basis, **word}


def _linked(was: dict[str, Any] | None, now: dict[str, Any] | None) -> Change:
    return Change("player_characters", was, now)


def _attempt(*, is_automatic: bool) -> Change:
    columns = {"id": 1, "is_automatic": is_automatic, "undone_at": None, "partly_undone_at": None}
    return Change("fix_attempts", None, columns)


def _undo() -> Change:
    was = {"id": 1, "is_automatic": True, "undone_at": None, "partly_undone_at": None}
    return Change("fix_attempts", was, was | {"undone_at": "2026-03-02"})


def _begun(basis: str = "officer", word: Mapping[str, Any] = ALICE) -> AccountLinks:
    """A guild in which Mito is a player's."""
    links = AccountLinks()
    characters = [
        {"id": number, "guild_id": 1, "blizzard_character_id": 100 + number, "character_name": name}
        for number, name in ((MITO, "Mito"), (GRIMALT, "Grimalt"), (AYLA, "Ayla"))
    ]
    changes = [Change("wow_characters", None, each) for each in characters]
    links.follow(Transaction([*changes, _linked(None, _link(MITO, basis, word))]), TRUTH)
    return links


def _follow(links: AccountLinks, *changes: Change, is_automatic: bool = True) -> None:
    links.follow(Transaction([*changes, _attempt(is_automatic=is_automatic)]), TRUTH)


@pytest.mark.parametrize(("basis", "word"), [("officer", ALICE), ("proven", NOBODY), ("note", ALICE)])
def test_a_character_may_be_linked_by_an_account_that_a_person_or_the_game_stands_for(
    basis: str, word: Mapping[str, Any]
) -> None:
    links = _begun(basis, word)
    _follow(links, _linked(None, _link(GRIMALT, "account")))
    _follow(links, _linked(_link(GRIMALT, "account"), _link(GRIMALT, "account", ALICE)), is_automatic=False)
    assert links.made == 1


def test_a_link_by_account_may_join_no_two_accounts() -> None:
    with pytest.raises(LawBroken, match=r"does not share with \['Mito'\]"):
        _follow(_begun(), _linked(None, _link(AYLA, "account")), is_automatic=False)


def test_a_link_by_account_needs_a_character_for_which_somebody_stands() -> None:
    with pytest.raises(LawBroken, match="for which nobody stands"):
        _follow(_begun("note", NOBODY), _linked(None, _link(GRIMALT, "account")))
    with pytest.raises(LawBroken, match="for which nobody stands"):
        _follow(_begun(), _linked(None, _link(GRIMALT, "account", player=6)))


@pytest.mark.parametrize(("basis", "word"), [("officer", ALICE), ("proven", NOBODY), ("note", ALICE)])
def test_account_evidence_may_not_replace_what_is_stronger(basis: str, word: Mapping[str, Any]) -> None:
    other = _link(GRIMALT, basis, word, player=6)
    moved = [_linked(other, None), _linked(None, _link(GRIMALT, "account"))]
    links = _begun()
    _follow(links, _linked(None, other), is_automatic=False)
    with pytest.raises(LawBroken, match="changed a stronger link"):
        _follow(links, *moved)
    decided = _begun()
    _follow(decided, _linked(None, other), is_automatic=False)
    _follow(decided, *moved, is_automatic=False)
    assert decided.made == 1


def test_an_undo_says_again_what_was_said_before() -> None:
    links = _begun()
    links.follow(Transaction([_linked(None, _link(AYLA, "account")), _undo()]), TRUTH)
    assert links.made == 0
