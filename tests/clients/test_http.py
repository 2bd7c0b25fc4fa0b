import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness
from sv_common.guild_sync.core.errors import SourceMalformed, SourceUnavailable
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.sources.http import (
    Asked,
    Node,
    RateLimiter,
    RetryableError,
    RetryPolicy,
    Sender,
    Timing,
    refuse_busy,
    retry_after,
    seconds,
)

T = TypeVar("T")
ASKED = Asked("Battle.net", "the roster")


class Flaky:
    """Fails so many times, then says "done"."""

    def __init__(self, failures: int, wait: float | None = None) -> None:
        self.calls = 0
        self._failures = failures
        self._wait = wait

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._failures:
            raise RetryableError(SourceUnavailable(f"failure {self.calls}"), self._wait)
        return "done"


async def repeated(attempt: Callable[[], Awaitable[T]], policy: RetryPolicy, timing: Timing) -> T:
    return await Sender(httpx2.AsyncClient(), policy, timing).repeat(attempt)


async def test_what_succeeds_at_once_is_not_repeated(clock: SimulatedClock, timing: Timing) -> None:
    flaky = Flaky(0)
    assert await repeated(flaky, RetryPolicy(), timing) == "done"
    assert (flaky.calls, clock.sleeps) == (1, [])


async def test_pauses_double_with_full_jitter_up_to_the_longest(timing: Timing, clock: SimulatedClock) -> None:
    clock.luck = 0.5
    policy = RetryPolicy(attempts=6, first_pause=1.0, longest_pause=5.0)
    assert await repeated(Flaky(5), policy, timing) == "done"
    assert clock.sleeps == [0.5, 1.0, 2.0, 2.5, 2.5]


async def test_a_wanted_wait_is_kept_to_the_second(timing: Timing, clock: SimulatedClock) -> None:
    assert await repeated(Flaky(2, wait=7.25), RetryPolicy(), timing) == "done"
    assert clock.sleeps == [7.25, 7.25]


@pytest.mark.parametrize("wait", [0, 0.001, None])
async def test_no_wait_and_no_luck_let_all_tries_follow_at_once(
    timing: Timing, clock: SimulatedClock, wait: float | None
) -> None:
    clock.luck = 0.0
    assert await repeated(Flaky(3, wait=wait), RetryPolicy(), timing) == "done"
    assert clock.sleeps == pytest.approx([0.1, 0.2, 0.4])


async def test_the_last_failure_is_the_one_that_is_told(timing: Timing, clock: SimulatedClock) -> None:
    with pytest.raises(SourceUnavailable, match="failure 4"):
        await repeated(Flaky(9), RetryPolicy(attempts=4), timing)
    assert len(clock.sleeps) == 3


async def test_a_wait_that_is_too_long_is_not_begun(timing: Timing, clock: SimulatedClock) -> None:
    with pytest.raises(SourceUnavailable, match="failure 1"):
        await repeated(Flaky(1, wait=3600), RetryPolicy(longest_wait=60), timing)
    assert clock.sleeps == []


async def test_a_policy_without_attempts_is_a_mistake(timing: Timing) -> None:
    with pytest.raises(ValueError, match="at least one attempt"):
        await repeated(Flaky(0), RetryPolicy(attempts=0), timing)


async def test_a_request_within_all_limits_does_not_wait(timing: Timing, clock: SimulatedClock) -> None:
    limiter = RateLimiter([(3, 1.0)], timing)
    for _ in range(3):
        await limiter.acquire()
    assert clock.sleeps == []


async def test_one_request_too_many_waits_until_the_window_has_passed(timing: Timing, clock: SimulatedClock) -> None:
    limiter = RateLimiter([(2, 1.0), (3, 60.0)], timing)
    for _ in range(4):
        await limiter.acquire()
    assert clock.now == 60.0


async def test_those_who_share_a_limiter_share_its_limit(timing: Timing, clock: SimulatedClock) -> None:
    limiter = RateLimiter([(100, 1.0)], timing)
    await asyncio.gather(*(limiter.acquire() for _ in range(350)))
    assert clock.now == pytest.approx(3.0)


