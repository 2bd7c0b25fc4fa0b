"""Where names of people stand in texts, and how they are taken out of them.

`TEXTS` names every column in which a sentence or a name of somebody else than the row's own subject may stand; `NO_TEXTS`
every other one, with the reason. A test compares both with the catalog.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import sql
from psycopg.types.json import Jsonb

from sv_common.db.pool import GuildConnection

TEXTS: Final[Mapping[str, str]] = {
    "guild_identity.former_addresses": "changed_by",
    "guild_identity.held_losses": "released_by",
    "guild_identity.players": "discord_confirmed_by created_by",
    "guild_identity.player_characters": "evidence confirmed_by linked_by",
    "common.confirmed_links": "confirmed_by",
    "guild_identity.player_note_aliases": "created_by",
    "guild_identity.link_rejections": "reason rejected_by",
    "guild_identity.shared_characters": "reason marked_by",
    "guild_identity.shared_accounts": "reason marked_by",
    "guild_identity.hiatuses": "reason set_by",
    "guild_identity.guild_words": "updated_by",
    "guild_identity.audit_issues": "summary details material dismissed_material review_reason resolved_by dismissed_by "
    "dismissed_reason",
    "guild_identity.issue_events": "actor reason before",
    "guild_identity.fix_attempts": "actor reason plan intended changes undoing_by undone_changes partly_undone_by undone_by "
    "undone_reason",
    "guild_identity.sync_log": "actor steps error",
    "common.upload_keys": "uploader created_by",
    "guild_identity.addon_uploads": "sentence",
    "guild_identity.match_requests": "actor sentence",
    "guild_identity.work_requests": "actor results doing sentence result",
    "guild_identity.announcements": "content last_error",
    "guild_identity.rule_settings": "updated_by",
    "guild_identity.retention_settings": "updated_by",
    "guild_identity.account_settings": "updated_by",
    "guild_identity.account_objections": "objected_by",
    "common.access_grants": "set_by",
    "guild_identity.setting_changes": "subject before after sentence actor",
    "guild_identity.erasures": "actor",
    "common.api_tokens": "name created_by",
}

_OWN_NAMES: Final = "names of the row's own subject: the person's rows are deleted, and those of others are theirs"
_CODES: Final = "codes, numbers and hashes"
NO_TEXTS: Final[Mapping[str, str]] = {
    "guild_identity.guilds": "the guild itself",
    "guild_identity.former_addresses": "the guild itself",
    "common.guild_ranks": "names of ranks and roles",
    "guild_identity.discord_roles": "names of roles",
    "guild_identity.wow_characters": f"{_OWN_NAMES}; notes of others that name the person are forgotten",
    "guild_identity.discord_users": _OWN_NAMES,
    "guild_identity.former_names": _OWN_NAMES,
    "guild_identity.players": _OWN_NAMES,
    "guild_identity.player_note_aliases": _OWN_NAMES,
    "guild_identity.player_characters": f"{_CODES}; the note under which it was linked is forgotten",
    "guild_identity.guild_words": "words that the guild reads in its own way, which are no people",
    "guild_identity.held_losses": _CODES,
    "guild_identity.audit_issues": f"{_CODES}; what is searched is made of the summary",
    "guild_identity.issue_events": _CODES,
    "guild_identity.fix_attempts": _CODES,
    "guild_identity.sync_log": _CODES,
    "common.upload_keys": _CODES,
    "guild_identity.addon_uploads": f"{_CODES}; the person is taken out of the characters that wait",
    "guild_identity.match_requests": _CODES,
    "guild_identity.work_requests": _CODES,
    "guild_identity.announcements": _CODES,
    "guild_identity.rule_settings": _CODES,
    "guild_identity.retention_settings": _CODES,
    "guild_identity.account_settings": _CODES,
    "guild_identity.account_evidence": _CODES,
    "guild_identity.forgotten_attempts": _CODES,
    "common.access_grants": _CODES,
    "guild_identity.setting_changes": _CODES,
    "guild_identity.erasures": _CODES,
    "common.api_tokens": _CODES,
    "common.web_sessions": _CODES,
    "common.claim_sessions": _OWN_NAMES,
    "guild_identity.claimed_characters": _OWN_NAMES,
    "guild_identity.claim_readings": _OWN_NAMES,
}

_CODED: Final = frozenset(
    {
        "table",
        "kind",
        "decision",
        "link_source",
        "source",
        "confidence",
        "basis",
        "discord_basis",
        "issue_type",
        "event",
        "outcome",
        "state",
        "status",
        "severity",
        "verdict",
        "category",
        "pipeline",
        "move",
        "task",
        "realm_slug",
    }
)
"""Names of values in JSON that are codes."""

_UNKNOWN: Final = frozenset({"basis_note"})
"""Names of values in JSON that are notes as they were: one that names the person is forgotten whole."""

OWN_WORDS: Final = frozenset(
    {
        "a",
        "addon",
        "alias",
        "alt",
        "and",
        "automation",
        "bank",
        "bot",
        "by",
        "character",
        "characters",
        "check",
        "clock",
        "detection",
        "discord",
        "erased",
        "fix",
        "fixed",
        "guild",
        "is",
        "issue",
        "link",
        "main",
        "match",
        "member",
        "members",
        "name",
        "note",
        "notes",
        "of",
        "officer",
        "officers",
        "on",
        "or",
        "patt",
        "person",
        "player",
        "players",
        "rank",
        "ranks",
        "realm",
        "role",
        "roles",
        "rule",
        "scan",
        "shared",
        "sync",
        "the",
        "token",
        "undone",
        "user",
        "word",
        "words",
        "worker",
    }
)
"""Words of which PATT's own sentences are made: a person of such a name cannot be told from them."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a person, and what is said instead of them."""

    words: Sequence[str]
    instead: str
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        longest_first = sorted(self.words, key=lambda word: (-len(word), word))
        found = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
        object.__setattr__(self, "pattern", found)

    def are_in(self, text: str | None) -> bool:
        return bool(self.words) and text is not None and self.pattern.search(text) is not None

    def out_of(self, value: Any) -> Any:
        """Return a text, or JSON with texts in it, without the names."""
        return _out_of(value, self.pattern, self.instead) if self.words else value


