"""The catalogues of translations, brought up to date: run `python -m patt.catalogue` after changing a text that people read."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from patt.web.telling.script_texts import KEYWORDS as SCRIPT_KEYWORDS
from sv_common.guild_sync.core.language import CATALOGUES, DOMAIN, ENGLISH, LANGUAGES, catalogue

SOURCES = Path(__file__).parents[1]
KEYWORDS = {"tr": None, "tr_n": (1, 2), "tr_in": ((1, "c"), 2), "mark": None, **SCRIPT_KEYWORDS}
_METHODS = [
    ("patt/static/vendor/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("patt/static/**.js", "javascript"),
]
_COLUMNS = 120


def texts() -> Catalog:
    """Return all texts of the program, untranslated: from Python, templates and scripts."""
    found = Catalog(project="PATT", charset="utf-8")
    for file, _, message, comments, context in extract_from_dir(
        SOURCES, _METHODS, keywords=KEYWORDS, comment_tags=("For translators:",)
    ):
        found.add(message, None, [(Path(file).as_posix(), 0)], auto_comments=comments, context=context)
    return found


def updated(code: str) -> Catalog:
    """Return the catalogue of a language with all texts of the program: those that are new blank, those that are gone left out."""
    kept = catalogue(code) if path_of(code).exists() else Catalog(locale=code, domain=DOMAIN, project="PATT")
    kept.update(texts(), no_fuzzy_matching=True)
    return kept


def as_file(translated: Catalog) -> bytes:
    """Return what the file of a catalogue holds: in an order that follows the files, without numbers of lines."""
    file = BytesIO()
    write_po(
        file,
        translated,
        width=_COLUMNS,
        sort_by_file=True,
        ignore_obsolete=True,
        include_lineno=False,
        omit_header=False,
    )
    return file.getvalue()


def is_translated(message: Message) -> bool:
    """Whether a text has its translation, in each plural form."""
    forms = [message.string] if isinstance(message.string, str) else message.string or []
    return bool(forms) and all(forms) and not message.fuzzy


def path_of(code: str) -> Path:
    return CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def main() -> None:
    """Write the catalogues of the languages that are named, or of all, and say how much of each is translated."""
    for code in sys.argv[1:] or [each for each in LANGUAGES if each != ENGLISH]:
        translated = updated(code)
        path_of(code).parent.mkdir(parents=True, exist_ok=True)
        path_of(code).write_bytes(as_file(translated))
        done = sum(is_translated(each) for each in translated if each.id)
        sys.stdout.write(f"{path_of(code)}: {done} of {len(translated)} texts are translated.\n")


if __name__ == "__main__":
    main()
