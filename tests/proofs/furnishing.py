"""A guild to which everything has happened: each page has rows to show, and each command has something to act upon."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from patt.auth import credentials
from patt.bootstrap import Services
from patt.worker.running import run_full_match
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.reports import StepReport
from sv_common.guild_sync.identity.decisions import AddAlias, LinkCharacter, RejectLink
from sv_common.guild_sync.identity_engine import apply_decision, preview_matching
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.jobs import matches, requests
from sv_common.guild_sync.roster import runs, uploads
from sv_common.guild_sync.sources.addon.export import read_addon_export_json
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, bound_session, settings

LONGEST_CHARACTER_NAME = 48

_PLAYERS = "select id from guild_identity.players where guild_id = %(guild)s order by id"

PLAIN = ("Mito", "Elrek", "Sunhollow", "Zephyr", "Moorland", "Heathfen")
"""Names as most guilds have them."""


@dataclass
class Words:
    """Texts to name things with, one after the other; every name that is made of them is another one."""

    texts: Sequence[str] = PLAIN
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def one(self, longest: int = 1000) -> str:
        """Return the next text, made unlike all others by a number, and no longer than this."""
        number = next(self._numbers)
        text = self.texts[number % len(self.texts)]
        return f"{text[: longest - len(str(number))]}{number}"

    def name(self) -> str:
        """Return what a character can be called."""
        return self.one(LONGEST_CHARACTER_NAME)


async def furnish(guild: GuildBuilder, words: Words, officer: str = "officer alice") -> None:
    """Let people of these names be in a guild, with something for every rule, and with a past.

    Each of the texts becomes a character's name, a note, a name on Discord, an alias, a reason, and what a run tells.
    """
    for _ in words.texts:
        await _people(guild, words)
    await _twins(guild)
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    await _decisions(guild, words, officer)
    await _issues_with_a_past(guild, words, officer)
    await _full_matches(guild, officer)
    await _what_came_in(guild, words)


async def _twins(guild: GuildBuilder) -> None:
    """Let what can be called the same be called so: characters of two realms, keys, tokens, and sessions of one account."""
    player = await guild.main("Twinmother", rank=RAIDER)
    for realm in ("area-52", "illidan"):
        await guild.link(await guild.character("Twinling", realm=realm), player)
        await guild.character("Stranger", "hello there friend", realm=realm)
        await bound_session(guild.pool, "twin", "officer", guild.guild_id)
        async with guild.pool.connection() as conn:
            await credentials.create_upload_key(conn, "Twin", guild_id=guild.guild_id, created_by="alice")
            await credentials.create_api_token(conn, "twin", guild_id=guild.guild_id, created_by="alice")


async def _people(guild: GuildBuilder, words: Words) -> None:
    main = words.name()
    player = await guild.main(main, rank=RAIDER, note=words.one())
    await guild.alias(player, words.one())
    await guild.alt(words.name(), f"alt of {main}", player)
    await guild.alt(words.name(), words.one(), player)
    await guild.character(words.name(), f"{main} alt")
    await guild.character(words.name(), words.one())
    await guild.character(words.name())
    newcomer = words.name()
    await guild.member(newcomer)
    await guild.character(newcomer)
    await guild.member(words.one(), roles=[ROLE_OF_RANK[RAIDER]])
    await guild.main(words.name(), rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    await guild.link(await guild.character(words.name(), last_login_days=40), player)


async def _decisions(guild: GuildBuilder, words: Words, officer: str) -> None:
    """What officers said about who is who."""
    players = [str(row[0]) for row in await guild.rows(_PLAYERS)]
    loners = await guild.rows(
        "select c.id from guild_identity.wow_characters c left join guild_identity.player_characters l "
        "on l.character_id = c.id where l.character_id is null and c.guild_id = %(guild)s order by c.id desc"
    )
    decisions = (
        RejectLink(str(loners[0][0]), players[0], words.one()),
        LinkCharacter(str(loners[1][0]), players[0]),
        AddAlias(words.one(90), players[0]),
    )
    for decision in decisions:
        await apply_decision(guild.pool, decision, actor=officer, guild_id=guild.guild_id)


async def _issues_with_a_past(guild: GuildBuilder, words: Words, officer: str) -> None:
    """Of each rule one issue is fixed where it can be, one is set aside, and one fix is taken back."""
    open_issues = await guild.rows(
        "select issue_type, array_agg(id order by id) from guild_identity.audit_issues "
        "where guild_id = %(guild)s and resolved_at is null group by issue_type"
    )
    fixed = []
    for issue_type, numbers in open_issues:
        planning = await mitigations.preview_all(guild.pool, issue_type, guild_id=guild.guild_id)
        tried = planning.ready[0].issue.id if planning.ready else numbers[0]
        result = await mitigations.fix_one(guild.pool, tried, actor=officer, guild_id=guild.guild_id, discord_bot=None)
        fixed += [result.attempt_id] if result.attempt_id is not None else []
        async with guild.pool.writing(guild.guild_id, alone=False) as here:
            aside = next(number for number in reversed(numbers) if number != tried)
            await lifecycle.dismiss(here, aside, actor=officer, reason=words.one())
    await mitigations.undo(guild.pool, fixed[0], actor=officer, guild_id=guild.guild_id)


async def _full_matches(guild: GuildBuilder, officer: str) -> None:
    """One full match is done for one person, and another one waits; so is a scan."""
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        job, _ = await requests.ask(here, "scan", {}, actor=officer)
        await requests.finish(here, job.id, "done", "Nothing was found.")
    found = await preview_matching(guild.pool, guild_id=guild.guild_id)
    for chosen in ([found.groups[0].key], None):
        async with guild.pool.writing(guild.guild_id, alone=False) as here:
            await matches.ask(here, actor=officer, selected=chosen)
        if chosen is not None:
            services = Services(settings(BASE_URL), guild.pool, Sources())
            await run_full_match(services, guild.guild_id)


async def _what_came_in(guild: GuildBuilder, words: Words) -> None:
    """Runs that went well, ill and on, and uploads that wait and that were taken in."""
    async with guild.pool.connection() as conn:
        for status, error in (("done", None), ("partial", words.one()), ("failed", words.one())):
            run = await runs.start(GuildConnection(conn, guild.guild_id), "battlenet_sync", actor="schedule")
            step = StepReport("sync", 1200, {"characters": 3}, [words.one(), words.one()], error)
            await runs.finish(GuildConnection(conn, guild.guild_id), run, status=status, steps=[step], error=error)
        await runs.start(GuildConnection(conn, guild.guild_id), "discord_sync", actor=words.one())
        uploader = "".join(letter for letter in words.one() if letter.isprintable())[: credentials.LONGEST_NAME]
        await credentials.create_upload_key(conn, uploader, guild_id=guild.guild_id, created_by="test")
        (key, *_) = await credentials.upload_keys(conn, guild.guild_id)
        for state in ("received", "done"):
            export = read_addon_export_json(json.dumps({"characters": [{"name": "Charlet", "note": state}]}).encode())
            upload = (await uploads.receive(GuildConnection(conn, guild.guild_id), key.id, export)).upload_id
            if state == "done":
                await uploads.finish(GuildConnection(conn, guild.guild_id), upload, "done", words.one())
