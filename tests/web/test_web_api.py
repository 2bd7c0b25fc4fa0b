"""The API: what each endpoint answers, and what it says where it cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.rules import RULES
from web.helpers import API, PAGE, House, Seen, issue_number


async def test_a_scan_tells_what_each_rule_found(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await troubled.character("Latecomer", "hello there friend")
    answer = await alice.post(f"{API}/scan")
    body = answer.json()
    assert answer.status_code == 200
    assert [rule["issue_type"] for rule in body["rules"]] == list(RULES)
    assert body["totals"] == {"found": 7, "opened": 1, "recurred": 0, "refreshed": 0, "resolved": 0, "reopened": 0}
    orphans = body["rules"][1]
    assert (orphans["moves"]["found"], orphans["moves"]["opened"], orphans["error"]) == (3, 1, None)
    assert body["sentence"] == "Scan done: 7 found, 1 new, 0 resolved."


async def test_a_scan_of_one_rule_looks_at_nothing_else(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await guild.character("Loner", "hello there friend", last_login_days=40)
    body = (await alice.post(f"{API}/scan/orphan_wow")).json()
    assert [(rule["issue_type"], rule["moves"]["opened"]) for rule in body["rules"]] == [("orphan_wow", 1)]
    assert await guild.rows("select issue_type from guild_identity.audit_issues") == [("orphan_wow",)]
    events = await guild.rows("select event, actor from guild_identity.issue_events")
    assert events == [("opened", "officer alice")]


async def test_a_rule_that_concludes_nothing_says_why(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await troubled.execute("update common.guild_ranks set name_in_game = 'Renamed' where wow_rank_index = 2")
    body = (await alice.post(f"{API}/scan")).json()
    errors = {rule["issue_type"]: rule["error"] for rule in body["rules"] if rule["error"]}
    assert list(errors) == ["role_mismatch"]
    assert errors["role_mismatch"] in body["sentence"]
    assert (await alice.get(f"{API}/rules")).json()[3]["open"] == 1


async def test_a_scan_without_a_guild_looks_at_every_guild(
    alice: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    body = (await alice.post(f"{API}/scan")).json()
    assert {rule["guild_id"] for rule in body["rules"]} == {guild.guild_id, other.guild_id}
    one = (await alice.post(f"{API}/scan", params={"guild": other.guild_id})).json()
    assert {rule["guild_id"] for rule in one["rules"]} == {other.guild_id}


async def test_a_fix_says_what_it_did_and_the_page_shows_it(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    before = Seen(await alice.get(PAGE)).counts("orphan_wow")
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    answer = await alice.post(f"{API}/fix/{number}")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["outcome"], body["resolved"], body["issue_type"]) == ("fixed", True, "orphan_wow")
    assert body["steps"][0].startswith("Link Newalt-area-52 to Mito")
    assert body["sentence"] == f"Fixed. {body['steps'][0]}"
    assert isinstance(body["attempt_id"], int)
    after = Seen(await alice.get(PAGE)).counts("orphan_wow")
    assert (before[0], before[2], after[0], after[2]) == (2, 0, 1, 1)
    assert await troubled.rows("select actor from guild_identity.fix_attempts") == [("officer alice",)]


async def test_a_fix_of_a_resolved_issue_changes_nothing_and_says_so(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    await alice.post(f"{API}/fix/{number}")
    body = (await alice.post(f"{API}/fix/{number}")).json()
    assert (body["outcome"], body["resolved"], body["attempt_id"]) == ("nothing_to_do", True, None)
    assert body["sentence"] == "Already resolved by alice. Nothing was changed."
    assert len(await troubled.rows("select id from guild_identity.fix_attempts")) == 1


@pytest.mark.parametrize(
    ("issue_type", "needle", "why"),
    [
        ("orphan_wow", "Riddle", "Not fixed: "),
        ("orphan_discord", "Zephyr", "No unknown character"),
        ("role_mismatch", "Promoted", "No Discord bot is set up"),
        ("stale_character", "Sleeper", "has no fix"),
    ],
)
async def test_a_fix_that_is_not_possible_says_why(
    alice: httpx2.AsyncClient, troubled: GuildBuilder, issue_type: str, needle: str, why: str
) -> None:
    answer = await alice.post(f"{API}/fix/{await issue_number(troubled, issue_type, needle)}")
    body = answer.json()
    assert (answer.status_code, body["outcome"], body["resolved"]) == (200, "refused", False)
    assert why in body["sentence"]


@pytest.mark.usefixtures("troubled")
async def test_fixing_all_counts_what_became_of_each(alice: httpx2.AsyncClient) -> None:
    body = (await alice.post(f"{API}/fix-all/orphan_wow")).json()
    counts = ("found", "fixed", "refused", "waiting", "failed", "nothing_to_do", "held")
    assert [body[name] for name in counts] == [2, 1, 1, 0, 0, 0, 0]
    assert [issue["outcome"] for issue in body["issues"]] == ["fixed", "refused"]
    assert all(issue["reason"] for issue in body["issues"])
    assert body["sentence"] == "Of 2 issues: 1 fixed, 1 refused."
    nothing = (await alice.post(f"{API}/fix-all/note_mismatch")).json()
    again = (await alice.post(f"{API}/fix-all/note_mismatch")).json()
    assert (nothing["fixed"], again["found"], again["sentence"]) == (1, 0, "No open issues. Nothing was changed.")


async def test_fixing_all_of_several_guilds_asks_which(
    alice: httpx2.AsyncClient, pool: Pool, troubled: GuildBuilder
) -> None:
    await GuildBuilder.create(pool, "Other Watch", "7001")
    answer = await alice.post(f"{API}/fix-all/orphan_wow")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:patt:problem:refused")
    assert "Other Watch" in answer.json()["detail"]
    chosen = await alice.post(f"{API}/fix-all/orphan_wow", params={"guild": troubled.guild_id})
    assert chosen.json()["fixed"] == 1


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        ("POST", "scan/nonsense", ", ".join(RULES)),
        ("POST", "fix-all/nonsense", ", ".join(RULES)),
        ("GET", "rules/nonsense/preview", "orphan_wow"),
        ("GET", "issues?rule=nonsense", "orphan_wow"),
        ("POST", "fix/999999", "Issue 999999 does not exist."),
        ("GET", "issues/999999", "999999"),
        ("POST", "attempts/999999/undo", "999999"),
        ("POST", "scan?guild=99", "Guild 99 does not exist."),
        ("POST", "fix-all/orphan_wow?guild=99", "99"),
        ("GET", "rules?guild=99", "99"),
        ("GET", "nothing", "This page does not exist"),
    ],
)
async def test_what_does_not_exist_is_404_with_a_sentence(
    reader: httpx2.AsyncClient, method: str, path: str, names: str
) -> None:
    answer = await reader.request(method, f"{API}/{path}")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (404, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    assert names in body["detail"]
    assert set(body) == {"type", "title", "status", "detail", "problems"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "fix/x", None),
        ("POST", "fix/0", None),
        ("POST", "fix/99999999999999999999", None),
        ("POST", "scan?guild=x", None),
        ("GET", "issues?state=x", None),
        ("POST", "issues/1/dismiss", b"{"),
        ("POST", "issues/1/dismiss", b"{}"),
        ("POST", "issues/1/dismiss", b'{"reason": ""}'),
        ("POST", "issues/1/dismiss", b'{"reason": "  "}'),
        ("POST", "issues/1/dismiss", b'{"reason": "a\\u0000b"}'),
        ("POST", "issues/1/dismiss", b'{"reason": "a\\ud800b"}'),
        ("POST", "issues/1/dismiss", b'{"reason": "later", "until": "2020-01-01"}'),
        ("POST", "issues/1/dismiss", b'{"reason": "later", "until": "soon"}'),
        ("POST", "issues/1/dismiss", b'["reason"]'),
    ],
)
async def test_input_that_cannot_be_used_is_422(
    reader: httpx2.AsyncClient, house: House, method: str, path: str, body: bytes | None
) -> None:
    path = path.replace("issues/1/", f"issues/{await issue_number(house.guild, 'orphan_wow')}/")
    answer = await reader.request(
        method, f"{API}/{path}", content=body, headers={"Content-Type": "application/json"} if body else None
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:patt:problem:bad-input")
    assert await house.guild.rows("select id from guild_identity.audit_issues where dismissed_at is not null") == []


async def test_an_issue_is_set_aside_and_opened_again(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    until = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    away = (await alice.post(f"{API}/issues/{number}/dismiss", json={"reason": "a guest", "until": until})).json()
    assert (away["state"], away["dismissed_by"], away["dismissed_reason"]) == ("dismissed", "officer alice", "a guest")
    assert away["sentence"] == f"Issue {number} is dismissed until {until}."
    await alice.post(f"{API}/scan")
    assert (await alice.get(f"{API}/issues/{number}")).json()["state"] == "dismissed"
    back = (await alice.post(f"{API}/issues/{number}/reopen")).json()
    assert (back["state"], back["sentence"]) == ("open", f"Issue {number} is reopened.")
    again = await alice.post(f"{API}/issues/{number}/reopen")
    assert (again.status_code, again.json()["detail"]) == (409, f"Issue {number} is not dismissed.")


async def test_a_fix_is_undone_once(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    attempt = (await alice.post(f"{API}/fix/{number}")).json()["attempt_id"]
    undone = await alice.post(f"{API}/attempts/{attempt}/undo")
    assert (undone.status_code, undone.json()["attempt_ids"]) == (200, [attempt])
    assert undone.json()["undone"][0].startswith("Undone: Link Newalt-area-52 to Mito")
    issue = (await alice.get(f"{API}/issues/{number}")).json()
    assert (issue["state"], issue["attempts"][0]["undone_by"]) == ("open", "officer alice")
    again = await alice.post(f"{API}/attempts/{attempt}/undo")
    assert again.status_code == 409
    assert "undone already" in again.json()["detail"]


async def test_reading_tells_all_there_is(reader: httpx2.AsyncClient, house: House) -> None:
    rules = (await reader.get(f"{API}/rules")).json()
    assert {rule["issue_type"]: rule["open"] for rule in rules} == {
        "note_mismatch": 1,
        "orphan_wow": 2,
        "orphan_discord": 1,
        "role_mismatch": 1,
        "departed_with_roles": 0,
        "stale_character": 1,
        "stale_discord_link": 0,
        "account_conflict": 0,
    }
    listed = (await reader.get(f"{API}/issues", params={"rule": "orphan_wow", "state": "all"})).json()
    assert (listed["page"], listed["pages"], listed["total"], len(listed["items"])) == (1, 1, 2, 2)
    number = await issue_number(house.guild, "note_mismatch")
    issue = (await reader.get(f"{API}/issues/{number}")).json()
    assert issue["preview"]["outcome"] == "ready"
    assert issue["preview"]["steps"][0].startswith("Move Grimalt-area-52 from Elrek to Mito: ")
    assert [event["event"] for event in issue["events"]] == ["opened"]
    assert issue["details"]["note"] == "Mito"


async def test_a_preview_tells_what_fixing_all_would_do(reader: httpx2.AsyncClient, house: House) -> None:
    body = (await reader.get(f"{API}/rules/orphan_wow/preview")).json()
    assert [issue["outcome"] for issue in body["issues"]] == ["ready", "refused"]
    assert body["issues"][0]["steps"][0].startswith("Link Newalt-area-52 to Mito")
    assert await house.guild.rows("select id from guild_identity.fix_attempts") == []


async def test_everything_is_described(visitor: httpx2.AsyncClient) -> None:
    description = (await visitor.get("/openapi.json")).json()
    operations = {
        f"{method} {path}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    for path in ("scan", "scan/{issue_type}", "fix/{issue_id}", "fix-all/{issue_type}"):
        assert f"post {API}/{path}" in operations
    for name, operation in operations.items():
        assert operation["summary"], name
        if API in name:
            answers = set(operation["responses"])
            assert {"401", "404", "409", "422"} <= answers, name
            assert answers & {"200", "202"}, name
            assert operation["security"], name
