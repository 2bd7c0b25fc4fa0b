"""The catalogues of translations, brought up to date: run `python -m patt.catalogue` after changing a text that people read."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from patt.web.telling.script_texts import KEYWORDS as SCRIPT_KEYWORDS
from sv_common.guild_sync.core.language import DOMAIN, ENGLISH, LANGUAGES, path_of, read_catalogue

SOURCES = Path(__file__).parents[1]
KEYWORDS = {"tr": None, "tr_n": (1, 2), "tr_in": ((1, "c"), 2), "mark": None, **SCRIPT_KEYWORDS}
_FOR_TRANSLATORS = "For translators:"
_COLUMNS = 120
_COMMENT = "# A translation of PATT. docs/translating.md says how it is kept."
_CHANGING = (
    b'"POT-Creation-Date',
    b'"PO-Revision-Date',
    b'"Generated-By',
    b'"Report-Msgid',
    b'"Last-Translator',
    b'"Language-Team',
)


def texts() -> Catalog:
    """Return all texts of the program, untranslated: from Python, templates and scripts."""
    found = Catalog(project="PATT", charset="utf-8")
    for file, _, message, comments, context in _extracted():
        found.add(message, None, [(Path(file).as_posix(), 0)], auto_comments=comments, context=context)
    return found


def updated(code: str) -> Catalog:
    """Return the catalogue of a language with all texts of the program: those that are new blank, those that are gone left out."""
    kept = read_catalogue(code) if path_of(code).exists() else Catalog(locale=code, domain=DOMAIN, project="PATT")
    kept.update(texts(), no_fuzzy_matching=True)
    return kept


@cache
def _extracted() -> Sequence[tuple[str, int, Any, list[str], str | None]]:
    """Read all sources, which takes more than a second: once for the catalogues of all languages."""
    return tuple(extract_from_dir(SOURCES, _METHODS, keywords=KEYWORDS, comment_tags=(_FOR_TRANSLATORS,)))


def as_file(translated: Catalog) -> bytes:
    """Return what the file of a catalogue holds: in the order of the files, without numbers of lines and times, which change daily."""
    file = BytesIO()
    translated.fuzzy = False
    translated.header_comment = _COMMENT
    write_po(file, translated, width=_COLUMNS, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(_CHANGING))


def is_translated(message: Message) -> bool:
    """Whether a text has its translation, in each plural form."""
    forms = [message.string] if isinstance(message.string, str) else message.string or []
    return bool(forms) and all(forms) and not message.fuzzy


def main() -> None:
    """Write the catalogues of the languages that are named, or of all, and say how much of each is translated."""
    for code in sys.argv[1:] or [each for each in LANGUAGES if each != ENGLISH]:
        translated = updated(code)
        path_of(code).parent.mkdir(parents=True, exist_ok=True)
        path_of(code).write_bytes(as_file(translated))
        done = sum(is_translated(each) for each in translated if each.id)
        sys.stdout.write(f"{path_of(code)}: {done} of {len(translated)} texts are translated.\n")


def _of_python(
    file: BinaryIO,
    keywords: Mapping[str, object],
    comment_tags: Collection[str],  # noqa: ARG001 -- what Babel hands to each method
    options: Mapping[str, object],  # noqa: ARG001 -- the same
) -> Iterator[tuple[int, str, tuple[str | None, ...], list[str]]]:
    """Extract the texts of a Python file from its syntax tree: Babel reads tokens, and those of an f-string hide what is in it."""
    source = file.read().decode()
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords:
            texts = tuple(_literal(each) for each in node.args)
            if any(texts):
                yield node.lineno, node.func.id, texts, _comment_above(lines, node.lineno)


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _comment_above(lines: Sequence[str], number: int) -> list[str]:
    above = lines[number - 2].strip() if number > 1 else ""
    return [above.removeprefix("# ")] if above.startswith(f"# {_FOR_TRANSLATORS}") else []


_METHODS: list[tuple[str, Any]] = [
    ("patt/static/vendor/**", "ignore"),
    ("**.py", _of_python),
    ("**/templates/**.html", "jinja2"),
    ("patt/static/**.js", "javascript"),
]

if __name__ == "__main__":
    main()
