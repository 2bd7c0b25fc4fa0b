"""A guild's settings as they are now, for the API and the pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from patt.json_data import values_of
from patt.setup.steps.ranks import roles_for_ranks
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.text import with_and
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.identity.words import GuildWord
from sv_common.guild_sync.notes import Category
from sv_common.guild_sync.roster import guilds, ranks
from sv_common.guild_sync.roster import members as discord
from sv_common.guild_sync.roster.guilds import FormerAddress, Guild
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.rulebook.parameter import Parameter, RuleOverrides
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.settings import read_overrides
from sv_common.guild_sync.rules import rules_to_show
from sv_common.guild_sync.settings import retention
from sv_common.guild_sync.settings.lives import LIVES
from sv_common.guild_sync.settings.model import threshold_in_words
from sv_common.guild_sync.sources.models import DiscordRole


@dataclass(frozen=True, slots=True)
class ParameterNow(Parameter):
    """A threshold of a rule. `value` null: not set by the guild, so the default counts."""

    value: int | None
    now: Annotated[str, Field(description="The current value, in words.", examples=["45 days"])]


@dataclass(frozen=True, slots=True)
class RuleNow:
    """How a rule is set. `chosen_…` null: the guild has said nothing, so the rulebook counts."""

    issue_type: str
    name: str
    description: str
    is_enabled: bool
    is_fixable: bool
    fixes_itself: bool
    chosen_fixes_itself: bool | None
    default_fixes_itself: bool
    severity: str
    chosen_severity: Annotated[str | None, Field(examples=["warning"])]
    default_severity: Annotated[str, Field(examples=["info"])]
    parameters: Sequence[ParameterNow]
    is_default: Annotated[bool, Field(description="Whether all settings are defaults.")]


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A Discord role to which a rank can be mapped."""

    role_id: Annotated[str, Field(examples=["101"])]
    name: Annotated[str, Field(examples=["Officer"])]


@dataclass(frozen=True, slots=True)
class RankNow:
    """A rank, and the Discord role that it maps to."""

    index: Annotated[int, Field(description="0 is the guild master.")]
    name: str
    name_in_game: Annotated[
        str | None, Field(description="Its new name in the game, if changed.", examples=["Raid Lead"])
    ]
    members: Annotated[int, Field(description="Characters in the guild with this rank.")]
    role_id: Annotated[str | None, Field(examples=["101"])]
    role_name: str | None
    is_managed: Annotated[bool, Field(description="Whether fixes may give and take the role.")]
    is_without_role: Annotated[bool, Field(description="Whether it maps to no role.")]


@dataclass(frozen=True, slots=True)
class RankTable:
    """The rank table, the roles to choose from, and what is wrong with it."""

    ranks: Sequence[RankNow]
    roles: Annotated[
        Sequence[RoleChoice],
        Field(description="As of the last Discord sync, the most powerful first."),
    ]
    warnings: Annotated[Sequence[str], Field(examples=[["Rank 3, Raider, has no role set."]])]

    @property
    def managed_roles(self) -> dict[str, str]:
        """The roles that fixes may give and take, by id, with their names."""
        return {each.role_id: each.role_name or "" for each in self.ranks if each.role_id and each.is_managed}


@dataclass(frozen=True, slots=True)
class WordsNow:
    """The guild's own words, and the categories there are."""

    words: Sequence[GuildWord]
    categories: Annotated[Sequence[str], Field(examples=[["profession", "role", "bank"]])]


@dataclass(frozen=True, slots=True)
class GuildFacts(Guild):
    """The guild as this installation knows it. It is changed with `patt init`, `patt guild add` and `patt guild move`."""

    characters: int
    former: Sequence[FormerAddress]


@dataclass(frozen=True, slots=True)
class KeptNow:
    """For how many days a guild keeps what grows."""

    lives: Sequence[ParameterNow]
    is_default: Annotated[bool, Field(description="Whether all of them are defaults.")]


async def kept(guild: GuildConnection) -> KeptNow:
    """Return for how long the guild keeps things, in the order of the page."""
    said = await retention.read(guild)
    lives = [
        ParameterNow(**values_of(each), value=said.get(each.name), now=each.in_words(said.get(each.name, each.default)))
        for each in LIVES
    ]
    return KeptNow(lives, not said)


async def rules(guild: GuildConnection) -> list[RuleNow]:
    """Return how every rule that may be shown is set, in the registry's order."""
    wishes = await read_overrides(guild)
    size = await guilds.roster_size(guild)
    return [_rule(rule, wishes.get(rule.issue_type, rule.unset), size) for rule in rules_to_show().values()]


