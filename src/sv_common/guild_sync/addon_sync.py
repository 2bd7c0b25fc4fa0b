"""Write an export of the addon: each fact with the time when it was seen, and only where nothing newer is known."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.core.language import day_and_time, tr, tr_n
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.core.text import enumerated, listed
from sv_common.guild_sync.identity.facts import record_link_notes
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.lifecycle import Conclusion
from sv_common.guild_sync.known_upload import UPLOADS, KnownUpload
from sv_common.guild_sync.notes import note_key, parse_note
from sv_common.guild_sync.roster import characters as character_store
from sv_common.guild_sync.roster import guilds, ranks, realms
from sv_common.guild_sync.roster.characters import LastExport, PresentCharacter, SeenAgain, SeenNote
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.roster.upload_matching import Matching, match_upload
from sv_common.guild_sync.roster.upload_origin import refuse_foreign
from sv_common.guild_sync.rulebook import note_mismatch
from sv_common.guild_sync.rulebook.settings import read_settings
from sv_common.guild_sync.sources.addon.digest import digest_of
from sv_common.guild_sync.sources.addon.entries import read_characters
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
    digest = digest_of(characters)
    entries = _Entries(characters)
    if not UPLOADS.are_checked(digest):
        entries.checked()
    async with pool.writing(await guilds.resolve_guild(pool, guild_id)) as guild:
        if origin is not None:
            await refuse_foreign(guild, origin, entries.checked)
        if exported_at is not None and exported_at.tzinfo is None:
            exported_at = exported_at.replace(tzinfo=UTC)
        as_of = await character_store.moment_of(guild, exported_at)
        ground = await UPLOADS.ground(guild, digest)
        if (known := await UPLOADS.take_in_again(guild, digest, ground, as_of)) is not None:
            return known
        rows = entries.checked()
        present, last = await character_store.present(guild), await character_store.last_export(guild)
        matching = match_upload(rows, present, await realms.of_guild(guild))
        news = _News.of(matching, await ranks.all_ranks(guild), last, as_of)
        if news.is_superseded:
            return _superseded(news, matching, as_of)
        await character_store.apply_notes(guild, news.seen, as_of=as_of)
        await ranks.seen_in_game(guild, news.rank_names, as_of=as_of)
        again = await character_store.keep_seen_again(guild, last, news.again, news.written, as_of=as_of)
        doubtful = [rank for rank in await ranks.all_ranks(guild) if rank.is_in_doubt]
        opened = await _judge_links(guild, news.changed_and_linked, news.outdated)
        # Of when the newest note is, with those that this export has brought.
        times = (as_of if news.has_a_note else None, last.notes_as_of(present))
        notes_as_of = max((time for time in times if time is not None), default=as_of)
        notices = _notices(matching, news, doubtful, sees_notes=any(row.note is not None for row in rows))
        report = SyncReport("addon", _counts(news, matching, opened), notices, as_of=notes_as_of)
        is_known = ground is not None and news.has_a_note and await character_store.is_nothing_later(guild, as_of)
        upload = KnownUpload(digest, *((ground, report, as_of, again) if is_known else ()))
    UPLOADS.keep(guild, upload)  # after the commit: what was rolled back is not known
    return report


class _Entries:
    """The entries of an export, as they were given. Checked once, and only where somebody looks at them."""

    def __init__(self, given: Iterable[object]) -> None:
        self._given = given
        self._checked: Sequence[AddonCharacter] | None = None

    def checked(self) -> Sequence[AddonCharacter]:
        """Return them. Raises `BadInput`, naming every fault."""
        if self._checked is None:
            self._checked = read_characters(self._given)
        return self._checked


def _notices(matching: Matching, news: _News, doubtful: Sequence[Rank], *, sees_notes: bool) -> tuple[str, ...]:
    return (
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
        *([] if sees_notes else [tr("The uploader cannot see notes, so the notes stay unchanged.")]),
    )


@dataclass(frozen=True, slots=True)
class _News:
    """What is new in an export.

    `seen` is what differs from what is known, and `again` what is as it was known. `outdated` are linked characters whose note
    was seen, and is another one than their link rests on. `older` are the characters of whose notes, and `older_ranks` the
    ranks of whose name, something newer is known; `known_since` is the newest time of that.
    """

    seen: Sequence[SeenNote]
    again: SeenAgain
    rank_names: Mapping[int, str]
    changed: Sequence[PresentCharacter]
    outdated: Set[int]
    has_a_note: bool
    older: Sequence[PresentCharacter]
    older_ranks: Sequence[int]
    known_since: datetime | None

    @classmethod
    def of(cls, matching: Matching, table: Sequence[Rank], last: LastExport, as_of: datetime) -> _News:
        """Compare the entries that were matched, one by one, with what is known and with its times."""
        compared = _Compared(last, as_of)
        for row, known in matching.matched:
            compared.add(row, known)
        names = _rank_names([row for row, _ in matching.matched])
        ranks = {rank.wow_rank_index: rank for rank in table}
        times = {rank: known.name_as_of for rank, known in ranks.items()}
        newer = {rank: name for rank, name in names.items() if _is_news(times.get(rank), as_of)}
        called_so = {rank for rank, name in newer.items() if rank in ranks and ranks[rank].is_called(name)}
        compared.left += [time for rank in names.keys() - newer if (time := times.get(rank)) is not None]
        again = SeenAgain(
            frozenset(compared.same_notes),
            frozenset(compared.same_officer_notes),
            frozenset(compared.same_ranks),
            frozenset(called_so),
        )
        return cls(
            compared.seen,
            again,
            newer,
            compared.changed,
            compared.outdated,
            compared.has_a_note,
            compared.older,
            sorted(names.keys() - newer),
            max(compared.left, default=None),
        )

    @property
    def is_superseded(self) -> bool:
        """Whether there is nothing new in the export, and something that is known from a newer one."""
        return self.known_since is not None and not self.seen and not self.rank_names and not any(self.again.facts)

    @property
    def changed_and_linked(self) -> set[int]:
        """Numbers of the linked characters whose note has changed."""
        return {known.id for known in self.changed if known.player_id is not None}

    @property
    def written(self) -> SeenAgain:
        """The facts of which the rows tell the time of this export."""
        return SeenAgain(
            frozenset(each.id for each in self.seen if each.note is not None),
            frozenset(each.id for each in self.seen if each.officer_note is not None),
            frozenset(each.id for each in self.seen if each.rank is not None),
            frozenset(self.rank_names) - self.again.rank_names,
        )


@dataclass(slots=True)
class _Compared:
    """The entries of an export beside what is known: a fact of which something later is known tells nothing new."""

    last: LastExport
    as_of: datetime
    seen: list[SeenNote] = field(default_factory=list)
    same_notes: list[int] = field(default_factory=list)
    same_officer_notes: list[int] = field(default_factory=list)
    same_ranks: list[int] = field(default_factory=list)
    changed: list[PresentCharacter] = field(default_factory=list)
    outdated: set[int] = field(default_factory=set)
    older: list[PresentCharacter] = field(default_factory=list)
    left: list[datetime] = field(default_factory=list)
    has_a_note: bool = False

    def add(self, row: AddonCharacter, known: PresentCharacter) -> None:
        later, later_officer, later_rank = self._later(known)
        note = row.note if later is None else None
        officer_note = row.officer_note if later_officer is None else None
        rank = row.rank if later_rank is None else None
        if note != row.note or officer_note != row.officer_note:
            self.older.append(known)
            pairs = ((row.note, later), (row.officer_note, later_officer))
            self.left += [time for said, time in pairs if said is not None and time is not None]
        if note is not None:
            self.has_a_note = True
            if known.player_id is not None and note != known.basis_note:
                self.outdated.add(known.id)
            if note != (known.note or ""):
                self.changed.append(known)
            if note == known.note:
                self.same_notes.append(known.id)
                note = None
        if officer_note is not None and officer_note == known.officer_note:
            self.same_officer_notes.append(known.id)
            officer_note = None
        if rank is not None and rank == known.settled_rank:
            self.same_ranks.append(known.id)
            rank = None
        if not (note is None and officer_note is None and rank is None):
            key = note_key(parse_note(note)) if note else None
            self.seen.append(SeenNote(known.id, note, officer_note, key, rank))

    def _later(self, known: PresentCharacter) -> tuple[datetime | None, datetime | None, datetime | None]:
        """When note, officer note and rank of a character were seen, where that is later."""
        last, than, again = self.last, self.as_of, self.last.again
        told = known.note_as_of, known.officer_note_as_of, known.rank_as_of
        if last.as_of is None or last.as_of <= than:
            by_row = [time for time in told if time is not None and time > than]
            if not by_row:
                return _NEVER
        seen = again.notes, again.officer_notes, again.ranks
        note, officer_note, rank = (
            last.later_of(time, known.id, facts, than=than) for time, facts in zip(told, seen, strict=True)
        )
        return note, officer_note, rank


_NEVER = None, None, None


def _is_news(known_as_of: datetime | None, as_of: datetime) -> bool:
    """Whether what is seen at a time counts beside what is known from another; of two of one time, the later one counts."""
    return known_as_of is None or known_as_of <= as_of


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


async def _judge_links(guild: GuildConnection, changed: Set[int], outdated: Set[int]) -> int:
    """Log the links that changed notes contradict; return how many are new.

    A link whose player a new note names rests on that note from now on, so that later changes are compared with the newest
    note that was right. A note that names no player ("Alch 300") gives no reason for a link.
    """
    if not outdated | changed:
        return 0
    resolver = await resolver_of(guild)
    contradicted = note_mismatch.find(resolver, changed)
    await record_link_notes(guild, note_mismatch.notes_naming_their_player(resolver, outdated))
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
