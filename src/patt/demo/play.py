"""The demo: its own database, simulators on loopback, a week of the guild's life, and the outcome."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from patt.auth import permissions
from patt.auth.permissions import Change
from patt.bootstrap import Services, open_services
from patt.config import Settings
from sv_common.db import embedded, migrate
from sv_common.db.sql import load_sql
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.errors import Busy
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.identity.decisions import LinkCharacterToMember
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.insights.findings import AttemptSummary, FindingFilter, RuleOverview
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.roster import guilds, ranks
from sv_common.guild_sync.scheduler import PipelineReport
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon
from sv_common.guild_sync.simulators.model import WorldCharacter, WorldPerson
from sv_common.guild_sync.sources.addon.export import read_addon_export

SQL = load_sql(__package__, "calendar.sql")
DATABASE_NAME = "patt_demo"
OFFICER = "officer demo"
MOST_ISSUES = 100_000
DAYS_ASLEEP = 31
OFFICER_RANK = 1

OnChapter = Callable[[str, Sequence[PipelineReport]], None]
"""Called after each chapter of the story with its heading and the pipelines that ran."""


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    pipelines: Sequence[PipelineReport]
    rules: Sequence[RuleOverview]
    issues: Sequence[Issue]
    fixes: Sequence[AttemptSummary]

    def as_json(self) -> dict[str, Any]:
        """Return the outcome in the documented shape of `patt demo --json`."""
        return {
            "pipelines": [
                {
                    "name": each.name,
                    "steps": [step.as_json() for step in each.steps],
                    "statements": each.statements,
                    "seconds": round(each.seconds, 4),
                }
                for each in self.pipelines
            ],
            "rules": {
                rule.issue_type: {
                    "opened": rule.opened_ever,
                    "resolved": rule.resolved_ever,
                    "open": rule.open,
                    "auto_fixed": rule.auto_fixed,
                    "waiting": rule.waiting,
                }
                for rule in self.rules
            },
            "issues": list(self.issues),
            "fixes": list(self.fixes),
        }


@contextlib.asynccontextmanager
async def open_demo(data_dir: Path, seed: int) -> AsyncIterator[Demo]:
    """Start the demo's own server and simulators on a clean demo database.

    Nothing else is used, and no configured database. Raises `Busy` while another demo uses the folder.
    """
    server = embedded.start(data_dir / "postgres")
    try:
        url = embedded.recreate_database(server, DATABASE_NAME)
    except psycopg.errors.ObjectInUse as error:
        raise Busy(
            tr("Another demo is running in this folder. Stop it first, or choose another folder with --data-dir.")
        ) from error
    migrate.upgrade(url)
    with GuildSimulator(GuildWorld.seeded(seed)) as simulator:
        async with open_services(_settings(simulator, data_dir), url) as opened:
            yield Demo(replace(opened, keeps_settings=False), simulator)


class Demo:
    def __init__(self, services: Services, simulator: GuildSimulator) -> None:
        self.services = services
        self._simulator = simulator
        self._pipelines: list[PipelineReport] = []

    async def play(self, on_chapter: OnChapter) -> DemoOutcome:
        guild_id = await self._set_up()
        on_chapter(
            tr("The guild is set up: Battle.net, the addon and Discord are read for the first time"),
            await self._first_syncs(guild_id),
        )
        pipeline, _ = await scheduler.run_full_match(self.services.pool, sources=self.services.sources, actor=OFFICER)
        self._pipelines.append(pipeline)
        on_chapter(tr("An officer runs the full match"), [pipeline])
        await self._let_officers_in(guild_id)
        for number, day in enumerate(week(self._simulator.world)):
            async with self.services.pool.installation() as conn:
                await conn.execute(SQL["let_a_day_pass"])  # everything is a day older, so that the pages show a week
            day.happens()
            style: addon.Style = "older" if number % 2 else "current"
            on_chapter(day.heading, [await self._read(source, style) for source in day.sources])
        return await self._outcome(guild_id)

    async def _set_up(self) -> int:
        world = self._simulator.world
        async with self.services.pool.installation() as conn:
            return await guilds.add(
                conn,
                world.address,
                world.guild_name,
                discord_guild_id=world.discord_guild_id,
                audit_channel_id=world.audit_channel_id,
            )

    async def _first_syncs(self, guild_id: int) -> Sequence[PipelineReport]:
        ran = [await self._read("battlenet"), await self._read("addon")]
        async with self.services.pool.writing(guild_id) as guild:
            roles = self._simulator.world.rank_roles
            await ranks.ensure(guild, roles)
            for index, role in roles.items():
                await ranks.map_to_role(guild, index, role.role_id, role.name, is_managed=True)
        return [*ran, await self._read("discord")]

    async def _let_officers_in(self, guild_id: int) -> None:
        """Let officers sign in with Discord by their rank; confirm who the guild master is, and somebody who will leave."""
        async with self.services.pool.writing(guild_id) as guild:
            change = Change("rank", str(OFFICER_RANK), "officer")
            await permissions.decide(guild, change, actor=OFFICER)
            for permission in await permissions.in_guild(guild):
                for grant in permission.waiting:
                    if grant.character_id is not None:
                        await permissions.confirm(guild, grant.discord_id, grant.character_id, actor=OFFICER)
        departing = _Cast(self._simulator.world).departing()
        if departing.member is not None:  # as everyone in the cast
            is_them = LinkCharacterToMember(_label(departing.main), departing.member.username)
            await apply_decision(self.services.pool, is_them, actor=OFFICER, guild_id=guild_id)

    async def _read(self, source: str, style: addon.Style = "current") -> PipelineReport:
        pool, sources = self.services.pool, self.services.sources
        if source == "battlenet":
            report = await scheduler.run_blizzard_sync(pool, sources=sources)
        elif source == "discord":
            report = await scheduler.run_discord_sync(pool, sources=sources)
        else:
            export = read_addon_export(addon.render(self._simulator.world, style=style).encode())
            report = await scheduler.run_addon_sync(pool, export.characters, sources=sources, origin=export.origin)
        self._pipelines.append(report)
        return report

    async def _outcome(self, guild_id: int) -> DemoOutcome:
        async with self.services.pool.reading(guild_id) as guild:
            rules = await findings.rule_records(guild)
            found = await findings.findings_page(guild, FindingFilter(state=None), page_size=MOST_ISSUES)
            fixes = await findings.recent_attempts(guild, limit=MOST_ISSUES)
        return DemoOutcome(self._pipelines, rules, found.items, fixes)


@dataclass(frozen=True, slots=True)
class Day:
    """One day: a heading, what happens, and the sources ("battlenet", "addon", "discord") that are read after it."""

    heading: str
    happens: Callable[[], object]
    sources: Sequence[str]


def week(world: GuildWorld) -> Iterator[Day]:
    """Yield one week of the guild's life. No two days are about the same character."""
    cast = _Cast(world)
    moved, new_player = cast.alt(rank=max(world.rank_roles)), cast.person()
    yield Day(
        tr(
            "Monday: the note of {character} changes from one player to another, {player}",
            character=moved.name,
            player=new_player.name,
        ),
        lambda: world.set_note(moved, new_player.name),
        ["addon"],
    )
    departing = cast.departing()
    crafter = cast.alt()
    yield Day(
        tr("Tuesday: the note of {character} becomes a profession", character=crafter.name),
        lambda: world.set_note(crafter, "Alch 300 / Herb 300"),
        ["addon"],
    )
    yield Day(
        tr("Wednesday: Zephyrine joins the guild, and no one knows whose character she is"),
        lambda: world.join("Zephyrine"),
        ["battlenet", "addon"],
    )
    promoted, off_discord = cast.person(), cast.departing()
    yield Day(
        tr(
            "Thursday: Quillon joins Discord, without a character, and {player} leaves Discord but not the guild",
            player=off_discord.name,
        ),
        lambda: _join_and_leave_discord(world, "Quillon", off_discord),
        ["discord"],
    )
    yield Day(
        tr("Friday: {player} becomes an officer in the game, and Discord does not show it", player=promoted.name),
        lambda: world.set_rank(promoted.main, OFFICER_RANK),
        ["battlenet", "discord"],
    )
    sleeper, leaver = cast.alt(), cast.alt()
    note = leaver.note
    yield Day(
        tr_n(
            "Saturday: {sleeper} has been asleep for {n} day, {leaver} leaves the guild, and so does {player} with every character",
            "Saturday: {sleeper} has been asleep for {n} days, {leaver} leaves the guild, and so does {player} with every character",
            DAYS_ASLEEP,
            sleeper=sleeper.name,
            leaver=leaver.name,
            player=departing.name,
        ),
        lambda: _fall_asleep_and_leave(world, sleeper, [leaver, *departing.characters]),
        ["battlenet"],
    )
    yield Day(
        tr("Sunday: {character} is back", character=leaver.name),
        lambda: world.rejoin(leaver, note=note),
        ["battlenet", "addon", "discord"],
    )


