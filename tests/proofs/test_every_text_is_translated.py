"""Every word on every page is from the catalogue, or is data.

A guild speaks a language in which each text of the catalogue stands in ⟦brackets⟧, from before anything is said about it. So
what stands outside of brackets on its pages is a text that no translator can reach, unless it is a name or a note of the guild.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from html.parser import HTMLParser

import pytest
from psycopg import sql

from guild_builder import GuildBuilder
from patt.web import context
from proofs.furnishing import Words, furnish
from proofs.houses import House, opened
from proofs.walking import HOW_TO_MEND
from sv_common.db import embedded
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.language import LANGUAGES, PSEUDO, language, speaking
from sv_common.guild_sync.notes.words.vocabulary import Category

PROPER_NAMES = frozenset(
    {
        "PATT",
        "Battle.net",
        "Discord",
        "Raider.IO",
        "Warcraft Logs",
        "UTC",
        "CSV",
        "JSON",
        "US",
        "EU",
        "KR",
        "TW",
        *LANGUAGES.values(),
    }
)
_FIELD = re.compile(r"^query\.\w+: ")
"""The part of an address that a refusal is about."""
_TWICE = re.compile("⟦⟦[^⟦⟧]*⟧⟧")
CODES = frozenset(Category)
"""What a word of a note can be, which is chosen as programs write it: where one of these stands alone."""

SAID_BY_PATT: Mapping[str, str] = {
    "announcements": "content last_error",
    "audit_issues": "issue_type summary search_text review_reason details material dismissed_material state",
    "fix_attempts": "issue_type reason plan intended changes undone_changes",
    "issue_events": "issue_type reason before",
    "match_requests": "sentence",
    "player_characters": "evidence",
    "rule_settings": "issue_type parameters",
    "setting_changes": "subject before after sentence",
    "sync_log": "pipeline",
    "work_requests": "kind arguments doing result",
}
"""Of each table the columns with sentences and codes of PATT itself, which are no data; nor is what a constraint lists."""

SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-label")
"""Attributes that people read or hear; style shows `data-label`."""

NOT_READ = frozenset({"script", "style", "code", "pre", "kbd"})
"""Elements with what is no text for people, or is written as programs need it."""

IN_A_SENTENCE = frozenset(
    {"a", "abbr", "b", "bdi", "code", "em", "i", "kbd", "q", "small", "span", "strong", "svg", "time", "use"}
)
"""Elements that can stand within a sentence; any other ends it."""

_COLUMNS = """
    select table_schema, table_name, column_name, data_type
    from information_schema.columns as found join information_schema.tables using (table_schema, table_name)
    where table_schema in ('common', 'guild_identity') and table_type = 'BASE TABLE'
    and data_type in ('text', 'ARRAY', 'jsonb')
    and not exists (
        select from information_schema.constraint_column_usage
        join information_schema.check_constraints using (constraint_schema, constraint_name)
        where table_schema = found.table_schema and table_name = found.table_name and column_name = found.column_name
        and check_clause like '%ANY (ARRAY[%')
"""
"""The columns of tables with text, but those of which a constraint lists the codes that they may hold."""

_VALUES = {
    "text": "select {column} from {table} where {column} is not null",
    "ARRAY": "select unnest({column})::text from {table}",
    "jsonb": "select jsonb_path_query({column}, 'strict $.** ? (@.type() == \"string\")') #>> '{{}}' from {table}",
}

_WORD = re.compile(r"[^\W\d_]{2,}")
_BRACKET = re.compile(r"[⟦⟧]")


class Said(HTMLParser):
    """What a page says, in pieces of which none is a part of a sentence of another one."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._piece: list[str] = []
        self._unread = 0
        self.feed(source)
        self._end_piece()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the attributes of an element say."""
        self._meet(tag, 1)
        self.pieces += [value for name, value in attrs if name in SPOKEN and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content, such as a sign in a picture, opens nothing that is read."""
        self._meet(tag, 0)
        self.pieces += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._meet(tag, -1)

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._piece.append(data)

    def _meet(self, tag: str, change: int) -> None:
        if tag in NOT_READ:
            self._unread += change
        if tag not in IN_A_SENTENCE:
            self._end_piece()

    def _end_piece(self) -> None:
        if said := " ".join(" ".join(self._piece).split()):
            self.pieces.append(said)
        self._piece = []


class Data:
    """The words of the guild, each value as a whole: a word of one of them alone is none of them."""

    def __init__(self, values: Collection[str]) -> None:
        lines = {" ".join(value.split()) for value in values}
        known = sorted((line for line in lines if _WORD.search(line)), key=len, reverse=True)
        self._known = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)")

    def bare_words(self, said: str) -> list[str]:
        """Return the words of a piece that are neither in brackets nor the guild's."""
        depth, place, outside = 0, 0, []
        for bracket in _BRACKET.finditer(said):
            outside.append(said[place : bracket.start()] if depth == 0 else " ")
            depth, place = depth + (1 if bracket[0] == "⟦" else -1), bracket.end()
            if depth < 0:
                break
        if depth:
            return [f"(brackets that do not fit) {said}"]
        if _TWICE.search(said):
            return [f"(translated twice) {said}"]
        outside.append(said[place:])
        return _WORD.findall(self._known.sub(" ", "|".join(outside)))


@pytest.fixture(scope="module")
async def in_brackets(server: embedded.EmbeddedServer) -> AsyncIterator[House]:
    """A guild to which everything has happened, in brackets; and a browser that asks for them too, where there is no guild."""
    with pytest.MonkeyPatch.context() as patched, speaking(language()):
        patched.setattr(context, "best_of", lambda _: PSEUDO)
        async with opened(server, "in_brackets", _furnish) as house:
            yield house


async def _furnish(pool: Pool) -> None:
    guild = await GuildBuilder.create(pool)
    async with pool.connection() as conn:
        await conn.execute("update guild_identity.guilds set language = %s", [PSEUDO])
    await furnish(guild, Words())


async def test_no_word_of_a_page_is_out_of_the_reach_of_translators(in_brackets: House) -> None:
    walk = await in_brackets.walk()
    assert walk.unvisited == {}, HOW_TO_MEND
    data = Data({*[value async for value in _values(in_brackets.app.state.services.pool)], *PROPER_NAMES})
    found: dict[str, list[str]] = defaultdict(list)
    for view, source in walk.sources.items():
        for said in dict.fromkeys(Said(source).pieces):
            if said not in CODES and (bare := data.bare_words(_FIELD.sub("", said))):
                found[f"{' '.join(bare)} — in: {said}"].append(view.address)
    wrong = list(_told(found))
    assert wrong == [], "\n".join(wrong)


async def _values(pool: Pool) -> AsyncIterator[str]:
    """All text that the guild, its people and whoever works here have brought."""
    async with pool.connection() as conn:
        columns = await (await conn.execute(_COLUMNS)).fetchall()
        for schema, table, column, kind in columns:
            if column not in SAID_BY_PATT.get(table, "").split():
                names = {"column": sql.Identifier(column), "table": sql.Identifier(schema, table)}
                async for (value,) in await conn.execute(sql.SQL(_VALUES[kind]).format(**names)):
                    yield value


def _told(found: dict[str, list[str]]) -> Iterator[str]:
    for words, addresses in sorted(found.items(), key=lambda each: each[1]):
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        yield f"{addresses[0]}{more}: {words}"
