"""The digest in words, and any announcement within Discord's limits."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sv_common.guild_sync.notifications.digest import ChangedIssues, IssueChange, digest
from sv_common.guild_sync.sources.discord.message import Announcement, Section, message, plain

NAMES = {"orphan_wow": "Unlinked WoW Character", "note_mismatch": "Note Mismatch"}

_texts = st.text(max_size=400) | st.text(alphabet="🔥é\u202ea*_@<>`\\", max_size=400)
_sections = st.builds(
    Section,
    heading=_texts.filter(lambda text: bool(text.strip())),
    lines=st.lists(_texts, max_size=40).map(tuple),
    total=st.integers(40, 5_000),
)


KNOWN = "9 of 12 characters have a player: 2 verified by Battle.net, 7 by a note, 3 unknown."


def _digest(*changed: ChangedIssues, open_now: int = 3, page_url: str | None = None) -> Announcement:
    day = date(2026, 11, 23)
    return digest(
        "Lantern Watch", day, changed, open_now, KNOWN, rule_names=NAMES, page_url=page_url, nonce="patt-digest-1"
    )


def test_rules_come_in_their_order_each_with_its_counts_and_issues() -> None:
    written = _digest(
        ChangedIssues("note_mismatch", IssueChange.FIXED, 1, ["Mito is linked to Zork"]),
        ChangedIssues("note_mismatch", IssueChange.NEW, 2, ["Ayla is linked to Bram", "Cora is linked to Zork"]),
        ChangedIssues("orphan_wow", IssueChange.RESOLVED, 1, ["Zephyrine has no player"]),
    )
    assert written.title == "Lantern Watch: changes on 23 November"
    assert written.body == f"3 issues are open now.\n{KNOWN}"
    assert [(each.heading, each.lines, each.total) for each in written.sections] == [
        ("Unlinked WoW Character: 1 resolved", ("• resolved: Zephyrine has no player",), 1),
        (
            "Note Mismatch: 2 new, 1 fixed automatically",
            (
                "• new: Ayla is linked to Bram",
                "• new: Cora is linked to Zork",
                "• fixed automatically: Mito is linked to Zork",
            ),
            3,
        ),
    ]


def test_a_rule_that_this_version_does_not_know_is_told_of_by_its_type() -> None:
    assert [each.heading for each in _digest(ChangedIssues("old_rule", IssueChange.NEW, 1, ["x"])).sections] == [
        r"old\_rule: 1 new"
    ]


@pytest.mark.parametrize(
    ("open_now", "sentence"),
    [(0, "No issues are open."), (1, "1 issue is open now."), (57, "57 issues are open now.")],
)
def test_the_number_of_open_issues_is_a_sentence(open_now: int, sentence: str) -> None:
    assert _digest(open_now=open_now).body == f"{sentence}\n{KNOWN}"


def test_the_page_is_linked_where_others_can_reach_it() -> None:
    assert _digest(page_url="https://patt.example/admin").body.endswith(
        f"[See them all](https://patt.example/admin)\n{KNOWN}"
    )


def test_a_long_summary_is_cut_to_one_short_line() -> None:
    (section,) = _digest(ChangedIssues("orphan_wow", IssueChange.NEW, 1, ["x" * 500])).sections
    assert section.lines == ("• new: " + "x" * 179 + "…",)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone", r"\@everyone"),
        ("<@123> <#4> <t:0:R>", r"\<\@123\> \<\#4\> \<t\:0\:R\>"),
        ("**bold** _it_ ~~no~~ ||spoiler||", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|spoiler\|\|"),
        ("https://evil.example", r"https\://evil.example"),
        ("[click](https://evil.example)", r"\[click\]\(https\://evil.example\)"),
        ("one\n# two\r\n- three", r"one \# two \- three"),
        ("a\u202eb\u2066c", "abc"),
        ("Zoë 🔥 한별", "Zoë 🔥 한별"),
        (r"a\*b", r"a\\\*b"),
    ],
)
def test_text_of_players_is_shown_as_it_is(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(_texts)
def test_plain_text_is_one_line_in_which_every_sign_of_formatting_is_escaped(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    unescaped = ""
    rest = iter(shown)
    for sign in rest:
        unescaped += next(rest) if sign == "\\" else sign
        assert sign == "\\" or sign not in r"*_`~|<>[]()#@:-"
    assert plain(unescaped) == shown


@given(_texts, _texts, st.lists(_sections, max_size=40))
def test_every_announcement_keeps_within_discords_limits(title: str, body: str, sections: list[Section]) -> None:
    (embed,) = _embeds(Announcement(title, body, "n-1", tuple(sections)))
    fields = embed.get("fields", [])
    assert len(fields) <= 25
    assert len(fields) == min(len(sections), 25)
    texts = [embed.get("title", ""), embed.get("description", "")]
    assert _length(texts[0]) <= 256
    assert _length(texts[1]) <= 4096
    for field in fields:
        assert 0 < _length(field["name"]) <= 256
        assert 0 < _length(field["value"]) <= 1024
        texts += [field["name"], field["value"]]
    assert sum(map(_length, texts)) <= 6000


def test_a_heading_of_which_nothing_can_be_shown_still_names_its_field() -> None:
    (embed,) = _embeds(Announcement("Digest", "", "n-1", (Section("\x00", (), 40),)))
    assert [field["name"] for field in embed["fields"]] == ["…"]


@given(st.integers(0, 60))
def test_what_does_not_fit_is_counted(lines: int) -> None:
    shown = Section("Rule", tuple(f"line {number}" for number in range(lines)), lines + 1)
    (embed,) = _embeds(Announcement("t", "b", "n", (shown,)))
    *listed, last = embed["fields"][0]["value"].split("\n")
    assert last == f"… and {lines + 1 - len(listed)} more"


def test_what_is_kept_until_it_is_sent_comes_back_the_same() -> None:
    announcement = _digest(ChangedIssues("orphan_wow", IssueChange.NEW, 2, ["Zephyrine has no player"]))
    assert Announcement.from_json(announcement.as_json()) == announcement


def _embeds(announcement: Announcement) -> list[dict[str, Any]]:
    embeds = message(announcement)["embeds"]
    assert isinstance(embeds, list)
    return embeds


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
