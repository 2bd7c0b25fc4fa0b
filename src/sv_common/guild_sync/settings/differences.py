"""Settings in words: what is different between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sv_common.guild_sync.notes import DEFAULT_VOCABULARY
from sv_common.guild_sync.roster.ranks import RankRole
from sv_common.guild_sync.rulebook.parameter import (
    AUTOMATIC_FIX_LIMIT,
    Parameter,
    RuleOverrides,
    RuleSettings,
    budget_of,
)
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.settings.model import RanksSetting, WordSetting

NOT_SET = "not set"
NO_ROLE = "no role, on purpose"
MAY_BE_A_NAME = "no word of the vocabulary: it may be a name"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is different: what, how it is, and how it would be."""

    what: Annotated[str, Field(examples=["Stale after"])]
    before: Annotated[str, Field(examples=["30 days"])]
    after: Annotated[str, Field(examples=["45 days"])]

    @property
    def sentence(self) -> str:
        """Say it on one line."""
        return f"{self.what}: {self.before} → {self.after}"


def threshold_in_words(parameter: Parameter, settings: RuleSettings, roster_size: int) -> str:
    """Say what a threshold is now, with its unit."""
    if parameter is AUTOMATIC_FIX_LIMIT:
        return budget_of(settings.parameters, roster_size).sentence
    return f"{settings.parameters[parameter.name]} {parameter.unit}"


def differences_of_ranks(before: RanksSetting, after: RanksSetting) -> tuple[Difference, ...]:
    """Return what is different between two settings of the same ranks."""
    return tuple(
        row
        for index in sorted(after.roles)
        for row in _differences_of_rank(index, before.roles[index], after.roles[index])
    )


def differences_of_word(before: WordSetting, after: WordSetting) -> tuple[Difference, ...]:
    """Return how a word is read before and after."""
    if before == after:
        return ()
    return (Difference(f"The word “{after.word}”", word_in_words(before), word_in_words(after)),)


def word_in_words(setting: WordSetting) -> str:
    """Say what a word is in a guild."""
    if setting.is_said:
        return MAY_BE_A_NAME if setting.category is None else setting.category
    known = sorted(DEFAULT_VOCABULARY.categories.get(setting.word, ()))
    return f"as in every guild ({', '.join(known) or 'no word of the vocabulary'})"


def role_in_words(role: RankRole) -> str:
    """Say which Discord role a rank maps to."""
    if role.is_without_role:
        return NO_ROLE
    if role.role_id is None:
        return NOT_SET
    name = role.role_name or f"the role {role.role_id}"
    return name if role.is_managed else f"{name} (fixes never give or take it)"


def _differences_of_rank(index: int, before: RankRole, after: RankRole) -> Iterator[Difference]:
    if before.name != after.name:
        yield Difference(f"Name of rank {index}", before.name, after.name)
    if role_in_words(before) != role_in_words(after):
        yield Difference(f"Rank {index}, {after.name}", role_in_words(before), role_in_words(after))


def differences_of_rule(
    rule: RuleDefinition, before: RuleOverrides, after: RuleOverrides, roster_size: int
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


def _by_itself(rule: RuleDefinition, wishes: RuleOverrides) -> str:
    if not rule.is_fixable:
        return "never: it has no fix"
    said = wishes.auto_mitigate
    return _yes(rule.auto_mitigate) + ", as the rulebook says" if said is None else _yes(said)


def _severity(rule: RuleDefinition, wishes: RuleOverrides) -> str:
    return wishes.severity or f"{rule.severity}, as the rulebook says"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
