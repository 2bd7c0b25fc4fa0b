"""What cannot be done is refused by the engine, so the command line and the API say the same sentence."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import psycopg

from cli.conftest import Patt
from patt.app import create_app
from patt.bootstrap import open_services
from patt.config import load_settings
from web.helpers import officer, session

ISSUES, DECISIONS = "/data-quality/issues/1", "/players/decisions"


def _decision(decision: str, **fields: str) -> tuple[str, dict[str, Any]]:
    return DECISIONS, {"decision": decision, **fields}


REFUSALS: list[tuple[list[object], tuple[str, dict[str, Any]]]] = [
    (
        ["dismiss", 1, "--reason", "x", "--until", "2020-01-01"],
        (f"{ISSUES}/dismiss", {"reason": "x", "until": "2020-01-01"}),
    ),
    (["dismiss", 1, "--reason", " "], (f"{ISSUES}/dismiss", {"reason": " "})),
    (["reopen", 1], (f"{ISSUES}/reopen", {})),
    (["resolve", 1, "--reason", "\n"], (f"{ISSUES}/resolve", {"reason": "\n"})),
    (["fix", 99], ("/data-quality/fix/99", {})),
    (["fix-all", "nonsense"], ("/data-quality/fix-all/nonsense", {})),
    (["scan", "nonsense"], ("/data-quality/scan/nonsense", {})),
    (["undo", 99], ("/data-quality/attempts/99/undo", {})),
    (["link", "Stranger", "Zork"], _decision("link", character="Stranger", player="Zork")),
    (["merge", "Mito", "Mito"], _decision("merge", player="Mito", other="Mito")),
    (["allow", "Stranger", "Mito"], _decision("allow", character="Stranger", player="Mito")),
    (["alias", "remove", "Elly"], _decision("remove_alias", alias="Elly")),
    (["alias", "add", "x" * 61, "Mito"], _decision("add_alias", alias="x" * 61, player="Mito")),
    (["settings", "word", "123", "role"], ("/settings/changes", {"kind": "word", "word": "123", "reading": "role"})),
    (["settings", "word", "Holy", "sort"], ("/settings/changes", {"kind": "word", "word": "Holy", "reading": "sort"})),
    (["settings", "rank", 9, "7001"], ("/settings/changes", {"kind": "ranks", "roles": {"9": {"role": "7001"}}})),
    (
        ["settings", "rule", "stale_character", "--set", "stale_after_days=-1"],
        (
            "/settings/changes",
            {"kind": "rule", "issue_type": "stale_character", "parameters": {"stale_after_days": "-1"}},
        ),
    ),
    (["settings", "keep", "undo=6"], ("/settings/changes", {"kind": "retention", "days": {"undo": "6"}})),
    (["settings", "keep", "life=6"], ("/settings/changes", {"kind": "retention", "days": {"life": "6"}})),
    (["settings", "undo", 99], ("/settings/changes/99/undo", {})),
    (["keys", "add", " "], ("/settings/keys", {"uploader": " "})),
    (["keys", "revoke", 99], ("/settings/keys/99/revoke", {})),
    (["admin", "token", "\t"], ("/settings/tokens", {"name": "\t", "scope": "read"})),
    (
        ["admin", "token", "x", "--metrics", "--guild", 1],
        ("/settings/tokens", {"name": "x", "scope": "metrics", "guild_id": 1}),
    ),
    (["admin", "revoke-token", 99], ("/settings/tokens/99/revoke", {})),
    (["admin", "revoke-session", 99], ("/officers/sessions/99/revoke", {})),
    (["uploads", "retry", 99], ("/uploads/99/retry", {})),
    (["losses", "release", "discord", "--key", "0" * 64], ("/losses/release", {"source": "discord", "key": "0" * 64})),
    (["guild", "move", "Others"], ("/settings/guild/move", {"region": "us", "realm": "area-52", "name": "Others"})),
]
"""Command lines, and the requests that ask for the same."""


def test_command_line_and_api_refuse_with_the_same_sentence(patt: Patt, guild: psycopg.Connection) -> None:
    patt("scan")
    refused = [patt(*line) for line, _ in REFUSALS]
    answers = asyncio.run(_ask())
    assert [line for (line, _), outcome in zip(REFUSALS, refused, strict=True) if outcome.code != 1] == []
    assert [answer.url.path for answer in answers if not 400 <= answer.status_code < 500] == []
    assert [outcome.err.splitlines()[0] for outcome in refused] == [answer.json()["detail"] for answer in answers]


async def _ask() -> list[httpx2.Response]:
    async with (
        open_services(load_settings()) as services,
        officer(create_app(services), await session(services.pool)) as client,
    ):
        return [await client.post(f"/api/v1/admin{path}", json=body) for _, (path, body) in REFUSALS]