async def test_a_limiter_tells_what_is_left_of_its_longest_window(timing: Timing, clock: SimulatedClock) -> None:
    limiter = RateLimiter([(2, 1.0), (5, 60.0)], timing)
    for _ in range(4):
        await limiter.acquire()
    assert (limiter.spare, limiter.seconds_until_free) == (1, 1.0)
    clock.now = 59.0
    assert (limiter.spare, limiter.seconds_until_free) == (1, 0.0)
    clock.now = 61.0
    assert limiter.spare == 5


@settings(deadline=None, max_examples=thoroughness.examples(50))
@given(
    limits=st.lists(st.tuples(st.integers(1, 5), st.floats(0.5, 10.0)), min_size=1, max_size=3),
    pauses=st.lists(st.floats(0.0, 3.0), max_size=30),
)
def test_no_window_ever_holds_more_than_its_limit(limits: list[tuple[int, float]], pauses: list[float]) -> None:
    clock = SimulatedClock()

    async def send_all() -> list[float]:
        limiter = RateLimiter(limits, Timing(clock.clock, clock.sleep, clock.jitter))
        sent = []
        for pause in pauses:
            clock.now += pause
            await limiter.acquire()
            sent.append(clock.now)
        return sent

    sent = asyncio.run(send_all())
    for count, window in limits:
        for first, last in zip(sent, itertools.islice(sent, count, None), strict=False):
            assert last - first >= window * (1 - 1e-9)


@pytest.mark.parametrize("value", [None, "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "nan", "inf", -1, True, [], "1e999"])
def test_what_is_no_length_of_time_is_no_wait(value: object) -> None:
    assert seconds(value) is None


@pytest.mark.parametrize(("value", "expected"), [("3", 3.0), (0, 0.0), (0.25, 0.25), (" 1.5 ", 1.5)])
def test_a_length_of_time_is_read_as_text_or_number(value: object, expected: float) -> None:
    assert seconds(value) == expected


def test_the_body_says_more_precisely_how_long_to_wait_than_the_header() -> None:
    answer = httpx2.Response(429, headers={"Retry-After": "2"}, json={"retry_after": 1.25})
    assert retry_after(answer) == 1.25


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"{"])
def test_the_header_says_how_long_to_wait_where_the_body_does_not(body: bytes) -> None:
    assert retry_after(httpx2.Response(429, headers={"Retry-After": "2"}, content=body)) == 2.0


@pytest.mark.parametrize(
    ("until", "wait"),
    [
        ("Fri, 31 Dec 1999 23:59:59 GMT", 29.0),
        ("Friday, 31-Dec-99 23:59:59 GMT", 29.0),
        ("Fri, 31 Dec 1999 23:00:00 GMT", 0.0),
        ("Fri, 99 Dec 1999 23:59:59 GMT", None),
        ("Fri, 31 Dec 1999 23:59444444444444444444:59 GMT", None),
        ("soon", None),
        ("", None),
        ("120", 120.0),
    ],
)
def test_a_date_to_wait_for_is_counted_from_the_answers_own(until: str, wait: float | None) -> None:
    sent = {"Date": "Fri, 31 Dec 1999 23:59:30 GMT", "Retry-After": until}
    assert retry_after(httpx2.Response(429, headers=sent)) == wait


async def test_a_service_that_is_down_is_asked_again_after_the_wait_that_it_names(
    clock: SimulatedClock, timing: Timing
) -> None:
    answers = iter([httpx2.Response(503, headers={"Retry-After": "7"}), httpx2.Response(200)])

    async def attempt() -> int:
        answer = next(answers)
        refuse_busy(answer, ASKED)
        return answer.status_code

    assert await repeated(attempt, RetryPolicy(), timing) == 200
    assert clock.sleeps == [7.0]


def test_json_is_read_as_it_is() -> None:
    assert Node.of(httpx2.Response(200, json={"a": [1]}), ASKED).value == {"a": [1]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty answer"),
        (b" \n", "an empty answer"),
        (b"<html></html>", "not whole JSON"),
        (b'{"a": ', "not whole JSON"),
        (b"\xff\xfe\xfa", "not whole JSON"),
        (b"[" * 100_000, "not whole JSON"),
    ],
)
def test_a_body_that_is_no_json_is_worth_another_attempt_and_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(RetryableError) as caught:
        Node.of(httpx2.Response(200, content=content), ASKED)
    assert isinstance(caught.value.error, SourceMalformed)
    assert words in str(caught.value.error)
    assert "the roster" in str(caught.value.error)
