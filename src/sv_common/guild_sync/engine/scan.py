"""Rules of one guild: detect, and make the audit log agree. A rule that cannot conclude stops no other."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.progress import OnProgress, Progress, ignore_progress
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.lifecycle import Conclusion
from sv_common.guild_sync.issues.model import Finding, SubjectKind, issue_hash
from sv_common.guild_sync.issues.reports import Reconciliation, RuleCheck
from sv_common.guild_sync.rulebook.dependence import Dependence, KeptFindings, state_of
from sv_common.guild_sync.rulebook.parameter import RuleSettings
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.settings import read_settings

log = structlog.get_logger(__name__)
SQL = load_sql(__package__, "scan.sql")

DETECTION = "detection"
"""The actor of moves that a scan makes."""


async def scan(
    guild: GuildConnection,
    rules: Sequence[RuleDefinition],
    *,
    actor: str = DETECTION,
    now: datetime | None = None,
    on_progress: OnProgress = ignore_progress,
) -> list[RuleCheck]:
    """Reopen dismissals that are due, then check the rules. The caller holds the guild's lock."""
    settings = await read_settings(guild, rules)
    enabled = _enabled(rules, settings)
    reopened = await lifecycle.reopen_due(guild, [rule.issue_type for rule in enabled], now=now)
    looked_at = _Scan(guild, enabled, settings, actor, now, on_progress=on_progress)
    checks = await (looked_at.check() if now is not None else _look_again(looked_at))
    on_progress(Progress(len(enabled), len(enabled), tr("Writing down what was found")))
    return [replace(each, moves=replace(each.moves, reopened=reopened[each.issue_type])) for each in checks]


async def _look_again(scan: _Scan) -> list[RuleCheck]:
    """Look at the whole guild, but ask no rule that depends on nothing that was written since it was asked last."""
    grounds = {rule.issue_type: (rule.detect, rule.depends_on) for rule in scan.rules if rule.depends_on is not None}
    days = {
        scan.settings[rule.issue_type].parameters[each.name]
        for rule in scan.rules
        if Dependence.TIME in (rule.depends_on or ())
        for each in rule.thresholds
    }
    state = await state_of(scan.guild, days)
    found, names = _KEPT.of(scan.guild, state, grounds), [rule.issue_type for rule in scan.rules]
    if found.keys() == set(names) and _KEPT.says_so(scan.guild, state, names):
        return [scan.unchanged(rule, found[rule.issue_type]) for rule in scan.rules]
    checks = await replace(scan, found=found).check()
    concluded = [each.issue_type for each in checks if each.error is None]
    _KEPT.keep(scan.guild, state, grounds, [(name, scan.detected[name]) for name in concluded if name in scan.detected])
    if concluded == names and all(each.moves == Reconciliation(found=each.moves.found) for each in checks):
        _KEPT.keep_agreed(scan.guild, state, names)
    return checks


_KEPT = KeptFindings()


async def rescan(
    guild: GuildConnection,
    rules: Mapping[str, RuleDefinition],
    issue_type: str = "",
    found: Mapping[str, Sequence[Finding]] = MappingProxyType({}),
    changes: Iterable[RowChange] | None = None,
    kept: dict[str, Any] | None = None,
) -> None:
    """Check the rules whose findings a fix of this rule may just have changed: itself and those that it affects.

    What is no fix of a rule, or of one that no longer exists, may affect any. `found` holds, by rule, what detectors have found
    already since that change, and `kept` what they have read for it. Where all `changes` are told, local rules look at the
    subjects that these touched, and at no others. The caller holds the guild's lock.
    """
    rule = rules.get(issue_type)
    affected = [rule, *(rules[each] for each in rule.affects)] if rule is not None else list(rules.values())
    settings = await read_settings(guild, affected)
    touched = None if changes is None else await _touched_by(guild, changes)
    looked_at = _Scan(guild, _enabled(affected, settings), settings, found=found, touched=touched, kept=kept or {})
    for check in await looked_at.check():
        if check.error:
            log.warning("rule_concluded_nothing", rule=check.issue_type, guild_id=guild.id)


_FAMILIAR = frozenset({"link", "player", "alias", "rejection", "issue"})
"""Kinds of rows that change nothing but the subjects that they name, and those of the same player."""


@dataclass(frozen=True, slots=True)
class _Touched:
    """Characters, members and players, by number, with all that belong to the same players."""

    characters: frozenset[int]
    members: frozenset[int]
    players: frozenset[int]

    def of(self, kind: SubjectKind) -> Collection[int] | None:
        """Return the subjects of a kind; None for one of which nothing is known."""
        match kind:
            case SubjectKind.CHARACTER:
                return self.characters
            case SubjectKind.DISCORD_MEMBER:
                return self.members
            case SubjectKind.PLAYER:
                return self.players
            case _:
                return None


