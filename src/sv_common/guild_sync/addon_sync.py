"""Write an export of the addon: each fact with the time when it was seen, and only where nothing newer is known."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.core.language import day_and_time, tr, tr_n
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.core.text import enumerated, listed
from sv_common.guild_sync.identity.facts import changed_since_linked, record_link_notes
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.lifecycle import Conclusion
from sv_common.guild_sync.notes import note_key, parse_note
from sv_common.guild_sync.roster import characters as character_store
from sv_common.guild_sync.roster import guilds, ranks, realms
from sv_common.guild_sync.roster.characters import PresentCharacter, SeenNote
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.roster.upload_matching import Matching, match_upload
from sv_common.guild_sync.roster.upload_origin import refuse_foreign
from sv_common.guild_sync.rulebook import note_mismatch
from sv_common.guild_sync.rulebook.settings import read_settings
from sv_common.guild_sync.sources.addon.export import read_characters
from sv_common.guild_sync.sources.addon.origin import ExportOrigin
from sv_common.guild_sync.sources.models import AddonCharacter


async def sync_addon_data(
    pool: Pool,
    characters: Iterable[object],
    *,
    guild_id: int | None = None,
    exported_at: datetime | None = None,
    origin: ExportOrigin | None = None,
) -> SyncReport:
    """Write the notes and rank names that the addon saw, and log a `note_mismatch` for each link they contradict.

    `characters` are rows as the addon writes them, or `AddonCharacter`. Raises `BadInput`, naming every fault, before
    anything is written; also where `origin` is another guild's. Characters are found by realm and
    name, whatever the language in which the client names the realm; those that are unknown, ambiguous or doubtful are
    reported by name and left out. A note that was not seen changes nothing.

    What is known from a newer export than one of `exported_at` (UTC) stays as it is. Without it, or where it lies in the
    future, the export counts as made now. An export that brings nothing newer at all is reported as superseded.
    """
    rows = read_characters(characters)
    async with pool.writing(await guilds.resolve_guild(pool, guild_id)) as guild:
        if origin is not None:
            await refuse_foreign(guild, origin, rows)
        if exported_at is not None and exported_at.tzinfo is None:
            exported_at = exported_at.replace(tzinfo=UTC)
        as_of = await character_store.moment_of(guild, exported_at)
        present = await character_store.present(guild)
        matching = match_upload(rows, present, await realms.of_guild(guild))
        news = _News.of(matching, await ranks.all_ranks(guild), as_of)
        if news.is_superseded:
            return _superseded(news, matching, as_of)
        await character_store.apply_notes(guild, news.seen, as_of=as_of)
        await ranks.seen_in_game(guild, news.rank_names, as_of=as_of)
        doubtful = [rank for rank in await ranks.all_ranks(guild) if rank.is_in_doubt]
        opened = await _judge_links(guild, news.changed_and_linked, news.with_a_note)
    notices = [
        *_listing(tr("Not in the roster, so skipped"), matching.unknown),
        *_listing(tr("On several realms, and the upload names no realm, so skipped"), matching.ambiguous),
        *_listing(
            tr("Listed twice, or with another character's id, so skipped until the next roster"), matching.doubtful
        ),
        *_left_as_newer(news),
        *(
            tr(
                "Rank {rank} was {name} and is now {seen} in the game. Confirm the rank table.",
                rank=rank.wow_rank_index,
                name=rank.name,
                seen=rank.name_in_game,
            )
            for rank in doubtful
        ),
        *(
            [tr("The uploader cannot see notes, so the notes stay unchanged.")]
            if all(row.note is None for row in rows)
            else []
        ),
    ]
    # Of when the newest note is, with those that this export has brought.
    times = (as_of if news.with_a_note else None, *(known.note_as_of for known in present))
    notes_as_of = max((time for time in times if time is not None), default=as_of)
    return SyncReport("addon", _counts(news, matching, opened), tuple(notices), as_of=notes_as_of)


@dataclass(frozen=True, slots=True)
class _News:
    """What is new in an export.

    `older` are the characters of whose notes, and `older_ranks` the ranks of whose name, something newer is known;
    `known_since` is the newest time of that.
    """

    seen: Sequence[SeenNote]
    rank_names: Mapping[int, str]
    changed: Sequence[PresentCharacter]
    older: Sequence[PresentCharacter]
    older_ranks: Sequence[int]
    known_since: datetime | None

    @classmethod
    def of(cls, matching: Matching, table: Sequence[Rank], as_of: datetime) -> _News:
        """Compare the entries that were matched, one by one, with the times of what is known."""
        facts = [(row, known, _seen(row, known, as_of)) for row, known in matching.matched]
        names = _rank_names([row for row, _ in matching.matched])
        times = {rank.wow_rank_index: rank.name_as_of for rank in table}
        newer_names = {rank: name for rank, name in names.items() if _is_news(times.get(rank), as_of)}
        older = [known for row, known, seen in facts if (row.note, row.officer_note) != (seen.note, seen.officer_note)]
        left = [time for row, known, seen in facts for time in _times_of_what_is_left(row, known, seen)]
        left += [time for rank in names.keys() - newer_names if (time := times.get(rank)) is not None]
        return cls(
            [seen for _, _, seen in facts if (seen.note, seen.officer_note, seen.rank) != (None, None, None)],
            newer_names,
            [known for _, known, seen in facts if seen.note is not None and seen.note != (known.note or "")],
            older,
            sorted(names.keys() - newer_names),
            max(left, default=None),
        )

    @property
    def is_superseded(self) -> bool:
        """Whether there is nothing new in the export, and something that is known from a newer one."""
        return self.known_since is not None and not self.seen and not self.rank_names

    @property
    def with_a_note(self) -> set[int]:
        """Numbers of the characters whose note was seen, changed or not."""
        return {each.id for each in self.seen if each.note is not None}

    @property
    def changed_and_linked(self) -> set[int]:
        """Numbers of the linked characters whose note has changed."""
        return {known.id for known in self.changed if known.player_id is not None}


def _seen(row: AddonCharacter, known: PresentCharacter, as_of: datetime) -> SeenNote:
    note = row.note if _is_news(known.note_as_of, as_of) else None
    officer_note = row.officer_note if _is_news(known.officer_note_as_of, as_of) else None
    rank = row.rank if _is_news(known.rank_as_of, as_of) else None
    return SeenNote(known.id, note, officer_note, note_key(parse_note(note)) if note else None, rank)


def _is_news(known_as_of: datetime | None, as_of: datetime) -> bool:
    """Whether what is seen at a time counts beside what is known from another; of two of one time, the later one counts."""
    return known_as_of is None or known_as_of <= as_of


def _times_of_what_is_left(row: AddonCharacter, known: PresentCharacter, seen: SeenNote) -> Iterable[datetime]:
    """The times of the notes that are known instead of those of the entry. A rank may be known from the roster."""
    pairs = ((row.note, seen.note, known.note_as_of), (row.officer_note, seen.officer_note, known.officer_note_as_of))
    return (time for said, taken, time in pairs if said != taken and time is not None)


def _superseded(news: _News, matching: Matching, as_of: datetime) -> SyncReport:
    if news.known_since:
        sentence = tr(
            "Superseded: this export is from {time}, and a newer one of {newer} already has everything in it. "
            "Nothing was changed.",
            time=_in_utc(as_of),
            newer=_in_utc(news.known_since),
        )
    else:
        sentence = tr(
            "Superseded: this export is from {time}, and a newer one already has everything in it. Nothing was changed.",
            time=_in_utc(as_of),
        )
    return SyncReport("addon", _counts(news, matching, 0), (sentence,), as_of=as_of, is_superseded=True)


def _left_as_newer(news: _News) -> list[str]:
    """Report how many characters and ranks keep the values of a newer export."""
    kept = [
        *([tr_n("{n} character", "{n} characters", len(news.older))] if news.older else []),
        *([tr_n("{n} rank", "{n} ranks", len(news.older_ranks))] if news.older_ranks else []),
    ]
    if not kept or news.known_since is None:
        return []
    return [
        tr(
            "Known from a newer export, of {time}, and left unchanged: {kept}.",
            time=_in_utc(news.known_since),
            kept=enumerated(kept),
        )
    ]


def _in_utc(moment: datetime) -> str:
    return f"{day_and_time(moment.astimezone(UTC))} UTC"


def _counts(news: _News, matching: Matching, opened: int) -> dict[str, int]:
    return {
        "characters": len(matching.matched),
        "notes_changed": len(news.changed),
        "mismatches_logged": opened,
        "unknown": len(matching.unknown),
        "ambiguous": len(matching.ambiguous),
        "doubtful": len(matching.doubtful),
        "older": len(news.older),
    }


async def _judge_links(guild: GuildConnection, changed: set[int], seen: set[int]) -> int:
    """Log the links that changed notes contradict; return how many are new.

    A link whose player a new note names rests on that note from now on, so that later changes are compared with the newest
    note that was right. A note that names no player ("Alch 300") gives no reason for a link.
    """
    outdated = seen & await changed_since_linked(guild)
    if not outdated | changed:
        return 0
    resolver = await resolver_of(guild)
    findings = note_mismatch.find(resolver, outdated | changed)
    await record_link_notes(guild, note_mismatch.notes_naming_their_player(resolver, outdated))
    contradicted = [finding for finding in findings if finding.subject_id in changed]
    rule = note_mismatch.RULE
    settings = (await read_settings(guild, [rule]))[rule.issue_type]
    if not contradicted or not settings.is_enabled:
        return 0
    conclusion = Conclusion(rule.issue_type, settings.severity, contradicted, rule.material)
    moves = await lifecycle.reconcile(guild, [conclusion], actor="addon sync", is_complete=False)
    return sum(each.opened + each.recurred for each in moves.values())


def _rank_names(rows: Sequence[AddonCharacter]) -> dict[int, str]:
    """The name that most rows give each rank."""
    names: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.rank is not None and row.rank_name:
            names[row.rank][row.rank_name] += 1
    return {rank: max(sorted(counter), key=counter.__getitem__) for rank, counter in sorted(names.items())}


def _listing(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what}: {listed(names)}."] if names else []
