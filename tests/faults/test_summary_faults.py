"""The summary after an upload cannot be posted, whatever Discord answers: the upload stands, and the run says so."""

from __future__ import annotations

import httpx2
import pytest

from faults import table
from faults.installation import Installation
from faults.sentences import faults_of
from faults.table import Misbehavior
from sv_common.guild_sync.sources.http import RetryPolicy

LOST = [each for each in table.BODIES if each.name in {"200 cut", "200 slow"}]
CASES = [
    pytest.param(each, id=each.name, marks=pytest.mark.nightly if number % 3 else ())
    for number, each in enumerate((*LOST, *table.LIMITS, *table.STATUSES))
]
"""Every third at every commit: what Discord answers to other requests is tried with all of them."""

PLAYER = """
    select p.display_name from guild_identity.players p
    join guild_identity.player_characters l on l.player_id = p.id
    join guild_identity.wow_characters c on c.id = l.character_id
    where c.character_name = %(name)s
"""


class Alt:
    """A character whose note names one person, then another, and so on: each upload moves it, which is notable."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._people = [person for person in installation.world.people if person.member][1:3]
        self._character = next(alt for alt in self._people[0].alts if self._people[0].name in alt.note)

    async def demoted(self) -> Alt:
        world = self._installation.world
        world.set_rank(self._character, max(world.rank_roles))
        await self._installation.sync_battlenet()
        return self

    async def changes_hands(self) -> None:
        self._people.reverse()
        self._installation.world.set_note(self._character, f"alt of {self._people[0].name}")

    async def is_where_its_note_says(self) -> bool:
        main, alt = ({"name": each.name} for each in (self._people[0].main, self._character))
        return await self._installation.rows(PLAYER, main) == await self._installation.rows(PLAYER, alt) != []


@pytest.fixture(scope="module")
async def alt(shared: Installation) -> Alt:
    """An alt of the lowest rank, which automation may move."""
    return await Alt(shared).demoted()


@pytest.mark.parametrize("fault", CASES)
async def test_a_summary_that_cannot_be_posted_is_told_and_the_upload_stands(
    honest: Installation, alt: Alt, impatient: httpx2.AsyncClient, fault: Misbehavior
) -> None:
    if fault.is_slow:
        honest.connect(impatient, RetryPolicy(attempts=2))
    await alt.changes_hands()
    fault.strike(honest.simulator.faults, "message")
    report = await honest.upload()
    errors = [step.error for step in report.steps if step.error]
    assert (report.status, len(errors)) == ("partial", 1)
    assert faults_of(errors[0], "Discord") == []
    assert await alt.is_where_its_note_says()
    assert (await honest.newest_run()).status == "partial"


async def test_a_summary_is_posted_once_although_its_answers_are_lost(honest: Installation, alt: Alt) -> None:
    await alt.changes_hands()
    honest.world.messages.clear()
    honest.simulator.faults.cut("message", times=2)
    assert (await honest.upload()).status == "done"
    own = f"patt-sync-{(await honest.newest_run()).id}"  # what could not be posted before may be posted with it
    assert [message.nonce for message in honest.world.messages].count(own) == 1
