"""Writing what Battle.net and the addon say into the database: in sets, whole or not at all, and again without harm."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync import issues
from sv_common.guild_sync.domain.addon_export import read_characters
from sv_common.guild_sync.domain.errors import SuspiciousSource
from sv_common.guild_sync.domain.guild import LOWEST_RANK, AddonCharacter, RosterCharacter
from sv_common.guild_sync.domain.issue import Finding
from sv_common.guild_sync.domain.names import name_key, realm_key
from sv_common.guild_sync.domain.notes import note_key, parse_note
from sv_common.guild_sync.domain.report import SyncReport
from sv_common.guild_sync.issues import Conclusion
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.rulebook import note_mismatch
from sv_common.guild_sync.store import characters as character_store
from sv_common.guild_sync.store import guilds, links, ranks, realms
from sv_common.guild_sync.store.characters import PresentCharacter, SeenNote
from sv_common.guild_sync.store.directory import read_facts
from sv_common.guild_sync.store.rules import read_settings
from sv_common.guild_sync.upload_matching import match_upload

LARGEST_LOSS = 0.3
"""Share of the known characters that may leave between two syncs; beyond it the fetch is taken for a failed one."""

LONGEST_NAME = 48
HIGHEST_LEVEL = 200
LARGEST_ITEM_LEVEL = 32767
NAMES_IN_A_NOTICE = 20
_A_DAY_MS = 86_400_000


async def sync_blizzard_roster(
    pool: Pool, characters: Sequence[RosterCharacter], *, guild_id: int | None = None, accept_losses: bool = False
) -> SyncReport:
    """Make the guild's characters those of a Battle.net roster.

    A character is known by its Battle.net id, else by realm and name. Entries that cannot be used are reported by name
    and left out, and then nobody is marked as gone, for a left-out entry may be anybody. What a profile did not tell
    stays as it was. Raises `SuspiciousSource` for an empty roster, and for one in which more than 30 % of the known
    characters are missing unless `accept_losses` says that this is right.
    """
    usable, problems = _usable(characters)
    if not usable:
        raise SuspiciousSource(
            "Battle.net's roster came back empty, so it counts as a failed fetch. Nobody was marked as gone. Try again later."
        )
    async with pool.connection() as conn:
        row_id = await guilds.lock_the_only(conn, guild_id)
        if not accept_losses:
            _refuse_great_losses(await character_store.present(conn, row_id), usable)
        await ranks.ensure(conn, row_id, [each.rank for each in usable])
        moves = await character_store.apply_roster(conn, row_id, usable, is_complete=not problems)
        await character_store.settle_ranks(conn, row_id)
        unmapped = await ranks.unmapped(conn, row_id)
    counts = {
        "characters": len(usable),
        "joined": len(moves.joined),
        "returned": len(moves.returned),
        "left": len(moves.left),
        "renamed": len(moves.renamed),
        "refused": len(problems),
    }
    notices = [
        *problems,
        *(["Entries were left out, so nobody was marked as gone this time."] if problems else []),
        *(f"“{old}” is now called “{new}”." for old, new in moves.renamed),
        *(f"Rank {index} ({name}, {count} characters) maps to no Discord role." for index, name, count in unmapped),
    ]
    return SyncReport("battlenet", counts, tuple(notices))


async def sync_addon_data(pool: Pool, characters: Iterable[object], *, guild_id: int | None = None) -> SyncReport:
    """Write the notes and rank names that the addon saw, and log a `note_mismatch` for each link they contradict.

    `characters` are rows as the addon writes them, or `AddonCharacter`. Raises `BadInput`, naming every fault, before
    anything is written. Characters are found by realm and name, whatever the language in which the client names the
    realm; those that are unknown, ambiguous or doubtful are reported by name and left out. A note that was not seen
    changes nothing.
    """
    rows = read_characters(characters)
    async with pool.connection() as conn:
        row_id = await guilds.lock_the_only(conn, guild_id)
        present = await character_store.present(conn, row_id)
        matching = match_upload(rows, present, await realms.of_guild(conn, row_id))
        await character_store.apply_notes(conn, row_id, [_seen(row, known) for row, known in matching.matched])
        await ranks.seen_in_game(conn, row_id, _rank_names(rows))
        doubtful = [rank for rank in await ranks.all_ranks(conn, row_id) if rank.is_in_doubt]
        changed = [known for row, known in matching.matched if row.note is not None and row.note != (known.note or "")]
        linked = {known.id for known in changed if known.player_id is not None}
        opened = await _judge_links(conn, row_id, linked)
    counts = {
        "characters": len(matching.matched),
        "notes_changed": len(changed),
        "mismatches_logged": opened,
        "unknown": len(matching.unknown),
        "ambiguous": len(matching.ambiguous),
        "doubtful": len(matching.doubtful),
    }
    notices = [
        *_listing("Not in the roster, so left out", matching.unknown),
        *_listing("On several realms, and the upload does not say which, so left out", matching.ambiguous),
        *_listing(
            "There twice, or with the id of another character, so left out until the next roster", matching.doubtful
        ),
        *(
            f"Rank {rank.wow_rank_index} was {rank.name} and is now {rank.name_in_game} in the game: confirm the rank table."
            for rank in doubtful
        ),
        *(["No note could be seen by this uploader, so the notes stay as they were."] if _saw_no_note(rows) else []),
    ]
    return SyncReport("addon", counts, tuple(notices))


async def _judge_links(conn: Connection, guild_id: int, changed: set[int]) -> int:
    """Log the links that changed notes contradict; return how many are new.

    A link that a new note does not contradict is from now on one under that note, so that later changes are judged against
    the newest note under which it was right.
    """
    outdated = await links.with_another_note(conn, guild_id)
    if not outdated | changed:
        return 0
    findings = note_mismatch.find(Directory(await read_facts(conn, guild_id)), outdated | changed)
    await links.follow_notes(conn, guild_id, outdated - {finding.subject_id for finding in findings})
    return await _log_mismatches(conn, guild_id, [finding for finding in findings if finding.subject_id in changed])


async def _log_mismatches(conn: Connection, guild_id: int, findings: Sequence[Finding]) -> int:
    settings = await read_settings(conn, guild_id, [note_mismatch.PAGE])
    if not findings or not settings[note_mismatch.ISSUE_TYPE].is_enabled:
        return 0
    conclusion = Conclusion(note_mismatch.ISSUE_TYPE, settings[note_mismatch.ISSUE_TYPE].severity, findings)
    moves = await issues.reconcile(conn, [conclusion], guild_id=guild_id, actor="addon sync", is_complete=False)
    return sum(each.opened + each.reopened for each in moves.values())


def _seen(row: AddonCharacter, known: PresentCharacter) -> SeenNote:
    key = note_key(parse_note(row.note)) if row.note else None
    return SeenNote(known.id, row.note, row.officer_note, key, row.rank)


def _rank_names(rows: Sequence[AddonCharacter]) -> dict[int, str]:
    """The name that most rows give each rank."""
    names: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.rank is not None and row.rank_name:
            names[row.rank][row.rank_name] += 1
    return {rank: max(sorted(counter), key=counter.__getitem__) for rank, counter in sorted(names.items())}


def _saw_no_note(rows: Sequence[AddonCharacter]) -> bool:
    return all(row.note is None for row in rows)


def _refuse_great_losses(present: Sequence[PresentCharacter], roster: Sequence[RosterCharacter]) -> None:
    ids = {(each.realm_id, each.character_id) for each in roster if each.character_id is not None}
    names = {(each.realm_slug, name_key(each.name)) for each in roster}
    missing = sum(
        (known.realm_id, known.character_id) not in ids and (known.realm_slug, known.name_key) not in names
        for known in present
    )
    if missing > len(present) * LARGEST_LOSS:
        raise SuspiciousSource(
            f"{missing} of {len(present)} known characters are missing from Battle.net's roster. More than 30 % at once "
            "counts as a failed fetch: nobody was marked as gone. If they really left, sync again and accept the losses."
        )


def _usable(roster: Sequence[RosterCharacter]) -> tuple[list[RosterCharacter], list[str]]:
    """The entries that can be stored, and a sentence for each that cannot."""
    usable: list[RosterCharacter] = []
    problems: list[str] = []
    seen: set[tuple[object, ...]] = set()
    for each in roster:
        problem = _problem_of(each)
        keys: set[tuple[object, ...]] = {("name", each.realm_slug, name_key(each.name))}
        if each.character_id is not None:
            keys.add(("id", each.realm_id, each.character_id))
        if problem is None and keys & seen:
            problem = "is in the roster twice"
        if problem is not None:
            problems.append(
                f"Roster entry “{each.name[:LONGEST_NAME]}” on {each.realm_slug[:LONGEST_NAME]} {problem}; it was left out."
            )
            continue
        seen |= keys
        usable.append(_without_absurdities(each))
    return usable, problems


def _problem_of(each: RosterCharacter) -> str | None:
    name = each.name.strip()
    if not name or not name.isprintable():
        return "has no readable name"
    if len(name) > LONGEST_NAME:
        return f"has a name of {len(name)} letters, more than the {LONGEST_NAME} that can be stored"
    if not realm_key(each.realm_slug) or not each.realm_slug.isprintable():
        return "has no readable realm"
    if not 0 <= each.rank <= LOWEST_RANK:
        return f"has the rank {each.rank}, outside 0 to {LOWEST_RANK}"
    if not 0 <= each.level <= HIGHEST_LEVEL:
        return f"has the level {each.level}, outside 0 to {HIGHEST_LEVEL}"
    return None


def _without_absurdities(each: RosterCharacter) -> RosterCharacter:
    """Take values of the profile that cannot be for unknown: a login in the future, an item level out of range."""
    tomorrow = int(time.time() * 1000) + _A_DAY_MS
    login, item_level = each.last_login_timestamp, each.item_level
    return replace(
        each,
        name=each.name.strip(),
        last_login_timestamp=login if login is not None and 0 < login < tomorrow else None,
        item_level=item_level if item_level is not None and 0 <= item_level <= LARGEST_ITEM_LEVEL else None,
    )


def _listing(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - NAMES_IN_A_NOTICE} more" if len(names) > NAMES_IN_A_NOTICE else ""
    return [f"{what}: {', '.join(names[:NAMES_IN_A_NOTICE])}{more}."]
