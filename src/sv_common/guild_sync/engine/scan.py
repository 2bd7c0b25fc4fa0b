"""Rules of one guild: detect, and make the audit log agree. A rule that cannot conclude stops no other."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.progress import OnProgress, Progress, ignore_progress
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.lifecycle import Conclusion
from sv_common.guild_sync.issues.model import Finding
from sv_common.guild_sync.issues.reports import Reconciliation, RuleCheck
from sv_common.guild_sync.rulebook.parameter import RuleSettings
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.settings import read_settings

log = structlog.get_logger(__name__)

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
    enabled = [rule for rule in rules if rule.detect is not None and settings[rule.issue_type].is_enabled]
    reopened = await lifecycle.reopen_due(guild, [rule.issue_type for rule in enabled], now=now)
    checks = await _check(guild, _Look(guild.id, enabled, settings, actor, now, found={}, on_progress=on_progress))
    on_progress(Progress(len(enabled), len(enabled), "Writing down what was found"))
    return [replace(each, moves=replace(each.moves, reopened=reopened[each.issue_type])) for each in checks]


async def rescan(
    guild: GuildConnection, rules: Sequence[RuleDefinition], found: Mapping[str, Sequence[Finding]]
) -> None:
    """Check rules whose findings may just have changed. The caller holds the guild's lock.

    `found` holds, by rule, what detectors have found already since that change.
    """
    settings = await read_settings(guild, rules)
    enabled = [rule for rule in rules if rule.detect is not None and settings[rule.issue_type].is_enabled]
    for check in await _check(guild, _Look(guild.id, enabled, settings, DETECTION, None, found)):
        if check.error:
            log.warning("rule_concluded_nothing", rule=check.issue_type, guild_id=guild.id)


@dataclass(frozen=True, slots=True)
class _Look:
    """One scan of a guild: the rules, the actor, and what is found already."""

    guild_id: int
    rules: Sequence[RuleDefinition]
    settings: Mapping[str, RuleSettings]
    actor: str
    now: datetime | None
    found: Mapping[str, Sequence[Finding]]
    on_progress: OnProgress = ignore_progress

    def conclusion(self, detection: _Detection) -> Conclusion:
        issue_type = detection.rule.issue_type
        severity, material = self.settings[issue_type].severity, detection.rule.material
        return Conclusion(issue_type, severity, detection.findings, material)

    def begin(self, rule: RuleDefinition) -> None:
        """Report that all rules before this one are done."""
        self.on_progress(Progress(self.rules.index(rule), len(self.rules), f"Looking for: {rule.name}"))


@dataclass(frozen=True, slots=True)
class _Detection:
    rule: RuleDefinition
    findings: Sequence[Finding] = ()
    duration_ms: int = 0
    error: str | None = None


async def _check(guild: GuildConnection, look: _Look) -> list[RuleCheck]:
    """Detect and write all together; when anything fails unexpectedly, again and rule by rule, each in a savepoint."""
    try:
        async with guild.savepoint():
            detections = [await _detect(guild, rule, look) for rule in look.rules]
            concluded = [look.conclusion(each) for each in detections if each.error is None]
            moves = await lifecycle.reconcile(guild, concluded, actor=look.actor)
    except Exception as failure:  # noqa: BLE001 -- whatever one rule does, the others go on; the second try says which it was
        raise_if_lost(failure, guild.conn)
        return [await _check_alone(guild, rule, look) for rule in look.rules]
    return [_rule_check(look, each, moves.get(each.rule.issue_type)) for each in detections]


async def _check_alone(guild: GuildConnection, rule: RuleDefinition, look: _Look) -> RuleCheck:
    detection = _Detection(rule)
    moves: Mapping[str, Reconciliation] = {}
    try:
        async with guild.savepoint():
            detection = await _detect(guild, rule, look)
            if detection.error is None:
                conclusion = look.conclusion(detection)
                moves = await lifecycle.reconcile(guild, [conclusion], actor=look.actor)
    except Exception as failure:  # as above
        raise_if_lost(failure, guild.conn)
        log.exception("detector_failed", rule=rule.issue_type, guild_id=look.guild_id)
        error = f"An unexpected error ({type(failure).__name__}); nothing was concluded. The log has the details."
        detection = replace(detection, error=error)
    return _rule_check(look, detection, moves.get(rule.issue_type))


async def _detect(guild: GuildConnection, rule: RuleDefinition, look: _Look) -> _Detection:
    """Call the detector, unless its findings are known; a detector may refuse to tell."""
    if rule.issue_type in look.found:
        return _Detection(rule, look.found[rule.issue_type])
    look.begin(rule)
    started = time.monotonic()
    findings: Sequence[Finding] = ()
    error = None
    try:
        findings = await rule.findings(guild, now=look.now)
    except PattError as refusal:
        error = str(refusal)
    return _Detection(rule, findings, round((time.monotonic() - started) * 1000), error)


def _rule_check(look: _Look, detection: _Detection, moves: Reconciliation | None) -> RuleCheck:
    return RuleCheck(
        look.guild_id, detection.rule.issue_type, moves or Reconciliation(), detection.duration_ms, detection.error
    )
