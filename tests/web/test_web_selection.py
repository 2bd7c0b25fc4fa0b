"""Acting on exactly the findings that were chosen: preview, fix, set aside, open again, by the API and by forms."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.integrity_checker import run_integrity_check
from web.helpers import API, PAGE, House, Seen, issue_number

CHOSEN = f"{API}/issues"
ACTIONS = f"{API}/issues"


async def _post(client: httpx2.AsyncClient, what: str, *issue_ids: int, **others: Any) -> Any:
    answer = await client.post(f"{CHOSEN}/{what}", json={"issue_ids": list(issue_ids), **others})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _numbers(guild: GuildBuilder) -> dict[str, int]:
    """Numbers of the troubled guild's issues, by the name of their subject."""
    return {
        name: await issue_number(guild, issue_type, name)
        for issue_type, name in (
            ("note_mismatch", "Grimalt"),
            ("orphan_wow", "Newalt"),
            ("orphan_wow", "Riddle"),
            ("orphan_discord", "Zephyr"),
            ("stale_character", "Sleeper"),
        )
    }


async def _states(guild: GuildBuilder) -> dict[int, str]:
    return dict(await guild.rows("select id, state from guild_identity.audit_issues"))


async def test_chosen_issues_of_several_rules_are_fixed_and_the_others_left(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await _numbers(troubled)
    body = await _post(alice, "fix", number["Riddle"], number["Grimalt"], number["Newalt"], number["Sleeper"])
    assert [issue["issue_id"] for issue in body["issues"]] == [
        number[name] for name in ("Riddle", "Grimalt", "Newalt", "Sleeper")
    ]
    assert [issue["outcome"] for issue in body["issues"]] == ["refused", "fixed", "fixed", "refused"]
    assert body["sentence"] == "Of 4 issues: 2 fixed, 2 refused."
    assert (await _states(troubled))[number["Zephyr"]] == "open"
    links = await troubled.rows(
        "select link_source, linked_by from guild_identity.player_characters where link_source <> 'full_match'"
    )
    assert set(links) == {("bulk_fix", "officer alice")}


async def test_an_issue_that_is_chosen_twice_counts_once(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await _numbers(troubled)
    body = await _post(alice, "fix", number["Newalt"], number["Newalt"])
    assert (body["found"], body["fixed"]) == (1, 1)
    again = await _post(alice, "fix", number["Newalt"])
    assert (again["nothing_to_do"], again["issues"][0]["resolved"]) == (1, True)


async def test_a_preview_of_the_chosen_changes_nothing_and_gives_the_keys_that_fix_takes(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await _numbers(troubled)
    body = await _post(alice, "fix/preview", number["Riddle"], number["Newalt"])
    riddle, newalt = body["issues"]
    assert (riddle["outcome"], riddle["key"]) == ("refused", None)
    assert newalt["outcome"] == "ready"
    assert newalt["steps"][0].startswith("Link Newalt-area-52 to Mito")
    assert set((await _states(troubled)).values()) == {"open"}
    fixed = await _post(alice, "fix", number["Newalt"], seen={number["Newalt"]: newalt["key"]})
    assert fixed["fixed"] == 1


async def test_another_fix_than_the_one_that_was_previewed_is_not_made(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await _numbers(troubled)
    (newalt,) = (await _post(alice, "fix/preview", number["Newalt"]))["issues"]
    await troubled.execute(
        "update guild_identity.wow_characters set guild_note = 'alt of Elrek' where character_name = 'Newalt'"
    )
    body = await _post(alice, "fix", number["Newalt"], number["Grimalt"], seen={number["Newalt"]: newalt["key"]})
    assert [issue["outcome"] for issue in body["issues"]] == ["refused", "fixed"]
    assert "has changed since the preview" in body["issues"][0]["reason"]
    assert (
        await troubled.rows(
            "select 1 from guild_identity.player_characters l join guild_identity.wow_characters c on c.id = l.character_id "
            "where c.character_name = 'Newalt'"
        )
        == []
    )


async def test_selected_issues_are_dismissed_and_reopened(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await _numbers(troubled)
    chosen = number["Riddle"], number["Zephyr"]
    away = await _post(alice, "dismiss", *chosen, reason="guests", until="2099-12-31")
    assert (away["moved"], away["sentence"]) == (2, "2 issues are dismissed until 2099-12-31.")
    assert sorted(each for each, state in (await _states(troubled)).items() if state == "dismissed") == sorted(chosen)
    events = await troubled.rows(
        "select issue_id, actor, reason, open_change from guild_identity.issue_events where event = 'dismissed' order by 1"
    )
    assert events == [(each, "officer alice", "guests (until 2099-12-31)", -1) for each in sorted(chosen)]
    back = await _post(alice, "reopen", *chosen, number["Newalt"], reason="they stay")
    assert back["sentence"] == "2 issues are reopened. 1 skipped: It is not dismissed."
    assert [issue["outcome"] for issue in back["issues"]] == ["reopened", "reopened", "left_alone"]
    assert set((await _states(troubled)).values()) == {"open"}


async def test_what_has_changed_since_it_was_seen_is_left_alone(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await _numbers(troubled)
    listed = (await alice.get(CHOSEN)).json()["items"]
    seen = {issue["id"]: issue["key"] for issue in listed}
    await mitigations.fix_one(troubled.pool, number["Newalt"], actor="officer bob")
    await troubled.execute("update guild_identity.audit_issues set summary = summary || '!' where summary ~ 'Zephyr'")
    body = await _post(alice, "dismiss", *seen, seen=seen, reason="all of them")
    reasons = {issue["issue_id"]: issue["reason"] for issue in body["issues"] if issue["outcome"] == "left_alone"}
    assert reasons == {
        number["Newalt"]: "It is already resolved.",
        number["Zephyr"]: "It has changed since you opened it. Check it again.",
    }
    assert body["moved"] == len(seen) - 2
    assert (await _states(troubled))[number["Zephyr"]] == "open"


@pytest.mark.parametrize(
    ("what", "others"), [("fix", {}), ("fix/preview", {}), ("dismiss", {"reason": "mine"}), ("reopen", {})]
)
async def test_a_number_of_another_guild_refuses_the_whole_request(
    alice: httpx2.AsyncClient, pool: Pool, troubled: GuildBuilder, what: str, others: dict[str, str]
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    await other.character("Loner", "hello there friend")
    await run_integrity_check(pool, guild_id=other.guild_id)
    theirs, mine = await issue_number(other, "orphan_wow"), await issue_number(troubled, "orphan_wow", "Newalt")
    for stranger in (theirs, 999_999):
        answer = await alice.post(
            f"{CHOSEN}/{what}",
            params={"guild": troubled.guild_id},
            json={"issue_ids": [mine, stranger], **others},
        )
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert f"These issues do not exist: {stranger}." in answer.json()["detail"]
    assert set((await _states(troubled)).values()) == {"open"}
    assert await troubled.rows("select id from guild_identity.fix_attempts") == []
    unclear = await alice.post(f"{CHOSEN}/{what}", json={"issue_ids": [mine], **others})
    assert (unclear.status_code, "Other Watch" in unclear.text) == (409, True)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("fix", {}),
        ("fix", {"issue_ids": []}),
        ("fix", {"issue_ids": [0]}),
        ("fix", {"issue_ids": ["x"]}),
        ("fix", {"issue_ids": [2**63]}),
        ("fix", {"issue_ids": list(range(1, 502))}),
        ("fix", {"issue_ids": [1], "seen": {"x": "y"}}),
        ("dismiss", {"issue_ids": [1]}),
        ("dismiss", {"issue_ids": [1], "reason": ""}),
        ("dismiss", {"issue_ids": [1], "reason": "a\x00b"}),
        ("dismiss", {"issue_ids": [1], "reason": "  "}),
        ("dismiss", {"issue_ids": [1], "reason": "later", "until": "2020-01-01"}),
        ("reopen", {"issue_ids": [1], "reason": ""}),
        ("reopen", {"issue_ids": [1], "reason": "a\x00b"}),
    ],
)
async def test_a_choice_that_cannot_be_used_is_422_and_changes_nothing(
    reader: httpx2.AsyncClient, house: House, what: str, body: dict[str, Any]
) -> None:
    if body.get("issue_ids") == [1]:
        body = {**body, "issue_ids": [await issue_number(house.guild, "orphan_wow")]}
    answer = await reader.post(f"{CHOSEN}/{what}", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:patt:problem:bad-input"), answer.text
    assert set((await _states(house.guild)).values()) == {"open"}


async def test_an_issue_of_a_rule_that_is_no_more_is_refused_and_can_be_set_aside(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await _numbers(troubled)
    await troubled.execute("update guild_identity.audit_issues set issue_type = 'old_rule' where summary ~ 'Riddle'")
    body = await _post(alice, "fix", number["Riddle"], number["Newalt"])
    assert [issue["outcome"] for issue in body["issues"]] == ["refused", "fixed"]
    assert "no longer exists" in body["issues"][0]["reason"]
    assert (await _post(alice, "fix/preview", number["Riddle"]))["issues"][0]["outcome"] == "refused"
    assert (await _post(alice, "dismiss", number["Riddle"], reason="old"))["moved"] == 1


async def test_choosing_more_costs_no_more_statements(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await guild.main("Mito")
    counts: dict[str, list[int]] = {"fix/preview": [], "dismiss": [], "reopen": [], "fix": []}
    for size in (2, 30):
        for number in range(size):
            await guild.character(f"Size{size}x{number}", "alt of Mito")
        await run_integrity_check(guild.pool)
        rows = await guild.rows("select id from guild_identity.audit_issues where state = 'open'")
        for what, told in counts.items():
            with counting_statements() as counter:
                others = {"reason": "later"} if what == "dismiss" else {}
                body = await _post(alice, what, *(row[0] for row in rows), **others)
            assert body.get("found", size) == size
            told.append(counter.statements)
    assert all(few == many for few, many in counts.values()), counts


async def _rows_of(alice: httpx2.AsyncClient, **query: str) -> dict[str, str]:
    """The names and values of all boxes on the page."""
    answer = await alice.get(PAGE, params=query)
    return dict(re.findall(r'name="(seen\.[0-9]+)" value="([0-9a-f]+)" form="selection"', answer.text))


async def _send(alice: httpx2.AsyncClient, what: str, ticked: dict[str, str], **fields: str) -> Seen:
    answer = await alice.post(f"{ACTIONS}/{what}", data={"back": PAGE, **ticked, **fields})
    assert answer.status_code == 303, answer.text
    return Seen(await alice.get(answer.headers["location"]))


async def test_by_forms_the_selected_rows_are_dismissed_and_reopened(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    ticked = dict(list((await _rows_of(alice, rule="orphan_wow")).items())[:2])
    assert len(ticked) == 2
    page = await _send(alice, "dismiss", ticked, reason="guests", until="", back=f"{PAGE}?state=dismissed")
    assert page.text("status") == "2 issues are dismissed. Undo all 2 u"
    assert "Dismissed by alice : guests" in page.text("content")
    stale = await _send(alice, "dismiss", ticked, reason="again")
    assert "0 issues are dismissed. 2 skipped: It has changed since you opened it" in stale.text("status")
    page = await _send(alice, "reopen", await _rows_of(alice, state="dismissed"))
    assert page.text("status") == "2 issues are reopened. Undo all 2 u"


async def test_by_forms_the_ticked_rows_are_previewed_row_by_row(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    ticked = await _rows_of(alice)
    back = f"{PAGE}?guild={troubled.guild_id}&days=90"
    answer = await alice.get(f"{PAGE}/preview", params={**ticked, "back": back})
    page = Seen(answer)
    text = page.text("content")
    for words in (
        "6 selected, a fix would change 3. Nothing has changed yet.",
        "'Newalt' has no player link would be fixed Link Newalt-area-52 to Mito",
        "'Riddle' has no player link would stay open",
        "[stale_character]",
        "Fix these 3",
    ):
        assert words in text, words
    assert back in page.links
    assert await troubled.rows("select id from guild_identity.fix_attempts") == []


@pytest.mark.parametrize(
    ("ticked", "sentence"),
    [
        ({}, "No issue is selected. Select the issues first."),
        ({"seen": "x"}, "seen: Input should be a valid dictionary"),
        ({"seen.x": ""}, "should be a valid integer"),
        ({"seen.1.2": "x"}, "should be a valid string"),
        ({"seen.0": "x"}, "greater than or equal to 1"),
        ({"seen.9999999999999999999": "x"}, "less than or equal to"),
        ({"seen.1": "x" * 65}, "at most 64 characters"),
        ({"seen.999999": "x"}, "These issues do not exist: 999999"),
        ({f"seen.{number}": "x" for number in range(1, 502)}, "at most 500 items"),
    ],
)
async def test_a_choice_that_cannot_be_used_is_told_on_the_page(
    reader: httpx2.AsyncClient, house: House, ticked: dict[str, str], sentence: str
) -> None:
    assert sentence in (await _send(reader, "dismiss", ticked, reason="so")).text("status")
    answer = await reader.get(f"{PAGE}/preview", params=ticked, follow_redirects=True)
    assert sentence in Seen(answer).text()
    assert set((await _states(house.guild)).values()) == {"open"}


async def test_resolved_findings_cannot_be_ticked(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await mitigations.fix_all(troubled.pool, "orphan_wow", actor="officer alice", guild_id=troubled.guild_id)
    assert await _rows_of(alice, state="resolved") == {}
    assert len(await _rows_of(alice, state="all")) == 5
    page = await alice.get(PAGE, params={"state": "resolved"})
    assert 'id="selection"' not in page.text
