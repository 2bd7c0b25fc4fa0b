"""The example dashboard and alarms in `deploy/`: what they ask for exists, and each alarm is explained and goes off."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync import mitigations
from web.helpers import api_token, application, asker, issue_number, trouble

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
ALARMS: dict[str, Any] = yaml.safe_load((DEPLOY / "alarms.yaml").read_text(encoding="utf-8"))
_METRIC = re.compile(r"\bpatt_\w+")
_LABELS = re.compile(r"(patt_\w+)\{([^}]*)\}")
OF_PROMETHEUS = {"job", "instance"}


def _panels() -> Iterator[dict[str, Any]]:
    for panel in DASHBOARD["panels"]:
        yield panel
        yield from panel.get("panels", [])


def _questions() -> list[str]:
    asked = [target["expr"] for panel in _panels() for target in panel.get("targets", [])]
    asked += [each["definition"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
    return asked + [rule["expr"] for rule in _alarms()]


def _alarms() -> list[dict[str, Any]]:
    return [rule for group in ALARMS["groups"] for rule in group["rules"]]


@pytest.fixture
async def given(guild: GuildBuilder, pool: Pool) -> dict[str, set[str]]:
    """The samples that an installation with a guild gives, by name, each with the labels that it has."""
    await trouble(guild)
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) "
        "values (%(guild)s, 'sweep', 'test', 'done', now(), now()), (%(guild)s, 'discord_sync', 'test', 'done', now(), now())"
    )
    issue = await issue_number(guild, "orphan_wow", "Newalt")
    await mitigations.fix_one(pool, issue, actor="test", guild_id=guild.guild_id, discord_bot=None)
    async with asker(application(pool)) as client:
        answer = await client.get("/metrics", headers=await api_token(pool))
        answer = await client.get("/metrics", headers=await api_token(pool, "another"))
    assert answer.status_code == httpx2.codes.OK
    families = text_string_to_metric_families(answer.text)
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


@pytest.fixture
async def guild(pool: Pool) -> GuildBuilder:
    return await GuildBuilder.create(pool)


def _documented() -> set[str]:
    table = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").partition("| metric |")[2].partition("\n\n")[0]
    return set(_METRIC.findall(table))


async def test_every_metric_and_label_that_is_asked_for_exists(given: dict[str, set[str]]) -> None:
    # With a client of Battle.net, or data of a source, there is more than this guild has.
    known = {**given, "patt_battlenet_requests_left": set(), "patt_source_age_seconds": {"guild", "source"}}
    for question in _questions():
        names = set(_METRIC.findall(question))
        assert names or question.startswith("up{"), question
        assert names <= known.keys(), question
        for name, selected in _LABELS.findall(question):
            labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected))
            assert labels <= known[name] | OF_PROMETHEUS, question


async def test_every_metric_of_patt_is_in_the_table_of_the_document_and_on_the_dashboard(
    given: dict[str, set[str]],
) -> None:
    def base(name: str) -> str:
        return re.sub(r"_(bucket|sum|count|created)$", "", name)

    ours = {base(name) for name in given if name.startswith("patt_") and not name.endswith("_created")}
    assert ours <= _documented()
    assert _documented() <= {base(name) for question in _questions() for name in _METRIC.findall(question)}


def test_the_dashboard_has_a_place_for_each_panel_and_asks_the_data_source_that_is_chosen() -> None:
    places: set[tuple[int, int]] = set()
    for panel in _panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & places, panel["title"]
        places |= cells
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
            assert panel["description"]
    numbers = [panel["id"] for panel in _panels()]
    assert len(set(numbers)) == len(numbers)


def test_every_alarm_is_explained_in_the_document() -> None:
    document = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    section = document.partition("### Alarms\n")[2].partition("\n## ")[0]
    explained = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", section, re.MULTILINE)
    assert explained == [rule["alert"] for rule in _alarms()]
    for rule in _alarms():
        assert {"summary", "description"} <= rule["annotations"].keys()
        assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.promtool
def test_prometheus_takes_the_alarms_and_each_goes_off_when_it_should_and_only_then() -> None:
    for command in (["check", "rules", "alarms.yaml"], ["test", "rules", "alarms_test.yaml"]):
        done = subprocess.run(  # noqa: S603 -- a program of this machine
            ["promtool", *command],  # noqa: S607 -- wherever it is installed
            cwd=DEPLOY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    tried = yaml.safe_load((DEPLOY / "alarms_test.yaml").read_text(encoding="utf-8"))
    checks = [check for each in tried["tests"] for check in each["alert_rule_test"]]
    for name in (rule["alert"] for rule in _alarms()):
        assert {bool(check.get("exp_alerts")) for check in checks if check["alertname"] == name} == {True, False}
