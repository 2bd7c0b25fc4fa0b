"""The steps that read the sources for the first time, and let the companions send the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from patt.auth import credentials
from patt.companion.code import write_code
from patt.companion.files import export_file, export_files
from patt.companion.games.finding import find_games
from patt.files import read_file
from patt.setup.session import Dialogue, SetupSession, StepSkipped
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.reports import counts_in_words
from sv_common.guild_sync.core.text import age, in_words
from sv_common.guild_sync.roster import ranks, runs
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.scheduler import PipelineReport, run_addon_sync, run_blizzard_sync, run_discord_sync
from sv_common.guild_sync.sources.addon.export import read_addon_export

_EXPORT, _FOUND_EXPORT, _ADDRESS, _UPLOADER = "export", "export-found", "base-url", "uploader"


async def first_roster(session: SetupSession) -> None:
    """Read the roster, unless it was read before. Raises PattError and `StepSkipped`."""
    guild = await session.guild()
    session.require_battle_net()
    activity = tr("Reading the roster and the profiles from Battle.net")
    await _sync(session, guild, "battlenet_sync", run_blizzard_sync, activity)


async def first_members(session: SetupSession) -> None:
    """Read roles and members of the Discord server, unless they were read before. Raises PattError and `StepSkipped`."""
    guild, _ = await session.guild_on_discord()
    session.require_discord()
    await _sync(session, guild, "discord_sync", run_discord_sync, tr("Reading roles and members from Discord"))


async def first_export(session: SetupSession) -> None:
    """Read an export of the addon, the only source of rank names. Raises PattError and `StepSkipped`."""
    guild, dialogue = await session.guild(), session.dialogue
    async with session.pool.reading(guild.id) as here:
        are_named = any(rank.name_in_game is not None for rank in await ranks.all_ranks(here))
    if are_named and not dialogue.is_asked_anew(_EXPORT):
        dialogue.say(tr("An addon export was read before."))
        return
    if not dialogue.is_interactive and dialogue.given(_EXPORT) is None:
        raise StepSkipped(tr("no --export was given. An officer's companion can send one at any time"))
    dialogue.say(tr("Only the addon knows rank names and guild notes. If you have its export, give the file."))
    export = read_addon_export(read_file(_file_of_export(dialogue)))
    session.before_a_change()
    with dialogue.working(tr("Reading the export")):
        report = await run_addon_sync(
            session.pool,
            export.characters,
            guild_id=guild.id,
            sources=session.sources,
            actor=session.actor,
            exported_at=export.seen_at,
            origin=export.origin,
        )
    _report(session, report)


async def address_of_pages(session: SetupSession) -> None:
    """Have the address at which people reach the pages and companions send exports. Raises `BadInput`, `StepSkipped`."""
    dialogue, settings = session.dialogue, session.settings
    is_set = "base_url" in settings.model_fields_set
    if not dialogue.is_asked_anew(_ADDRESS) and (is_set or not dialogue.is_interactive):
        dialogue.say(tr("The pages are at {address}.", address=settings.base_url))
        return
    dialogue.say(tr("Only this computer can reach the pages now. Give your server's address to let others in."))
    now = settings.base_url if is_set else session.reached_at or settings.base_url
    address = dialogue.prompt(_ADDRESS, tr("Address of the pages"), default=now).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise BadInput(tr("“{address}” is not a web address. It looks like https://patt.example.org.", address=address))
    session.keep({"base_url": address})
    dialogue.say(tr("The pages are at {address}.", address=address))


async def first_key(session: SetupSession) -> None:
    """Make an upload key, unless there is one. It is shown once. Raises `BadInput` and `StepSkipped`."""
    guild, dialogue = await session.guild(), session.dialogue
    async with session.pool.installation() as conn:
        valid = [key for key in await credentials.upload_keys(conn, guild.id) if key.revoked_at is None]
    people = sorted({key.uploader for key in valid})
    if valid and (dialogue.given(_UPLOADER) in people or not dialogue.is_asked_anew(_UPLOADER)):
        dialogue.say(tr("Upload keys exist for: {people}.", people=", ".join(people)))
        return
    dialogue.say(tr("A companion sends the addon's exports to PATT. Each one needs its own key."))
    uploader = dialogue.prompt(_UPLOADER, tr("Who gets the first upload key"), default=session.person)
    session.before_a_change()
    async with session.pool.installation() as conn:
        key = await credentials.create_upload_key(conn, uploader, guild_id=guild.id, created_by=session.actor)
    dialogue.hand_over(write_code(session.settings.base_url.rstrip("/"), key), uploader)


async def _sync(
    session: SetupSession, guild: Guild, name: str, run: Callable[..., Awaitable[PipelineReport]], activity: str
) -> None:
    """Run a pipeline, unless it succeeded before."""
    async with session.pool.reading(guild.id) as here:
        history = (await runs.standings(here)).get(name)
    if history is not None and history.last_good is not None and not session.dialogue.is_asked_anew():
        session.dialogue.say(tr("Read {length} ago.", length=in_words(age(history.last_good))))
        return
    session.before_a_change()
    with session.dialogue.working(activity):
        report = await run(session.pool, guild_id=guild.id, sources=session.sources, actor=session.actor)
    _report(session, report)


def _report(session: SetupSession, report: PipelineReport) -> None:
    """Say what was read. The issues that the scan found are on the admin page."""
    session.dialogue.say(tr("Done: {counts}.", counts=counts_in_words(report.steps[0].counts)))
    for step in report.steps:
        if step.error:
            session.dialogue.warn(step.error)
    if report.check is not None:
        for sentence in report.check.errors:
            session.dialogue.warn(sentence)


def _file_of_export(dialogue: Dialogue) -> Path:
    """Return the file that was given, the game's on this computer, or the one that the user names."""
    files = [file for place in find_games() for file in export_files(place.folder)]
    found = max(files, key=lambda file: file.stat().st_mtime, default=None) if dialogue.given(_EXPORT) is None else None
    if found is not None and dialogue.confirm(_FOUND_EXPORT, tr("Read {file}", file=found)):
        return found
    return export_file(dialogue.prompt(_EXPORT, tr("File PATTSync.lua")))
