"""Laws about account evidence: a link that rests on it joins characters of one account, and changes nothing that is stronger."""

from __future__ import annotations

from collections.abc import Mapping

from simulation.tally import LawBroken
from simulation.witness import Change, Row, Transaction
from sv_common.guild_sync.core.basis import is_confirmed
from sv_common.guild_sync.simulators.accounts import WorldAccount

_STRONGER = ("proven", "officer")

Truth = Mapping[tuple[int, int], WorldAccount]
"""The account of each character that there ever was, by guild and by its number in the game."""


class AccountLinks:
    """Follows every transaction. `made` counts the links that rest on an account."""

    def __init__(self) -> None:
        self._characters: dict[int, Row] = {}
        self._links: dict[int, Row] = {}
        self.made = 0

    def follow(self, transaction: Transaction, truth: Truth) -> None:
        """Judge a transaction by what is true after it. Raises `LawBroken`."""
        before = self._links.copy()
        for change in transaction.changes:
            self._remember(change)
        if transaction.is_undo:
            return  # which says again what was said before
        for number, link in self._links.items():
            was = before.get(number)
            if link["basis"] != "account" or _says_the_same(was, link):
                continue
            self.made += 1
            if was is not None and _is_stronger(was) and not transaction.is_by_person:
                raise LawBroken(f"account evidence changed a stronger link, {was}, to {link}")
            self._judge(number, link, truth)

    def _judge(self, number: int, link: Row, truth: Truth) -> None:
        account = self._account(number, truth)
        others = [
            other for other, its in self._links.items() if other != number and its["player_id"] == link["player_id"]
        ]
        if not any(is_confirmed(self._links[o]["basis"], self._links[o]["confirmed_by"]) for o in others):
            raise LawBroken(f"a link rests on an account for which nobody stands: {link}, {self._characters[number]}")
        if all(self._account(other, truth) is not account for other in others):
            joined = [self._characters[other]["character_name"] for other in others]
            raise LawBroken(f"{self._characters[number]} was linked by an account that it does not share with {joined}")

    def _account(self, number: int, truth: Truth) -> WorldAccount:
        character = self._characters[number]
        return truth[character["guild_id"], character["blizzard_character_id"]]

    def _remember(self, change: Change) -> None:
        if change.table not in ("wow_characters", "player_characters"):
            return
        row = change.now or change.was or {}
        rows, column = (self._characters, "id") if change.table == "wow_characters" else (self._links, "character_id")
        if change.now is None:
            rows.pop(row[column], None)
        else:
            rows[row[column]] = change.now


def _says_the_same(was: Row | None, link: Row) -> bool:
    return was is not None and (was["player_id"], was["basis"]) == (link["player_id"], link["basis"])


def _is_stronger(link: Row) -> bool:
    return link["basis"] in _STRONGER or link["confirmed_by"] is not None
