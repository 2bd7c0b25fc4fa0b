"""Asking an application that keeps answers beside one that keeps none, and comparing what they say."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import httpx2
from fastapi import FastAPI

from patt.bootstrap import Services
from patt.web.kept.answers import KeptAnswers
from sv_common.db.counting import counting_statements
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, made, officer, settings

HTMX = {"HX-Request": "true"}
_DIFFERS_EACH_TIME = re.compile(
    r'(name="form_token" value="[A-Z2-7=]+"|data-live-mark="[^"]*"|"age_s":[0-9]+|[0-9]+m ago|just now|vor [0-9]+ Min\.|gerade eben)'
)


def keeping(pool: Pool, kept_answers: KeptAnswers | None = None) -> FastAPI:
    """An application with a clock by which nobody asks too often."""
    services = Services(settings(BASE_URL), pool, Sources())
    hours = iter(range(0, 10**9, 3600))
    return made(services, clock=lambda: float(next(hours)), kept_answers=kept_answers)


def forgetful(pool: Pool) -> FastAPI:
    """An application that draws each answer anew."""
    return keeping(pool, KeptAnswers(most_answers=0))


def addresses(guild_id: int, issues: Iterable[int]) -> list[str]:
    """The addresses whose answers are kept, each as it is asked for."""
    query, api = f"guild={guild_id}", "/api/v1/admin/data-quality/issues"
    lists = (f"/admin/inbox?{query}", f"/admin/data-quality?{query}", f"/admin/players?{query}", f"{api}?{query}")
    of_issues = [
        address
        for number in issues
        for address in (
            f"/admin/inbox/{number}?{query}",
            f"/admin/data-quality/issues/{number}?{query}",
            f"{api}/{number}?{query}",
        )
    ]
    return [*lists, f"/admin/data-quality?{query}&group=subject&state=all", *of_issues]


@dataclass
class Person:
    """Somebody who asks both applications."""

    session: str
    kept: httpx2.AsyncClient
    fresh: httpx2.AsyncClient
    given_again: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, session: str, kept: FastAPI, fresh: FastAPI) -> Person:
        return cls(session, officer(kept, session), officer(fresh, session))

    async def sees_what_is_drawn(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        """Hold the answer, asked for twice, against a fresh one."""
        expected, began = said(await self.fresh.get(address, headers=headers)), _minute()
        asked = [await self._asks_again(address, headers, expected) for _ in range(2)]
        if not asked[-1] and _minute() != began:  # an answer is kept for its minute
            asked.append(await self._asks_again(address, headers, expected))
        if asked[-1]:
            self.given_again.append(address)

    async def _asks_again(
        self, address: str, headers: Mapping[str, str] | None, expected: tuple[int, str, str | None]
    ) -> bool:
        """Whether the answer, which must be the expected one, was given again as it was drawn before."""
        with counting_statements() as counted:
            answer = await self.kept.get(address, headers=headers)
        assert said(answer) == expected, address
        return counted.statements <= _OF_THE_GUARD


def _minute() -> int:
    return int(time.time() // 60)


_OF_THE_GUARD = 1


def said(answer: httpx2.Response) -> tuple[int, str, str | None]:
    """What an answer says, without what differs each time."""
    text = _DIFFERS_EACH_TIME.sub("_", answer.text)
    return answer.status_code, text, answer.headers.get("content-type")
