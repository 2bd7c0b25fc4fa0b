"""What a step of a run has counted, in words."""

from __future__ import annotations

from collections.abc import Mapping

from sv_common.guild_sync.core.language import mark, number, tr

_WORDS = (
    *(mark("characters"), mark("joined"), mark("returned"), mark("left"), mark("renamed"), mark("refused")),
    *(mark("shown"), mark("hidden"), mark("gone"), mark("failed"), mark("waiting"), mark("erased"), mark("expired")),
    *(mark("members"), mark("new"), mark("roles"), mark("realms")),
    *(mark("notes changed"), mark("mismatches logged"), mark("unknown"), mark("ambiguous"), mark("doubtful")),
    *(mark("older"), mark("found"), mark("opened"), mark("recurred"), mark("refreshed"), mark("resolved")),
    *(mark("reopened"), mark("fixed"), mark("held"), mark("unverified"), mark("nothing to do")),
    *(mark("finished"), mark("posted")),
    *(mark("players created"), mark("characters linked"), mark("skipped")),
)
"""The names of counts, as they are said in English. One that is missing here is shown as it is."""


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Return the counts that are not zero, each with its name: “3 joined, 1 left”. Without any: “nothing new”."""
    told = (f"{number(count)} {tr(name.replace('_', ' '))}" for name, count in counts.items() if count)
    return ", ".join(told) or tr("nothing new")
