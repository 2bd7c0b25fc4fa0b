"""What somebody wants of a guild's settings, held against what is set now: checked, completed, and written.

Nothing here looks at issues; `guild_settings` does, before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from sv_common.db.pool import Connection
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.core.names import LONGEST_WORD, word_key
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.identity.words import vocabulary_with
from sv_common.guild_sync.issues.model import Severity
from sv_common.guild_sync.notes import Category
from sv_common.guild_sync.roster import guilds, members, ranks
from sv_common.guild_sync.roster.ranks import RankRole
from sv_common.guild_sync.rulebook.parameter import RuleOverrides, read_parameters
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.settings import read_overrides, save_settings
from sv_common.guild_sync.rules import RULES, rule_named
from sv_common.guild_sync.settings import changes
from sv_common.guild_sync.settings.changes import SettingChange
from sv_common.guild_sync.settings.differences import (
    Difference,
    differences_of_ranks,
    differences_of_rule,
    differences_of_word,
)
from sv_common.guild_sync.settings.model import RanksSetting, RuleSetting, Setting, SettingKind, WordSetting, setting_of
from sv_common.guild_sync.sources.models import DiscordRole

DEFAULT: Final = "default"
YesNo: TypeAlias = Literal["yes", "no", "default"]


@dataclass(frozen=True, slots=True)
class RuleRequest:
    """Set a rule; None leaves a thing as it is, "default" is what the rulebook says.

    `parameters` holds the thresholds that are to change; None or empty text is the default. With `to_default`,
    everything else is put to the default first.
    """

    issue_type: Annotated[str, Field(max_length=60, description="The rule.", examples=["stale_character"])]
    is_enabled: Annotated[bool | None, Field(description="Whether it is looked for.")] = None
    fixes_itself: Annotated[YesNo | None, Field(description="Whether certain fixes run without an officer.")] = None
    severity: Annotated[str | None, Field(max_length=60, description="info, warning, error, or default.")] = None
    parameters: Annotated[
        Mapping[str, object],
        Field(
            max_length=20,
            description="Thresholds by name; null is the default.",
            examples=[{"stale_after_days": 45}],
        ),
    ] = field(default_factory=dict)
    to_default: Annotated[bool, Field(description="Put everything else to the default first.")] = False


@dataclass(frozen=True, slots=True)
class RoleWish:
    """Which role a rank is to map to: the role's id, "none" on purpose, or empty text for not set."""

    role: Annotated[
        str,
        Field(
            max_length=30,
            description="Id of the role, “none” on purpose, or empty text for not set.",
            examples=["101"],
        ),
    ]
    is_managed: Annotated[bool, Field(description="Whether fixes may give and take it.")] = True


@dataclass(frozen=True, slots=True)
class RanksRequest:
    """Map some ranks, by index, to Discord roles."""

    roles: Annotated[
        Mapping[Annotated[int, Field(ge=0, le=9)], RoleWish],
        Field(min_length=1, examples=[{"1": {"role": "101", "is_managed": True}, "4": {"role": "none"}}]),
    ]


@dataclass(frozen=True, slots=True)
class WordRequest:
    """Read a word of notes as of a category, as "name" (no word of the vocabulary), or as in every guild ("default")."""

    word: Annotated[
        str,
        Field(
            max_length=LONGEST_WORD,
            description="A word or a short phrase, as notes write it.",
            examples=["nightcrew"],
        ),
    ]
    reading: Annotated[
        str,
        Field(
            max_length=60,
            description="A category; “name”: no word of the vocabulary, so that it may be a name; “default”: as everywhere.",
            examples=["role"],
        ),
    ]


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """Put back what a change of the settings has changed."""

    change_id: int


SettingRequest: TypeAlias = RuleRequest | RanksRequest | WordRequest | UndoRequest

