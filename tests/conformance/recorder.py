"""Keeps what a client asked and what it was answered, as it went over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

import httpx2


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; paths are relative to the base address, header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer_headers: Mapping[str, str]
    answer: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {self.status}"


@dataclass
class Recorder:
    """Attach it to an HTTP client; it keeps every exchange with addresses that begin with `base_url`."""

    base_url: str
    exchanges: list[Exchange] = field(default_factory=list)

    def attach(self, http: httpx2.AsyncClient) -> None:
        """Begin to keep what goes through a client."""
        http.event_hooks = {"request": [], "response": [self.keep]}

    async def keep(self, response: httpx2.Response) -> None:
        """Keep one exchange whose answer has begun."""
        request = response.request
        if not str(request.url).startswith(self.base_url):
            return
        await response.aread()
        path, _, query = request.url.raw_path.decode().partition("?")
        self.exchanges.append(
            Exchange(
                request.method,
                unquote(path.removeprefix(httpx2.URL(self.base_url).path)),
                dict(parse_qsl(query, keep_blank_values=True)),
                {name.lower(): value for name, value in request.headers.items()},
                request.content,
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                response.content,
            )
        )
