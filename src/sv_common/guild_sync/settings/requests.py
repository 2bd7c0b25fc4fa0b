"""What an administrator requests to set, checked and completed with what is set now. Nothing here looks at issues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.accounts.switch import MODES
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.core.language import LANGUAGES, PSEUDO, day, tr
from sv_common.guild_sync.core.names import LONGEST_WORD, word_key
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.core.undo_offer import TOO_LATE
from sv_common.guild_sync.identity.words import vocabulary_with
from sv_common.guild_sync.issues.model import Severity
from sv_common.guild_sync.notes import Category
from sv_common.guild_sync.roster import guilds, members, ranks
from sv_common.guild_sync.roster.ranks import RankRole
from sv_common.guild_sync.rulebook.parameter import read_parameters
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import rule_named
from sv_common.guild_sync.settings import changes
from sv_common.guild_sync.settings.lives import LIVES
from sv_common.guild_sync.settings.model import (
    SETTINGS,
    AccountsSetting,
    Difference,
    LanguageSetting,
    RanksSetting,
    RetentionSetting,
    RuleSetting,
    Setting,
    SettingKind,
    WordSetting,
    role_of,
)
from sv_common.guild_sync.sources.models import DiscordRole

DEFAULT: Final = "default"
NO_ROLE: Final = "none"
A_NAME: Final = "name"
YesNo: TypeAlias = Literal["yes", "no", "default"]


@dataclass(frozen=True, slots=True)
class RuleRequest:
    """Set a rule; None leaves a thing unchanged, "default" is the rule's default.

    `parameters` holds the thresholds to change; None or empty text is the default. With `to_default`, everything else is
    set to its default first.
    """

    issue_type: Annotated[str, Field(max_length=60, description="The rule.", examples=["stale_character"])]
    is_enabled: Annotated[bool | None, Field(description="Whether the rule is on.")] = None
    fixes_itself: Annotated[YesNo | None, Field(description="Whether certain fixes are automatic.")] = None
    severity: Annotated[str | None, Field(max_length=60, description="info, warning, error, or default.")] = None
    parameters: Annotated[
        Mapping[str, object],
        Field(
            max_length=20, description="Thresholds by name; null is the default.", examples=[{"stale_after_days": 45}]
        ),
    ] = field(default_factory=dict)
    to_default: Annotated[bool, Field(description="Set everything else to its default first.")] = False

    async def before_and_after(self, guild: GuildConnection) -> tuple[Setting, Setting]:
        """Return the rule's setting now and as requested. Raises `NotFound` and `BadInput`."""
        rule = rule_named(self.issue_type)
        before = await RuleSetting(rule.issue_type, rule.unset).current(guild)
        wishes = rule.unset if self.to_default else before.wishes
        kept = {name: value for name, value in wishes.parameters.items() if name not in self.parameters}
        thresholds = kept | read_parameters(rule.parameters, self.parameters)
        order = [each.name for each in rule.parameters if each.name in thresholds]
        wishes = replace(wishes, parameters={name: thresholds[name] for name in order})
        if self.is_enabled is not None:
            wishes = replace(wishes, is_enabled=self.is_enabled)
        if self.fixes_itself is not None:
            wishes = replace(wishes, auto_mitigate=_auto_mitigate(rule, self.fixes_itself))
        if self.severity is not None:
            wishes = replace(wishes, severity=_severity(self.severity))
        return before, replace(before, wishes=wishes)


@dataclass(frozen=True, slots=True)
class RoleWish:
    """The role of a rank: the role's id, "none" on purpose, or empty text for not set."""

    role: Annotated[
        str,
        Field(max_length=30, description="Id of the role, “none” for no role, or empty for not set.", examples=["101"]),
    ]
    is_managed: Annotated[bool, Field(description="Whether PATT may assign this role.")] = True


@dataclass(frozen=True, slots=True)
class RanksRequest:
    """Map some ranks, by index, to Discord roles."""

    roles: Annotated[
        Mapping[Annotated[int, Field(ge=0, le=9)], RoleWish],
        Field(min_length=1, examples=[{"1": {"role": "101", "is_managed": True}, "4": {"role": "none"}}]),
    ]

    async def before_and_after(self, guild: GuildConnection) -> tuple[Setting, Setting]:
        """Return the roles that would change, now and as requested. Raises `BadInput`."""
        table = {rank.wow_rank_index: rank for rank in await ranks.all_ranks(guild)}
        known, server_id = await _known_roles(guild)
        before, after = {}, {}
        for index, wish in self.roles.items():
            if index not in table:
                raise BadInput(tr("Rank {index}: the guild has no such rank. Sync the roster first.", index=index))
            rank = table[index]
            now = role_of(rank)
            then = RankRole(rank.name_in_game or rank.name, is_without_role=wish.role == NO_ROLE)
            if wish.role not in ("", NO_ROLE):
                role_name = now.role_name if wish.role == now.role_id else None
                if role_name is None or wish.role in known:
                    role_name = _usable_role(index, wish.role, known, server_id)
                then = replace(then, role_id=wish.role, role_name=role_name, is_managed=wish.is_managed)
            if replace(then, name=now.name) != now:
                before[index], after[index] = now, then
        return RanksSetting(before), RanksSetting(after)


