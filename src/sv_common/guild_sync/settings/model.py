"""What a guild sets for itself: rules, the roles of ranks, words of notes, and its language.

A setting is a value of one kind that reads, writes, stores and describes itself; so preview, history and undo are one code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.accounts import switch
from sv_common.guild_sync.accounts.switch import Mode
from sv_common.guild_sync.core.language import LANGUAGES, tr, tr_in
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.issues.model import severity_in_words
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY, category_in_words
from sv_common.guild_sync.roster import guilds, ranks
from sv_common.guild_sync.roster.ranks import RankRole
from sv_common.guild_sync.rulebook.parameter import (
    AUTOMATIC_FIX_LIMIT,
    Parameter,
    RuleOverrides,
    RuleSettings,
    budget_of,
)
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.settings import read_overrides, save_settings
from sv_common.guild_sync.rules import RULES, rule_named
from sv_common.guild_sync.settings import retention
from sv_common.guild_sync.settings.lives import LIVES


class SettingKind(StrEnum):
    """What was changed. Keys and tokens are made and revoked; the others can be undone."""

    RULE = "rule"
    RANKS = "ranks"
    WORD = "word"
    LANGUAGE = "language"
    RETENTION = "retention"
    ACCOUNTS = "accounts"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 -- the word for it, and no secret


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between two settings."""

    what: Annotated[str, Field(examples=["Stale after"])]
    before: Annotated[str, Field(examples=["30 days"])]
    after: Annotated[str, Field(examples=["45 days"])]

    @property
    def sentence(self) -> str:
        return f"{self.what}: {self.before} → {self.after}"


class Setting(ABC):
    """One thing that a guild has set."""

    kind: ClassVar[SettingKind]

    @property
    @abstractmethod
    def subject(self) -> str:
        """Which rule, ranks, word or other thing it is."""

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """Return what the history stores."""

    @classmethod
    @abstractmethod
    def from_json(cls, subject: str, stored: Mapping[str, Any]) -> Self:
        """Return the setting that the history has stored. Raises `NotFound` for a rule that no longer exists."""

    @abstractmethod
    async def current(self, guild: GuildConnection) -> Self:
        """Return what is set now for the same subject."""

    @abstractmethod
    async def write(self, guild: GuildConnection, *, actor: str) -> None:
        """The caller holds the guild's lock."""

    @abstractmethod
    def differences(self, before: Self, roster_size: int) -> Iterator[Difference]:
        """Return how it differs from another setting of the same subject, in a guild of so many characters."""


@dataclass(frozen=True, slots=True)
class RuleSetting(Setting):
    """How one rule is set."""

    issue_type: str
    wishes: RuleOverrides

    kind: ClassVar = SettingKind.RULE

    @property
    def subject(self) -> str:
        return self.issue_type

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self.wishes), "parameters": dict(self.wishes.parameters)}

    @classmethod
    def from_json(cls, subject: str, stored: Mapping[str, Any]) -> Self:
        return cls(rule_named(subject).issue_type, RuleOverrides(**stored))

    async def current(self, guild: GuildConnection) -> Self:
        return type(self)(
            self.issue_type, (await read_overrides(guild)).get(self.issue_type, RULES[self.issue_type].unset)
        )

    async def write(self, guild: GuildConnection, *, actor: str) -> None:
        await save_settings(guild, self.issue_type, actor=actor, **asdict(self.wishes))

    def differences(self, before: Self, roster_size: int) -> Iterator[Difference]:
        rule = RULES[self.issue_type]
        was, would_be = rule.settings(before.wishes), rule.settings(self.wishes)
        rows = [
            Difference(tr("Switched"), _on(was.is_enabled), _on(would_be.is_enabled)),
            Difference(tr("Automatic fixes"), _automatic(rule, before.wishes), _automatic(rule, self.wishes)),
            Difference(tr("Severity"), _severity(rule, before.wishes), _severity(rule, self.wishes)),
        ]
        for each in rule.parameters:
            now, then = (threshold_in_words(each, settings, roster_size) for settings in (was, would_be))
            rows.append(Difference(each.label, now, then))
        return (row for row in rows if row.before != row.after)


