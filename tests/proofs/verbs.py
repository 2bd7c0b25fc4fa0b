"""The verbs of a page: its buttons and the links that look like one, what they are called, and where its forms go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urlsplit

_VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "path", "rect"})
_NAMED_BY_TEXT = frozenset({"button", "summary", "a"})
SHELLS = {"spine": "wide", "topbar": "phone", "tabs": "phone"}
"""By their class: what stands beside a page where there is room, or above and below it on a phone; never both."""
ALWAYS_OURS = ("/logout", "/login", "/api/v1/admin/account/")
"""Addresses that everybody may send a form to, about their own sign-ins."""


@dataclass(frozen=True)
class Verb:
    """Something to press: what it is called, where it leads, if it is a link, and in which shell it stands, if in one."""

    name: str
    href: str | None = None
    shell: str = ""


class Verbs(HTMLParser):
    """Reads the verbs and the forms of a page's source."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.verbs: list[Verb] = []
        self.forms: list[tuple[str, str]] = []
        """Method and path of each form, and of each button that sends it elsewhere."""
        self._open: list[tuple[str, str | None, str | None, str, list[str]]] = []
        self._method = "get"
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a box to tick, and the beginning of what can be pressed."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._method = given.get("method", "get")
            self.forms.append((self._method, urlsplit(given.get("action", "")).path))
        if "formaction" in given:
            self.forms.append((given.get("formmethod", self._method), urlsplit(given["formaction"]).path))
        if tag == "input" and given.get("type") == "checkbox" and "aria-label" in given:
            self.verbs.append(Verb(given["aria-label"]))
        is_pressed = tag in ("button", "summary") or (tag == "a" and "button" in given.get("class", "").split())
        if tag not in _VOID:
            shell = SHELLS.get(given.get("class", "")) or (self._open[-1][3] if self._open else "")
            self._open.append((tag if is_pressed else "", given.get("aria-label"), given.get("href"), shell, []))

    def handle_endtag(self, tag: str) -> None:
        """Note what was pressed by its label, or by its text."""
        if tag in _VOID:
            return
        kind, label, href, shell, pieces = self._open.pop()
        if kind in _NAMED_BY_TEXT:
            self.verbs.append(Verb(label or " ".join("".join(pieces).split()), href, shell))

    def handle_data(self, data: str) -> None:
        """Note the text of everything that is open."""
        for *_, pieces in self._open:
            pieces.append(data)

    def sent(self) -> Iterator[str]:
        """The paths to which the page sends forms that change something, apart from the viewer's own sign-ins."""
        for method, path in self.forms:
            if method == "post" and not path.startswith(ALWAYS_OURS):
                yield path


@cache
def verbs_of(text: str) -> Verbs:
    """Return what a source offers; each is read once for all that is asked of it."""
    return Verbs(text)
