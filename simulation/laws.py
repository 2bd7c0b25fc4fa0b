"""What must hold at the end of every simulated day, whatever has happened on it."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from laws import guild_rows, note_meaning, oracle
from patt.worker.worker import SCHEDULES, Schedule
from simulation.account_links import AccountLinks
from simulation.budget import RequestBudget
from simulation.clock import Clock
from simulation.confirmed_links import ConfirmedLinks
from simulation.decisions import Decisions, read_decisions
from simulation.guilds import LivingGuild
from simulation.role_ledger import RoleLedger
from simulation.tally import LawBroken
from simulation.witness import take
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.rules import RULES

SQL = load_sql(__package__, "laws.sql")

GOLDEN_RATIO = 0.618_033_988_75
"""Guilds are spread over an interval by the multiples of it."""

MOST_TIMES_THE_MEAN = 3
"""How many times the mean, and how many beyond that, the regular runs may be that begin in one minute."""

_GUILD_NAME = re.compile(r"The Lantern Watch \d+")


class Laws:
    """Judges the guilds. Every method raises `LawBroken` with what it has seen."""

    def __init__(
        self, pool: Pool, clock: Clock, guilds: Sequence[LivingGuild], budget: RequestBudget | None = None
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._guilds = guilds
        self._budget = budget
        self._began = clock.now
        self._judged_until = clock.now
        self.confirmed_links = ConfirmedLinks()
        self.account_links = AccountLinks()
        self._roles = RoleLedger()
        self.busiest_minute = 0
        self.runs_a_day: dict[str, list[int]] = defaultdict(list)

    async def judge(self, *, is_whole_day: bool) -> None:
        """Hold everything that has happened since the last time against every law."""
        await self.judge_state()
        self._judge_digests()
        await self._judge_schedules(is_whole_day=is_whole_day)
        broken = [window for window in self._budget.windows if window.is_exceeded] if self._budget else []
        _demand("request budget exceeded", broken)

    async def judge_state(self) -> None:
        """Hold it against every law but those about time: when pipelines run, what a day may hold, and how much is asked when."""
        for guild in self._guilds:
            await self._judge_issues(guild)
        await self._judge_decisions()
        await self._judge_power()
        for question in (name for name in SQL if name.startswith("never_")):
            rows = await self._rows(question)
            _demand(question.removeprefix("never_").replace("_", " "), rows)
        await self._judge_borders()
        await self._judge_uploads()
        await self._judge_departures()

    async def _judge_issues(self, guild: LivingGuild) -> None:
        """After a scan, the open issues of a guild are what the oracle finds by brute force."""
        before = await self._unresolved(guild)
        await run_integrity_check(self._pool, guild_id=guild.guild_id)
        logged = await self._unresolved(guild)
        seen = await guild_rows.Guild.read(self._pool, guild.guild_id, self._clock.now_ms)
        unclear = {c["id"] for c in seen.characters if note_meaning.runs_in_a_circle(seen, c)}
        for issue_type, expected in (before | oracle.find(seen)).items():
            left_out = unclear if issue_type == "note_mismatch" else set()
            wrong = (logged[issue_type] ^ expected) - left_out
            _demand(f"open issues of {issue_type} in guild {guild.guild_id} are not what the oracle finds", wrong)

    async def _unresolved(self, guild: LivingGuild) -> oracle.Findings:
        subjects: oracle.Findings = {issue_type: set() for issue_type in RULES}
        for issue_type, subject in await self._rows("unresolved_issues", guild_id=guild.guild_id):
            subjects[issue_type].add(subject)
        return subjects

    async def _judge_decisions(self) -> None:
        """Nothing that a person has decided was changed, and nothing that only a person decides was added."""
        now = await read_decisions(self._pool)
        for guild in self._guilds:
            overturned = guild.decided.overturned_in(now.get(guild.guild_id, Decisions()), self._clock.now)
            _demand(f"decisions of people in guild {guild.guild_id} were overturned", overturned)

    async def _judge_power(self) -> None:
        """Links, rights and roles are moved by automation only where that is certain, and every role by a recorded attempt."""
        accounts = {(each.guild_id, number): own for each in self._guilds for number, own in each.accounts.items()}
        for transaction in await take(self._pool):
            self.confirmed_links.follow(transaction)
            self.account_links.follow(transaction, accounts)
            self._roles.follow(transaction)
        for guild in self._guilds:
            await self.confirmed_links.judge_rights(self._pool, guild.guild_id)
            self._roles.judge(guild)

    async def _judge_borders(self) -> None:
        """Every character and member is of its guild's own world."""
        realms = {guild.guild_id: {realm.slug for realm in guild.world.realms} for guild in self._guilds}
        strangers = [row for row in await self._rows("realms") if row[1] not in realms[row[0]]]
        _demand("characters of another guild", strangers)
        _demand("Discord members in two guilds", await self._rows("members_in_two_guilds"))
        for guild in self._guilds:
            named = {name for message in guild.world.messages for name in _GUILD_NAME.findall(repr(message.payload))}
            _demand(f"guild {guild.guild_id} was told of other guilds", named - {guild.world.guild_name})

    async def _judge_uploads(self) -> None:
        """What is refused is another guild's, and nothing of another guild is taken in."""
        foreign = {(guild.guild_id, each) for guild in self._guilds for each in guild.foreign_uploads}
        rows = await self._rows("ended_uploads")
        wrong = [row for row in rows if (row[2] == "refused") is not (row[:2] in foreign)]
        _demand("uploads that should have ended otherwise", wrong)

    def _judge_digests(self) -> None:
        """Officers were told of each day in one message."""
        days = (self._clock.now.date() - self._began.date()).days + 1
        for guild in self._guilds:
            told = [
                message.nonce for message in guild.world.messages if (message.nonce or "").startswith("patt-digest")
            ]
            _demand(f"digests in guild {guild.guild_id} on {days} days", told if len(told) > days else 0)
            _demand(f"a digest posted twice in guild {guild.guild_id}", len(told) - len(set(told)))

    async def _judge_departures(self) -> None:
        """Nobody was marked as gone who had not left, however little a source answered."""
        departures = {guild.guild_id: guild.departures for guild in self._guilds}
        for guild_id, pipeline, count in await self._rows("marked_as_gone"):
            left = departures[guild_id][pipeline]
            if count > left:
                raise LawBroken(f"marked as gone by {pipeline} in guild {guild_id}, where {left} left: {count}")

    async def _judge_schedules(self, *, is_whole_day: bool) -> None:
        """Each pipeline of each guild has begun in each of its slots, and they did not all begin at once."""
        longest = max(schedule.interval for schedule in SCHEDULES)
        runs: dict[tuple[int, str], list[datetime]] = defaultdict(list)
        for guild_id, pipeline, started_at in await self._rows("begun_runs", since=self._judged_until - longest):
            runs[guild_id, pipeline].append(started_at)
        regular: list[datetime] = []
        for guild in self._guilds:
            for schedule in SCHEDULES:
                begun = runs[guild.guild_id, schedule.pipeline]
                regular += self._judge_schedule(guild, schedule, begun)
                if is_whole_day:
                    self.runs_a_day[schedule.pipeline].append(sum(run >= self._judged_until for run in begun))
        self._judge_spread([each for each in regular if each >= self._judged_until])
        self._judged_until = self._clock.now

    def _judge_schedule(self, guild: LivingGuild, schedule: Schedule, runs: Iterable[datetime]) -> list[datetime]:
        """Return the first run of each slot, of which none may be without."""
        served: dict[datetime, datetime] = {}
        for run in sorted(runs):
            served.setdefault(slot_before(run, schedule.interval, guild.guild_id), run)
        slots = list(self._ended_slots(schedule, guild.guild_id))
        missed = [slot.isoformat() for slot in slots if _nearest(slot) not in map(_nearest, served)]
        _demand(f"slots of {schedule.pipeline} without a run in guild {guild.guild_id}", missed)
        # What had never run begins at once, for all guilds together; from then on each has its own moment.
        return [run for slot, run in served.items() if slot >= self._began]

    def _ended_slots(self, schedule: Schedule, guild_id: int) -> Iterable[datetime]:
        """The slots that ended since the last judgment and began within the simulation."""
        slot = slot_before(self._clock.now, schedule.interval, guild_id) - schedule.interval
        while slot >= self._began and slot + schedule.interval > self._judged_until:
            yield slot
            slot -= schedule.interval

    def _judge_spread(self, regular: Sequence[datetime]) -> None:
        minutes = max(1.0, (self._clock.now - self._judged_until) / timedelta(minutes=1))
        begun = Counter(int(each.timestamp() // 60) for each in regular)
        self.busiest_minute = max([self.busiest_minute, *begun.values()])
        limit = math.ceil(MOST_TIMES_THE_MEAN * (len(regular) / minutes + 1))
        crowded = {
            datetime.fromtimestamp(each * 60, UTC).isoformat(): count for each, count in begun.items() if count > limit
        }
        _demand(f"more than {limit} regular runs begun in one minute", crowded)

    async def _rows(self, question: str, **values: object) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as conn:
            return await (await conn.execute(SQL[question], values or None)).fetchall()


def _nearest(moment: datetime) -> int:
    """Slots are computed with fractions; to the second they are the same."""
    return round(moment.timestamp())


def _demand(law: str, seen: object) -> None:
    """Raise `LawBroken` if anything was seen."""
    if seen:
        raise LawBroken(f"{law}: {seen}")


def slot_before(now: datetime, interval: timedelta, guild_id: int) -> datetime:
    """Return the latest regular moment of a guild up to now."""
    seconds = interval.total_seconds()
    offset = (guild_id * GOLDEN_RATIO % 1) * seconds
    return datetime.fromtimestamp(((now.timestamp() - offset) // seconds) * seconds + offset, UTC)
