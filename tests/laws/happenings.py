"""What may happen to a guild, one event after the other: in the game, on Discord, by officers, and automatically."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import LiteralString, TypeVar

from laws import direct_rows
from laws.direct_rows import OFFICER
from laws.game import RANK_NAMES, Toon
from laws.guilds import RANKS, ROLES, Event, GuildSpec
from laws.law import empty
from laws.life import Life
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.identity.accounts.decisions import ShareAccount, UnshareAccount
from sv_common.guild_sync.identity.decisions import (
    ConfirmLink,
    EndHiatus,
    LinkCharacterToMember,
    MarkShared,
    MergePlayers,
    NewPlayer,
    SetHiatus,
    UnlinkCharacter,
    UnlinkMember,
    UnmarkShared,
)
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.roster import ranks
from sv_common.guild_sync.rules import RULES

_Item = TypeVar("_Item")
_DAYS_ASLEEP = (1, 29, 31, 400, None)


async def lived(pool: Pool, spec: GuildSpec, life_of: Sequence[Event]) -> Life:
    """A fresh guild after this life, and after a scan of it."""
    await empty(pool)
    life = await Life.begin(pool, spec)
    await live(life, life_of)
    await life.scan()
    return life


async def live(life: Life, events: Sequence[Event]) -> None:
    """Let these things happen. What cannot happen at its moment does not."""
    for event in events:
        await _HAPPENINGS[event.kind](life, event)


def _one_of(items: Sequence[_Item], number: int) -> _Item | None:
    return items[number % len(items)] if items else None


def _is_free(life: Life, toon: Toon) -> bool:
    return all(other is toon or other.key != toon.key for other in life.present)


async def _note(life: Life, event: Event) -> None:
    if toon := _one_of(life.present, event.who):
        toon.note = event.note
        await life.sync_notes()


async def _join(life: Life, event: Event) -> None:
    toon = Toon(
        next(life.numbers), event.name, event.number % 2, event.who % RANKS, event.note, life.login(1), is_present=False
    )
    if _is_free(life, toon):
        toon.is_present = True
        life.toons.append(toon)
        await life.sync_roster()
        await life.sync_notes()


async def _leave(life: Life, event: Event) -> None:
    if len(life.present) > 1 and (toon := _one_of(life.present, event.who)):
        toon.is_present, toon.note = False, ""
        await life.sync_roster()


async def _come_back(life: Life, event: Event) -> None:
    toon = _one_of([toon for toon in life.toons if not toon.is_present and _is_free(life, toon)], event.who)
    if toon:
        toon.is_present, toon.note = True, event.note
        await life.sync_roster()
        await life.sync_notes()


async def _rename(life: Life, event: Event) -> None:
    toon = _one_of(life.present, event.who)
    if toon and _is_free(life, replace(toon, name=event.name, is_present=False)):
        toon.name = event.name
        await life.sync_roster()


async def _swap_names(life: Life, event: Event) -> None:
    pairs = [(a, b) for a in life.present for b in life.present if a.number < b.number and a.realm == b.realm]
    if pair := _one_of(pairs, event.who):
        one, other = pair
        one.name, other.name = other.name, one.name
        await life.sync_roster()


async def _change_rank(life: Life, event: Event) -> None:
    if toon := _one_of(life.present, event.who):
        toon.rank = event.number % RANKS
        await life.sync_roster()


async def _sleep(life: Life, event: Event) -> None:
    if toon := _one_of(life.present, event.who):
        toon.login = life.login(_DAYS_ASLEEP[event.number % len(_DAYS_ASLEEP)])
        await life.sync_roster()


async def _rename_rank(life: Life, event: Event) -> None:
    place = event.number % RANKS
    life.rank_names[place] = event.name if life.rank_names[place] == RANK_NAMES[place] else RANK_NAMES[place]
    await life.sync_notes()


async def _confirm_ranks(life: Life, event: Event) -> None:
    await life.call(ranks.confirm_names)


async def _roles(life: Life, event: Event) -> None:
    """A member's roles become those whose bits are set in a number; the role that nothing maps to stays as it is.

    Not on a server with bots alone: that is not asked, so what is known here would not be what is held there.
    """
    user_id = _one_of(sorted(life.discord.members), event.who)
    if user_id and life.people_on_discord:
        member = life.discord.members[user_id]
        kept = set(member.role_ids) - set(ROLES)
        given = {role for bit, role in enumerate(ROLES) if event.number >> bit & 1}
        life.discord.members[user_id] = replace(member, role_ids=tuple(sorted(kept | given)))
        await life.sync_discord()


async def _nick(life: Life, event: Event) -> None:
    if user_id := _one_of(sorted(life.discord.members), event.who):
        life.discord.members[user_id] = replace(life.discord.members[user_id], nick=event.name)
        await life.sync_discord()


async def _member_leaves(life: Life, event: Event) -> None:
    if len(life.people_on_discord) > 1 and (member := _one_of(life.people_on_discord, event.who)):
        life.gone_members.append(life.discord.members.pop(member.user_id))
        await life.sync_discord()


async def _member_comes_back(life: Life, event: Event) -> None:
    if member := _one_of(life.gone_members, event.who):
        life.gone_members.remove(member)
        life.discord.members[member.user_id] = replace(member, nick=None, role_ids=())
        await life.sync_discord()


async def _scan(life: Life, event: Event) -> None:
    await life.scan()


async def _automate(life: Life, event: Event) -> None:
    await life.automate()


async def _full_match(life: Life, event: Event) -> None:
    await life.match()


async def _fix(life: Life, event: Event) -> None:
    if issue := _one_of(await life.open_issues(), event.who):
        await life.fix(issue.id)


async def _fix_all(life: Life, event: Event) -> None:
    await life.fix_all(list(RULES)[event.number % len(RULES)])


async def _undo(life: Life, event: Event) -> None:
    if attempt_id := _one_of(await life.undoable_attempts(), event.who):
        with contextlib.suppress(Refused):
            await life.undo(attempt_id)


async def _dismiss(life: Life, event: Event) -> None:
    if issue := _one_of(await life.open_issues(), event.who):
        await life.call(lifecycle.dismiss, issue.id, actor=OFFICER, reason="This is right.")


async def _link_manually(life: Life, event: Event) -> None:
    toon = _one_of(life.present, event.who)
    if toon is None:
        return
    players = [row["id"] for row in await life.rows("players")]
    async with life.pool.connection() as conn:
        player = _one_of(players, event.number) or await direct_rows.make_player(conn, life.guild_id, event.name)
        character = (await direct_rows.character_ids(conn, life.guild_id))[toon.number]
        if character in {row["character_id"] for row in await life.rows("shared_characters")}:
            return
        await direct_rows.link(conn, life.guild_id, character, player, as_main=bool(event.number % 2))


async def _merge(life: Life, event: Event) -> None:
    players = [row["id"] for row in await life.rows("players")]
    if len(players) > 1:
        stays, other = _one_of(players, event.who), _one_of(players, event.number)
        with contextlib.suppress(Refused):
            await life.decide(MergePlayers(str(stays), str(other)))


async def _link_to_member(life: Life, event: Event) -> None:
    characters = [row["id"] for row in await life.rows("wow_characters") if row["removed_at"] is None]
    members = [row["id"] for row in await life.rows("discord_users") if row["is_present"] and not row["is_bot"]]
    if characters and members:
        character, member = _one_of(characters, event.who), _one_of(members, event.number)
        with contextlib.suppress(Refused):
            await life.decide(LinkCharacterToMember(str(character), str(member)))


async def _confirm_link(life: Life, event: Event) -> None:
    if character := _one_of([row["character_id"] for row in await life.rows("player_characters")], event.who):
        with contextlib.suppress(Refused):
            await life.decide(ConfirmLink(str(character)))


async def _unlink(life: Life, event: Event) -> None:
    if character := _one_of([row["character_id"] for row in await life.rows("player_characters")], event.who):
        await life.decide(UnlinkCharacter(str(character)))


async def _unlink_member(life: Life, event: Event) -> None:
    if player := _one_of([row["id"] for row in await life.rows("players") if row["discord_user_id"]], event.who):
        with contextlib.suppress(Refused):
            await life.decide(UnlinkMember(str(player)))


async def _new_player(life: Life, event: Event) -> None:
    """One or two characters without a player get a new one, called as the event says or as their notes do."""
    owned = {row["character_id"] for row in await life.rows("player_characters")}
    present = [row["id"] for row in await life.rows("wow_characters") if row["removed_at"] is None]
    free = [number for number in present if number not in owned]
    if free:
        chosen = {_one_of(free, event.who), _one_of(free, event.number)}
        with contextlib.suppress(Refused):
            await life.decide(NewPlayer([f"#{each}" for each in chosen], event.name if event.number % 2 else None))


async def _mark_shared(life: Life, event: Event) -> None:
    characters = [row["id"] for row in await life.rows("wow_characters") if row["removed_at"] is None]
    if character := _one_of(characters, event.who):
        with contextlib.suppress(Refused):
            await life.decide(MarkShared(str(character), event.name))


async def _unmark_shared(life: Life, event: Event) -> None:
    if character := _one_of([row["character_id"] for row in await life.rows("shared_characters")], event.who):
        await life.decide(UnmarkShared(str(character)))


async def _set_hiatus(life: Life, event: Event) -> None:
    if player := _one_of([row["id"] for row in await life.rows("players")], event.who):
        with contextlib.suppress(Refused):
            until = (datetime.now(UTC) + timedelta(days=2 + event.number)).date().isoformat()
            await life.decide(SetHiatus(f"#{player}", until if event.number % 3 else None, event.name))


async def _end_hiatus(life: Life, event: Event) -> None:
    if player := _one_of([row["player_id"] for row in await life.rows("hiatuses")], event.who):
        await life.decide(EndHiatus(f"#{player}"))


async def _same_account(life: Life, event: Event) -> None:
    """A character is seen to be of the account of one that has a player, and, mostly, linked to that player by it."""
    present = [row["id"] for row in await life.rows("wow_characters") if row["removed_at"] is None]
    owners = {row["character_id"]: row["player_id"] for row in await life.rows("player_characters")}
    known = _one_of([number for number in present if number in owners], event.who)
    found = _one_of([number for number in present if number != known], event.number)
    if known is None or found is None:
        return
    accounts = {row["character_id"]: row["account"] for row in await life.rows("account_evidence") if row["account"]}
    members = [number for number, account in accounts.items() if account == accounts.get(known)]
    banks = {row["character_id"] for row in await life.rows("shared_characters")}
    async with life.pool.connection() as conn:
        await direct_rows.put_on_one_account(conn, life.guild_id, sorted({known, found, *members}))
        if event.number % 4 and found not in banks:
            await direct_rows.link_by_account(conn, life.guild_id, found, owners[known])


async def _unknown_account(life: Life, event: Event) -> None:
    """What was read of a character expires, or its last reading says another account."""
    number = _one_of([row["character_id"] for row in await life.rows("account_evidence")], event.who)
    async with life.pool.connection() as conn:
        await conn.execute(_EXPIRED if event.number % 2 else _DOUBTED, [life.guild_id, number])


_EXPIRED: LiteralString = (
    "update guild_identity.account_evidence set account = null, read_at = null, oldest = null, by_hash = null, pets = null "
    "where guild_id = %s and character_id = %s"
)
_DOUBTED: LiteralString = (
    "update guild_identity.account_evidence set doubted_read_at = now(), doubted_oldest = sha256('c'), "
    "doubted_by_hash = sha256('d'), doubted_pets = 9 where guild_id = %s and character_id = %s"
)


async def _account_setting(life: Life, event: Event) -> None:
    """The guild says otherwise what is done with accounts; what was read is kept, as if it were read again at once."""
    mode = ("suggest", "suggest", "automatic", "off")[event.who % 4]
    async with life.pool.connection() as conn:
        await conn.execute(
            "update guild_identity.account_settings set mode = %s, gives_rights = %s, "
            "salt = case when %s <> 'off' then sha256('salt') end where guild_id = %s",
            [mode, bool(event.number % 2), mode, life.guild_id],
        )


async def _share_account(life: Life, event: Event) -> None:
    if character := _one_of([row["character_id"] for row in await life.rows("account_evidence")], event.who):
        said = UnshareAccount if event.number % 3 == 0 else ShareAccount
        with contextlib.suppress(Refused):
            await life.decide(said(f"#{character}"))


async def _object(life: Life, event: Event) -> None:
    if character := _one_of([row["character_id"] for row in await life.rows("player_characters")], event.who):
        async with life.pool.connection() as conn:
            await direct_rows.object_to_accounts(conn, life.guild_id, character)


_HAPPENINGS: dict[str, Callable[[Life, Event], Awaitable[None]]] = {
    "note": _note,
    "join": _join,
    "leave": _leave,
    "come_back": _come_back,
    "rename": _rename,
    "swap_names": _swap_names,
    "change_rank": _change_rank,
    "sleep": _sleep,
    "rename_rank": _rename_rank,
    "confirm_ranks": _confirm_ranks,
    "roles": _roles,
    "nick": _nick,
    "member_leaves": _member_leaves,
    "member_comes_back": _member_comes_back,
    "scan": _scan,
    "automate": _automate,
    "full_match": _full_match,
    "fix": _fix,
    "fix_all": _fix_all,
    "undo": _undo,
    "dismiss": _dismiss,
    "link_manually": _link_manually,
    "link_to_member": _link_to_member,
    "confirm_link": _confirm_link,
    "unlink": _unlink,
    "unlink_member": _unlink_member,
    "new_player": _new_player,
    "mark_shared": _mark_shared,
    "unmark_shared": _unmark_shared,
    "set_hiatus": _set_hiatus,
    "end_hiatus": _end_hiatus,
    "merge": _merge,
    "same_account": _same_account,
    "unknown_account": _unknown_account,
    "account_setting": _account_setting,
    "share_account": _share_account,
    "object": _object,
}
