"""The checks against Discord's document find what is wrong; otherwise all that rests on them would prove nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conformance.document import DiscordDocument
from conformance.recorder import Exchange

pytestmark = pytest.mark.fixtures

HEADERS = {"user-agent": "DiscordBot (https://patt.invalid, 1)", "authorization": "Bot x"}
MEMBERS = Exchange(
    "GET", "/guilds/1/members", {"limit": "1000"}, HEADERS, b"", 200, {"content-type": "application/json"}, b"[]"
)
ROLE = replace(
    MEMBERS,
    method="PUT",
    path="/guilds/1/members/2/roles/3",
    query={},
    headers=HEADERS | {"x-audit-log-reason": "Zo%C3%AB"},
    status=204,
    answer_headers={},
    answer=b"",
)
MESSAGE = replace(
    MEMBERS,
    method="POST",
    path="/channels/1/messages",
    query={},
    headers=HEADERS | {"content-type": "application/json"},
    body=b'{"content": "x"}',
)


@pytest.mark.parametrize("right", [MEMBERS, ROLE, MESSAGE], ids=str)
def test_a_request_as_documented_has_no_fault(discord_document: DiscordDocument, right: Exchange) -> None:
    assert discord_document.faults_of_request(right) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(MEMBERS, path="/guilds/1/people"), "no such path"),
        (replace(MEMBERS, method="DELETE"), "no such path or method"),
        (replace(MEMBERS, path="/guilds/one/members"), "guild_id|one"),
        (replace(MEMBERS, query={"limit": "1001"}), "1001 is greater than"),
        (replace(MEMBERS, query={"limit": "many"}), "many"),
        (replace(MEMBERS, query={"page": "2"}), "the parameter page is not documented"),
        (replace(MEMBERS, body=b"{}"), "a body where none is documented"),
        (replace(MEMBERS, headers=HEADERS | {"user-agent": "curl/8"}), "user agent"),
        (replace(MEMBERS, headers=HEADERS | {"authorization": "Bearer x"}), "no bot token"),
        (replace(ROLE, headers=HEADERS), "reason has 0 characters"),
        (replace(ROLE, headers=HEADERS | {"x-audit-log-reason": "x" * 513}), "reason has 513 characters"),
        (replace(ROLE, headers=HEADERS | {"x-audit-log-reason": "Zo%EB"}), "not percent-encoded UTF-8"),
        (replace(MESSAGE, body=b""), "no body"),
        (replace(MESSAGE, body=b'{"content": 5}'), "content: "),
        (replace(MESSAGE, body=b'{"contents": "x"}'), "not documented: contents"),
        (replace(MESSAGE, headers=HEADERS), "content type"),
    ],
)
def test_a_request_that_is_not_as_documented_is_found(
    discord_document: DiscordDocument, wrong: Exchange, words: str
) -> None:
    assert any(word in fault for fault in discord_document.faults_of_request(wrong) for word in words.split("|"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(MEMBERS, status=302), "the status is not documented"),
        (replace(MEMBERS, answer=b"[{}]"), "required property"),
        (replace(MEMBERS, answer=b"<html>"), "no JSON"),
        (replace(MEMBERS, answer_headers={"content-type": "application/json; charset=utf-8"}), "content type"),
        (replace(ROLE, answer=b"{}"), "a body where none is documented"),
        (replace(ROLE, status=404, answer_headers=MEMBERS.answer_headers, answer=b'{"message": "x"}'), '"code"'),
        (
            replace(
                ROLE,
                status=429,
                answer_headers=MEMBERS.answer_headers,
                answer=json.dumps({"message": "", "code": 0}).encode(),
            ),
            '"retry_after"',
        ),
    ],
)
def test_an_answer_that_is_not_as_documented_is_found(
    discord_document: DiscordDocument, wrong: Exchange, words: str
) -> None:
    assert words in " ".join(discord_document.faults_of_answer(wrong))
