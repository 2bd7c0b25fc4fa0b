"""When a link by the account counts like a confirmed one: the simulation's own answer, from rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulation.witness import Row

Rows = Mapping[str, Mapping[Any, Row]]
"""Rows by their table and their key, as `KEY` names it, or by `id`."""

KEY: Mapping[str, str] = {
    "player_characters": "character_id",
    "account_evidence": "character_id",
    "account_settings": "guild_id",
    "shared_accounts": "character_id",
    "account_objections": "key",
}
"""Columns that tell the rows of a table apart, where it is not `id`."""


def is_stood_for(row: Row, prefix: str = "") -> bool:
    """Whether a person, or the game itself, stands for a link."""
    return row[f"{prefix}basis"] == "proven" or row[f"{prefix}confirmed_by"] is not None


def counts_by_account(rows: Rows, character_id: int) -> bool:
    """Whether nobody stands for the link of a character, and its account makes it count all the same."""
    links, evidence = rows["player_characters"], rows["account_evidence"]
    link, known = links.get(character_id), evidence.get(character_id)
    if link is None or link["basis"] != "account" or is_stood_for(link):
        return False
    if known is None or known["account"] is None or not _gives_rights(rows, known["guild_id"]):
        return False
    account = {
        number
        for number, each in evidence.items()
        if (each["guild_id"], each["account"]) == (known["guild_id"], known["account"])
    }
    theirs = {number for number, each in links.items() if each["player_id"] == link["player_id"]}
    if account & rows["shared_accounts"].keys() or theirs & _objecting(rows):
        return False
    vouched = {number for number in account if number in links and is_stood_for(links[number])}
    certain = {number for number in account if _is_certain(rows, number)}
    return character_id in certain and bool(vouched & certain) and vouched <= theirs


def _gives_rights(rows: Rows, guild_id: int) -> bool:
    said = rows["account_settings"].get(guild_id)
    return said is not None and said["mode"] in ("suggest", "automatic") and said["gives_rights"] is True


def _objecting(rows: Rows) -> set[int]:
    return {each["character_id"] for each in rows["account_objections"].values() if each["character_id"] is not None}


def _is_certain(rows: Rows, character_id: int) -> bool:
    """Whether the last reading of a character that is in the guild says what the earlier one said."""
    here = rows["wow_characters"][character_id]["removed_at"] is None
    return here and rows["account_evidence"][character_id]["doubted_read_at"] is None