NO_ROLE: Final = "none"
A_NAME: Final = "name"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change that can be made: what is set now, and what is to be. `undoes`: the change that it takes back."""

    before: Setting
    after: Setting
    differences: tuple[Difference, ...]
    undoes: int | None = None

    @property
    def sentence(self) -> str:
        """The differences on one line."""
        subject = f"{self.after.issue_type}. " if isinstance(self.after, RuleSetting) else ""
        return subject + "; ".join(row.sentence for row in self.differences)


async def read_request(conn: Connection, guild_id: int, request: SettingRequest) -> Wanted:
    """Hold a request against what is set now.

    Raises `BadInput` for what cannot be set, `NotFound` for a rule, rank or change that does not exist, and `Refused`
    where everything is set so already, or was changed again since a change that is to be undone.
    """
    before, after = await _before_and_after(conn, guild_id, request)
    undoes = request.change_id if isinstance(request, UndoRequest) else None
    differences = await differences_between(conn, guild_id, before, after)
    if not differences:
        raise Refused("It is set like this already, so there is nothing to change.")
    return Wanted(before, after, differences, undoes)


async def write(conn: Connection, guild_id: int, setting: Setting, *, actor: str) -> None:
    """Make a guild's setting so. The caller holds the guild's lock."""
    match setting:
        case RuleSetting(issue_type, wishes):
            await save_settings(
                conn,
                guild_id,
                issue_type,
                actor=actor,
                is_enabled=wishes.is_enabled,
                auto_mitigate=wishes.auto_mitigate,
                severity=wishes.severity,
                parameters=wishes.parameters,
            )
        case RanksSetting(roles):
            await ranks.put_roles(conn, guild_id, roles)
        case WordSetting(word, True, category):
            await words.say(conn, guild_id, word, category, actor=actor)
        case WordSetting(word):
            await words.forget(conn, guild_id, word)


async def _before_and_after(conn: Connection, guild_id: int, request: SettingRequest) -> tuple[Setting, Setting]:
    match request:
        case RuleRequest():
            return await _rule(conn, guild_id, request)
        case RanksRequest():
            return await _ranks(conn, guild_id, request)
        case WordRequest():
            return await _word(conn, guild_id, request)
        case UndoRequest():
            return await _undo(conn, guild_id, request.change_id)


async def _rule(conn: Connection, guild_id: int, request: RuleRequest) -> tuple[RuleSetting, RuleSetting]:
    rule = rule_named(request.issue_type)
    now = (await read_overrides(conn, guild_id)).get(rule.issue_type, RuleOverrides())
    wishes = _changed(RuleOverrides() if request.to_default else now, rule, request)
    return RuleSetting(rule.issue_type, now), RuleSetting(rule.issue_type, wishes)


def _changed(wishes: RuleOverrides, rule: RuleDefinition, request: RuleRequest) -> RuleOverrides:
    kept = {name: value for name, value in wishes.parameters.items() if name not in request.parameters}
    thresholds = kept | read_parameters(rule.parameters, request.parameters)
    order = [each.name for each in rule.parameters]
    wishes = replace(wishes, parameters={name: thresholds[name] for name in order if name in thresholds})
    if request.is_enabled is not None:
        wishes = replace(wishes, is_enabled=request.is_enabled)
    if request.fixes_itself is not None:
        wishes = replace(wishes, auto_mitigate=_fixes_itself(rule, request.fixes_itself))
    if request.severity is not None:
        wishes = replace(wishes, severity=_severity(request.severity))
    return wishes


def _fixes_itself(rule: RuleDefinition, said: YesNo) -> bool | None:
    if said == "yes" and not rule.is_fixable:
        raise BadInput(f"“{rule.name}” knows no fix, so it cannot fix by itself. Leave “Fixes by itself” out.")
    if said == "yes" and not rule.may_be_automatic:
        raise BadInput(
            f"Every fix of “{rule.name}” needs an officer’s click, so it cannot fix by itself. Leave “Fixes by itself” out."
        )
    return None if said == DEFAULT else said == "yes"


def _severity(said: str) -> str | None:
    if said == DEFAULT:
        return None
    if said not in tuple(Severity):
        raise BadInput(f"Severity: “{said[:LONGEST_WORD]}” is none. Use {', '.join(Severity)}, or {DEFAULT}.")
    return said


async def _ranks(conn: Connection, guild_id: int, request: RanksRequest) -> tuple[RanksSetting, RanksSetting]:
    table = {rank.wow_rank_index: rank for rank in await ranks.all_ranks(conn, guild_id)}
    known = {role.role_id: role for role in await members.known_roles(conn, guild_id)}
    server_id = (await guilds.get(conn, guild_id)).discord_guild_id
    before, after = {}, {}
    for index, wish in request.roles.items():
        if index not in table:
            raise BadInput(f"Rank {index}: the guild has no such rank. Sync the roster first.")
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


async def check_role(conn: Connection, guild_id: int, index: int, role_id: str) -> str | None:
    """Return the name of a role to which a rank is to be mapped; None before the first Discord sync, which tells names.

    Raises `BadInput` for what is no id, for @everyone, for a role of an integration, and for one that the server does not
    have.
    """
    if not role_id.isascii() or not role_id.isdigit():
        raise BadInput(
            f"“{role_id}” is no Discord role id: those are numbers (Server Settings → Roles → … → Copy Role ID)."
        )
    server_id = (await guilds.get(conn, guild_id)).discord_guild_id
    known = {role.role_id: role for role in await members.known_roles(conn, guild_id)}
    if known:
        return _usable_role(index, role_id, known, server_id)
    if role_id == server_id:
        raise BadInput(f"Rank {index}: {role_id} is @everyone, which everybody holds. Choose another role.")
    return None


def role_of(rank: ranks.Rank) -> RankRole:
    """Return the role of a rank as it is set."""
    return RankRole(rank.name, rank.discord_role_id, rank.discord_role_name, rank.is_role_managed, rank.is_without_role)


def _usable_role(index: int, role_id: str, known: Mapping[str, DiscordRole], server_id: str | None) -> str:
    """Return the name of a role to which a rank can be mapped."""
    role = known.get(role_id)
    if role is None:
        raise BadInput(
            f"Rank {index}: the Discord server has no role “{role_id[:LONGEST_WORD]}” as far as the last sync saw. "
            "Sync Discord, and choose one that is there."
        )
    if role_id == server_id:
        raise BadInput(f"Rank {index}: everyone holds “{role.name}”, so it cannot be a rank's role. Choose another.")
    if role.managed:
        raise BadInput(
            f"Rank {index}: “{role.name}” belongs to an integration, so nobody can give or take it. Choose another role."
        )
    return role.name


async def _word(conn: Connection, guild_id: int, request: WordRequest) -> tuple[WordSetting, WordSetting]:
    key = word_key(request.word)
    if request.reading not in (DEFAULT, A_NAME, *Category):
        raise BadInput(
            f"Category: “{request.reading[:LONGEST_WORD]}” is none. Use one of: {', '.join(Category)}, {A_NAME}."
        )
    after = WordSetting(key, request.reading != DEFAULT, None)
    if request.reading in tuple(Category):
        after = replace(after, category=request.reading)
        vocabulary_with({key: request.reading})
    said = {each.word: each.category for each in await words.all_words(conn, guild_id)}
    return WordSetting(key, key in said, said.get(key)), after


async def _undo(conn: Connection, guild_id: int, change_id: int) -> tuple[Setting, Setting]:
    change = await changes.get(conn, change_id, guild_id)
    if change.undone_by is not None:
        raise Refused(f"This change was taken back already, by {change.undone_by} on {change.undone_at:%Y-%m-%d}.")
    before, after = _kept(change)
    if await current_setting(conn, guild_id, after) != after:
        raise Refused(
            "This was changed again since, so it is not put back. Undo the later change first, or set it anew."
        )
    return after, before


def _kept(change: SettingChange) -> tuple[Setting, Setting]:
    before = setting_of(change.kind, change.subject, change.before)
    after = setting_of(change.kind, change.subject, change.after)
    if before is None or after is None:
        what = "key" if change.kind == SettingKind.KEY else "token"
        raise Refused(f"A {what} that was made or revoked stays so: its secret is known to nobody. Make a new one.")
    if isinstance(after, RuleSetting):
        rule_named(after.issue_type)
    return before, after


async def current_setting(conn: Connection, guild_id: int, like: Setting) -> Setting:
    """Return what is set now of the same rule, ranks or word as another setting is about."""
    match like:
        case RuleSetting(issue_type, _):
            return RuleSetting(issue_type, (await read_overrides(conn, guild_id)).get(issue_type, RuleOverrides()))
        case RanksSetting(roles):
            table = await ranks.all_ranks(conn, guild_id)
            return RanksSetting({rank.wow_rank_index: role_of(rank) for rank in table if rank.wow_rank_index in roles})
        case WordSetting(word, _, _):
            said = {each.word: each.category for each in await words.all_words(conn, guild_id)}
            return WordSetting(word, word in said, said.get(word))


async def differences_between(
    conn: Connection, guild_id: int, before: Setting, after: Setting
) -> tuple[Difference, ...]:
    """Return what is different between two settings of the same rule, ranks or word."""
    if isinstance(before, RuleSetting) and isinstance(after, RuleSetting):
        size = await guilds.roster_size(conn, guild_id)
        return differences_of_rule(RULES[after.issue_type], before.wishes, after.wishes, size)
    if isinstance(before, RanksSetting) and isinstance(after, RanksSetting):
        return differences_of_ranks(before, after)
    if isinstance(before, WordSetting) and isinstance(after, WordSetting):
        return differences_of_word(before, after)
    return ()