@dataclass(frozen=True, slots=True)
class WordRequest:
    """Read a word of notes as of a category, as "name" (no word of the vocabulary), or as in every guild ("default")."""

    word: Annotated[
        str,
        Field(
            max_length=LONGEST_WORD, description="A word or a short phrase, as notes write it.", examples=["nightcrew"]
        ),
    ]
    reading: Annotated[
        str,
        Field(
            max_length=60,
            description="A category, “name” for a word that may be a name, or “default”.",
            examples=["role"],
        ),
    ]

    async def before_and_after(self, guild: GuildConnection) -> tuple[Setting, Setting]:
        """Return how the word is read now and as requested. Raises `BadInput`."""
        key = word_key(self.word)
        if self.reading not in (DEFAULT, A_NAME, *Category):
            raise BadInput(
                tr(
                    "Category: “{reading}” does not exist. Use one of: {categories}.",
                    reading=self.reading[:LONGEST_WORD],
                    categories=", ".join((*Category, A_NAME)),
                )
            )
        after = WordSetting(key, self.reading != DEFAULT)
        if self.reading in tuple(Category):
            after = replace(after, category=self.reading)
            vocabulary_with({key: self.reading})
        return await after.current(guild), after


@dataclass(frozen=True, slots=True)
class LanguageRequest:
    """Say everything about the guild in another language."""

    language: Annotated[
        str, Field(max_length=10, description="Code of a language of this edition, such as en or de.", examples=["de"])
    ]

    async def before_and_after(self, guild: GuildConnection) -> tuple[Setting, Setting]:
        """Return the language now and as requested. Raises `BadInput` for one that this edition does not have."""
        codes = (*LANGUAGES, PSEUDO)
        if self.language not in codes:
            raise BadInput(
                tr(
                    "Language: “{code}” does not exist here. Use one of: {codes}.",
                    code=self.language[:LONGEST_WORD],
                    codes=", ".join(codes),
                )
            )
        after = LanguageSetting(self.language)
        return await after.current(guild), after


@dataclass(frozen=True, slots=True)
class RetentionRequest:
    """Set for how many days things are kept; what is left out stays as it is, and None or empty text is the default."""

    days: Annotated[
        Mapping[str, object],
        Field(
            max_length=20,
            description="Days by what it is; null is the default.",
            examples=[{"uploads": 30, "undo": 60}],
        ),
    ] = field(default_factory=dict)

    async def before_and_after(self, guild: GuildConnection) -> tuple[Setting, Setting]:
        """Return the days now and as requested. Raises `BadInput`."""
        before = await RetentionSetting({}).current(guild)
        names = [each.name for each in LIVES]
        if unknown := [name for name in self.days if name not in names]:
            raise BadInput(
                tr("“{name}” is not kept by days. Use one of: {names}.", name=unknown[0][:60], names=", ".join(names))
            )
        wanted = read_parameters(LIVES, self.days)
        kept = {name: days for name, days in before.days.items() if name not in self.days}
        return before, RetentionSetting(kept | wanted)


@dataclass(frozen=True, slots=True)
class AccountsRequest:
    """Set what is done with account evidence."""

    mode: Annotated[
        str,
        Field(
            max_length=20,
            description="off: nothing is read, and what was read is erased. suggest: the owner of an account is suggested. "
            "automatic: characters are linked to it within the limit of automatic fixes.",
            examples=["suggest"],
        ),
    ]
    gives_rights: Annotated[
        bool | None,
        Field(
            description="Whether links by the same account as a confirmed link count like confirmed ones, for Discord roles "
            "and for access. They never make an administrator, and give nothing while the mode is off. Null: as before."
        ),
    ] = None

    async def before_and_after(self, guild: GuildConnection) -> tuple[Setting, Setting]:
        """Return what is done now and as requested. Raises `BadInput`."""
        mode = next((each for each in MODES if each == self.mode), None)
        if mode is None:
            raise BadInput(
                tr(
                    "Account evidence: “{mode}” does not exist. Use one of: {modes}.",
                    mode=self.mode[:LONGEST_WORD],
                    modes=", ".join(MODES),
                )
            )
        before = await AccountsSetting(mode).current(guild)
        gives_rights = before.gives_rights if self.gives_rights is None else self.gives_rights
        return before, AccountsSetting(mode, gives_rights)


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """Undo a change of the settings."""

    change_id: int

    async def before_and_after(self, guild: GuildConnection) -> tuple[Setting, Setting]:
        """Return the setting now and before the change. Raises `NotFound`, and `Refused` where it cannot be undone."""
        change = await changes.get(guild.conn, self.change_id, guild.id)
        if change.undone_by is not None and change.undone_at is not None:
            raise Refused(
                tr(
                    "{officer} already undid this change on {day}.",
                    officer=name_of(change.undone_by),
                    day=day(change.undone_at),
                )
            )
        if change.kind not in SETTINGS:
            raise Refused(
                tr("A key cannot be undone, because its secret is not stored. Create a new one.")
                if change.kind == SettingKind.KEY
                else tr("A token cannot be undone, because its secret is not stored. Create a new one.")
            )
        if change.is_too_late:
            raise Refused(tr(TOO_LATE))
        restore = SETTINGS[change.kind].from_json
        before, after = restore(change.subject, change.before), restore(change.subject, change.after)
        if await after.current(guild) != after:
            raise Refused(tr("This was changed again later. Undo the later change first."))
        return after, before


