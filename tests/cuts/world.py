"""A guild in which every command has something to do, and the secrets of those who may give it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from asking_outside import note_if_holding
from guild_builder import RAIDER, GuildBuilder, entry, person, server
from laws.sources import AnnouncerInMemory, BattleNetInMemory, DiscordInMemory
from patt.auth import claim_sessions, credentials, sessions
from patt.auth.sessions import sign_in_with_discord
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.claims import claiming
from sv_common.guild_sync.core.errors import SuspiciousSource
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.identity_engine import preview_matching
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.jobs import matches, requests
from sv_common.guild_sync.notifications import announcements
from sv_common.guild_sync.roster import held_losses, uploads
from sv_common.guild_sync.settings import service
from sv_common.guild_sync.settings.requests import WordRequest
from sv_common.guild_sync.sources.addon.export import read_addon_export_json
from sv_common.guild_sync.sources.battlenet.account import AccountCharacter
from sv_common.guild_sync.sources.battlenet.sign_in import BattleNetAccount
from sv_common.guild_sync.sources.discord.message import Announcement
from sv_common.guild_sync.sources.models import (
    CharacterAddress,
    GuildAddress,
    GuildRoster,
    ProfileAnswer,
    Realm,
    RealmIndex,
)
from sv_common.guild_sync.sources.ports import Sources
from web.discord_people import CAPTAIN, FRIEND, MASTER, NAMES, give, populate
from web.helpers import issue_number, login_link, session, trouble

EXPORT = json.dumps({"characters": [{"name": "Riddle", "note": "alt of Elrek"}, {"name": "Mito", "note": "main"}]})
GIVEN_UP = json.dumps({"characters": [{"name": "Riddle", "note": "alt of Sol"}]})
CHANNEL = "5001"
NEW_NAME = "New Watch"
"""Under which Battle.net knows the guild since it was renamed."""


@dataclass(frozen=True)
class World:
    """Numbers and secrets by name; for all that has a number in a path, the name is the one in the path."""

    guild: GuildBuilder
    numbers: dict[str, int]
    secrets: dict[str, str]
    match_key: str
    loss_key: str

    @classmethod
    async def furnish(cls, pool: Pool) -> World:
        guild, other = await GuildBuilder.create(pool), await GuildBuilder.create(pool, "Other Watch", "7001")
        await guild.execute(
            "update guild_identity.guilds set audit_channel_id = %(channel)s where id = %(guild)s", {"channel": CHANNEL}
        )
        captain = (await populate(guild))[CAPTAIN]
        await populate(other)
        await give(guild, "rank", "1", "administrator")
        for each in (guild, other):
            await give(each, "discord_role", "900", "officer")
        await guild.main("Sol", rank=RAIDER)
        for name in ("Solstice", "Solway"):
            await guild.character(name, "Sol alt")
        twin = await guild.player("Twin")  # who may turn out to be Mito
        await guild.link(await guild.character("Twinkle"), twin, as_main=True)
        await trouble(guild)
        await guild.execute(
            "update guild_identity.wow_characters set blizzard_character_id = 5, blizzard_realm_id = 1 where id = %(id)s",
            {"id": captain},
        )
        numbers = {
            "guild": guild.guild_id,
            "captain": captain,
            "character_id": captain,
            "player_id": twin,
            **await _past(guild),
        }
        secrets = await _secrets(guild)
        secrets |= await _claims(guild)
        found = await preview_matching(pool, guild_id=guild.guild_id)
        numbers |= {**await _numbers_of_secrets(guild), "upload_id": await _upload_that_was_given_up(guild)}
        loss_key = await _list_that_was_refused(guild)
        await guild.character("Latecomer")  # for a scan
        return cls(guild, numbers, secrets, found.groups[0].key, loss_key)

    async def let_work_wait(self) -> None:
        """Let everything wait that a worker does when it is asked: an upload, a full match, a scan, fixes, a summary."""
        number = self.guild.guild_id
        issue_ids = [self.numbers["newalt"], self.numbers["riddle"]]
        async with self.guild.pool.connection() as conn:
            (key, *_) = await credentials.upload_keys(conn, number)
            await uploads.receive(GuildConnection(conn, number), key.id, read_addon_export_json(EXPORT.encode()))
            await matches.ask(GuildConnection(conn, number), actor="officer alice")
            for kind, arguments in (
                ("scan", {}),
                ("fix_selected", {"issue_ids": issue_ids}),
                ("fix_all", {"issue_type": "orphan_wow"}),
            ):
                await requests.ask(GuildConnection(conn, number), kind, arguments, actor="officer alice")
            told = Announcement("A title", "A body", nonce="patt-sync-1")
            await announcements.store_summary(GuildConnection(conn, number), CHANNEL, told)
            # News are told when they have settled for some minutes.
            await conn.execute("update guild_identity.issue_events set at = at - interval '1 hour'")


async def sources(guild: GuildBuilder) -> Sources:
    """Sources that have news: a character that joined, a member that joined, one that left."""
    rows = await guild.rows(
        "select character_name, rank_index from guild_identity.wow_characters where guild_id = %(guild)s order by id"
    )
    roster = [entry(name, rank=rank) for name, rank in rows] + [entry("Newcomer")]
    people = await guild.rows(
        "select discord_id, display_name, all_guild_roles from guild_identity.discord_users "
        "where guild_id = %(guild)s order by id"
    )
    members = [person(number, name, *roles) for number, name, roles in people[1:]]
    seen = server(guild, *members)
    discord = DiscordInMemory(seen.guild_id, seen.name, seen.roles, {each.user_id: each for each in members})
    return Sources(BattleNetInMemory(roster), discord, AnnouncerInMemory())


class RenamedInMemory:
    """Battle.net, which knows the guild under its new name, with the same characters."""

    def __init__(self, names: Sequence[str]) -> None:
        self._members = [entry(name) for name in names]
        self.requests_an_hour = self.spare_requests = 1000

    @classmethod
    async def of(cls, guild: GuildBuilder) -> RenamedInMemory:
        """Let its roster be the guild's characters."""
        rows = await guild.rows(
            "select character_name from guild_identity.wow_characters where guild_id = %(guild)s order by id"
        )
        return cls([row[0] for row in rows])

    async def fetch_realms(self, region: str) -> RealmIndex:  # noqa: ARG002 -- it knows one realm
        note_if_holding("Battle.net")
        return RealmIndex([Realm(1, "area-52", ("Area 52",))])

    async def fetch_members(self, guild: GuildAddress) -> GuildRoster:
        note_if_holding("Battle.net")
        return GuildRoster(GuildAddress(guild.region, guild.realm_slug, "new-watch"), NEW_NAME, self._members)

    async def fetch_profiles(self, region: str, characters: Sequence[CharacterAddress]) -> Sequence[ProfileAnswer]:
        """No test asks for profiles here."""
        raise AssertionError((region, characters))


