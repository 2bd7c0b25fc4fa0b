"""Law: the API, the form of a page, htmx and the command line write the same rows and say the same, given the same input."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any, get_args

import httpx2
import psycopg
import pytest
from fastapi import FastAPI

from cli.conftest import Outcome, Patt, patt
from cuts.conftest import Bench
from cuts.requests import API, ASKS, CHANGES_NOTHING, QUALITY, SECRET, Ask, address
from cuts.test_cuts_of_commands import COMMANDS
from cuts.test_cuts_of_requests import flash_of
from cuts.world import RenamedInMemory, World
from laws.snapshot import Snapshot, differences
from patt.app import create_app
from patt.bootstrap import Services, open_services
from patt.config import load_settings
from patt.web.forms import HTMX_HEADER
from sv_common.guild_sync.identity import decisions
from sv_common.guild_sync.identity.accounts import decisions as accounts
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity.plans import keeping
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, made, settings

__all__ = ["patt"]

BACK = "/admin/activity"
DECISIONS_PATH = f"{API}/players/decisions"
DECISIONS: tuple[ManualDecision, ...] = (
    decisions.LinkCharacter("Riddle", "Mito", remember_note=False),
    decisions.ConfirmLink("Grimalt"),
    decisions.UnlinkCharacter("Grimalt"),
    decisions.RejectLink("Riddle", "Mito", "another Mito"),
    decisions.AllowLink("Riddle", "Mito"),
    keeping.OverruleProof("Grimalt", "Zephyr", "it was sold"),
    decisions.LinkMember("Sol", "Zephyr"),
    decisions.LinkCharacterToMember("Riddle", "Zephyr", remember_note=False),
    decisions.UnlinkMember("Promoted"),
    decisions.RejectMember("Sol", "Zephyr", "another Sol"),
    decisions.AllowMember("Sol", "Zephyr"),
    decisions.MergePlayers("Mito", "Twin"),
    decisions.SetMain("Grimalt"),
    decisions.AddAlias("Quux", "Mito"),
    decisions.RemoveAlias("Quux"),
    decisions.NewPlayer(["Riddle"], "Odo", "Zephyr", remember_note=False),
    decisions.MarkShared("Grimalt", "guild bank"),
    decisions.UnmarkShared("Grimalt"),
    accounts.ShareAccount("Grimalt", "a family"),
    accounts.UnshareAccount("Grimalt"),
    decisions.SetHiatus("Mito", "2099-12-24", "a long trip"),
    decisions.EndHiatus("Mito"),
)
"""One of each kind; some are refused, which is to be said alike too."""

Input = Callable[[World], Ask]
_JOBS = ({"kind": "scan_rule", "issue_type": "orphan_wow"}, {"kind": "fix_all", "issue_type": "orphan_wow"})
_ROLES = {"kind": "ranks", "roles": {"3": {"role": "900", "is_managed": False}, "2": {"role": ""}}}


def _body(decision: ManualDecision) -> dict[str, Any]:
    return {each.name: getattr(decision, each.name) for each in fields(decision)}


def _sent(body: Mapping[str, Any]) -> Input:
    return lambda _: Ask(json=body)


def _inputs() -> Iterator[tuple[str, str, Input]]:
    """A name, the path, and what is sent, for every command that is declared."""
    for path, asked in ASKS.items():
        if path.startswith(f"{API}/") and path not in CHANGES_NOTHING | {DECISIONS_PATH}:
            yield path.removeprefix(API), path, asked
    for decision in DECISIONS:
        body = _body(decision)
        yield f"/players/decisions {body['decision']}", DECISIONS_PATH, _sent(body)
    for body in _JOBS:
        yield f"/data-quality/jobs {body['kind']}", f"{QUALITY}/jobs", _sent(body)
    yield "/settings/changes ranks", f"{API}/settings/changes", _sent(_ROLES)


INPUTS = {name: (path, asked) for name, path, asked in _inputs()}


@pytest.fixture
async def app(bench: Bench) -> FastAPI:
    """The application; each time its clock is read an hour has passed, so no request is told to wait."""
    battle_net = await RenamedInMemory.of(bench.world.guild)
    services = Services(
        settings(BASE_URL), bench.kept.pool, Sources(profiles=battle_net, realms=battle_net), secret=SECRET
    )
    return made(services, clock=itertools.count(step=3600).__next__)


def test_every_kind_of_decision_is_here() -> None:
    assert [type(each) for each in DECISIONS] == list(get_args(get_args(decisions.Decision)[0]))


@pytest.mark.parametrize("name", INPUTS)
async def test_a_form_and_htmx_do_and_say_what_the_api_does(bench: Bench, app: FastAPI, name: str) -> None:
    path, asked = INPUTS[name]
    ask = asked(bench.world)

    async def send(headers: Mapping[str, str], **body: Any) -> tuple[httpx2.Response, Snapshot]:
        bench.kept.put_back()
        async with ask.client(app, bench.world) as client:
            query: dict[str, str | int] = {"guild": bench.world.guild.guild_id, **ask.query}
            answer = await client.post(address(path, bench.world), params=query, headers=headers, **body)
        return answer, await bench.kept.now()

    form = {"data": {"back": BACK, **flat(ask.json or {})}}
    api, rows = await send({"Accept": "application/json"}, **({"json": ask.json} if ask.json is not None else {}))
    page, rows_of_form = await send({}, **form)
    part, rows_of_htmx = await send({HTMX_HEADER: "true", "Accept": "*/*"}, **form)
    assert differences(rows, rows_of_form) == {}
    assert differences(rows, rows_of_htmx) == {}
    sentence = said(api)
    for answer in (page, part):
        assert (answer.status_code, answer.headers["location"]) == (303, BACK), answer.text
        assert flash_of(answer) == ("result" if api.is_success else "problem", sentence[:1000])


LINES = {
    "fix": f"{QUALITY}/fix/{{issue_id}}",
    "undo": f"{QUALITY}/attempts/{{attempt_id}}/undo",
    "dismiss": f"{QUALITY}/issues/{{issue_id}}/dismiss",
    "reopen": f"{QUALITY}/issues/{{issue_id}}/reopen",
    "resolve": f"{QUALITY}/issues/{{issue_id}}/resolve",
    "inbox dismiss": f"{API}/inbox/{{key}}/dismiss",
    "inbox snooze": f"{API}/inbox/{{key}}/snooze",
    "inbox fix": f"{API}/inbox/fix",
    "settings rule": f"{API}/settings/changes",
    "keys add": f"{API}/settings/keys",
    "keys revoke": f"{API}/settings/keys/{{key_id}}/revoke",
    "losses release": f"{API}/losses/release",
    "uploads retry": f"{API}/uploads/{{upload_id}}/retry",
}
"""Commands of the command line, and what asks the API for the same."""

_SAYS_IT = ("uploads", "losses", "inbox")
"""Commands that say, when it is done, the API's sentence; others show what was done in a table."""


