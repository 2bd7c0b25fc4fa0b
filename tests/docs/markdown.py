"""What stands in the documents: their links, pictures and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_READER = MarkdownIt("commonmark").enable("table")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link or picture: the document in which it stands, and where it leads."""

    document: Path
    target: str
    is_picture: bool = False

    @property
    def is_outside(self) -> bool:
        """Whether it leads to another host."""
        return re.match(r"[a-z][a-z0-9+.-]*:|//", self.target, re.IGNORECASE) is not None

    @property
    def file(self) -> Path:
        """The file that it leads to."""
        path, _, _ = self.target.partition("#")
        return (self.document.parent / path).resolve() if path else self.document

    @property
    def anchor(self) -> str:
        """The heading that it leads to; empty for the whole document."""
        return self.target.partition("#")[2]

    def __str__(self) -> str:
        return f"{self.document.name}: {self.target}"


def links_of(document: Path, text: str | None = None) -> list[Link]:
    """Return the links and pictures of a document, or of another text in its place."""
    read = document.read_text(encoding="utf-8") if text is None else text
    found = list[Link]()
    for token in _inner(_READER.parse(read)):
        if token.type == "link_open":
            found.append(Link(document, str(token.attrs["href"])))
        elif token.type == "image":
            found.append(Link(document, str(token.attrs["src"]), is_picture=True))
    return found


def html_of(document: Path) -> set[str]:
    """Return the names of all HTML elements that stand in a document."""
    tokens = _inner(_READER.parse(document.read_text(encoding="utf-8")))
    html = "".join(token.content for token in tokens if token.type in ("html_block", "html_inline"))
    return set(re.findall(r"<(\w+)", html))


def texts_of(document: Path) -> list[str]:
    """Return what a document shows, without its code."""
    tokens = _inner(_READER.parse(document.read_text(encoding="utf-8")))
    return [token.content for token in tokens if token.type == "text"]


def paragraphs_of(document: Path) -> list[str]:
    """Return the paragraphs, headings and cells of a document as they are read: links and code as their words."""
    found = list[str]()
    for token in _READER.parse(document.read_text(encoding="utf-8")):
        if token.type == "inline":
            parts = (" " if part.type == "softbreak" else part.content for part in token.children or ())
            found.append(" ".join("".join(parts).split()))
    return found


def code_of(document: Path) -> list[str]:
    """Return each piece of code of a document."""
    tokens = _inner(_READER.parse(document.read_text(encoding="utf-8")))
    return [token.content for token in tokens if token.type in ("fence", "code_block", "code_inline")]


@cache
def anchors_of(document: Path) -> frozenset[str]:
    """Return the anchors of a document's headings, as code hosts and the site name them."""
    tokens = _READER.parse(document.read_text(encoding="utf-8"))
    anchors = set[str]()
    for opening, heading in pairwise(tokens):
        if opening.type == "heading_open":
            said = "".join(part.content for part in heading.children or ())
            name = _NOT_IN_ANCHORS.sub("", said.strip().lower()).replace(" ", "-")
            number = 0
            while (anchor := f"{name}-{number}" if number else name) in anchors:
                number += 1
            anchors.add(anchor)
    return frozenset(anchors)


def _inner(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _inner(token.children or [])
