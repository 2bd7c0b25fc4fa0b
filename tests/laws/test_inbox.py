"""Laws of the Inbox, in every guild: one question for each open issue, and answers that do what they show and can be undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given

from laws.guilds import IN_THE_GAME, ON_DISCORD, Event, GuildSpec, events, guild_specs
from laws.happenings import lived
from laws.law import tried_on
from laws.life import Life
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.undo_offer import read_ranges
from sv_common.guild_sync.inbox import commands
from sv_common.guild_sync.insights.inbox.listing import inbox
from sv_common.guild_sync.insights.inbox.model import Entry, Group, Question
from sv_common.guild_sync.insights.inbox.question import question
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.mitigations import undo

_guilds = guild_specs(fewest_characters=4, fewest_members=2)
_events = events(*IN_THE_GAME, *ON_DISCORD, most=4)
_MOST_ANSWERED = 4


async def _entries(life: Life) -> list[Entry]:
    async with life.pool.reading(life.guild_id) as guild:
        return [entry for group in (await inbox(guild)).groups for entry in group.entries]


async def _question(life: Life, key: int) -> Question:
    async with life.pool.reading(life.guild_id) as guild:
        return await question(guild, key)


def _assert_well_told(entries: Sequence[Entry]) -> None:
    for entry in entries:
        assert entry.key == min(entry.issue_ids)
        assert entry.question.strip()
        assert (entry.does is not None) is (entry.plan_key is not None) is (entry.group is Group.READY)
        assert (entry.best is not None) is (entry.group is Group.SUGGESTED)
        assert not entry.is_safe or entry.group is Group.READY


@tried_on()
@given(_guilds, _events)
async def test_each_open_issue_is_in_exactly_one_question(pool: Pool, spec: GuildSpec, life_of: list[Event]) -> None:
    life = await lived(pool, spec, life_of)
    entries = await _entries(life)
    _assert_well_told(entries)
    counted = Counter(number for entry in entries for number in entry.issue_ids)
    assert counted == Counter(issue.id for issue in await life.open_issues())


@tried_on()
@given(_guilds, _events)
async def test_an_answer_closes_its_question_or_says_that_it_stays_open_and_is_undone_as_a_whole(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await lived(pool, spec, life_of)
    before = await _entries(life)
    for entry in before[:_MOST_ANSWERED]:
        found = await _question(life, entry.key)
        assert _shown(found.entry) == _shown(entry)
        assert [each.number for each in found.answers if each.number] == list(
            range(1, 1 + sum(each.decision is not None for each in found.answers))
        )
        offer = next((each for each in found.answers if each.number == 1), found.new_player)
        if offer is None or offer.decision is None:
            continue
        wanted = replace(offer.decision, plan_key=offer.plan_key)
        done = await commands.answer(
            pool, entry.key, wanted, actor="officer alice", guild_id=life.guild_id, seen=Seen.read(found.seen)
        )
        is_closed = set(done.closed) == set(entry.issue_ids)
        assert is_closed or done.closed or done.sentence.endswith(commands.STAYS_OPEN)
        still = {number for each in await _entries(life) for number in each.issue_ids}
        assert set(done.closed) == set(entry.issue_ids) - still
        assert done.next is None or done.next in still
        assert done.undo is not None
        (attempt_id,) = read_ranges(done.undo.fields["attempts"])
        await undo(pool, attempt_id, actor="officer bob", guild_id=life.guild_id)
        after = {each.key: each for each in await _entries(life)}
        assert _shown(after[entry.key]) == _shown(entry)


def _shown(entry: Entry) -> Entry:
    """The entry without what names its moment, and without whether automation may do it, which what was undone ends."""
    return replace(entry, seen="", is_safe=False, opened_at=datetime.min.replace(tzinfo=UTC))