class _Cast:
    """Picks people and alts for the story, each at most once, in the order of the world."""

    def __init__(self, world: GuildWorld) -> None:
        self._people = [person for person in world.people if self._is_plain(person)]

    def person(self) -> WorldPerson:
        return self._people.pop(0)

    def departing(self) -> WorldPerson:
        """Pick the last one, so that those picked from the front stay the same."""
        return self._people.pop()

    def alt(self, rank: int | None = None) -> WorldCharacter:
        """Pick an alt whose note names its main; of this rank, if one has it."""
        found = [(person, alt) for person in self._people for alt in person.alts if self._names_main(alt, person)]
        person, alt = next((each for each in found if rank in (None, each[1].rank)), found[0])
        self._people.remove(person)
        return alt

    def _is_plain(self, person: WorldPerson) -> bool:
        """Whether a person is on Discord by the main's name, below officer, and has an alt whose note names the main."""
        return (
            person.member is not None
            and person.name.lower() in person.member.display_name.lower()
            and (person.highest_rank or 0) > OFFICER_RANK
            and any(self._names_main(alt, person) for alt in person.alts)
        )

    @staticmethod
    def _names_main(alt: WorldCharacter, person: WorldPerson) -> bool:
        return alt.in_guild and person.name.lower() in alt.note.lower() and "bank" not in alt.note.lower()