@dataclass(frozen=True, slots=True)
class RanksSetting(Setting):
    """The roles of some ranks, by the index of the rank."""

    roles: Mapping[int, RankRole]

    kind: ClassVar = SettingKind.RANKS

    @classmethod
    def of(cls, indexes: Iterable[int]) -> RanksSetting:
        return cls({index: RankRole("") for index in indexes})

    @property
    def subject(self) -> str:
        return ", ".join(str(index) for index in sorted(self.roles))

    def as_json(self) -> dict[str, Any]:
        return {str(index): asdict(role) for index, role in sorted(self.roles.items())}

    @classmethod
    def from_json(cls, subject: str, stored: Mapping[str, Any]) -> Self:  # noqa: ARG003 -- the roles name their ranks
        return cls({int(index): RankRole(**role) for index, role in stored.items()})

    async def current(self, guild: GuildConnection) -> Self:
        """Return the roles of the same ranks now; a rank that the guild does not have is left out."""
        table = await ranks.all_ranks(guild)
        return type(self)({rank.wow_rank_index: role_of(rank) for rank in table if rank.wow_rank_index in self.roles})

    async def write(self, guild: GuildConnection, *, actor: str) -> None:  # noqa: ARG002 -- ranks store no actor
        await ranks.put_roles(guild, self.roles)

    def differences(self, before: Self, roster_size: int) -> Iterator[Difference]:  # noqa: ARG002 -- of rules only
        for index, role in sorted(self.roles.items()):
            was = before.roles[index]
            if was.name != role.name:
                yield Difference(tr("Name of rank {index}", index=index), was.name, role.name)
            if _role_in_words(was) != _role_in_words(role):
                yield Difference(
                    tr("Rank {index}, {name}", index=index, name=role.name), _role_in_words(was), _role_in_words(role)
                )


@dataclass(frozen=True, slots=True)
class WordSetting(Setting):
    """What a guild has set for a word of notes: `is_said` False is nothing; a category of None lets it be a name."""

    word: str
    is_said: bool
    category: str | None = None

    kind: ClassVar = SettingKind.WORD

    @property
    def subject(self) -> str:
        return self.word

    def as_json(self) -> dict[str, Any]:
        return {"is_said": self.is_said, "category": self.category}

    @classmethod
    def from_json(cls, subject: str, stored: Mapping[str, Any]) -> Self:
        return cls(subject, **stored)

    async def current(self, guild: GuildConnection) -> Self:
        own = {each.word: each.category for each in await words.all_words(guild)}
        return type(self)(self.word, self.word in own, own.get(self.word))

    async def write(self, guild: GuildConnection, *, actor: str) -> None:
        if self.is_said:
            await words.say(guild, self.word, self.category, actor=actor)
        else:
            await words.forget(guild, self.word)

    def differences(self, before: Self, roster_size: int) -> Iterator[Difference]:  # noqa: ARG002 -- of rules only
        if before != self:
            yield Difference(tr("The word “{word}”", word=self.word), _word_in_words(before), _word_in_words(self))


@dataclass(frozen=True, slots=True)
class LanguageSetting(Setting):
    """The language, by its code, in which everything about the guild is said."""

    code: str

    kind: ClassVar = SettingKind.LANGUAGE

    @property
    def subject(self) -> str:
        return "language"

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code}

    @classmethod
    def from_json(cls, subject: str, stored: Mapping[str, Any]) -> Self:  # noqa: ARG003 -- a guild has one language
        return cls(**stored)

    async def current(self, guild: GuildConnection) -> Self:
        return type(self)((await guilds.get(guild)).language)

    async def write(self, guild: GuildConnection, *, actor: str) -> None:  # noqa: ARG002 -- guilds store no actor
        await guilds.put_language(guild, self.code)

    def differences(self, before: Self, roster_size: int) -> Iterator[Difference]:  # noqa: ARG002 -- of rules only
        if before != self:
            yield Difference(tr("Language"), _language_in_words(before.code), _language_in_words(self.code))