async def rank_table(here: GuildConnection, guild: Guild) -> RankTable:
    """Return the rank table with the roles to choose from, and what the database knows to be wrong with it."""
    table = await ranks.all_ranks(here)
    members = await ranks.members_by_rank(here)
    known = await discord.known_roles(here)
    moved = await ranks.moved(here)
    return RankTable(
        [_rank(each, members.get(each.wow_rank_index, 0)) for each in table],
        [RoleChoice(role.role_id, role.name) for role in roles_for_ranks(known, guild.discord_guild_id or "")],
        list(_warnings(table, {role.role_id: role for role in known}, members, moved)),
    )


async def word_list(guild: GuildConnection) -> WordsNow:
    """Return the guild's own words."""
    return WordsNow(await words.all_words(guild), list(Category))


async def guild_facts(here: GuildConnection, guild: Guild) -> GuildFacts:
    """Return what is known of the guild itself."""
    characters = await guilds.roster_size(here)
    return GuildFacts(**values_of(guild), characters=characters, former=await guilds.former_addresses(here))


def _rule(rule: RuleDefinition, wishes: RuleOverrides, roster_size: int) -> RuleNow:
    settings = rule.settings(wishes)
    parameters = [
        ParameterNow(
            **values_of(each),
            value=wishes.parameters.get(each.name),
            now=threshold_in_words(each, settings, roster_size),
        )
        for each in rule.parameters
    ]
    return RuleNow(
        issue_type=rule.issue_type,
        name=rule.name,
        description=rule.description_with(settings.parameters),
        is_enabled=settings.is_enabled,
        is_fixable=rule.is_fixable,
        fixes_itself=settings.auto_mitigate,
        chosen_fixes_itself=wishes.auto_mitigate,
        default_fixes_itself=rule.auto_mitigate,
        severity=settings.severity,
        chosen_severity=wishes.severity,
        default_severity=rule.severity,
        parameters=parameters,
        is_default=wishes == rule.unset,
    )


def _rank(rank: Rank, members: int) -> RankNow:
    return RankNow(
        rank.wow_rank_index,
        rank.name,
        rank.name_in_game if rank.is_in_doubt else None,
        members,
        rank.discord_role_id,
        rank.discord_role_name,
        rank.is_role_managed,
        rank.is_without_role,
    )


def _warnings(
    table: Sequence[Rank], known: Mapping[str, DiscordRole], members: Mapping[int, int], moved: int
) -> Iterator[str]:
    """What is wrong with the table, as far as the last sync can tell."""
    if not known:
        yield tr("No Discord roles are known yet. Sync Discord: patt sync discord")
    for rank in table:
        if rank.is_in_doubt:
            yield tr(
                "Rank {number} was {former} and is now {name} in the game, so no roles are compared. Check each rank, "
                "then: patt ranks confirm",
                number=rank.wow_rank_index,
                former=rank.name,
                name=rank.name_in_game,
            )
        if known and rank.discord_role_id is not None:
            yield from _warnings_of_role(rank, known.get(rank.discord_role_id))
        if not rank.is_decided and members.get(rank.wow_rank_index):
            yield tr("Rank {number}, {name}, has no role set.", number=rank.wow_rank_index, name=rank.name)
    if moved:
        yield tr_n(
            "{n} character changed rank together, as when a rank is added in the game. No roles are compared "
            "until the sources agree, or until you confirm: patt ranks confirm",
            "{n} characters changed rank together, as when a rank is added in the game. No roles are compared "
            "until the sources agree, or until you confirm: patt ranks confirm",
            moved,
        )
    yield from _shared_roles(table)


def _warnings_of_role(rank: Rank, role: DiscordRole | None) -> Iterator[str]:
    called = rank.discord_role_name or rank.discord_role_id
    if role is None:
        yield tr(
            "Rank {number}, {name}: the role {role} is gone from the Discord server. Choose another.",
            number=rank.wow_rank_index,
            name=rank.name,
            role=called,
        )
    elif role.managed:
        yield tr(
            "Rank {number}, {name}: {role} belongs to an integration, so PATT cannot give or take it.",
            number=rank.wow_rank_index,
            name=rank.name,
            role=called,
        )


def _shared_roles(table: Sequence[Rank]) -> Iterator[str]:
    sharing: dict[str, list[Rank]] = defaultdict(list)
    for rank in table:
        if rank.discord_role_id is not None:
            sharing[rank.discord_role_id].append(rank)
    for ranks_of_role in sharing.values():
        if len(ranks_of_role) > 1:
            named = [f"{rank.wow_rank_index} ({rank.name})" for rank in ranks_of_role]
            yield tr(
                "Ranks {ranks} share one role, {role}. Check that this is intended.",
                ranks=with_and(named),
                role=ranks_of_role[0].discord_role_name,
            )
