"""The checks of one guild's data: how fresh each source is, the rank table, upload keys, failed runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from patt import access
from patt.access import UploadKey
from patt.setup.ages import age, in_words
from patt.setup.check import Check, well, wrong
from sv_common.db.pool import Connection
from sv_common.guild_sync.store import ranks, sync_log, uploads
from sv_common.guild_sync.store.guilds import Guild
from sv_common.guild_sync.store.ranks import Rank
from sv_common.guild_sync.store.sync_log import Standing

OLDEST_SYNC = timedelta(days=1)
"""Battle.net is read four times a day and Discord every quarter of an hour, so a day without is no accident."""

OLDEST_EXPORT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class GuildFacts:
    """What the database knows of one guild's set-up. `given_up` are the numbers of uploads that wait for a person."""

    guild: Guild
    ranks: Sequence[Rank]
    forgotten: Sequence[tuple[int, str, int]]
    standings: Mapping[str, Standing]
    keys: Sequence[UploadKey]
    given_up: Sequence[int] = ()

    def name(self, what: str) -> str:
        """Return the name of a check of this guild."""
        return f"guild {self.guild.id} {what}"


async def read_facts(conn: Connection, guild: Guild) -> GuildFacts:
    """Read what the checks of a guild look at."""
    return GuildFacts(
        guild,
        await ranks.all_ranks(conn, guild.id),
        await ranks.unmapped(conn, guild.id),
        await sync_log.standings(conn, guild.id),
        await access.upload_keys(conn, guild.id),
        await uploads.given_up(conn, guild.id),
    )


def check_data(facts: GuildFacts) -> list[Check]:
    """Check all that the database alone can tell."""
    return [
        _check_age(
            facts, "battlenet sync", "battlenet_sync", OLDEST_SYNC, "patt sync battlenet, and keep “patt serve” running"
        ),
        _check_age(
            facts, "discord sync", "discord_sync", OLDEST_SYNC, "patt sync discord, and keep “patt serve” running"
        ),
        _check_ranks(facts),
        _check_rank_names(facts),
        _check_key(facts),
        _check_exports(facts),
        _check_runs(facts),
    ]


def _check_age(facts: GuildFacts, what: str, pipeline: str, oldest: timedelta, remedy: str) -> Check:
    standing = facts.standings.get(pipeline)
    if standing is None or standing.last_good is None:
        return wrong(facts.name(what), "Nothing has come in yet.", remedy)
    length = age(standing.last_good)
    if length > oldest:
        message = f"The last good one is {in_words(length)} old; it should not be older than {in_words(oldest)}."
        return wrong(facts.name(what), message, remedy)
    return well(facts.name(what), f"The last good one was {in_words(length)} ago.")


def _check_exports(facts: GuildFacts) -> Check:
    if facts.given_up:
        numbers = ", ".join(map(str, facts.given_up))
        message = f"These uploads were given up and are kept: {numbers}."
        return wrong(facts.name("export"), message, "Look why: patt uploads list; then: patt uploads retry UPLOAD")
    remedy = "In the game, type /pattsync and /reload, with “patt watch” running; or: patt upload FILE"
    return _check_age(facts, "export", "addon_upload", OLDEST_EXPORT, remedy)


def _check_ranks(facts: GuildFacts) -> Check:
    name = facts.name("ranks")
    if not facts.ranks:
        return wrong(name, "The guild has no ranks yet; they come with the roster.", "patt sync battlenet")
    if facts.forgotten:
        listed = ", ".join(f"{index} ({rank}, {count} characters)" for index, rank, count in facts.forgotten)
        remedy = "patt init, or: patt ranks map RANK ROLE; for a rank without a role on purpose: patt ranks unmap RANK"
        return wrong(name, f"Nobody has said to which Discord role these ranks map: {listed}.", remedy)
    return well(name, f"All {len(facts.ranks)} ranks map to a Discord role, or to none on purpose.")


def _check_rank_names(facts: GuildFacts) -> Check:
    name = facts.name("rank names")
    doubtful = [rank for rank in facts.ranks if rank.is_in_doubt]
    if doubtful:
        changes = ", ".join(
            f"rank {each.wow_rank_index} was {each.name} and is {each.name_in_game}" for each in doubtful
        )
        message = (
            f"The game names ranks otherwise than the rank table, so no role is concluded from any rank: {changes}."
        )
        return wrong(
            name,
            message,
            "Look at “patt ranks list”, map what has moved with “patt ranks map”, then: patt ranks confirm",
        )
    return well(name, "The rank table has the names of the game.")


def _check_key(facts: GuildFacts) -> Check:
    name = facts.name("upload key")
    valid = [key for key in facts.keys if key.revoked_at is None]
    if not valid:
        return wrong(name, "Nobody's companion may upload: there is no valid upload key.", "patt keys add NAME")
    return well(name, f"Companions may upload for: {', '.join(sorted({key.uploader for key in valid}))}.")


def _check_runs(facts: GuildFacts) -> Check:
    name = facts.name("runs")
    failed = [each for each in facts.standings.values() if each.failures]
    if failed:
        sentences = " ".join(
            f"{each.pipeline} failed {each.failures} times within two days: {each.last_error or 'for no known reason.'}"
            for each in sorted(failed, key=lambda each: each.pipeline)
        )
        return wrong(
            name, sentences, "Do what the sentence says, then run it by hand: patt sync battlenet, patt sync discord"
        )
    return well(name, "No run has failed since the last good one.")
