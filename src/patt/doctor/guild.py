"""The checks of one guild's data: how fresh each source is, the rank table, upload keys, failed runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patt.auth import credentials
from patt.auth.credentials import UploadKey
from patt.doctor.checks import Check, Fault, check
from sv_common.db.pool import Connection, GuildConnection
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.core.text import age, in_words
from sv_common.guild_sync.insights.health import SourceAge, source_ages
from sv_common.guild_sync.roster import ranks, runs, uploads
from sv_common.guild_sync.roster.freshness import Source
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.roster.runs import Standing

RANKS, RANK_NAMES, UPLOAD_KEY, RUNS = mark("ranks"), mark("rank names"), mark("upload key"), mark("runs")
SOURCES: Mapping[Source, tuple[str, str]] = {
    Source.ROSTER: (mark("battlenet sync"), mark("patt sync battlenet, and keep “patt serve” running")),
    Source.PROFILES: (mark("profiles"), mark("They come with the roster: patt sync battlenet")),
    Source.MEMBERS: (mark("discord sync"), mark("patt sync discord, and keep “patt serve” running")),
    Source.NOTES: (
        mark("export"),
        mark("In the game, type /pattsync and /reload, with “patt watch” running; or: patt upload FILE"),
    ),
}
"""The name of the check of each source, and what to do if it is stale."""


@dataclass(frozen=True, slots=True)
class GuildFacts:
    """What the database knows of one guild's set-up. `given_up` are the numbers of failed uploads that can be tried again."""

    guild: Guild
    ranks: Sequence[Rank]
    forgotten: Sequence[tuple[int, str, int]]
    sources: Mapping[Source, SourceAge]
    standings: Mapping[str, Standing]
    keys: Sequence[UploadKey]
    given_up: Sequence[int] = ()

    def name(self, what: str) -> str:
        return f"guild {self.guild.id} {what}"


async def read_facts(conn: Connection, guild: Guild) -> GuildFacts:
    here = GuildConnection(conn, guild.id)
    return GuildFacts(
        guild,
        await ranks.all_ranks(here),
        await ranks.unmapped(here),
        {each.source: each for each in await source_ages(here)},
        await runs.standings(here),
        await credentials.upload_keys(conn, guild.id),
        await uploads.given_up(here),
    )


def check_data(facts: GuildFacts) -> list[Check]:
    """Check what needs no source, only the database."""
    valid = sorted({key.uploader for key in facts.keys if key.revoked_at is None})
    no_key = (tr("No companion can upload, because no upload key is valid."), "patt keys add NAME")
    kept = (
        tr("These uploads failed and are kept: {uploads}.", uploads=", ".join(map(str, facts.given_up))),
        tr("See why: patt uploads list. Then: patt uploads retry UPLOAD"),
    )
    return [
        _check_age(facts, Source.ROSTER),
        _check_age(facts, Source.PROFILES),
        _check_age(facts, Source.MEMBERS),
        check(
            facts.name(RANKS),
            tr_n(
                "{n} rank maps to a Discord role, or to none on purpose.",
                "All {n} ranks map to a Discord role, or to none on purpose.",
                len(facts.ranks),
            ),
            _fault_of_ranks(facts),
        ),
        check(
            facts.name(RANK_NAMES),
            tr("The rank table has the names of the game."),
            _fault_of_rank_names(facts.ranks),
        ),
        check(
            facts.name(UPLOAD_KEY),
            tr("Companions may upload for: {people}.", people=", ".join(valid)),
            None if valid else no_key,
        ),
        _check_age(facts, Source.NOTES, kept if facts.given_up else None),
        check(facts.name(RUNS), tr("No run has failed since the last good one."), _fault_of_runs(facts.standings)),
    ]


def _check_age(facts: GuildFacts, source: Source, fault: Fault | None = None) -> Check:
    found = facts.sources[source]
    what, remedy = SOURCES[source][0], tr(SOURCES[source][1])
    if found.last is None:
        return check(facts.name(what), "", fault or (tr("No data yet."), remedy))
    length, oldest = in_words(age(found.last)), in_words(found.stale_after)
    if found.is_stale and fault is None:
        fault = (
            tr("The last good run is {length} old. It should be at most {oldest} old.", length=length, oldest=oldest),
            remedy,
        )
    return check(facts.name(what), tr("The last good run was {length} ago.", length=length), fault)


def _fault_of_ranks(facts: GuildFacts) -> Fault | None:
    if not facts.ranks:
        return tr("The guild has no ranks yet. They come with the roster."), "patt sync battlenet"
    if not facts.forgotten:
        return None
    listed = ", ".join(
        tr_n("{number} ({rank}, {n} character)", "{number} ({rank}, {n} characters)", count, number=index, rank=rank)
        for index, rank, count in facts.forgotten
    )
    remedy = tr("patt init, or: patt ranks map RANK ROLE; for a rank without a role on purpose: patt ranks unmap RANK")
    return tr("These ranks have no Discord role yet: {ranks}.", ranks=listed), remedy


def _fault_of_rank_names(table: Sequence[Rank]) -> Fault | None:
    changes = ", ".join(
        tr(
            "rank {n} was {before} and is {now}",
            n=rank.wow_rank_index,
            before=rank.name,
            now=rank.name_in_game,
        )
        for rank in table
        if rank.is_in_doubt
    )
    if not changes:
        return None
    message = tr(
        "The game's rank names differ from the rank table, so no roles are compared: {changes}.", changes=changes
    )
    return message, tr(
        "See “patt ranks list”, map the ranks that moved with “patt ranks map”, then: patt ranks confirm"
    )


def _fault_of_runs(standings: Mapping[str, Standing]) -> Fault | None:
    sentences = [
        tr_n(
            "{run} failed {n} time within two days: {reason}",
            "{run} failed {n} times within two days: {reason}",
            each.failures,
            run=each.pipeline,
            reason=each.last_error or tr("The reason is not known."),
        )
        for _, each in sorted(standings.items())
        if each.failures
    ]
    if not sentences:
        return None
    remedy = tr("Follow the message, then run it again: patt sync battlenet, patt sync discord")
    return " ".join(sentences), remedy
