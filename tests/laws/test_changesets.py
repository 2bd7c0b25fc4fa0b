"""What is applied and then undone leaves no trace; what was changed in between is refused with its name, and changes nothing.

The changesets are put together of anything that a builder can say of the rows of a generated guild, whether or not an
officer or a rule would ever say it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from laws import snapshot
from laws.guilds import BY_OFFICERS, Event, GuildSpec, events, guild_specs
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from laws.snapshot import Snapshot, differences
from sv_common.db.pool import Connection, GuildConnection, Pool, counting_statements
from sv_common.guild_sync.changes import apply, row_changes
from sv_common.guild_sync.changes.changeset import NEW_PLAYER, Author, Changeset, Named, NameOf, RowChange, fold
from sv_common.guild_sync.changes.describe import Effect, describe, sentences
from sv_common.guild_sync.changes.tables import TABLES
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, read_facts

Choice: TypeAlias = tuple[int, int, int, int]
Builder: TypeAlias = Callable[["Picked"], Iterator[RowChange]]

_TABLES = {f"{table.schema}.{table.name}" for table in TABLES.values()}
_MOST_STATEMENTS = 24
_guilds = guild_specs(fewest_characters=4, fewest_members=2).filter(lambda spec: len(spec.players) > 1)
_lives = events(*BY_OFFICERS, most=4)
_choices = st.lists(st.tuples(*[st.integers(0, 11)] * 4), min_size=1, max_size=6)
_authors = st.sampled_from(
    [
        Author("alice", "manual", "confirmed"),
        Author("alice", "full_match", "exact"),
        Author("automation", "auto_fix", "exact"),
    ]
)


class Picked:
    """Rows of a guild, chosen by numbers. Whether they go together is for the database to say."""

    def __init__(self, facts: GuildFacts, choice: Choice, place: int) -> None:
        _, one, two, three = choice
        self.facts, self.number = facts, NEW_PLAYER - place
        self.word = f"word{one}"
        self._places = (one, two, three)
        self.character = self._pick(list(facts.characters.values()), 1)
        self.player = self._pick(list(facts.players.values()), 0)
        self.other = self._pick(list(facts.players.values()), 2)
        self.member = self._pick(list(facts.members.values()), 2)

    def _pick(self, rows: Sequence[Any], place: int) -> Any:
        return rows[self._places[place] % len(rows)]

    def owner(self, character: KnownCharacter) -> Named | None:
        """The player of a character."""
        return self.facts.players[character.player_id].named if character.player_id else None

    def alias(self) -> tuple[str, Named] | None:
        """A word that means a player."""
        words = sorted(self.facts.aliases)
        word = self._pick(words, 0) if words else None
        return (self.facts.written_aliases[word], self.facts.players[self.facts.aliases[word]].named) if word else None

    def rejection(self) -> dict[str, Any] | None:
        """What was said of a character or a member, as builders take it."""
        of_characters: list[dict[str, Any]] = [
            {"character": self.facts.characters[number].named, "is_unlinking": (number, player) in self.facts.unlinked}
            | {"player": self.facts.players[player].named}
            for number, player in sorted(self.facts.rejections)
            if number in self.facts.characters
        ]
        of_members: list[dict[str, Any]] = [
            {"member": self.facts.members[number].named, "is_unlinking": True}
            | {"player": self.facts.players[player].named}
            for player, number in sorted(self.facts.member_rejections)
            if number in self.facts.members
        ]
        found = of_characters + of_members
        return self._pick(found, 1) if found else None


def _link(p: Picked) -> Iterator[RowChange]:
    yield row_changes.link(p.character.named, p.player.named, "x", former=p.owner(p.character))


def _unlink(p: Picked) -> Iterator[RowChange]:
    if owner := p.owner(p.character):
        yield row_changes.unlink(p.character.named, owner)


def _new_player(p: Picked) -> Iterator[RowChange]:
    new = Named(p.number, "New")
    yield row_changes.create_player(*new, p.member.named, p.character.named)
    yield row_changes.link(p.character.named, new, "x", former=p.owner(p.character))
    yield row_changes.remember_alias(new, p.word)


def _member(p: Picked) -> Iterator[RowChange]:
    now = p.facts.members.get(p.player.discord_user_id or 0)
    if now is None:
        yield row_changes.attach_member(p.player.named, p.member.named)
    elif p.player.discord_confirmed_by is None:
        yield row_changes.confirm_member(p.player.named, now.named)
    else:
        yield row_changes.detach_member(p.player.named, now.named)


def _pointers(p: Picked) -> Iterator[RowChange]:
    if owner := p.owner(p.character):
        player = p.facts.players[owner.id]
        former = p.facts.characters.get(player.main_character_id or 0)
        if former != p.character:
            yield row_changes.set_main(owner, p.character.named, former.named if former else None)
        if player.offspec_character_id is None:
            yield row_changes.set_offspec(owner, p.character.named)


def _words(p: Picked) -> Iterator[RowChange]:
    if found := p.alias():
        word, player = found
        yield (
            row_changes.forget_alias(player, word)
            if player.id == p.other.id
            else row_changes.move_alias(p.other.named, player, word)
        )
    yield row_changes.remember_alias(p.player.named, p.word)


def _rejections(p: Picked) -> Iterator[RowChange]:
    yield row_changes.reject(p.player.named, character=p.character.named, why="x", is_unlinking=True)
    yield row_changes.reject(p.player.named, member=p.member.named, why="x", is_unlinking=True)


def _shared(p: Picked) -> Iterator[RowChange]:
    if p.character.id in p.facts.shared:
        yield row_changes.unmark_shared(p.character.named)
    else:
        if owner := p.owner(p.character):
            yield row_changes.unlink(p.character.named, owner)
        yield row_changes.mark_shared(p.character.named, "x")


def _away(p: Picked) -> Iterator[RowChange]:
    known = p.facts.hiatuses.get(p.player.id)
    former = {"until": known.day, "reason": known.reason} if known is not None else None
    if known is not None and p.other.id not in p.facts.hiatuses:
        yield row_changes.move_hiatus(p.other.named, p.player.named, known.day)
    elif known is not None and p.word == "word0":
        yield row_changes.end_hiatus(p.player.named, known.day)
    else:
        yield row_changes.set_hiatus(p.player.named, "2099-12-24", "x", former=former)


def _said_before(p: Picked) -> Iterator[RowChange]:
    if said := p.rejection():
        player = said.pop("player")
        yield (
            row_changes.forget_rejection(player, **said)
            if player.id == p.other.id
            else row_changes.move_rejection(p.other.named, player, **said)
        )


def _merge(p: Picked) -> Iterator[RowChange]:
    if p.player.id == p.other.id:
        return
    stays, other = p.player.named, p.other.named
    for character in p.facts.characters.values():
        if character.player_id == other.id:
            yield row_changes.link(character.named, stays, "x", former=other)
    for key, player_id in p.facts.aliases.items():
        if player_id == other.id:
            yield row_changes.move_alias(stays, other, p.facts.written_aliases[key])
    if p.other.id in p.facts.hiatuses:
        yield row_changes.end_hiatus(other, p.facts.hiatuses[p.other.id].day)
    if p.other.discord_user_id in p.facts.members and p.player.discord_user_id is None:
        yield row_changes.attach_member(stays, p.facts.members[p.other.discord_user_id].named)
    yield row_changes.delete_player(other, p.other.discord_user_id, stays)


_BUILDERS: tuple[Builder, ...] = (
    _link,
    _unlink,
    _new_player,
    _member,
    _pointers,
    _words,
    _rejections,
    _said_before,
    _shared,
    _away,
    _merge,
)


async def _begin(pool: Pool, spec: GuildSpec, life_of: list[Event]) -> Life:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await live(life, life_of)
    async with pool.connection() as conn:
        await conn.execute(
            "insert into common.confirmed_links (guild_id, character_id, player_id, discord_user_id, confirmed_by) "
            "select p.guild_id, l.character_id, p.id, p.discord_user_id, 'admin' from guild_identity.players p "
            "join guild_identity.player_characters l on l.player_id = p.id where p.discord_user_id is not null"
        )
    return life


async def _plan(conn: Connection, life: Life, choices: Sequence[Choice]) -> list[Changeset]:
    """One changeset for each choice, as for the issues of a rule."""
    facts = await read_facts(GuildConnection(conn, life.guild_id))
    if not facts.characters or not facts.players or not facts.members:
        return [Changeset.none("There is nobody.")] * len(choices)
    picked = [(choice[0], Picked(facts, choice, place)) for place, choice in enumerate(choices)]
    return [Changeset(tuple(_BUILDERS[kind % len(_BUILDERS)](each)), "x") for kind, each in picked]


async def _apply(
    life: Life, choices: Sequence[Choice], author: Author, *, together: bool
) -> list[list[RowChange]] | None:
    """Apply what was chosen as one changeset or as several; None where it does not go together."""
    async with life.pool.writing(life.guild_id) as guild:
        plans = await _plan(guild.conn, life, choices)
        if together:
            plans = [Changeset(tuple(row for plan in plans for row in plan.rows), "x")]
        assert all(sentence.endswith((".", "x")) for plan in plans for sentence in sentences(plan))
        with counting_statements() as count:
            try:
                written = await apply.apply(guild, plans, author)
            except PlanStale:
                return None
        assert count.statements <= _MOST_STATEMENTS
    return written


async def _undo(life: Life, written: Sequence[RowChange]) -> str | None:
    """Undo what was written; return what stood in the way."""
    async with life.pool.writing(life.guild_id) as guild:
        (now,) = (await (await guild.conn.execute("select now()")).fetchone()) or ()
        try:
            await apply.undo(guild, written, written_at=now)
        except PlanStale as stale:
            return str(stale)
    return None


async def _people(life: Life) -> Snapshot:
    return await snapshot.take(life.pool, tables=_TABLES)


@tried_on(60)
@given(_guilds, _lives, _choices, _authors, st.booleans())
async def test_what_is_applied_and_undone_leaves_no_trace_and_what_is_refused_changes_nothing(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[Choice], author: Author, together: bool
) -> None:
    life = await _begin(pool, spec, life_of)
    before = await _people(life)
    applied = await _apply(life, choices, author, together=together)
    after = await _people(life)
    if applied is None:
        assert differences(before, after) == {}
        return
    written = [row for rows in applied for row in rows]
    named = {f"{TABLES[row.table].schema}.{TABLES[row.table].name}" for row in written if row.table in TABLES}
    assert set(differences(before, after)) <= named
    _assert_told_the_same_both_ways(fold(written))
    assert await _undo(life, written) is None
    assert differences(before, await _people(life)) == {}


def _assert_told_the_same_both_ways(written: Sequence[RowChange]) -> None:
    """The table of an undo is that of what was written, the other way round."""
    names: NameOf = {("player", row.id): f"P{row.id}" for row in written if row.table == "player"}
    there = {each.what: each for each in describe(written, names)}
    back = {each.what: each for each in describe([row.inverse for row in written], names)}
    for what in there.keys() & back.keys():
        assert back[what] == Effect(what, there[what].after, there[what].before)
    alone = set(there.keys() ^ back.keys())
    assert all(what.partition(" of ")[0] in ("Discord member", "Main", "Off-spec") for what in alone)


@tried_on(40)
@given(_guilds, _lives, _choices, _authors)
async def test_several_that_are_applied_at_once_are_undone_apart_from_the_last_on(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[Choice], author: Author
) -> None:
    life = await _begin(pool, spec, life_of)
    before = await _people(life)
    applied = await _apply(life, choices, author, together=False)
    if applied is None:
        return
    left = [rows for rows in applied if rows]
    while left:
        undone = [rows for rows in reversed(left) if await _undo(life, rows) is None]
        assert undone, "whatever was applied at once can be undone one after the other"
        left = [rows for rows in left if not any(rows is each for each in undone)]
    assert differences(before, await _people(life)) == {}


_POINTERS = ("discord_user_id", "main_character_id", "offspec_character_id")
_CHANGED: dict[str, tuple[str, str]] = {
    "player": ("players", "display_name = display_name || '!', created_by = 'somebody'"),
    "alias": ("player_note_aliases", "created_by = 'somebody'"),
    "link": ("player_characters", "evidence = 'otherwise'"),
    "rejection": ("link_rejections", "reason = 'otherwise'"),
    "shared": ("shared_characters", "reason = 'otherwise'"),
    "hiatus": ("hiatuses", "reason = 'otherwise'"),
}


async def _change(life: Life, row: RowChange) -> bool:
    """Let somebody change one row that was written; False where there is nothing to be changed."""
    if row.after is None or row.table not in _CHANGED:
        return False
    name, what = _CHANGED[row.table]
    if row.table == "player" and row.before is not None:
        column = next((name for name in _POINTERS if row.after.get(name) is not None), None)
        if column is None:
            return False
        what = f"{column} = null"
    statement = sql.SQL("update guild_identity.{table} set {what} where {key} = {number}").format(
        table=sql.Identifier(name),
        what=sql.SQL(what),
        key=sql.Identifier(TABLES[row.table].key[0]),
        number=sql.Literal(row.id),
    )
    async with life.pool.connection() as conn:
        await conn.execute(statement)
    return True


async def _name(life: Life, row: RowChange) -> str:
    """What the refusal has to call a row that was changed."""
    if row.table == "rejection":
        return "not this player"
    if row.table == "alias":
        return str((row.after or {})["alias"])
    if row.table in ("player", "hiatus"):
        player = row.id if row.table == "player" else (row.after or {})["player_id"]
        return next(str(each["display_name"]) for each in await life.rows("players") if each["id"] == player)
    return next(str(each["character_name"]) for each in await life.rows("wow_characters") if each["id"] == row.id)


@tried_on(60)
@given(_guilds, _lives, _choices, _authors, st.integers(0, 30))
async def test_a_row_that_was_changed_in_between_is_named_and_nothing_is_undone(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[Choice], author: Author, place: int
) -> None:
    life = await _begin(pool, spec, life_of)
    applied = await _apply(life, choices, author, together=True)
    written = applied[0] if applied else []
    rows = [row for row in written if row.after is not None and row.table in _CHANGED]
    if not rows or not await _change(life, row := rows[place % len(rows)]):
        return
    before = await _people(life)
    obstacle = await _undo(life, written)
    assert obstacle is not None
    assert await _name(life, row) in obstacle
    assert differences(before, await _people(life)) == {}


def _moves_on(row: RowChange) -> bool:
    """Whether a row is no longer as it was planned when it is written; a link that is confirmed can be confirmed again."""
    return row.before is None or row.after is None or not row.before.items() <= row.after.items()


@tried_on(60)
@given(_guilds, _lives, _choices, _authors, st.integers(0, 30))
async def test_a_row_that_was_changed_since_it_was_planned_is_named_and_nothing_is_written(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[Choice], author: Author, place: int
) -> None:
    """What was planned is applied by somebody else first, so it is no longer as planned."""
    life = await _begin(pool, spec, life_of)
    async with pool.connection() as conn:
        plans = await _plan(conn, life, choices)
    plan = plans[place % len(plans)]
    if (
        not any(map(_moves_on, fold(plan.rows)))
        or await _apply(life, [choices[place % len(plans)]], author, together=True) is None
    ):
        return
    before = await _people(life)
    async with pool.writing(life.guild_id, alone=False) as guild:
        with pytest.raises(PlanStale, match=r"Nothing was changed. Check again\.$"):
            await apply.apply(guild, [plan], author)
    assert differences(before, await _people(life)) == {}


@tried_on(40)
@given(_guilds, _lives, _choices, st.randoms(use_true_random=False))
async def test_the_key_of_a_changeset_does_not_depend_on_its_place_among_others(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[Choice], chance: Any
) -> None:
    life = await _begin(pool, spec, life_of)
    order = list(range(len(choices)))
    chance.shuffle(order)
    async with pool.connection() as conn:
        keys = [plan.key for plan in await _plan(conn, life, choices)]
        shuffled = [plan.key for plan in await _plan(conn, life, [choices[place] for place in order])]
    assert shuffled == [keys[place] for place in order]
