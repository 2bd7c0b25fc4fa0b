"""Settings in words: what is different between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sv_common.guild_sync.domain.notes import DEFAULT_VOCABULARY
from sv_common.guild_sync.domain.parameter import AUTOMATIC_FIX_LIMIT, Parameter, budget_of
from sv_common.guild_sync.domain.rule import RuleSettings
from sv_common.guild_sync.domain.setting import RankRole, RanksSetting, WordSetting

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