@dataclass(frozen=True, slots=True)
class RetentionSetting(Setting):
    """For how many days a guild keeps what grows, where it differs from the default."""

    days: Mapping[str, int]

    kind: ClassVar = SettingKind.RETENTION

    @property
    def subject(self) -> str:
        return "retention"

    def as_json(self) -> dict[str, Any]:
        return dict(self.days)

    @classmethod
    def from_json(cls, subject: str, stored: Mapping[str, Any]) -> Self:  # noqa: ARG003 -- a guild has one
        return cls({name: int(days) for name, days in stored.items()})

    async def current(self, guild: GuildConnection) -> Self:
        return type(self)(await retention.read(guild))

    async def write(self, guild: GuildConnection, *, actor: str) -> None:
        await retention.write(guild, self.days, actor=actor)

    def differences(self, before: Self, roster_size: int) -> Iterator[Difference]:  # noqa: ARG002 -- of rules only
        for each in LIVES:
            was, will_be = (setting.days.get(each.name, each.default or 0) for setting in (before, self))
            if was != will_be:
                yield Difference(each.label, each.in_words(was), each.in_words(will_be))


@dataclass(frozen=True, slots=True)
class AccountsSetting(Setting):
    """What the guild does with account evidence. Turning it off erases what was read; undoing that reads it again."""

    mode: Mode
    gives_rights: bool = False

    kind: ClassVar = SettingKind.ACCOUNTS

    @property
    def subject(self) -> str:
        return "accounts"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, subject: str, stored: Mapping[str, Any]) -> Self:  # noqa: ARG003 -- a guild has one
        return cls(**stored)

    async def current(self, guild: GuildConnection) -> Self:
        return type(self)(*await switch.setting_of(guild))

    async def write(self, guild: GuildConnection, *, actor: str) -> None:
        await switch.put_mode(guild, self.mode, gives_rights=self.gives_rights, actor=actor)

    def differences(self, before: Self, roster_size: int) -> Iterator[Difference]:  # noqa: ARG002 -- of rules only
        if before.mode != self.mode:
            yield Difference(tr("Account evidence"), tr(switch.IN_WORDS[before.mode]), tr(switch.IN_WORDS[self.mode]))
        if before.gives_rights != self.gives_rights:
            yield Difference(tr("Rights by the same account"), _on(before.gives_rights), _on(self.gives_rights))


SETTINGS: Mapping[str, type[Setting]] = {
    each.kind: each
    for each in (RuleSetting, RanksSetting, WordSetting, LanguageSetting, RetentionSetting, AccountsSetting)
}
"""The kinds that can be undone."""


def role_of(rank: ranks.Rank) -> RankRole:
    return RankRole(rank.name, rank.discord_role_id, rank.discord_role_name, rank.is_role_managed, rank.is_without_role)


def threshold_in_words(parameter: Parameter, settings: RuleSettings, roster_size: int) -> str:
    if parameter is AUTOMATIC_FIX_LIMIT:
        return budget_of(settings.parameters, roster_size).sentence
    return parameter.in_words(settings.parameters[parameter.name])


def _on(is_enabled: bool) -> str:
    return tr_in("switch", "on") if is_enabled else tr_in("switch", "off")


def _automatic(rule: RuleDefinition, wishes: RuleOverrides) -> str:
    if not rule.is_fixable:
        return tr("never: it has no fix")
    if wishes.auto_mitigate is None:
        return tr("{setting} (default)", setting=_on(rule.auto_mitigate))
    return _on(wishes.auto_mitigate)


def _severity(rule: RuleDefinition, wishes: RuleOverrides) -> str:
    if wishes.severity is None:
        return tr("{setting} (default)", setting=severity_in_words(rule.severity))
    return severity_in_words(wishes.severity)


def _role_in_words(role: RankRole) -> str:
    if role.is_without_role:
        return tr("no role")
    if role.role_id is None:
        return tr("not set")
    name = role.role_name or tr("the role {role_id}", role_id=role.role_id)
    return name if role.is_managed else tr("{role} (fixes never give or take it)", role=name)


def _word_in_words(setting: WordSetting) -> str:
    if setting.is_said:
        return tr("a name") if setting.category is None else category_in_words(setting.category)
    known = [category_in_words(each) for each in sorted(DEFAULT_VOCABULARY.categories.get(setting.word, ()))]
    if not known:
        return tr("as in every guild (no word of the vocabulary)")
    return tr("as in every guild ({categories})", categories=", ".join(known))


def _language_in_words(code: str) -> str:
    return LANGUAGES.get(code, code)
