"""One search over all that a guild has: people, characters, Discord members, notes, issues, and settings.

Whatever the guild's size, it takes a fixed number of statements: what can be found is read and compared here, by `matching`,
and only what is shown is described. Resolved issues, of which there may be very many, are found by their number alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.row_number import bare_row, marked_row
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.identity.words import GuildWord
from sv_common.guild_sync.insights.everyone.summary import PersonKind
from sv_common.guild_sync.insights.matching import Place, Wanted, in_order
from sv_common.guild_sync.insights.people import KnownName, all_names
from sv_common.guild_sync.issues.model import state_in_words
from sv_common.guild_sync.notes import category_in_words
from sv_common.guild_sync.roster import ranks
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.rulebook.parameter import Parameter
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES, rules_to_show

SQL = load_sql(__package__, "search.sql")
MOST_SHOWN = 8

GroupName: TypeAlias = Literal["people", "characters", "members", "notes", "issues", "settings", "places"]
HitKind: TypeAlias = Literal["player", "character", "member", "note", "issue", "rule", "rank", "word", "page", "action"]
PEOPLE: Mapping[PersonKind, GroupName] = {
    PersonKind.PLAYER: "people",
    PersonKind.CHARACTER: "characters",
    PersonKind.MEMBER: "members",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found; `why` says what it is, and by what it was found where the title does not say it.

    `key` is the name of a setting. `player_id` is the player of a character or a Discord member, where they have one.
    """

    kind: HitKind
    title: str
    why: str
    id: int | None = None
    key: str = ""
    player_id: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The best of what was found of one kind, and how many there are."""

    name: GroupName
    total: int
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class _Described:
    """What is said of a player, a character or a Discord member."""

    kind: PersonKind
    id: int
    name: str
    class_name: str | None
    level: int | None
    rank: str | None
    is_here: bool
    main: str | None
    characters: int
    player_id: int | None
    player: str | None


_Found: TypeAlias = Mapping[PersonKind, Sequence[KnownName]]


async def search(guild: GuildConnection, typed: str, *, with_settings: bool) -> list[Group]:
    """Return what the words find, in groups in a fixed order. Settings are read for those alone who may see them.

    `#12` is always a row: the player, the character, the member and the issue with that number, and nothing else. Blank
    words find nothing, and no group is there.
    """
    wanted, marked = Wanted.of(typed), marked_row(typed)
    if not wanted.key:
        return []
    groups = await _people(guild, await _found(guild, wanted, marked))
    groups.append(await _notes(guild, wanted, is_asked=marked is None))
    groups.append(await _issues(guild, wanted, marked, bare_row(typed)))
    if with_settings:
        groups.append(await _settings(guild, wanted))
    return groups


async def people_named(guild: GuildConnection, typed: str) -> list[Hit]:
    """Return the players, characters and Discord members that the words find, the best of each kind; blank words find no one."""
    wanted, marked = Wanted.of(typed), marked_row(typed)
    if not wanted.key:
        return []
    groups = await _people(guild, await _found(guild, wanted, marked))
    return [hit for group in groups for hit in group.hits]


async def _found(guild: GuildConnection, wanted: Wanted, marked: int | None) -> _Found:
    names = await all_names(guild)
    return _by_name(names, wanted) if marked is None else _by_number(names, marked)


def _by_name(names: Iterable[KnownName], wanted: Wanted) -> _Found:
    """Whoever has a name that matches, by kind, with the best of their names; best first."""
    best: dict[tuple[PersonKind, int], tuple[Place, str, KnownName]] = {}
    for name in names:
        place = name.place(wanted)
        known = best.get((name.bearer, name.bearer_id))
        if place is not None and (known is None or place < known[0]):
            best[name.bearer, name.bearer_id] = (place, in_order(name.text), name)
    ranked = sorted(best.values(), key=lambda hit: (hit[0], hit[1], hit[2].bearer_id))
    return {kind: [name for _, _, name in ranked if name.bearer is kind] for kind in PEOPLE}


def _by_number(names: Iterable[KnownName], number: int) -> _Found:
    meant: dict[PersonKind, KnownName] = {}
    for name in names:
        if name.bearer_id == number:
            meant.setdefault(name.bearer, name)
    return {kind: [meant[kind]] if kind in meant else [] for kind in PEOPLE}


async def _people(guild: GuildConnection, found: _Found) -> list[Group]:
    shown = {kind: names[:MOST_SHOWN] for kind, names in found.items()}
    rows = await guild.all(
        _Described,
        SQL["described"],
        **{f"{kind}_ids": [name.bearer_id for name in names] for kind, names in shown.items()},
    )
    known = {(row.kind, row.id): row for row in rows}
    return [
        Group(PEOPLE[kind], len(found[kind]), [_person(name, known[kind, name.bearer_id]) for name in names])
        for kind, names in shown.items()
    ]


def _person(name: KnownName, who: _Described) -> Hit:
    match name.bearer:
        case PersonKind.PLAYER:
            alias = tr("alias: {alias}", alias=name.text) if name.source == "alias" else ""
            main = tr("main {character}", character=who.main) if who.main else ""
            count = tr_n("{n} character", "{n} characters", who.characters)
            return Hit("player", who.name, _line(alias, main, count), who.id)
        case PersonKind.CHARACTER:
            left = "" if who.is_here else tr("left the guild")
            class_name = tr(who.class_name) if who.class_name else tr("class unknown")
            level = (
                tr("level {level} {class_name}", level=who.level, class_name=class_name)
                if who.level is not None
                else class_name
            )
            owner = tr("bank or shared") if name.subject is PersonKind.SHARED else _of_player(who)
            line = _line(level, who.rank or tr("no rank"), owner, left)
            return Hit("character", who.name, line, who.id, player_id=who.player_id)
        case _:
            called = _called(name) if name_key(name.text) != name_key(who.name) else tr("on Discord")
            left = "" if who.is_here else tr("left the server")
            return Hit("member", who.name, _line(called, _of_player(who), left), who.id, player_id=who.player_id)


def _called(name: KnownName) -> str:
    if name.source == "user":
        return tr("user name: {name}", name=name.text)
    return tr("also called: {name}", name=name.text)


def _of_player(who: _Described) -> str:
    return tr("player {player}", player=who.player) if who.player else tr("no player")


async def _notes(guild: GuildConnection, wanted: Wanted, *, is_asked: bool) -> Group:
    rows = await guild.rows(SQL["notes"]) if is_asked else []
    found = wanted.best_of((row, [row[2]]) for row in rows)
    hits = [
        Hit("note", label, tr("note: {note}", note=note), number) for (number, label, note), _ in found[:MOST_SHOWN]
    ]
    return Group("notes", len(found), hits)


async def _issues(guild: GuildConnection, wanted: Wanted, marked: int | None, bare: int | None) -> Group:
    """Find issues by their text and by who they are about; the one with the number that was typed comes first."""
    number = bare if marked is None else marked
    rows = await guild.rows(SQL["issues"], number=number)
    hits = [_issue(row, None) for row in rows if row[0] == number]
    if marked is None:
        others = [(row, [row[3], *row[4]]) for row in rows if row[0] != number]
        hits += [_issue(row, text) for row, text in wanted.best_of(others)]
    return Group("issues", len(hits), hits[:MOST_SHOWN])


def _issue(row: Sequence[object], found: str | None) -> Hit:
    number, issue_type, state, summary = int(str(row[0])), str(row[1]), str(row[2]), str(row[3])
    rule = RULES[issue_type].name if issue_type in RULES else issue_type
    about = "" if found in (None, summary) else tr("about {name}", name=found)
    return Hit("issue", summary, _line(f"#{number}", rule, state_in_words(state), about), number)


async def _settings(guild: GuildConnection, wanted: Wanted) -> Group:
    known = [
        *(each for rule in rules_to_show().values() for each in _rule(rule)),
        *(_rank(rank) for rank in await ranks.all_ranks(guild)),
        *(_word(word) for word in await words.all_words(guild)),
    ]
    hits = [hit for hit, _ in wanted.best_of(known)]
    return Group("settings", len(hits), hits[:MOST_SHOWN])


def _rule(rule: RuleDefinition) -> Iterator[tuple[Hit, Sequence[str]]]:
    own_words = rule.issue_type.replace("_", " ")
    hit = Hit(
        "rule",
        rule.name,
        _line(tr("rule {rule}", rule=rule.issue_type), rule.description),
        key=rule.issue_type,
    )
    yield hit, (rule.name, rule.issue_type, own_words, rule.description)
    for each in rule.parameters:
        yield _parameter(rule, each), (each.label, each.name, each.name.replace("_", " "), each.about)


def _parameter(rule: RuleDefinition, parameter: Parameter) -> Hit:
    return Hit(
        "rule",
        parameter.label,
        _line(tr("rule {rule}", rule=rule.name), parameter.about),
        key=rule.issue_type,
    )


def _rank(rank: Rank) -> tuple[Hit, Sequence[str | None]]:
    number = tr("rank {index}", index=rank.wow_rank_index)
    role = (
        tr("Discord role {role}", role=rank.discord_role_name or rank.discord_role_id)
        if rank.discord_role_id
        else tr("no Discord role")
    )
    hit = Hit("rank", rank.name, _line(number, role), key=str(rank.wow_rank_index))
    return hit, (rank.name, rank.name_in_game, rank.discord_role_name, number)


def _word(word: GuildWord) -> tuple[Hit, Sequence[str | None]]:
    meaning = category_in_words(word.category) if word.category else tr("no word, so it may be a name")
    hit = Hit("word", word.word, tr("word in notes: {meaning}", meaning=meaning), key=word.word)
    return hit, (word.word, word.category)


def _line(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)
