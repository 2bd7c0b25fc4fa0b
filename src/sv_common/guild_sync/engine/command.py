"""Who requests a fix, what that makes of the links it writes, and what may stop it; and one run of fixes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeAlias

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes.changeset import Author
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.progress import Count, OnProgress, ignore_progress
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.sources.ports import DiscordSource

Rules: TypeAlias = Mapping[str, RuleDefinition]

AUTOMATION = "automation"

SOME_OFFICER = "officer"
"""Who acts where no one says who asks: never automation, which may do less."""


@dataclass(frozen=True, slots=True)
class Command:
    """A request to fix.

    `is_automatic` applies only plans that need no review. `is_bulk` is an officer's click on many issues at once: it links by
    evidence, as automation does; a click on one issue is a person's decision, and automation leaves its links alone. `seen`
    holds, for issues that were previewed, the key of the plan shown: no other plan is applied. `only_by_account`: the guild
    lets automation link by account evidence, and has not switched on the rule's automatic fixes.
    """

    actor: str
    is_automatic: bool = False
    is_bulk: bool = False
    seen: Mapping[int, str] = field(default_factory=dict)
    only_by_account: bool = False

    @classmethod
    def automation(cls, *, only_by_account: bool = False) -> Command:
        return cls(AUTOMATION, is_automatic=True, is_bulk=True, only_by_account=only_by_account)

    @property
    def author(self) -> Author:
        """How links made on this request are marked."""
        if self.is_automatic:
            return Author(self.actor, "auto_fix", "exact")
        if self.is_bulk:
            return Author(self.actor, "bulk_fix", "exact")
        return Author(self.actor, "officer_fix", "confirmed")


Guard: TypeAlias = Callable[[GuildConnection], AbstractAsyncContextManager[None]]
"""A block around what is written to the rows of a guild, whose lock is held. Raises `Refused` at its end for what may not
stay; then nothing of the transaction does."""


@contextlib.asynccontextmanager
async def unguarded(guild: GuildConnection) -> AsyncIterator[None]:  # noqa: ARG001 -- one of the guards
    yield


@dataclass(slots=True)
class FixRun:
    """Issues of one rule of one guild, to be fixed on one command.

    With more than `limit` plans to apply, all of them need review. `seen` is what the officer has seen of a single issue.
    `started` is on the monotonic clock.
    """

    rules: Rules
    rule: RuleDefinition
    guild_id: int
    issue_ids: Sequence[int]
    command: Command
    source: DiscordSource | None = None
    limit: int | None = None
    seen: Seen | None = None
    guard: Guard = unguarded
    on_progress: OnProgress = ignore_progress
    count: Count = field(init=False)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.count = Count(len(self.issue_ids), self.on_progress)

    def settle(self, issues: int, doing: str | None = None) -> None:
        """Report that so many more issues have their result."""
        self.count.add(issues, doing or tr("Fixing: {rule}", rule=self.rule.name))
