"""Writing changesets, and undoing what was written: compared with the database, then every row or none.

The number of statements does not depend on the number of rows. The caller holds the guild's lock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes import write
from sv_common.guild_sync.changes.changeset import Author, Changeset, RowChange, fold
from sv_common.guild_sync.changes.integrity import CANNOT_BE_UNDONE, NOTHING_CHANGED, stale_if_refused
from sv_common.guild_sync.changes.tables import TABLES, Key, Row
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.core.language import mark, tr

SQL = load_sql(__package__, "apply.sql")

_OF_A_CHARACTER = frozenset({"link", "confirmation", "shared", "account"})
"""Kinds of rows that are known by the number of their character."""

_CHARACTER_POINTERS = ("main_character_id", "offspec_character_id")
_TWICE = mark("Two fixes of this run would change the same thing.")
_CONTRADICTIONS = {
    "link": mark("An officer ruled out a character for its former player since. Undo that first."),
    "rejection": mark("A character was linked since to a player that it was ruled out for. Undo that first."),
    "member": mark("An officer ruled out a Discord member for a player since. Undo that first."),
    "member rejection": mark("A player was linked since to a Discord member that was ruled out. Undo that first."),
}
"""What stands against each other, by what `contradictions` calls it."""

RowKey: TypeAlias = tuple[str, Key]


async def apply(guild: GuildConnection, changesets: Sequence[Changeset], author: Author) -> list[list[RowChange]]:
    """Write the rows of changesets; return for each what was written, whole, with everything that the database changed too.

    Raises `PlanStale` with the row that is no longer as planned, and for whatever the database refuses.
    """
    state = await _read(guild, [row for each in changesets for row in each.rows])
    planned = [[state.found(row) for row in fold(row.by(author) for row in each.rows)] for each in changesets]
    wanted = _by_key(row for rows in planned for row in rows)
    for row in wanted.values():
        if obstacle := _why_stale(row, state, wanted):
            raise PlanStale(f"{obstacle}. {tr(NOTHING_CHANGED)}")
    numbers = await _numbers(guild, wanted.values())
    written = [
        fold(
            change
            for row in rows
            for change in (_completed(row, guild.id, state, numbers), *map(_kept, _taken_along(row, state, wanted)))
        )
        for rows in planned
    ]
    async with stale_if_refused(guild, tr(NOTHING_CHANGED)):
        rows = fold(row for each in written for row in each if row.table in TABLES)
        await write.delete(guild, rows)
        await write.insert_and_update(guild, rows)
    return written


async def undo(guild: GuildConnection, changes: Sequence[RowChange], *, written_at: datetime) -> None:
    """Put back what was written, exactly, or nothing at all.

    Raises `PlanStale` when any row has changed, when a player that would be deleted has got something else, when a character
    became a main that would be taken from its player, when a link and a "not this player" would contradict each other of
    which one is newer than the changes, and for whatever the database refuses.
    """
    wanted = _inverse(changes)
    state = await _read(guild, list(wanted.values()))
    for _, obstacle in _find_obstacles(wanted, state):
        raise PlanStale(obstacle)
    rows = list(wanted.values())
    async with stale_if_refused(guild, tr(CANNOT_BE_UNDONE)):
        await write.delete(guild, rows)
        await _check_uncontradicted(guild, rows, written_at)
        await write.insert_and_update(guild, rows)


async def obstacles(guild: GuildConnection, changes: Sequence[RowChange]) -> dict[RowKey, str]:
    """Return, by row, what keeps changes from being undone: what was changed since, or has got something else.

    Contradictions, and what the database refuses, show when it is tried.
    """
    wanted = _inverse(changes)
    return dict(_find_obstacles(wanted, await _read(guild, list(wanted.values()))))


@dataclass(frozen=True, slots=True)
class _State:
    """The current rows, by number and by what people know them by; and what depends on players to be deleted."""

    rows: Mapping[RowKey, Row]
    hanging: Mapping[int, Sequence[RowChange]]
    characters: Mapping[int, Row]
    now: str

    def of(self, change: RowChange) -> Row | None:
        return self.rows.get(change.key)

    def found(self, change: RowChange) -> RowChange:
        """Return the change with the number of its row, where it is known by something else."""
        row = self.of(change)
        return replace(change, id=row["id"]) if change.id == 0 and change.before is not None and row else change

    def character(self, number: int) -> str:
        return str(self.characters.get(number, {}).get("name") or number)

    def name(self, change: RowChange) -> str:
        row = self.of(change) or change.before or change.after or {}
        match change.table:
            case "link":
                return tr("The player of {character}", character=self.character(change.id))
            case "rejection":
                return tr("A “not this player”")
            case "shared":
                return tr("The mark of {character} as bank or shared", character=self.character(change.id))
            case "account":
                return tr("The mark of the account of {character}", character=self.character(change.id))
            case "hiatus":
                player = self.rows.get(("player", (row["player_id"],)), {})
                return tr("The hiatus of {player}", player=player.get("display_name") or row["player_id"])
            case "player":
                return tr("The player {player}", player=row.get("display_name") or change.id)
            case "alias":
                return tr("The alias {alias}", alias=row.get("alias") or change.id)
            case _:
                return tr("The confirmation {number}", number=change.id)


async def _read(guild: GuildConnection, changes: Sequence[RowChange]) -> _State:
    """Read and lock the rows that changes are about, and what depends on those that are to be deleted."""
    doomed = [change.id for change in changes if change.table == "player" and change.after is None]
    ids: dict[str, list[int]] = defaultdict(list)
    sides: dict[str, list[Row]] = defaultdict(list)
    for change in changes:
        ids[change.table].append(change.id)
        sides[change.table] += [side for side in (change.before, change.after) if side is not None and not change.id]
    found = await guild.rows(
        SQL["current"],
        characters=[*ids["link"], *ids["shared"], *ids["account"]],
        players=ids["player"],
        owners=[player for each in changes for player in _players(each)],
        aliases=ids["alias"],
        words=[row["alias_key"] for row in sides["alias"]],
        rejections=ids["rejection"],
        rejected_characters=[row.get("character_id") for row in sides["rejection"]],
        rejected_members=[row.get("discord_user_id") for row in sides["rejection"]],
        their_players=[row["player_id"] for row in sides["rejection"]],
        confirmed=ids["confirmation"],
        hiatuses=ids["hiatus"],
        away=[row["player_id"] for row in sides["hiatus"]],
        doomed=doomed,
    )
    rows: dict[RowKey, Row] = {}
    hanging: dict[int, list[RowChange]] = defaultdict(list)
    for kind, row in found:
        if kind in TABLES:
            change = RowChange(kind, row["character_id" if kind in _OF_A_CHARACTER else "id"], row, None)
            rows[change.key] = rows[replace(change, id=0).key] = row
        else:
            change = RowChange("issue", row["id"], {"player_id": row.get("player_id")}, {"player_id": None})
        if row.get("player_id") in doomed:
            hanging[row["player_id"]].append(change)
    characters = {row["id"]: row for kind, row in found if kind == "note"}
    return _State(rows, hanging, characters, next(row["now"] for kind, row in found if kind == "now"))


def _players(change: RowChange) -> list[int]:
    is_owned = change.table in ("link", "hiatus")
    return [row["player_id"] for row in (change.before, change.after) if row and is_owned]


def _by_key(changes: Iterable[RowChange]) -> dict[RowKey, RowChange]:
    """Join the changes of one player; raise `PlanStale` where two are about the same otherwise."""
    wanted: dict[RowKey, RowChange] = {}
    for change in changes:
        earlier = wanted.get(change.key)
        if earlier is not None:
            are_of_player = change.table == "player" and earlier.is_update and change.is_update
            if not are_of_player or {*(earlier.after or {})} & {*(change.after or {})}:
                raise PlanStale(f"{tr(_TWICE)} {tr(NOTHING_CHANGED)}")
        wanted[change.key] = change if earlier is None else earlier.then(change)
    return wanted


def _inverse(changes: Iterable[RowChange]) -> dict[RowKey, RowChange]:
    return {change.key: change.inverse for change in fold(each for each in changes if each.table in TABLES)}


def _is_as_expected(change: RowChange, row: Row | None) -> bool:
    """Whether a row is what a change found before it, by the declared columns that it names."""
    if change.before is None or row is None:
        return change.before is None and row is None
    return all(row.get(column) == value for column, value in TABLES[change.table].compared(change.before).items())


def _why_stale(change: RowChange, state: _State, wanted: Mapping[RowKey, RowChange]) -> str | None:
    row = state.of(change)
    if change.before is None and change.table == "alias" and row is not None and not row["is_in_use"]:
        row = None  # a word that a match once learned and that no note of its player has any more
    if not _is_as_expected(change, row):
        name = state.name(change)
        if row is None and change.table != "link":
            return tr("{name} does not exist anymore", name=name)
        if change.before is None and change.table not in ("shared", "account", "hiatus"):
            name = state.character(change.id) if change.table == "link" else name
            return tr("{name} belongs to another player now", name=name)
        return tr("{name} was changed since", name=name)
    is_deleted = change.table == "player" and change.after is None
    if is_deleted and any((each.after or {}).get("player_id") == change.id for each in wanted.values()):
        return tr("{name} would be deleted and get something at once", name=state.name(change))
    if contradiction := _shared_and_linked(change, state, wanted):
        return contradiction
    for along in _taken_along(change, state, wanted):
        if along.table in ("link", "rejection", "hiatus") or (
            along.table == "alias" and (along.before or {})["is_in_use"]
        ):
            return tr("{name} has other characters, aliases or rejections now, or is away", name=state.name(change))
    return None


def _find_obstacles(wanted: Mapping[RowKey, RowChange], state: _State) -> Iterator[tuple[RowKey, str]]:
    for key, change in wanted.items():
        row = state.of(change)
        taken = {along.table for along in _taken_along(change, state, wanted)} - {"issue"}
        if not _is_as_expected(change, row):
            yield key, _changed_since(change, row, state)
        elif contradiction := _shared_and_linked(change, state, wanted):
            yield key, f"{contradiction}. {tr('Undo that first.')}"
        elif taken and change.table == "player":
            yield (
                key,
                tr(
                    "{name} has other characters or aliases, was confirmed or is away since, so this can no longer be undone "
                    "as a whole.",
                    name=state.name(change),
                ),
            )
        elif taken and change.table == "link":
            yield (
                key,
                tr(
                    "{character} was made the main or the off-spec of its player since. Undo that first.",
                    character=state.character(change.id),
                ),
            )


def _changed_since(change: RowChange, row: Row | None, state: _State) -> str:
    name = state.name(change)
    if change.table == "rejection":
        return tr(
            "{name} was changed since, as when two players are merged, so this can no longer be undone as a whole.",
            name=name,
        )
    if row is not None or change.before is None or change.table == "link":
        return tr("{name} was changed since, so this can no longer be undone as a whole.", name=name)
    if change.table == "player":
        return tr(
            "{name} does not exist anymore, because it was merged or deleted, so this can no longer be undone as a whole.",
            name=name,
        )
    return tr("{name} does not exist anymore, so this can no longer be undone as a whole.", name=name)


def _shared_and_linked(change: RowChange, state: _State, wanted: Mapping[RowKey, RowChange]) -> str | None:
    """Return what stands against a change after which a character would have a player and be shared at once."""
    if change.after is None or change.table not in ("link", "shared"):
        return None
    other = RowChange("shared" if change.table == "link" else "link", change.id, None, None)
    later = wanted.get(other.key)
    if (state.of(other) if later is None else later.after) is None:
        return None
    name, is_link = state.character(change.id), change.table == "link"
    return (
        tr("{name} was marked as a bank or shared character since", name=name)
        if is_link
        else tr("{name} was linked to a player since", name=name)
    )


def _taken_along(change: RowChange, state: _State, wanted: Mapping[RowKey, RowChange]) -> Iterator[RowChange]:
    """What the database changes along with a row, or has to make room for it, where the changeset does not change it anyway."""
    match change.table:
        case "player" if change.after is None:
            yield from (each for each in state.hanging.get(change.id, ()) if each.key not in wanted)
        case "alias" if change.before is None and (row := state.of(change)) is not None:
            yield RowChange("alias", row["id"], row, None)
        case "link" if change.before and change.before["player_id"] != (change.after or {}).get("player_id"):
            key: RowKey = ("player", (change.before["player_id"],))
            player, other = state.rows.get(key, {}), wanted.get(key)
            for column in _CHARACTER_POINTERS:
                is_wanted = other is not None and (other.after is None or column in (other.before or {}))
                if player.get(column) == change.id and not is_wanted:
                    yield RowChange("player", player["id"], {column: change.id}, {column: None})


def _kept(change: RowChange) -> RowChange:
    table = TABLES.get(change.table)
    return replace(change, before=table.kept(change.before)) if table is not None and change.before else change


class _Numbers:
    """Numbers for rows that are made: of players by what stands for them, of others in turn."""

    def __init__(self, players: Mapping[int, int], others: Mapping[str, Iterator[int]]) -> None:
        self._players, self._others = players, others

    def of(self, change: RowChange) -> int:
        return next(self._others[change.table]) if change.id == 0 else self._players.get(change.id, change.id)

    def player(self, number: int) -> int:
        return self._players.get(number, number)


async def _numbers(guild: GuildConnection, changes: Iterable[RowChange]) -> _Numbers:
    made = [change for change in changes if change.before is None and change.id <= 0]
    if not made:
        return _Numbers({}, {})
    counts = Counter(change.table for change in made)
    values = {table: counts[table] for table in ("player", "alias", "rejection", "hiatus")}
    reserved: dict[str, list[int]] = defaultdict(list)
    for table, number in await guild.rows(SQL["numbers"], **values):
        reserved[table].append(number)
    players = [change.id for change in made if change.table == "player"]
    return _Numbers(dict(zip(players, reserved["player"], strict=True)), {t: iter(n) for t, n in reserved.items()})


def _completed(change: RowChange, guild_id: int, state: _State, numbers: _Numbers) -> RowChange:
    """Return a change with whole rows before and after, with numbers and times."""
    table = TABLES[change.table]
    before = None if change.before is None else table.kept(state.of(change) or {})
    if change.after is None:
        return replace(change, before=before, names={})
    number = numbers.of(change)
    fresh = {**dict.fromkeys(table.columns), "guild_id": guild_id, "created_at": state.now, table.key[0]: number}
    after = {**(before or fresh), **change.after, **_of_this_moment(change, state)}
    if "player_id" in after:
        after["player_id"] = numbers.player(after["player_id"])
    if change.table == "player" and before is not None:
        changed = [column for column in table.columns if before[column] != after[column]]
        before, after = ({column: row[column] for column in changed} for row in (before, after))
    return RowChange(change.table, number, before, after)


def _of_this_moment(change: RowChange, state: _State) -> dict[str, Any]:
    """What is only known on writing: the time, and under which note a link is made."""
    after, now = change.after or {}, state.now
    if "linked_by" in after:
        note = state.characters.get(change.id, {}).get("note")
        confirmed = {"confirmed_at": now if after["confirmed_by"] else None} if "confirmed_by" in after else {}
        return {"created_at": now, "basis_note": note, **confirmed}
    if after.keys() & {"rejected_by", "marked_by", "set_by"}:
        return {"created_at": now}
    if "discord_confirmed_by" in after:
        return {"discord_confirmed_at": now if after["discord_confirmed_by"] else None}
    return {}


async def _check_uncontradicted(guild: GuildConnection, rows: Sequence[RowChange], written_at: datetime) -> None:
    """Raise where a link and a "not this player" would contradict each other, of a character or of a Discord member."""
    again = [(row.table, row.id, row.after) for row in rows if row.after is not None]
    links = [after for table, _, after in again if table == "link"]
    rejections = [after for table, _, after in again if table == "rejection"]
    players = [(number, after) for table, number, after in again if table == "player"]
    members = {number: after["discord_user_id"] for number, after in players if "discord_user_id" in after}
    if not links and not rejections and not members:
        return
    for (what,) in await guild.rows(
        SQL["contradictions"],
        member_players=list(members),
        members=list(members.values()),
        rejected_members=[row.get("discord_user_id") for row in rejections],
        link_characters=[row["character_id"] for row in links],
        link_players=[row["player_id"] for row in links],
        rejected_characters=[row["character_id"] for row in rejections],
        rejected_players=[row["player_id"] for row in rejections],
        written_at=written_at,
    ):
        raise PlanStale(tr(_CONTRADICTIONS[what]))
