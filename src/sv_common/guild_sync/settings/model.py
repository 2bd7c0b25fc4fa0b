"""What a guild can set for itself, as values that can be compared, kept as JSON, and written back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias

from sv_common.guild_sync.roster.ranks import RankRole
from sv_common.guild_sync.rulebook.parameter import RuleOverrides


class SettingKind(StrEnum):
    """What kind of thing was changed. Keys and tokens are made and revoked; the others can be put back."""

    RULE = "rule"
    RANKS = "ranks"
    WORD = "word"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 -- the word for it, and no secret


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """How one rule is set."""

    issue_type: str
    wishes: RuleOverrides

    kind: ClassVar[SettingKind] = SettingKind.RULE

    @property
    def subject(self) -> str:
        """The rule."""
        return self.issue_type

    def as_json(self) -> dict[str, Any]:
        """Return what the history keeps."""
        return {**asdict(self.wishes), "parameters": dict(self.wishes.parameters)}


@dataclass(frozen=True, slots=True)
class RanksSetting:
    """The roles of some ranks, by the index of the rank."""

    roles: Mapping[int, RankRole]

    kind: ClassVar[SettingKind] = SettingKind.RANKS

    @classmethod
    def of(cls, indexes: Iterable[int]) -> RanksSetting:
        """Return a setting that only says which ranks it is about."""
        return cls({index: RankRole("") for index in indexes})

    @property
    def subject(self) -> str:
        """The ranks by their indexes."""
        return ", ".join(str(index) for index in sorted(self.roles))

    def as_json(self) -> dict[str, Any]:
        """Return what the history keeps."""
        return {str(index): asdict(role) for index, role in sorted(self.roles.items())}


@dataclass(frozen=True, slots=True)
class WordSetting:
    """What a guild has said of a word of notes: `is_said` False is nothing; a category of None lets it be a name."""

    word: str
    is_said: bool
    category: str | None = None

    kind: ClassVar[SettingKind] = SettingKind.WORD

    @property
    def subject(self) -> str:
        """The word."""
        return self.word

    def as_json(self) -> dict[str, Any]:
        """Return what the history keeps."""
        return {"is_said": self.is_said, "category": self.category}


Setting: TypeAlias = RuleSetting | RanksSetting | WordSetting


def setting_of(kind: str, subject: str, kept: Mapping[str, Any]) -> Setting | None:
    """Return a setting as the history has kept it; None for what cannot be put back."""
    match kind:
        case SettingKind.RULE:
            return RuleSetting(subject, RuleOverrides(**kept))
        case SettingKind.RANKS:
            return RanksSetting({int(index): RankRole(**role) for index, role in kept.items()})
        case SettingKind.WORD:
            return WordSetting(subject, **kept)
        case _:
            return None
