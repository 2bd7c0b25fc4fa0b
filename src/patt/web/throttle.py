"""How often something may happen: counted exactly, within this process; beyond it the answer is 429 with the seconds to wait."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.auth.hashing import hashed
from patt.web.context import Caller, session_of, speak_as_asked
from patt.web.guard import SAFE_METHODS, bearer_token, upload_key
from patt.web.places import CLAIM_BATTLE_NET, CLAIM_DISCORD, CLAIM_PREFIX, DISCORD_PREFIX, SIGN_IN_PREFIX
from patt.web.problems import answer
from sv_common.guild_sync.core.language import tr, tr_n

Clock = Callable[[], float]
"""Seconds of a clock that only goes forward."""

MOST_ADDRESSES, MOST_HOLDERS = 10_000, 1_000
"""Keys that one limit remembers; beyond that, the one counted longest ago is forgotten."""


class Allowance(NamedTuple):
    """At most so many within any so many seconds."""

    most: int
    window_s: float


class Limit:
    """Counts for each key what happened within the last seconds."""

    def __init__(self, allowance: Allowance, clock: Clock, most_keys: int = MOST_ADDRESSES) -> None:
        self._allowance = allowance
        self._clock = clock
        self._most_keys = most_keys
        self._counted: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Return the seconds until there is room for one more; 0 where there is."""
        counted = self._counted.get(key)
        if counted is None:
            return 0.0
        now = self._clock()
        while counted and counted[0] <= now - self._allowance.window_s:
            counted.popleft()
        if len(counted) < self._allowance.most:
            return 0.0
        return counted[0] + self._allowance.window_s - now

    def count(self, key: str) -> None:
        """Count one more; of what is over the allowance only the latest is kept."""
        counted = self._counted.setdefault(key, deque(maxlen=self._allowance.most))
        counted.append(self._clock())
        self._counted.move_to_end(key)
        while len(self._counted) > self._most_keys:
            self._counted.popitem(last=False)

    def take(self, key: str) -> float:
        """Count one more if there is room; return the seconds to wait where there is none."""
        wait_s = self.wait_s(key)
        if not wait_s:
            self.count(key)
        return wait_s


FAILURES = Allowance(10, 15 * 60)
REQUESTS = Allowance(600, 60)
UPLOADS = Allowance(30, 60)
SIGN_INS = Allowance(60, 15 * 60)


class Limits:
    """The limits of one application. Each web process counts for itself.

    `failures` counts, for each address, sign-in links, tokens and upload keys that were not valid, and refuses more of
    them; `requests` what each token, key or session asks for, and `uploads` what each key sends; `sign_ins` each
    address's ways to Discord and Battle.net. A user who comes back from there is let in.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.failures = Limit(FAILURES, clock)
        self.requests = Limit(REQUESTS, clock, MOST_HOLDERS)
        self.uploads = Limit(UPLOADS, clock, MOST_HOLDERS)
        self.sign_ins = Limit(SIGN_INS, clock)


_WAYS_TO_SIGN_IN = frozenset({DISCORD_PREFIX, CLAIM_DISCORD, CLAIM_BATTLE_NET})
"""Where a way to Discord or to Battle.net begins."""

_BITS_OF_A_SUBSCRIBER = 64
"""Of an IPv6 address: the rest is the subscriber's own to choose, and limits no one."""


class ThrottleGuessing:
    """Stands before the guard: an address whose links, tokens or keys are not valid too often has to wait.

    Valid ones are never refused. Many people share an address, and a secret is 256 random bits, so looking it up shows a
    guesser nothing.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _presents_a_secret(request := Request(scope)):
            await self._app(scope, receive, send)
            return
        address = address_of(scope)
        if request.scope["path"] in _WAYS_TO_SIGN_IN and (wait_s := self._limits.sign_ins.take(address)):
            speak_as_asked(request)
            await _refuse(request, receive, send, tr("Too many sign-ins came from this address."), wait_s)
            return

        wait_s = 0.0

        async def judge(message: Message) -> None:
            """Count what was not valid, and hold the answer back where that was too much."""
            nonlocal wait_s
            if message["type"] == "http.response.start" and message["status"] == 401 and _holder(request) is None:
                wait_s = self._limits.failures.take(address)
            if not wait_s:
                await send(message)

        await self._app(scope, receive, judge)
        if wait_s:
            sentence = tr("Too many invalid sign-in links, tokens or upload keys came from this address.")
            await _refuse(request, receive, send, sentence, wait_s)


class ThrottleRequests:
    """Stands behind the guard: a token, an upload key or a session that asks too often has to wait."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        holder = _holder(request := Request(scope)) if scope["type"] == "http" else None
        if holder is None:
            await self._app(scope, receive, send)
            return
        is_upload = upload_key(request) is not None and request.method not in SAFE_METHODS
        limit = self._limits.uploads if is_upload else self._limits.requests
        if wait_s := limit.take(holder):
            await _refuse(request, receive, send, tr("Too many requests at once."), wait_s)
            return
        await self._app(scope, receive, send)


def address_of(scope: Scope) -> str:
    """Return from where a request comes, for counting: an IPv4 address, or the network of an IPv6 subscriber."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address), _BITS_OF_A_SUBSCRIBER), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _presents_a_secret(request: Request) -> bool:
    is_sign_in = request.scope["path"].startswith((f"{SIGN_IN_PREFIX}/", f"{CLAIM_PREFIX}/"))
    return is_sign_in or bearer_token(request) is not None or upload_key(request) is not None


def _holder(request: Request) -> str | None:
    """The caller that the guard has let through, by the hash of their secret, which outlives no request; None for others."""
    caller: Caller | None = getattr(request.state, "caller", None)
    secret = None
    if getattr(request.state, "uploader", None):
        secret = upload_key(request)
    elif caller is not None:
        secret = bearer_token(request) if caller.kind == "token" else session_of(request)
    return hashed(secret) if secret else None


async def _refuse(request: Request, receive: Receive, send: Send, sentence: str, wait_s: float) -> None:
    seconds = math.ceil(wait_s)
    error = HTTPException(429, f"{sentence} {_try_again_in(seconds)}", {"Retry-After": str(seconds)})
    await (await answer(request, error))(request.scope, receive, send)


def _try_again_in(seconds: int) -> str:
    if seconds < 120:
        return tr_n("Try again in {n} second.", "Try again in {n} seconds.", seconds)
    return tr_n("Try again in {n} minute.", "Try again in {n} minutes.", math.ceil(seconds / 60))