async def _list_that_was_refused(guild: GuildBuilder) -> str:
    """Let Battle.net's roster lack all but one; return what names the others."""
    with pytest.raises(SuspiciousSource):
        await sync_blizzard_roster(guild.pool, [entry("Mito", rank=RAIDER)], guild_id=guild.guild_id)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        (loss,) = await held_losses.all_of(here)
    return loss.key


async def _upload_that_was_given_up(guild: GuildBuilder) -> int:
    async with guild.pool.connection() as conn:
        (key, *_) = await credentials.upload_keys(conn, guild.guild_id)
        upload = await uploads.receive(
            GuildConnection(conn, guild.guild_id), key.id, read_addon_export_json(GIVEN_UP.encode())
        )
        await uploads.give_up(GuildConnection(conn, guild.guild_id), upload.upload_id, "Given up: it failed 6 times.")
    return upload.upload_id


async def _past(guild: GuildBuilder) -> dict[str, int]:
    pool = guild.pool
    grimalt = await issue_number(guild, "note_mismatch", "Grimalt")
    fixed = await mitigations.fix_one(pool, grimalt, actor="test", guild_id=guild.guild_id)
    aside = await issue_number(guild, "orphan_discord", "Zephyr")
    async with pool.writing(guild.guild_id, alone=False) as here:
        await lifecycle.dismiss(here, aside, actor="test", reason="A guest.")
        (event,) = await lifecycle.last_words(here, [aside])
    change = await service.save_setting(pool, WordRequest("nightcrew", "role"), actor="test", guild_id=guild.guild_id)
    await run_integrity_check(pool, guild_id=guild.guild_id)
    return {
        "newalt": await issue_number(guild, "orphan_wow", "Newalt"),
        "riddle": await issue_number(guild, "orphan_wow", "Riddle"),
        "aside": aside,
        "event": event,
        "attempt_id": fixed.attempt_id or 0,
        "change_id": change.change_id or 0,
    }


async def _secrets(guild: GuildBuilder) -> dict[str, str]:
    pool = guild.pool
    async with pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
        await credentials.create_api_token(conn, "robot", guild_id=None, created_by="test")
        friend = await sign_in_with_discord(conn, FRIEND, NAMES[FRIEND].lower(), None)
    return {
        "alice": await session(pool),
        "again": await session(pool),
        "friend": friend,
        "upload_key": key,
        "token": await login_link(pool, "carol"),
    }


async def _claims(guild: GuildBuilder) -> dict[str, str]:
    """Let the master have proven a character, and a friend not have confirmed theirs; return sessions, and what the friend sees."""
    pool = guild.pool
    await guild.character("Keeper", rank=RAIDER)
    for place, (discord_id, name) in enumerate(((MASTER, "Keeper"), (FRIEND, "Riddle")), start=1):
        read = (AccountCharacter(1, place, name, "area-52", 3, 80),)
        account = BattleNetAccount("https://battle.test", str(place), "us", 1, read)
        await claiming.keep_account(pool, guild.guild_id, discord_id, account, InstallationSecret("secret " * 6))
    async with pool.reading(guild.guild_id) as here:
        plans = {each: (await claiming.standing(here, each)).plan for each in (MASTER, FRIEND)}
    shown = {discord_id: (plan.key, plan.entries[0].id) for discord_id, plan in plans.items() if plan is not None}
    key, keeper = shown[MASTER]
    await claiming.confirm(pool, guild.guild_id, MASTER, seen=key, chosen=[keeper])
    async with pool.connection() as conn:
        return {
            "claimer": await claim_sessions.begin(conn, FRIEND, "@corin", guild.guild_id),
            "verified": await claim_sessions.begin(conn, MASTER, "@aldwyn", guild.guild_id),
            "undecided": await claim_sessions.begin(conn, FRIEND, "@corin", None),
            "seen": shown[FRIEND][0],
            "read": str(shown[FRIEND][1]),
        }


async def _numbers_of_secrets(guild: GuildBuilder) -> dict[str, int]:
    async with guild.pool.connection() as conn:
        (key, *_) = await credentials.upload_keys(conn, guild.guild_id)
        (token, *_) = await credentials.api_tokens(conn)
        mine = [each for each in await sessions.sessions(conn) if each.account == "alice"]
    return {"key_id": key.id, "token_id": token.id, "session_id": mine[0].id}
