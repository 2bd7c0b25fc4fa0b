"""A guild's settings of the rules: read with the defaults filled in, and compared in words."""

from __future__ import annotations

from collections.abc import Iterable

from sv_common.db.pool import Connection
from sv_common.guild_sync.domain.rule import RuleSettings, RuleWishes
from sv_common.guild_sync.domain.setting_words import Difference, threshold_in_words
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.store.rules import read_wishes


async def read_settings(conn: Connection, guild_id: int, rules: Iterable[RuleDefinition]) -> dict[str, RuleSettings]:
    """Return the guild's settings of each rule, the defaults where it has set nothing."""
    wishes = await read_wishes(conn, guild_id)
    return {rule.issue_type: rule.settings(wishes.get(rule.issue_type, RuleWishes())) for rule in rules}


def differences_of_rule(
    rule: RuleDefinition, before: RuleWishes, after: RuleWishes, roster_size: int
) -> tuple[Difference, ...]:
    """Return what is different between two wishes about a rule, in a guild of so many characters."""
    was, would_be = rule.settings(before), rule.settings(after)
    rows = [
        Difference("Switched", _on(was.is_enabled), _on(would_be.is_enabled)),
        Difference("Fixes by itself", _by_itself(rule, before), _by_itself(rule, after)),
        Difference("Severity", _severity(rule, before), _severity(rule, after)),
    ]
    for each in rule.parameters:
        now, then = (threshold_in_words(each, settings, roster_size) for settings in (was, would_be))
        rows.append(Difference(each.label, now, then))
    return tuple(row for row in rows if row.before != row.after)


def _on(is_enabled: bool) -> str:
    return "on" if is_enabled else "off"


def _by_itself(rule: RuleDefinition, wishes: RuleWishes) -> str:
    if not rule.is_fixable:
        return "never: it has no fix"
    said = wishes.auto_mitigate
    return _yes(rule.auto_mitigate) + ", as the rulebook says" if said is None else _yes(said)


def _severity(rule: RuleDefinition, wishes: RuleWishes) -> str:
    return wishes.severity or f"{rule.severity}, as the rulebook says"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
