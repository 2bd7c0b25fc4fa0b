"""One value of an answer at a time becomes something else: it is taken, or refused with a sentence, and nothing stumbles.

At every commit each place gets every other odd value, the next place the others; by night each gets all of them.
"""

from __future__ import annotations

import copy
import itertools
import json
import math
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import Any, TypeAlias

import pytest
from starlette.responses import Response

import thoroughness
from faults.installation import Installation
from faults.sentences import faults_of
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.db_sync import refresh_profiles, sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.simulators.faults import Fault

Place: TypeAlias = tuple[str | int, ...]

ABSENT = object()
ODD_VALUES: tuple[object, ...] = (
    ABSENT,
    None,
    True,
    -1,
    1.5,
    2**31,
    2**63,
    "",
    "\0",
    "\ud800",
    "\u202e",
    "a\nb",
    "é" * 3000,
    "17",
    "9" * 5000,
    [],
    {},
)
NOT_READ = {
    "token": {"sub", "token_type"},
    "roster": {"_links", "playable_race", "faction", "character.key", "realm.key", "playable_class.key"},
    "profile": {"_links", "gender", "race", "faction", "guild", "level", "experience", "achievement_points", "key"},
    "status": {"_links"},
    "roles": {"color", "colors", "flags", "hoist", "icon", "mentionable", "unicode_emoji", "tags", "permissions"},
    "members": {
        *("avatar", "banner", "communication_disabled_until", "deaf", "discriminator", "flags", "joined_at", "mute"),
        *("pending", "premium_since", "primary_guild", "public_flags"),
    },
}
"""Fields of each answer that nothing reads (also as `parent.field`): what they hold would cost time and show nothing."""


def places(value: object, not_read: Collection[str], place: Place = ()) -> Iterator[Place]:
    """Every place of a JSON value that is read; of a list only the last entry."""
    children: Sequence[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        names = {key: f"{place[-1]}.{key}" if place else key for key in value}
        children = [(key, item) for key, item in value.items() if not {key, names[key]} & set(not_read)]
    elif isinstance(value, list):
        children = list(enumerate(value))[-1:]
    for key, item in children:
        yield (*place, key)
        yield from places(item, not_read, (*place, key))


def changed(body: Any, place: Place, odd: object) -> Any:
    """A copy of an answer that has another value, or none, in one place."""
    answer = copy.deepcopy(body)
    parent = answer
    for key in place[:-1]:
        parent = parent[key]
    if odd is ABSENT:
        del parent[place[-1]]
    else:
        parent[place[-1]] = odd
    return answer


def body_of(answer: Response) -> Any:
    return json.loads(bytes(answer.body))


async def read_roster(installation: Installation) -> None:
    roster = await installation.battle_net.fetch_members(installation.world.address)
    await sync_blizzard_roster(installation.pool, roster.members)


async def read_server(installation: Installation) -> None:
    server = await installation.discord.fetch_guild(installation.world.discord_guild_id)
    await sync_discord_members(installation.pool, server)


ROUTES = {
    "token": ("Battle.net", read_roster),
    "roster": ("Battle.net", read_roster),
    "roles": ("Discord", read_server),
    "members": ("Discord", read_server),
}


async def true_answer(installation: Installation, route: str, ask: Callable[[Installation], Awaitable[object]]) -> Any:
    """What a route answers when nothing is changed in it."""
    seen: list[Any] = []

    def look(answer: Response) -> Response:
        seen.append(body_of(answer))
        return answer

    installation.simulator.faults.add(route, Fault(change=look, times=None))
    await ask(installation)
    installation.simulator.faults.clear()
    return seen[0]


@pytest.mark.parametrize("route", ROUTES)
async def test_an_odd_value_in_an_answer_is_taken_or_refused_whole(honest: Installation, route: str) -> None:
    source, read = ROUTES[route]
    truth = await true_answer(honest, route, read)
    stumbles: list[str] = []
    state = await honest.fingerprint()
    assert len(ODD_VALUES) % 2
    all_of_them = list(itertools.product(places(truth, NOT_READ[route]), ODD_VALUES))
    for place, odd in all_of_them if thoroughness.everything() else all_of_them[::2]:
        answer = Response(json.dumps(changed(truth, place, odd)), media_type="application/json")
        honest.simulator.faults.clear()
        honest.simulator.faults.add(route, Fault(answer, times=None))
        honest.connect()
        wrong = await what_is_wrong(read(honest), source)
        before, state = state, await honest.fingerprint()
        if wrong is not None and state != before:
            wrong.append("something was changed")
        if wrong:
            stumbles.append(f"{place}: {'absent' if odd is ABSENT else repr(odd)[:40]}: {'; '.join(wrong)}")
    assert stumbles == []


@pytest.mark.parametrize("route", ["profile", "status"])
async def test_an_odd_value_in_a_profile_or_status_ends_no_refresh_and_no_one_is_gone_for_it(
    honest: Installation, route: str
) -> None:
    for character in honest.world.characters:
        character.has_profile = True
    await refresh(honest)
    hide_profiles(honest, route)
    truth = await true_answer(honest, route, refresh)
    rounds = math.ceil(len(ODD_VALUES) / len(honest.world.characters))
    stumbles: list[str] = []
    for place in places(truth, NOT_READ[route]):
        hide_profiles(honest, route)
        honest.simulator.faults.add(route, Fault(change=with_odd_values(place), times=None))
        for _ in range(rounds):
            stumbles += [f"{place}: {each}" for each in await what_is_wrong(refresh(honest), "Battle.net") or ()]
        gone = await honest.rows(
            "select character_id from guild_identity.character_profiles where gone_since is not null"
        )
        if gone and (route, place) != ("status", ("id",)):  # another id is Battle.net's own word for another character
            stumbles.append(f"{place}: {len(gone)} characters count as gone")
        honest.simulator.faults.clear()
        await refresh(honest)
    assert stumbles == []


def with_odd_values(place: Place) -> Callable[[Response], Response]:
    """Change one place of the true answers, each time to the next odd value."""
    odds = itertools.cycle(ODD_VALUES)

    def change(answer: Response) -> Response:
        return Response(json.dumps(changed(body_of(answer), place, next(odds))), media_type="application/json")

    return change


def hide_profiles(installation: Installation, route: str) -> None:
    """Let no profile be shown where the status is to be asked for."""
    if route == "status":
        installation.simulator.faults.json("profile", {"code": 404}, 404, times=None)


async def refresh(installation: Installation) -> None:
    await installation.let_profiles_be_due()
    await refresh_profiles(installation.pool, installation.battle_net)


async def what_is_wrong(reading: Awaitable[object], source: str) -> list[str] | None:
    """What is wrong with how a reading was refused; None when it was not refused."""
    try:
        await reading
    except PattError as error:
        return faults_of(str(error), source)
    except Exception as error:  # noqa: BLE001 -- whatever comes is to be shown with its case, after all cases
        return [repr(error)]
    return None