def test_the_command_line_writes_the_rows_that_the_api_writes(
    bench: Bench, patt: Patt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATT_DATABASE_URL", bench.kept.url)
    monkeypatch.setenv("LOGNAME", "alice")  # who asks the API
    asked = [(path, ASKS[path](bench.world).json) for path in LINES.values()]
    asked += [(DECISIONS_PATH, _body(decision)) for decision in DECISIONS]
    lines = [tuple(COMMANDS[name](bench.world)) for name in LINES] + [_line(decision) for decision in DECISIONS]
    told = asyncio.run(_ask_all(bench, asked))
    for line, (answer, rows) in zip(lines, told, strict=True):
        bench.kept.put_back()
        outcome: Outcome = patt(*line)
        assert (outcome.code == 0) is answer.is_success, (line, outcome.err, answer.text)
        assert _rows(bench) == rows, line
        if not answer.is_success:
            assert outcome.err.splitlines()[0] == said(answer), line
        elif line[0] in _SAYS_IT:
            assert said(answer) in outcome.out, line


async def _ask_all(bench: Bench, asked: list[tuple[str, Any]]) -> list[tuple[httpx2.Response, list[str]]]:
    found = []
    async with open_services(load_settings()) as services:
        app = create_app(services, clock=itertools.count(step=3600).__next__)
        async with Ask().client(app, bench.world) as client:
            for path, body in asked:
                bench.kept.put_back()
                query = {"guild": bench.world.guild.guild_id}
                answer = await client.post(address(path, bench.world), params=query, json=body)
                found.append((answer, _rows(bench)))
    return found


def _rows(bench: Bench) -> list[str]:
    with psycopg.connect(bench.kept.url) as conn:
        return bench.kept.now_by(conn)


def said(answer: httpx2.Response) -> str:
    """What an answer of the API says to people."""
    told = answer.json()
    return str(told["sentence"] if answer.is_success else told["detail"])


def flat(body: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[f"{prefix}{name}"] = json.dumps(value) if isinstance(value, bool) else value
    return found


def _line(decision: ManualDecision) -> tuple[str, ...]:
    body = _body(decision)
    verb = body.pop("decision").replace("_", "-")
    optional = [each.name for each in fields(decision) if each.default is not MISSING]
    given = {name: value for name, value in body.items() if name not in optional}
    own = [word for value in given.values() for word in (value if isinstance(value, list) else [value])]
    verbs = ("alias", verb.removesuffix("-alias")) if verb.endswith("-alias") else (verb,)
    said = [(f"--{name}", body[name]) for name in optional if body.get(name) and name != "plan_key"]
    return (*verbs, *own, *itertools.chain.from_iterable(said), "--guild", "1")