def _out_of(value: Any, pattern: re.Pattern[str], instead: str) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda _: instead, value)
    if isinstance(value, list):
        return [_out_of(each, pattern, instead) for each in value]
    if isinstance(value, dict):
        return {name: _member(name, each, pattern, instead) for name, each in value.items()}
    return value


def _member(name: str, value: Any, pattern: re.Pattern[str], instead: str) -> Any:
    if isinstance(value, str):
        if name in _CODED:
            return value
        if name in _UNKNOWN:
            return None if pattern.search(value) else value
    return _out_of(value, pattern, instead)


async def take_out(guild: GuildConnection, names: Names) -> int:
    """Take the names out of every text of the guild; return in how many rows they stood. The caller holds the guild's lock."""
    return sum([await _take_out_of(guild, table, columns.split(), names) for table, columns in TEXTS.items()])


async def _take_out_of(guild: GuildConnection, table: str, columns: Sequence[str], names: Names) -> int:
    if not names.words:
        return 0
    named = sql.SQL(", ").join(map(sql.Identifier, columns))
    parts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(each)) for each in columns)
    found = await guild.rows(
        sql.SQL(
            "select ctid::text, {named} from {table} where guild_id = %(guild_id)s and exists ("
            "select from unnest(%(words)s::text[]) w (word) "
            "where position(guild_identity.lowered(word) in guild_identity.lowered(concat_ws(' ', {parts}))) > 0) for update"
        ).format(named=named, parts=parts, table=_identifier(table)),
        words=[*spelled(names.words)],
    )
    rows = []
    for place, *values in found:
        cleaned = [names.out_of(value) for value in values]
        if cleaned != values:
            rows.append({"place": place, **dict(zip(columns, cleaned, strict=True))})
    if rows:
        sets = sql.SQL(", ").join(sql.SQL("{0} = r.{0}").format(sql.Identifier(each)) for each in columns)
        await guild.run(
            sql.SQL(
                "update {table} t set {sets} from jsonb_array_elements(%(rows)s) as given, "
                "lateral jsonb_populate_record(null::{table}, given) as r "
                "where t.guild_id = %(guild_id)s and t.ctid = (given ->> 'place')::tid"
            ).format(table=_identifier(table), sets=sets),
            rows=Jsonb(rows),
        )
    return len(rows)


def spelled(words: Collection[str]) -> Iterable[str]:
    """The words, and how those with quotes are written in JSON."""
    return {*words, *(json.dumps(word, ensure_ascii=False)[1:-1] for word in words)}


def _identifier(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))
