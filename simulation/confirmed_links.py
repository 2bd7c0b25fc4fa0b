"""Laws about power: what automation may do to links, and that no right and no role comes by a link that does not count.

A link counts by a person, by the game, or, where the guild has set it, by the account of a link that does.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from patt.auth import permissions
from patt.auth.permissions import Grant
from simulation.account_rights import KEY, counts_by_account, is_stood_for
from simulation.founding import RANKS_WITH_RIGHTS
from simulation.tally import LawBroken
from simulation.witness import Change, Row, Transaction
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.names import name_key

MORE_THAN_A_LOOK = ("officer", "administrator")


class ConfirmedLinks:
    """Follows every transaction and holds it against the laws. Every method raises `LawBroken` with what it has seen."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Any, Row]] = defaultdict(dict)
        self._notes_under: dict[int, set[str]] = {}
        """By linked character, every note that it is known to have had since its link was made."""
        self.automatic_links = 0
        self.automatic_role_changes = 0
        self.rights_by_account = 0

    def follow(self, transaction: Transaction) -> None:
        """Judge a transaction, and remember what is true after it."""
        for change in transaction.changes:
            match change.table:
                case "player_characters":
                    self._judge_link(transaction, change)
                case "players":
                    self._judge_word(transaction, change, "discord_confirmed_by")
                case "fix_attempts":
                    self._judge_role_fix(change)
            self._remember(change)

    def _judge_link(self, transaction: Transaction, change: Change) -> None:
        """Automation follows a note that has changed, and leaves characters of weight where they are."""
        self._judge_word(transaction, change, "confirmed_by")
        link = change.now or change.was or {}
        number, before, after = link["character_id"], _player(change.was), _player(change.now)
        character = self._rows["wow_characters"].get(number, {})
        if before == after or not transaction.is_automatic:
            return
        if (change.was or {}).get("basis") == "proven":
            raise LawBroken(f"automation moved {character}, which its member has proven, from {before} to {after}")
        self.automatic_links += 1
        if (change.now or {}).get("basis") == "proven":
            return  # a member has proven it, which says more than any note
        if character["rank_index"] in RANKS_WITH_RIGHTS:
            raise LawBroken(f"automation moved {character}, whose rank gives rights, from {before} to {after}")
        if before is not None and len(self._notes_under.get(number, ())) < 2:
            raise LawBroken(f"automation changed the link of {character}, whose note has not changed since it was made")

    def _judge_word(self, transaction: Transaction, change: Change, column: str) -> None:
        """Only a person confirms a link."""
        if change.has_new(column) and not transaction.is_by_person:
            raise LawBroken(f"nobody gave this word, neither in a fix nor in a decision: {change} of {transaction}")

    def _judge_role_fix(self, change: Change) -> None:
        """When automation is about to change somebody's roles, the whole way from the rank to them counts."""
        attempt = change.now
        if change.was is not None or attempt is None or not attempt["is_automatic"] or not attempt["intended"]:
            return
        self.automatic_role_changes += len(attempt["intended"])
        member_id = attempt["intended"][0]["id"]
        player = next(p for p in self._rows["players"].values() if p["discord_user_id"] == member_id)
        if attempt["issue_type"] == "departed_with_roles":
            self._judge_departure(player, attempt)
            return
        link, rank = self._deciding(player["id"])
        if not (self._counts(link) and is_stood_for(player, "discord_")):
            raise LawBroken(f"automation changes roles by a link that no person confirmed: {link}, {player}, {attempt}")
        self.rights_by_account += not is_stood_for(link)
        given = {each["after"]["role_id"] for each in attempt["intended"] if each["after"]["held"]}
        if given - {rank["discord_role_id"]}:
            raise LawBroken(f"automation gives {given} to {player}, whose rank is {rank}")

    def _judge_departure(self, player: Row, attempt: Row) -> None:
        """Automation takes the roles of somebody whose characters have all left, if people stand for the way from one to them."""
        links = [each for each in self._rows["player_characters"].values() if each["player_id"] == player["id"]]
        here = [each for each in links if self._rows["wow_characters"][each["character_id"]]["removed_at"] is None]
        if here or not (any(map(is_stood_for, links)) and is_stood_for(player, "discord_")):
            raise LawBroken(
                f"automation takes roles from {player}, though nobody knows that they left: {links}, {attempt}"
            )
        if any(each["after"]["held"] for each in attempt["intended"]):
            raise LawBroken(f"automation gives a role to {player}, who has left: {attempt}")

    def _deciding(self, player_id: int) -> tuple[Row, Row]:
        """The link of a player's highest character in the guild, with its rank."""
        held = []
        for link in self._rows["player_characters"].values():
            character = self._rows["wow_characters"][link["character_id"]]
            if link["player_id"] == player_id and character["removed_at"] is None:
                held += [(link, rank) for rank in self._rows["guild_ranks"].values() if _is_of(rank, character)]
        return max(held, key=lambda each: (each[1]["level"], -each[1]["wow_rank_index"], self._counts(each[0])))

    def _counts(self, link: Row) -> bool:
        return is_stood_for(link) or counts_by_account(self._rows, link["character_id"])

    def _remember(self, change: Change) -> None:
        row = change.now or change.was or {}
        number = row[KEY.get(change.table, "id")]
        if change.table == "fix_attempts":
            return
        if change.now is None:
            self._rows[change.table].pop(number, None)
        else:
            self._rows[change.table][number] = change.now
        if change.table == "player_characters" and _player(change.was) != _player(change.now):
            self._notes_under.pop(number, None)
        if change.now is not None and change.table in ("player_characters", "wow_characters"):
            self._remember_note(number)

    def _remember_note(self, character_id: int) -> None:
        note = self._rows["wow_characters"].get(character_id, {}).get("guild_note")
        if note is not None and character_id in self._rows["player_characters"]:
            self._notes_under.setdefault(character_id, set()).add(name_key(note))

    async def judge_rights(self, pool: Pool, guild_id: int) -> None:
        """Nobody may do more than look by the rank of a character whose link does not count, nor administrate by an account."""
        async with pool.writing(guild_id, alone=False) as guild:
            for permission in await permissions.in_guild(guild):
                for grant in await permissions.strong_grants(guild, permission.discord_id):
                    if grant.kind == "rank" and not self._may(grant, permission.discord_id):
                        raise LawBroken(f"{permission.username} is {grant.given} by {grant}, for which nobody stands")

    def _may(self, grant: Grant, discord_id: str) -> bool:
        link = self._rows["player_characters"][grant.character_id]
        player = self._rows["players"][link["player_id"]]
        member = self._rows["discord_users"][player["discord_user_id"]]
        counts = is_stood_for(link) if grant.given == "administrator" else self._counts(link)
        self.rights_by_account += counts and not is_stood_for(link)
        return bool(member["discord_id"] == discord_id and counts and is_stood_for(player, "discord_"))


def _player(link: Row | None) -> Any:
    return link and link["player_id"]


def _is_of(rank: Row, character: Row) -> bool:
    return bool((rank["guild_id"], rank["wow_rank_index"]) == (character["guild_id"], character["rank_index"]))
