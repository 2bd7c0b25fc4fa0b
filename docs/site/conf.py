"""How the documents become a site: `python run.py docs` builds it with Sphinx.

`docs/index.md` is the table of contents: each of its headings is a part of the site, each link below it a page.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

CONTENTS = "docs/index"
_PART = re.compile(r"^## (.+)$", re.MULTILINE)
_PAGE = re.compile(r"\]\(([\w./-]+)\.md\)")

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
    app.connect("source-read", _with_contents)


def _with_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    if name == CONTENTS:
        _, *parts = _PART.split(source[0])
        source[0] += "".join(map(_contents_of, parts[::2], parts[1::2]))


def _contents_of(title: str, text: str) -> str:
    pages = "\n".join(_PAGE.findall(text))
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"
