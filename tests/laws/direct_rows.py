"""What a person decides, written straight into the rows, as an officer's page would."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.db.guild import lock
from sv_common.db.pool import Connection
from sv_common.guild_sync.core.names import name_key

OFFICER = "officer"
PERSON_SOURCES = ("manual", "officer_fix")
LINK_SOURCES = (*PERSON_SOURCES, "bulk_fix", "auto_fix", "full_match")


async def make_player(conn: Connection, guild_id: int, name: str, member_id: int | None = None) -> int:
    cursor = await conn.execute(
        "insert into guild_identity.players (guild_id, display_name, discord_user_id, created_by, discord_basis, "
        "discord_confirmed_by, discord_confirmed_at) select %s, %s, id, %s, "
        "case when id is not null then 'officer' end, case when id is not null then %s end, "
        "case when id is not null then now() end from (select %s::bigint as id) m returning id",
        [guild_id, name, OFFICER, OFFICER, member_id],
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def link(
    conn: Connection, guild_id: int, character_id: int, player_id: int, source: str = "manual", *, as_main: bool = False
) -> None:
    """Link a character to a player, and away from any other.

    Links that no person made are found under various notes: that of now, another one, or one that is not known.
    """
    await lock(conn, guild_id)
    is_confirmed = source in PERSON_SOURCES
    confidence = "confirmed" if is_confirmed else "exact"
    await conn.execute("delete from guild_identity.player_characters where character_id = %s", [character_id])
    await conn.execute(
        "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, "
        "linked_by, basis, basis_note, confirmed_by, confirmed_at) select c.id, %(player)s, %(guild)s, %(source)s, "
        "%(confidence)s, %(officer)s, case when %(confirmed)s then 'officer' else 'note' end, "
        "case when %(source)s in ('manual', 'bulk_fix') then c.guild_note when %(source)s <> 'auto_fix' then 'earlier' end, "
        "case when %(confirmed)s then %(officer)s end, case when %(confirmed)s then now() end "
        "from guild_identity.wow_characters c where c.id = %(character)s",
        {
            "character": character_id,
            "player": player_id,
            "guild": guild_id,
            "source": source,
            "confidence": confidence,
            "officer": OFFICER,
            "confirmed": is_confirmed,
        },
    )
    if as_main:
        await conn.execute(
            "update guild_identity.players set main_character_id = %s where id = %s", [character_id, player_id]
        )


async def give_alias(conn: Connection, guild_id: int, player_id: int, alias: str) -> None:
    await conn.execute(
        "insert into guild_identity.player_note_aliases (guild_id, player_id, alias, alias_key, created_by) "
        "values (%s, %s, %s, %s, %s)",
        [guild_id, player_id, alias, name_key(alias), OFFICER],
    )


async def reject(conn: Connection, guild_id: int, character_id: int, player_id: int) -> None:
    """Say that a character is not this player's."""
    await conn.execute(
        "insert into guild_identity.link_rejections (guild_id, character_id, player_id, rejected_by) "
        "values (%s, %s, %s, %s)",
        [guild_id, character_id, player_id, OFFICER],
    )


async def character_ids(conn: Connection, guild_id: int) -> dict[int, int]:
    """The row of each character, by its number on Battle.net."""
    cursor = await conn.execute(
        "select blizzard_character_id, id from guild_identity.wow_characters where guild_id = %s", [guild_id]
    )
    return dict(await cursor.fetchall())


async def member_ids(conn: Connection, guild_id: int) -> dict[str, int]:
    """The row of each Discord member, by their number on Discord."""
    cursor = await conn.execute(
        "select discord_id, id from guild_identity.discord_users where guild_id = %s", [guild_id]
    )
    return dict(await cursor.fetchall())


async def put_on_one_account(conn: Connection, guild_id: int, characters: Sequence[int]) -> None:
    """Let characters be known to be of one account, in a guild in which that gives rights unless it has said otherwise."""
    await conn.execute(
        "insert into guild_identity.account_settings (guild_id, mode, gives_rights, salt, updated_by) "
        "values (%s, 'suggest', true, sha256('salt'), %s) on conflict do nothing",
        [guild_id, OFFICER],
    )
    await conn.execute(
        "insert into guild_identity.account_evidence as e (guild_id, character_id, requested_at, outcome, oldest, by_hash, pets, "
        "read_at, account) select %s, id, now(), 'read', sha256('a'), sha256('b'), 40, now(), %s "
        "from unnest(%s::bigint[]) as id on conflict (guild_id, character_id) do update set account = excluded.account, "
        "read_at = now(), oldest = excluded.oldest, by_hash = excluded.by_hash, pets = excluded.pets",
        [guild_id, min(characters), list(characters)],
    )


async def link_by_account(conn: Connection, guild_id: int, character_id: int, player_id: int) -> None:
    """Link a character that no person has decided about to a player by the account."""
    await conn.execute(
        "delete from guild_identity.player_characters where character_id = %s and confirmed_by is null and basis <> 'proven'",
        [character_id],
    )
    await conn.execute(
        "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, linked_by, "
        "basis) values (%s, %s, %s, 'auto_fix', 'exact', 'test', 'account') on conflict do nothing",
        [character_id, player_id, guild_id],
    )


async def object_to_accounts(conn: Connection, guild_id: int, character_id: int) -> None:
    """Let the player of a character object to being compared, or object no longer."""
    key = str(character_id)
    ended = await conn.execute(
        "delete from guild_identity.account_objections where guild_id = %s and key = sha256(convert_to(%s, 'UTF8'))",
        [guild_id, key],
    )
    if ended.rowcount == 0:
        await conn.execute(
            "insert into guild_identity.account_objections (guild_id, key, character_id, objected_by) "
            "values (%s, sha256(convert_to(%s, 'UTF8')), %s, %s)",
            [guild_id, key, character_id, OFFICER],
        )
