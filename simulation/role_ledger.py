"""Whether every role that the bot has given or taken on a simulated Discord server stands in a recorded attempt."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from simulation.guilds import LivingGuild
from simulation.tally import LawBroken
from simulation.witness import Row, Transaction

Turn: TypeAlias = tuple[str, str, bool]
"""Whose role, which one, and whether it was given or taken."""


class RoleLedger:
    """Keeps what attempts said of roles, at whatever time: what they meant to do, what they did, and what undos put back."""

    def __init__(self) -> None:
        self._members: dict[int, str] = {}
        self._done: dict[int, dict[int, Counter[Turn]]] = defaultdict(lambda: defaultdict(Counter))
        self._undone: dict[int, Counter[Turn]] = defaultdict(Counter)

    def follow(self, transaction: Transaction) -> None:
        """Remember what a transaction wrote of attempts."""
        for change in transaction.changes:
            if change.now is None:
                continue
            if change.table == "discord_users":
                self._members[change.now["id"]] = change.now["discord_id"]
            elif change.table == "fix_attempts":
                self._remember(change.now, is_undo=change.has_new("undoing_at"))

    def _remember(self, attempt: Row, *, is_undo: bool) -> None:
        done = self._done[attempt["guild_id"]]
        for written in (attempt["intended"], attempt["changes"]):
            done[attempt["id"]] |= Counter(self._turns(written, "after"))
        if is_undo:
            self._undone[attempt["guild_id"]].update(self._turns(attempt["changes"], "before"))

    def _turns(self, changes: Sequence[Mapping[str, Any]], side: str) -> list[Turn]:
        roles = [each for each in changes if each["table"] == "role"]
        return [(self._members[each["id"]], each[side]["role_id"], each[side]["held"]) for each in roles]

    def judge(self, guild: LivingGuild) -> None:
        """Raise `LawBroken` for a role that the server saw the bot change and that no attempt tells of."""
        seen = Counter((each.user_id, each.role_id, each.action == "add") for each in guild.world.audit_log)
        recorded = sum(self._done[guild.guild_id].values(), Counter(self._undone[guild.guild_id]))
        if missing := seen - recorded:
            raise LawBroken(
                f"roles that the bot changed in guild {guild.guild_id} and no attempt records: {dict(missing)}"
            )