def _fall_asleep_and_leave(world: GuildWorld, sleeper: WorldCharacter, leavers: Iterable[WorldCharacter]) -> None:
    world.last_login(sleeper, DAYS_ASLEEP, world.now_ms)
    for leaver in leavers:
        world.leave(leaver)


def _join_and_leave_discord(world: GuildWorld, newcomer: str, leaver: WorldPerson) -> None:
    world.discord_join(newcomer, roles=[world.rank_roles[max(world.rank_roles)]])
    if leaver.member is not None:
        world.discord_leave(leaver.member)


def _label(character: WorldCharacter) -> str:
    return f"{character.name}-{character.realm.name}"


class _DemoSettings(Settings):
    """Settings that read no `.env` file; the demo's own values override the environment."""

    model_config = SettingsConfigDict(env_file=None)


def _settings(simulator: GuildSimulator, data_dir: Path) -> Settings:
    return _DemoSettings(
        database_url=None,
        data_dir=data_dir,
        blizzard_client_id=simulator.client_id,
        blizzard_client_secret=SecretStr(simulator.client_secret),
        blizzard_token_url=simulator.token_url,
        blizzard_api_url=simulator.battlenet_url,
        discord_bot_token=SecretStr(simulator.discord_token),
        discord_api_url=simulator.discord_url,
        discord_client_id=simulator.discord_client_id,
        discord_client_secret=SecretStr(simulator.discord_client_secret),
        discord_authorize_url=simulator.discord_authorize_url,
    )