async def _touched_by(guild: GuildConnection, changes: Iterable[RowChange]) -> _Touched | None:
    """Return what changes have touched, after they were written; None where that may be anything."""
    changes = list(changes)
    if any(change.table not in _FAMILIAR for change in changes):
        return None
    sides = [
        (change, side)
        for change in changes
        if change.table in ("link", "player")
        for side in (change.before, change.after)
    ]
    characters = {change.id for change, _ in sides if change.table == "link"}
    players = {change.id for change, _ in sides if change.table == "player"}
    players |= {side["player_id"] for change, side in sides if change.table == "link" and side}
    members = {
        side["discord_user_id"]
        for change, side in sides
        if change.table == "player" and side and "discord_user_id" in side
    }
    theirs = {"character": characters, "member": members, "player": players}
    for kind, number in await guild.rows(SQL["theirs"], players=list(players), characters=list(characters)):
        theirs[kind].add(number)
    return _Touched(frozenset(characters), frozenset(members - {None}), frozenset(players))


def _enabled(rules: Sequence[RuleDefinition], settings: Mapping[str, RuleSettings]) -> list[RuleDefinition]:
    return [rule for rule in rules if rule.detect is not None and settings[rule.issue_type].is_enabled]


_Detected: TypeAlias = tuple[RuleCheck, Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class _Scan:
    """One scan of a guild: the rules, the actor, what is found and read already, and what the scan is limited to."""

    guild: GuildConnection
    rules: Sequence[RuleDefinition]
    settings: Mapping[str, RuleSettings]
    actor: str = DETECTION
    now: datetime | None = None
    found: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    touched: _Touched | None = None
    on_progress: OnProgress = ignore_progress
    detected: dict[str, Sequence[Finding]] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    async def check(self) -> list[RuleCheck]:
        """Detect and write all together; when anything fails unexpectedly, again and rule by rule, each in a savepoint."""
        try:
            async with self.guild.savepoint():
                return await self._reconcile([await self._detect(rule) for rule in self.rules])
        except Exception as failure:  # noqa: BLE001 -- whatever one rule does, the others go on; the second try says which it was
            raise_if_lost(failure, self.guild.conn)
            return [await self._check_alone(rule) for rule in self.rules]

    def unchanged(self, rule: RuleDefinition, findings: Sequence[Finding]) -> RuleCheck:
        """Report a rule that finds what the log says already."""
        self._tell(rule)
        found = len({(each.subject_kind, each.subject_id) for each in findings})
        return RuleCheck(self.guild.id, rule.issue_type, Reconciliation(found=found), 0)

    def _tell(self, rule: RuleDefinition) -> None:
        self.on_progress(Progress(self.rules.index(rule), len(self.rules), tr("Looking for: {rule}", rule=rule.name)))

    async def _check_alone(self, rule: RuleDefinition) -> RuleCheck:
        check = RuleCheck(self.guild.id, rule.issue_type, Reconciliation(), 0)
        try:
            async with self.guild.savepoint():
                check, findings = await self._detect(rule)
                return (await self._reconcile([(check, findings)]))[0]
        except Exception as failure:  # as above
            raise_if_lost(failure, self.guild.conn)
            log.exception("detector_failed", rule=rule.issue_type, guild_id=self.guild.id)
            error = tr(
                "An unexpected error ({error}). Nothing was changed. The log has the details.",
                error=type(failure).__name__,
            )
            return replace(check, error=error)

    async def _detect(self, rule: RuleDefinition) -> _Detected:
        """Call the detector, unless its findings are known; a detector may refuse to tell."""
        check = RuleCheck(self.guild.id, rule.issue_type, Reconciliation(), 0)
        self._tell(rule)
        if rule.issue_type in self.found:
            return check, self.found[rule.issue_type]
        started = time.monotonic()
        findings: Sequence[Finding] = ()
        error = None
        try:
            with self.guild.keeping(self.kept):
                findings = await rule.findings(self.guild, now=self.now, among=self._subjects(rule))
            self.detected[rule.issue_type] = findings
        except PattError as refusal:
            error = str(refusal)
        return replace(check, duration_ms=round((time.monotonic() - started) * 1000), error=error), findings

    def _subjects(self, rule: RuleDefinition) -> Collection[int] | None:
        """The subjects that a rule looks at; None: all."""
        return self.touched.of(rule.subject) if self.touched is not None and rule.is_local else None

    def _examined(self) -> dict[str, list[str]]:
        """The issues of rules that look at some subjects only."""
        return {
            rule.issue_type: [issue_hash(rule.issue_type, rule.subject, number) for number in subjects]
            for rule in self.rules
            if (subjects := self._subjects(rule)) is not None
        }

    async def _reconcile(self, detected: Sequence[_Detected]) -> list[RuleCheck]:
        materials = {rule.issue_type: rule.material for rule in self.rules}
        conclusions = [
            Conclusion(name, self.settings[name].severity, findings, materials[name])
            for check, findings in detected
            if check.error is None and (name := check.issue_type)
        ]
        moves = await lifecycle.reconcile(self.guild, conclusions, actor=self.actor, examined=self._examined())
        return [replace(check, moves=moves.get(check.issue_type, check.moves)) for check, _ in detected]
