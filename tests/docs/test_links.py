"""A link in a document leads to a heading that is there, and each picture is shown and can be taken anew."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from docs.markdown import DOCUMENTS, ROOT, Link, anchors_of, html_of, links_of, texts_of
from screenshots.scenes import SCENES

ALL = [link for document in DOCUMENTS for link in links_of(document)]
IMAGES = ROOT / "docs" / "images"
CONTENTS = ROOT / "docs" / "index.md"
NO_PAGE = ROOT / "INDEX.md"
LOOPBACK = ("127.0.0.1", "localhost")


def _is_broken(link: Link) -> bool:
    if link.is_outside:
        return not _is_address(link.target)
    if not link.file.is_relative_to(ROOT) or not link.file.exists():
        return True
    return bool(link.anchor) and (link.file.suffix != ".md" or link.anchor not in anchors_of(link.file))


def _is_address(target: str) -> bool:
    """Say whether it has the form of an address that a stranger's computer can open; no one is asked."""
    parts = urlsplit(target)
    host = parts.hostname or ""
    is_sound = target.isascii() and not set(target) & set(' "<>\\^`{|}') and not target.endswith((".", ",", ";"))
    if host in LOOPBACK:
        return parts.scheme == "http" and is_sound
    is_host = "." in host and all(each and not each.startswith("-") for each in host.split("."))
    return parts.scheme == "https" and parts.username is None and is_host and is_sound


def test_every_link_leads_to_a_file_and_a_heading_that_are_there() -> None:
    assert len(ALL) > 150
    assert [str(link) for link in ALL if _is_broken(link)] == []


def test_no_document_brings_links_or_pictures_in_html() -> None:
    used = {document.name: html_of(document) for document in DOCUMENTS}
    assert {name: found for name, found in used.items() if found - {"details", "summary", "code"}} == {}


def test_no_document_shows_the_signs_of_a_link_that_is_none() -> None:
    shown = [(document.name, text) for document in DOCUMENTS for text in texts_of(document) if "](" in text]
    assert shown == []


@pytest.mark.parametrize(
    "written",
    [
        "[gone](nothing.md)",
        "[gone](setup.md#no-such-heading)",
        "[gone](#no-such-heading)",
        "![gone](images/nothing.png)",
        "[too far](../../outside.md)",
        "[a picture has no headings](images/inbox.png#top)",
        "[no host](https://)",
        "[not encrypted](http://example.org)",
        "[with a password](https://me:secret@example.org)",
        "[of another kind](mailto:me@example.org)",
        "[of no scheme](//example.org/page)",
        "a bare <https://example>",
        "| in a table |\n|---|\n| [gone](nothing.md) |",
        "- in a list\n\n  > and a quotation: [gone](nothing.md)",
    ],
)
def test_a_link_that_leads_nowhere_is_noticed(written: str) -> None:
    assert [_is_broken(link) for link in links_of(CONTENTS, written)] == [True]


@pytest.mark.parametrize(
    "written",
    [
        "[here](setup.md#4-the-guilds-discord-server)",
        "[by its code](rules.md#note_mismatch-guild-note-mismatch)",
        "[a file](citus.sql)",
        "<https://develop.battle.net>",
        "<http://127.0.0.1:8000>",
        "![a picture](images/inbox.png)",
    ],
)
def test_a_link_that_leads_somewhere_is_not_taken_for_a_broken_one(written: str) -> None:
    assert [_is_broken(link) for link in links_of(CONTENTS, written)] == [False]


def test_what_stands_in_code_is_no_link() -> None:
    assert links_of(CONTENTS, "`[x](nothing.md)`\n\n```\n[x](nothing.md)\n```\n") == []


def test_every_picture_is_shown_and_is_one_that_the_screenshots_take() -> None:
    there = {path.name for path in IMAGES.iterdir()}
    shown = {link.file.name for link in ALL if link.is_picture and link.file.parent == IMAGES}
    taken = {f"{scene.name}.png" for scene in SCENES}
    assert there == shown == taken
    assert [str(link) for link in ALL if link.is_picture and link.file.parent != IMAGES] == []


def test_the_table_of_contents_leads_to_every_page_once() -> None:
    listed = [link.file for link in links_of(CONTENTS)]
    assert sorted(listed) == sorted(_pages() - {CONTENTS})


def _pages() -> set[Path]:
    """Return the documents that the site shows."""
    return set(DOCUMENTS) - {NO_PAGE}