SettingRequest: TypeAlias = (
    RuleRequest | RanksRequest | WordRequest | LanguageRequest | RetentionRequest | AccountsRequest | UndoRequest
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change that can be made: the setting now and afterwards. `undoes`: the change that it undoes."""

    before: Setting
    after: Setting
    differences: tuple[Difference, ...]
    undoes: int | None = None

    @property
    def sentence(self) -> str:
        subject = f"{self.after.subject}. " if isinstance(self.after, RuleSetting) else ""
        return subject + "; ".join(row.sentence for row in self.differences)


async def read_request(guild: GuildConnection, request: SettingRequest) -> Wanted:
    """Compare a request with what is set now.

    Raises `BadInput` for what cannot be set, `NotFound` for a rule, rank or change that does not exist, and `Refused`
    where nothing would change, or where a change to undo was changed again since.
    """
    before, after = await request.before_and_after(guild)
    differences = tuple(after.differences(before, await guilds.roster_size(guild)))
    if not differences:
        raise Refused(tr("This is already set, so nothing changes."))
    return Wanted(before, after, differences, request.change_id if isinstance(request, UndoRequest) else None)


async def check_role(guild: GuildConnection, index: int, role_id: str) -> str | None:
    """Return the name of a role for a rank; None before the first Discord sync, which brings the names.

    Raises `BadInput` for what is no id, for @everyone, for a role of an integration, and for one that the server does not
    have.
    """
    if not role_id.isascii() or not role_id.isdigit():
        raise BadInput(
            tr(
                "“{role_id}” is not a Discord role id. Copy the number from Server Settings → Roles → … → Copy Role ID.",
                role_id=role_id,
            )
        )
    known, server_id = await _known_roles(guild)
    if known:
        return _usable_role(index, role_id, known, server_id)
    if role_id == server_id:
        raise BadInput(
            tr(
                "Rank {index}: {role} is @everyone, which everyone has. Choose another role.",
                index=index,
                role=role_id,
            )
        )
    return None


async def _known_roles(guild: GuildConnection) -> tuple[dict[str, DiscordRole], str | None]:
    """Return the roles that the last sync saw, and the server's id."""
    known = {role.role_id: role for role in await members.known_roles(guild)}
    return known, (await guilds.get(guild)).discord_guild_id


def _usable_role(index: int, role_id: str, known: Mapping[str, DiscordRole], server_id: str | None) -> str:
    role = known.get(role_id)
    if role is None:
        raise BadInput(
            tr(
                "Rank {index}: the Discord server has no role “{role}” as of the last sync. Sync "
                "Discord, or choose another role.",
                index=index,
                role=role_id[:LONGEST_WORD],
            )
        )
    if role_id == server_id:
        raise BadInput(
            tr(
                "Rank {index}: everyone has “{role}”, so it cannot be a rank's role. Choose another.",
                index=index,
                role=role.name,
            )
        )
    if role.managed:
        raise BadInput(
            tr(
                "Rank {index}: “{role}” belongs to an integration, so fixes cannot give or take it. Choose another role.",
                index=index,
                role=role.name,
            )
        )
    return role.name


def _auto_mitigate(rule: RuleDefinition, requested: YesNo) -> bool | None:
    if requested == "yes" and not rule.is_fixable:
        raise BadInput(tr("“{rule}” has no fix to automate. Leave automatic fixes off.", rule=rule.name))
    if requested == "yes" and not rule.may_be_automatic:
        raise BadInput(tr("Fixes of “{rule}” always need your click. Leave automatic fixes off.", rule=rule.name))
    return None if requested == DEFAULT else requested == "yes"


def _severity(requested: str) -> str | None:
    if requested == DEFAULT:
        return None
    if requested not in tuple(Severity):
        raise BadInput(
            tr(
                "Severity: “{severity}” does not exist. Use {severities}, or {default}.",
                severity=requested[:LONGEST_WORD],
                severities=", ".join(Severity),
                default=DEFAULT,
            )
        )
    return requested
