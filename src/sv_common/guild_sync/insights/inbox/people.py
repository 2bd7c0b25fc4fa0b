"""The people and characters that a question names: what the sources say of them, in one line each, and what a plan changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.identity.facts import KnownPlayer
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.insights.inbox.board import SQL
from sv_common.guild_sync.insights.inbox.model import CharacterFacts, Meant, MemberFacts
from sv_common.guild_sync.insights.inbox.wording import seen_ago
from sv_common.guild_sync.issues.explanation import CandidateKind


class _Rank(NamedTuple):
    name: str
    level: int
    role: str | None


@dataclass(frozen=True, slots=True)
class People:
    """What is known of some characters, players and Discord members, read in three statements."""

    resolver: Resolver
    characters: Mapping[int, CharacterFacts]
    present: frozenset[int]
    members: Mapping[int, MemberFacts]
    roles: Mapping[int, str | None]
    ranks: Mapping[int, _Rank]

    def line_of(self, kind: CandidateKind, number: int) -> str:
        """Say in one line who somebody is: “Raider · 3 characters · seen 19 hours ago”."""
        match kind:
            case CandidateKind.PLAYER:
                return self._line_of_player(number)
            case CandidateKind.MEMBER:
                member = self.members.get(number)
                return _line(f"@{member.username}", self.roles.get(number)) if member is not None else ""
        character = self.characters.get(number)
        if character is None:
            return ""
        kind_of = _line(character.rank, tr("level {level}", level=character.level) if character.level else None)
        return _line(kind_of, tr(character.character_class or ""), _seen(character.last_login))

    def of_player(self, player_id: int) -> list[CharacterFacts]:
        """Return a player's characters in the guild."""
        return [each for each in self.characters.values() if each.player_id == player_id and each.id in self.present]

    def meant(self, player_id: int) -> Meant:
        """Return a player with what they play."""
        player = self.resolver.facts.players[player_id]
        member = self.members.get(player.discord_user_id or 0)
        return Meant(player_id, player.display_name, member.username if member else None, self.of_player(player_id))

    def effect(self, plan: Changeset) -> str | None:
        """Say in one line what a plan changes: “Grimaldo 3 → 4 characters · Discord stays Raider”."""
        parts = [self._of_new(plan, number, row) for number, row in plan.created.items()]
        for player_id in self._moved_between(plan):
            parts += self._of_known(plan, self.resolver.facts.players[player_id])
        for row in plan.rows:
            if row.table == "player" and row.is_update and (row.after or {}).get("discord_user_id"):
                parts.append(tr("{player} becomes this Discord member", player=plan.names["player", row.id]))
            elif row.table == "alias" and row.after:
                parts.append(tr("“{alias}” is remembered", alias=row.after["alias"]))
        return _line(*dict.fromkeys(parts)) or None

    def _line_of_player(self, player_id: int) -> str:
        known = self.of_player(player_id)
        highest = self._highest(self._ranks_of(player_id))
        logins = [each.last_login for each in known if each.last_login is not None]
        seen = _seen(max(logins, default=None))
        return _line(highest.name if highest else None, _characters(len(known)), seen)

    def _moved_between(self, plan: Changeset) -> list[int]:
        numbers = [
            side["player_id"] for row in plan.rows if row.table == "link" for side in (row.before, row.after) if side
        ]
        return [number for number in dict.fromkeys(numbers) if number in self.resolver.facts.players]

    def _of_new(self, plan: Changeset, number: int, row: Mapping[str, Any]) -> str:
        count = sum(player == number for player in plan.linked.values())
        return tr_n(
            "New player {player} with {n} character",
            "New player {player} with {n} characters",
            count,
            player=row["display_name"],
        )

    def _of_known(self, plan: Changeset, player: KnownPlayer) -> Iterable[str]:
        before = self._ranks_of(player.id)
        after = {number: rank for number, rank in before.items() if _owner_after(plan, number, player.id) == player.id}
        facts = self.resolver.facts.characters
        after |= {number: facts[number].rank for number, owner in plan.linked.items() if owner == player.id}
        if len(before) != len(after):
            yield f"{player.display_name} {len(before)} → {_characters(len(after))}"
        if player.discord_user_id is None:
            return
        was, will_be = (self._highest(ranks) for ranks in (before, after))
        held = self.roles.get(player.discord_user_id)
        if (was.role if was else None) == (will_be.role if will_be else None):
            if held:
                yield tr("Discord stays {role}", role=held)
        elif will_be is not None and will_be.role:
            yield tr("should then be {role} on Discord", role=will_be.role)

    def _ranks_of(self, player_id: int) -> dict[int, int | None]:
        characters = self.resolver.facts.characters.values()
        return {each.id: each.rank for each in characters if each.player_id == player_id and each.is_present}

    def _highest(self, ranks: Mapping[int, int | None]) -> _Rank | None:
        known = [self.ranks[rank] for rank in ranks.values() if rank is not None and rank in self.ranks]
        return max(known, key=lambda rank: rank.level, default=None)


def _owner_after(plan: Changeset, character_id: int, owner: int) -> int | None:
    """Return whose a character is after a plan, that is `owner`'s now; None: no one's."""
    for row in plan.rows:
        if row.table == "link" and row.id == character_id:
            return row.after["player_id"] if row.after else None
    return owner


async def read_people(
    guild: GuildConnection,
    resolver: Resolver,
    *,
    characters: Collection[int],
    players: Collection[int],
    members: Collection[int],
) -> People:
    """Read of these, and of the players' characters and Discord members."""
    facts = resolver.facts
    theirs = {facts.players[number].discord_user_id for number in players if number in facts.players}
    rows: list[dict[str, Any]] = await guild.all(
        dict, SQL["characters"], characters=list(characters), players=list(players)
    )
    present = frozenset(row["id"] for row in rows if row.pop("is_present"))
    wanted = sorted({*members, *(number for number in theirs if number is not None)})
    of_members: list[dict[str, Any]] = await guild.all(dict, SQL["members"], members=wanted)
    roles = {row["id"]: row.pop("role") for row in of_members}
    ranks = {index: _Rank(*rank) for index, *rank in await guild.rows(SQL["ranks"])}
    return People(
        resolver,
        {row["id"]: _character(row) for row in sorted(rows, key=_standing)},
        present,
        {row["id"]: MemberFacts(**row) for row in of_members},
        roles,
        ranks,
    )


def _standing(row: Mapping[str, Any]) -> tuple[int, str, int]:
    return row["rank_index"], row["name"], row["id"]


def _character(row: dict[str, Any]) -> CharacterFacts:
    login = row.pop("last_login_timestamp")
    row.pop("rank_index")
    return CharacterFacts(**row, last_login=datetime.fromtimestamp(login / 1000, UTC) if login else None)


def _seen(moment: datetime | None) -> str | None:
    return seen_ago(moment) if moment is not None else None


def _characters(count: int) -> str:
    return tr_n("{n} character", "{n} characters", count)


def _line(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)
