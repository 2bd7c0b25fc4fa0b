"""Codes as words for people. Codes that a user types, such as the states of issues, stay as they are typed in tables."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark, tr

_WORDS = (
    # How an issue stands, how severe it is, and what it went through.
    *(mark("open"), mark("dismissed"), mark("resolved"), mark("info"), mark("warning"), mark("error")),
    *(mark("opened"), mark("refreshed"), mark("recurred"), mark("reopened")),
    # How an attempt to fix it ended.
    *(mark("fixed"), mark("refused"), mark("waiting"), mark("held"), mark("failed"), mark("unverified")),
    mark("running"),
    mark("nothing to do"),
    # What else happens to people.
    *(mark("decision"), mark("fix"), mark("full match"), mark("undone")),
    *(mark("joined"), mark("left"), mark("renamed")),
    # Where evidence is from.
    *(mark("roster"), mark("note"), mark("discord"), mark("ranks"), mark("record"), mark("officer")),
    # How much speaks for a candidate, and what a link rests on.
    *(mark("strong"), mark("likely"), mark("weak")),
    *(mark("proven"), mark("officer"), mark("account"), mark("note"), mark("name")),
    # How surely a note is read, and what kind of note it is.
    *(mark("confident"), mark("ambiguous"), mark("suggested"), mark("unknown"), mark("nobody")),
    *(mark("names"), mark("empty"), mark("profession"), mark("bank"), mark("date"), mark("machine"), mark("ditto")),
    *(mark("marker"), mark("noise"), mark("unseen"), mark("nickname")),
    *(mark("alt of"), mark("main is"), mark("discord"), mark("bank of"), mark("list member"), mark("word")),
    # Who somebody is, and what they may do.
    *(mark("player"), mark("character"), mark("member"), mark("shared")),
    *(mark("viewer"), mark("administrator")),
    # What a new setting does to an issue.
    *(mark("opens"), mark("resolves")),
)
"""The codes that `word` translates, as they are said in English. One that is missing here is shown as it is."""


def word(code: str) -> str:
    """Return what a code says to people."""
    return tr(code.replace("_", " "))
