"""What every client of a source needs: replaceable time, a rate limiter, retries with jitter, and JSON by documented types."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import quote

import httpx2

from sv_common.guild_sync.core.errors import SourceError, SourceMalformed, SourceSilent, SourceUnavailable
from sv_common.guild_sync.core.language import number, tr, tr_n
from sv_common.guild_sync.sources.bounded import ACCEPTED_ENCODING, LARGEST_ANSWER, TooLongError, bound

T = TypeVar("T")

TOO_MANY_REQUESTS = 429
TOO_LATE_OR_EARLY = (408, 425)
"""A request that did not arrive in time, or too soon to be taken: send it again (RFC 9110 and RFC 8470)."""
FIRST_SERVER_ERROR = 500
PRODUCT_VERSION = version("patt-guild")
"""What clients call themselves by, as services ask for."""

SLOWEST_ANSWER = 15.0
"""Seconds; the slow endpoints of Battle.net need more than the usual 5."""

LONGEST_ANSWER = 4
"""How many times that a whole answer may take: one that trickles in byte by byte must not hold a sync for hours."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Time and chance: `clock` and `sleep` in seconds, `jitter` a number from 0 up to 1."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random


REAL_TIME = Timing()


_LEAST_JITTER = 0.1


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often to try and how long to pause, in seconds. A wait above `longest_wait` ends the trying at once."""

    attempts: int = 4
    first_pause: float = 1.0
    longest_pause: float = 20.0
    longest_wait: float = 60.0

    def pause(self, attempt: int, wanted: float | None, jitter: float) -> float:
        """Seconds before the next attempt: jitter over a doubling pause, or longer where the service requested it.

        A shorter wait, such as 0, is no leave to repeat all failed requests at once; nor is chance.
        """
        pause = max(_LEAST_JITTER, jitter) * min(self.longest_pause, self.first_pause * 2.0 ** (attempt - 1))
        return max(pause, wanted or 0.0)


USUAL_RETRIES = RetryPolicy()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in words, for sentences: `Asked("Battle.net", tr("the guild roster"))`."""

    service: str
    what: str

    @property
    def words(self) -> Mapping[str, str]:
        """What stands for `{service}` and `{what}` in a sentence about it."""
        return {"service": self.service, "what": self.what}


