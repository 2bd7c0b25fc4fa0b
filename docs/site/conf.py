"""How the documents become a site: `python run.py docs` builds it with Sphinx.

`docs/index.md` is the table of contents: each of its headings is a part of the site, each link below it a page.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

CONTENTS = "docs/index"
_PART = re.compile(r"^## (.+)$", re.MULTILINE)
_PAGE = re.compile(r"\[([^]]+)\]\(([\w./-]+)\.md\)")
_NO_PAGE = re.compile(r"\[([^]]+)\]\((?:\.\./)?INDEX\.md\)")
"""A link to what stays out: it is about files of a clone, and some systems would take its page for `index.html`."""

project = "PATT"
html_title = "PATT"
root_doc = CONTENTS
include_patterns = ["docs/*.md", "README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "CLAUDE.md"]
exclude_patterns = ["src", "tests", "build", ".*"]
extensions = ["myst_parser"]
nitpicky = True

# Anchors of headings are those that code hosts give, so that a link works in both places.
myst_heading_anchors = 4
highlight_language = "none"

html_theme = "furo"
html_favicon = "../../src/patt/static/icon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_extra_path = ["root"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False


def setup(app: Sphinx) -> None:
    """Let the table of contents be read from the links of its page."""
    app.connect("source-read", _as_page)
    app.connect("html-page-context", _with_levels, priority=900)


def _as_page(_app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = _NO_PAGE.sub(r"\1", source[0])
    if name == CONTENTS:
        _, *parts = _PART.split(source[0])
        source[0] += "".join(map(_contents_of, parts[::2], parts[1::2]))


def _with_levels(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Say of which level the headings of the navigation are, as screen readers want it; the theme has put it in by now."""
    tree = context["furo_navigation_tree"]
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def _contents_of(title: str, text: str) -> str:
    pages = "\n".join(f"{_printed(said)} <{page}>" for said, page in _PAGE.findall(text))
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"


def _printed(title: str) -> str:
    """Return a title as it is printed in its page: the navigation takes it as it stands."""
    return title.replace("'", "’")
