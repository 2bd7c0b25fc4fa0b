"""What the categories of the vocabulary are called for people. Where somebody types one, it stays the code that it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sv_common.guild_sync.core.language import tr_in
from sv_common.guild_sync.notes.words.vocabulary import Category

_WORDS: Mapping[Category, Callable[[], str]] = {
    Category.PROFESSION: lambda: tr_in("category", "profession"),
    Category.SPEC: lambda: tr_in("category", "spec"),
    Category.CLASS: lambda: tr_in("category", "class"),
    Category.ROLE: lambda: tr_in("category", "role"),
    Category.MEASURE: lambda: tr_in("category", "measure"),
    Category.BANK: lambda: tr_in("category", "bank"),
    Category.ALT: lambda: tr_in("category", "alt"),
    Category.MAIN: lambda: tr_in("category", "main"),
    Category.MAIN_BEFORE: lambda: tr_in("category", "main, before a name"),
    Category.CHARACTER: lambda: tr_in("category", "character"),
    Category.IDENTITY: lambda: tr_in("category", "identity"),
    Category.SEE: lambda: tr_in("category", "see"),
    Category.POSSESSIVE: lambda: tr_in("category", "possessive"),
    Category.MOOD: lambda: tr_in("category", "mood"),
    Category.OWNER: lambda: tr_in("category", "owner"),
    Category.DISCORD: lambda: tr_in("category", "discord"),
    Category.SECOND_NAME: lambda: tr_in("category", "second name"),
    Category.RELATION: lambda: tr_in("category", "relation"),
    Category.RELATION_BEHIND: lambda: tr_in("category", "relation, behind a name"),
    Category.COMPANY: lambda: tr_in("category", "company"),
    Category.COMPANY_BEFORE: lambda: tr_in("category", "company, before a name"),
    Category.NEGATION: lambda: tr_in("category", "negation"),
    Category.DATE: lambda: tr_in("category", "date"),
    Category.DITTO: lambda: tr_in("category", "ditto"),
    Category.STATUS: lambda: tr_in("category", "status"),
    Category.LINK: lambda: tr_in("category", "link"),
    Category.COPULA: lambda: tr_in("category", "copula"),
    Category.ARTICLE: lambda: tr_in("category", "article"),
    Category.CONTRAST: lambda: tr_in("category", "contrast"),
    Category.AGAIN: lambda: tr_in("category", "again"),
    Category.DOUBT: lambda: tr_in("category", "doubt"),
    Category.AND: lambda: tr_in("category", "and"),
    Category.ORDINARY: lambda: tr_in("category", "ordinary word"),
}


def category_in_words(code: str) -> str:
    """Return what a category is called in the language of the task. Raises `ValueError` for a code that is none."""
    return _WORDS[Category(code)]()