class RetryableError(Exception):
    """A failure that may pass. `error` is what the caller gets when it does not; `wait` is in seconds."""

    def __init__(self, error: SourceError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class RateLimiter:
    """Lets requests through so that no window of time holds more than its limit. Share one within an event loop."""

    def __init__(self, limits: Sequence[tuple[int, float]], timing: Timing = REAL_TIME) -> None:
        """Take the limits as (requests, seconds) pairs; all of them hold at once."""
        self._windows = [(count, seconds, deque[float](maxlen=count)) for count, seconds in limits]
        self._timing = timing
        self._turn = asyncio.Lock()

    async def acquire(self) -> None:
        """Wait until one more request fits every limit, and count it. Waiting requests are served in order."""
        async with self._turn:
            while (wait := self.seconds_until_free) > 0:
                await self._timing.sleep(wait)
            now = self._timing.clock()
            for _, _, sent in self._windows:
                sent.append(now)

    @property
    def seconds_until_free(self) -> float:
        """How long one more request would wait if no other one waited."""
        now = self._timing.clock()
        full = [sent[0] + seconds - now for count, seconds, sent in self._windows if len(sent) == count]
        return max(0.0, *full) if full else 0.0

    @property
    def most(self) -> int:
        """How many requests fit into the longest of the windows."""
        return max(self._windows, key=lambda window: window[1])[0]

    @property
    def spare(self) -> int:
        """How many more requests fit into the longest of the windows right now."""
        count, seconds, sent = max(self._windows, key=lambda window: window[1])
        oldest = self._timing.clock() - seconds
        while sent and sent[0] <= oldest:
            sent.popleft()
        return count - len(sent)


def http_client(timeout: float = SLOWEST_ANSWER, *, trust_env: bool = True) -> httpx2.AsyncClient:
    """Return the connection pool that the clients share; `timeout` is in seconds. The caller closes it.

    Without `trust_env`, proxies of the environment are not used: right for servers on loopback.
    """
    return httpx2.AsyncClient(timeout=timeout, trust_env=trust_env)


@dataclass(frozen=True, slots=True)
class Sender:
    """What a client sends by: its connections, how often it tries, and its time."""

    http: httpx2.AsyncClient
    retries: RetryPolicy
    timing: Timing

    async def repeat(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run `attempt` until it raises no `RetryableError`; raise the last one's `SourceError` when all are used up."""
        for tries in range(1, self.retries.attempts + 1):
            try:
                return await attempt()
            except RetryableError as fault:
                pause = self.retries.pause(tries, fault.wait, self.timing.jitter())
                if tries == self.retries.attempts or pause > self.retries.longest_wait:
                    raise fault.error from fault
            await self.timing.sleep(pause)
        raise ValueError("a retry policy needs at least one attempt")

    async def send(self, request: httpx2.Request, asked: Asked, auth: httpx2.Auth | None = None) -> httpx2.Response:
        """Send one request and read the whole answer, up to a size that no real one has.

        Raises RetryableError without an answer, and SourceMalformed for one that is too long.
        """
        patience = self.http.timeout.read
        request.headers["Accept-Encoding"] = ACCEPTED_ENCODING
        try:
            async with asyncio.timeout(None if patience is None else LONGEST_ANSWER * patience):
                response = await self.http.send(request, auth=auth, stream=True)
                try:
                    await bound(response)
                    await response.aread()
                finally:
                    await response.aclose()
                return response
        except TooLongError as fault:
            raise SourceMalformed(too_long(asked)) from fault
        except (httpx2.TimeoutException, TimeoutError) as fault:
            # For translators: {what} is one of the things asked for, such as “the roster of the guild”.
            sentence = tr("{service} did not answer in time for {what}. Try again later.", **asked.words)
            raise RetryableError(_unanswered(fault)(sentence)) from fault
        except httpx2.RequestError as fault:
            sentence = tr(
                "The connection to {service} failed while asking for {what} ({fault}). "
                "Check this server's internet connection, then try again.",
                fault=type(fault).__name__,
                **asked.words,
            )
            raise RetryableError(_unanswered(fault)(sentence)) from fault


def _unanswered(fault: Exception) -> type[SourceUnavailable]:
    """The error by whether the request was sent."""
    never_sent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
    return SourceUnavailable if isinstance(fault, never_sent) else SourceSilent


def too_long(asked: Asked) -> str:
    return tr(
        "{service} sent more than {n} MB for {what}, far more than a real answer has. "
        "Nothing was used of it. Check what stands between this server and it, such as a proxy.",
        n=LARGEST_ANSWER // 2**20,
        **asked.words,
    )


def refuse_busy(response: httpx2.Response, asked: Asked) -> None:
    """Raise RetryableError for an answer that means "not now": 408, 425, 429 or any 5xx, with the wait that it requests."""
    status = response.status_code
    if status == TOO_MANY_REQUESTS:
        wait = retry_after(response)
        when = (
            tr_n("Try again in {n} second.", "Try again in {n} seconds.", math.ceil(wait))
            if wait
            else tr("Try again later.")
        )
        sentence = tr(
            "{service} is not accepting more requests right now, so PATT got no answer for {what}.", **asked.words
        )
        raise RetryableError(SourceUnavailable(f"{sentence} {when}"), wait)
    if status in TOO_LATE_OR_EARLY:
        sentence = tr(
            "{service} did not take the request for {what} in time (HTTP {status}). Try again later.",
            status=status,
            **asked.words,
        )
        raise RetryableError(SourceUnavailable(sentence))
    if status >= FIRST_SERVER_ERROR:
        sentence = tr(
            "{service} failed with an error of its own (HTTP {status}) over {what}. Try again later.",
            status=status,
            **asked.words,
        )
        raise RetryableError(SourceUnavailable(sentence), wait_in_header(response))


def try_again_in_minutes(seconds: float) -> str:
    return tr_n("Try again in {n} minute.", "Try again in {n} minutes.", math.ceil(seconds / 60))


def retry_after(response: httpx2.Response) -> float | None:
    """Seconds to wait after a 429: Discord's precise `retry_after` in the body, else the header, else None."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    in_body = body.get("retry_after") if isinstance(body, dict) else None
    return seconds(in_body) if in_body is not None else wait_in_header(response)


def wait_in_header(response: httpx2.Response) -> float | None:
    """Seconds to wait by the header Retry-After; None without one that can be read.

    It holds seconds or a date (RFC 9110, 10.2.3). A date is counted from the answer's own, so that clocks need not agree.
    """
    asked = response.headers.get("retry-after")
    until, sent = _moment(asked), _moment(response.headers.get("date"))
    if until is not None:
        return max(0.0, (until - (sent or datetime.now(UTC))).total_seconds())
    return seconds(asked)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):  # the latter for a number too large for any part of a date
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds(value: object) -> float | None:
    """Read a number of seconds as services write it; None for anything else, such as a date, infinity or a debt."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


LARGEST_INTEGER = 2**63 - 1
"""No documented number is larger, and no database column holds more."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a JSON answer and the place where it stands. Every reader raises SourceMalformed naming the place."""

    value: object
    asked: Asked
    place: str = ""

    @classmethod
    def of(cls, response: httpx2.Response, asked: Asked) -> Node:
        """Read an answer's JSON. Raises RetryableError for an empty body, an HTML page, or cut or otherwise broken JSON."""
        if not response.content.strip():
            sentence = tr(
                "{service} gave an empty answer (HTTP {status}) for {what}. Nothing was used of it; try again later.",
                status=response.status_code,
                **asked.words,
            )
        else:
            try:
                return cls(response.json(), asked)
            except (ValueError, RecursionError):
                sentence = tr(
                    "{service} gave something that is not whole JSON (HTTP {status}, {kind}) for {what}. "
                    "Nothing was used of it; try again later.",
                    status=response.status_code,
                    kind=response.headers.get("content-type") or tr("no content type"),
                    **asked.words,
                )
        raise RetryableError(SourceMalformed(sentence))

    def child(self, key: str) -> Node:
        """Return the value under `key`, None when there is none. This value must be an object."""
        if not isinstance(self.value, dict):
            raise self.malformed(tr("an object"))
        return replace(self, value=self.value.get(key), place=f"{self.place}.{key}" if self.place else key)

    def named(self, label: str) -> Node:
        return replace(self, place=f"{self.place} ({label})")

    def items(self) -> Iterator[Node]:
        """Yield the entries of this list, numbered from 1 in their place."""
        if not isinstance(self.value, list):
            raise self.malformed(tr("a list"))
        for nth, item in enumerate(self.value, start=1):
            yield replace(self, value=item, place=f"{self.place} entry {nth}".strip())

    def text(self) -> str:
        """Read a text that is not blank; NUL and halves of characters, which no database stores, are dropped."""
        if not (text := self.any_text()).strip():
            raise self.malformed(tr("a text that is not blank"))
        return text

    def any_text(self) -> str:
        if not isinstance(self.value, str):
            raise self.malformed(tr("a text"))
        return storable(self.value)

    def text_or_none(self) -> str | None:
        """Read a text; None when it is absent, null or blank."""
        if self.value is None or not (text := self.any_text()).strip():
            return None
        return text

    def integer(self, most: int = LARGEST_INTEGER) -> int:
        """Read a whole number from 0 to `most`."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 0 <= self.value <= most:
            raise self.malformed(
                tr("a whole number")
                if most == LARGEST_INTEGER
                else tr("a whole number from 0 to {most}", most=number(most))
            )
        return self.value

    def integer_or_none(self) -> int | None:
        """Read a whole number; None when it is absent or null."""
        return None if self.value is None else self.integer()

    def flag(self) -> bool:
        """Read true or false; absent or null is false."""
        if self.value is None:
            return False
        if not isinstance(self.value, bool):
            raise self.malformed(tr("true or false"))
        return self.value

    def malformed(self, wanted: str) -> SourceMalformed:
        place = f"'{self.place}'" if self.place else tr("the whole answer")
        return SourceMalformed(
            tr(
                "{service}'s answer for {what} does not have the documented shape: {place} should be {wanted}. "
                "Nothing was used. Try again later, and report it if it happens again.",
                place=place,
                wanted=wanted,
                **self.asked.words,
            )
        )


def segment(text: str) -> str:
    """Quote one part of a path, so that no text changes what stands around it: neither a slash nor a part of dots alone."""
    return "%2E" * len(text) if text in (".", "..") else quote(text, safe="")


def storable(text: str) -> str:
    """Drop NUL and lone surrogates: JSON can hold both, a PostgreSQL text can hold neither."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
