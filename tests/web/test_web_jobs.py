"""The jobs API: asking for work, looking how it stands, and what is refused."""

from __future__ import annotations

import httpx2
import pytest

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from patt.bootstrap import Services
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, BASE_URL, issue_number, settings

JOBS = f"{API}/jobs"


async def test_a_job_is_asked_for_done_and_told_of(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    asked = await alice.post(JOBS, json={"kind": "fix_selected", "issue_ids": [number]})
    assert asked.status_code == 202
    job = asked.json()
    assert (job["state"], job["is_new"], job["who"], job["asked_by"]) == ("waiting", True, "alice", "officer alice")
    assert "No worker is running. Start one with “patt serve” or “patt worker”." in job["sentence"]
    await run_jobs(Services(settings(BASE_URL), troubled.pool, Sources()), troubled.guild_id)
    done = (await alice.get(f"{JOBS}/{job['id']}")).json()
    assert (done["state"], done["done"], done["total"]) == ("done", 1, 1)
    assert done["sentence"] == "Of 1 issue: 1 fixed."
    (issue,) = done["result"]["issues"]
    assert (issue["issue_id"], issue["outcome"], issue["resolved"]) == (number, "fixed", True)
    listed = (await alice.get(JOBS)).json()
    assert (listed["total"], [each["id"] for each in listed["items"]]) == (1, [job["id"]])


@pytest.mark.usefixtures("troubled")
@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"kind": "dance"}, 422, "kind"),
        ({}, 422, "kind"),
        ({"kind": "scan_rule"}, 422, "issue_type"),
        ({"kind": "scan_rule", "issue_type": "no_such"}, 404, "no_such"),
        ({"kind": "fix_selected", "issue_ids": []}, 422, "No issue is selected"),
        ({"kind": "fix_selected", "issue_ids": [0]}, 422, "issue_ids"),
        ({"kind": "fix_selected", "issue_ids": [2**62]}, 404, "Issue"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_by_name(
    alice: httpx2.AsyncClient, body: dict[str, object], status: int, word: str
) -> None:
    answer = await alice.post(JOBS, json=body)
    assert answer.status_code == status
    assert word in answer.text
    assert (await alice.get(JOBS)).json()["total"] == 0


async def test_a_job_that_is_not_there_is_not_found(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    answer = await alice.get(f"{JOBS}/41")
    assert answer.status_code == 404
    assert "kept for a day" in answer.json()["detail"]
