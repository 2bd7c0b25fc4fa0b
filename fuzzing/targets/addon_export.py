"""The reader of exports, as the game's file or as JSON: whatever it lets through fits the database and stays as it is."""

from __future__ import annotations

from fuzzing.targets.promises import fits_the_database
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.sources.addon.entries import read_characters
from sv_common.guild_sync.sources.addon.export import read_addon_export, read_addon_export_json
from sv_common.guild_sync.sources.addon.fields import MAX_LABEL_LETTERS, MAX_NAME_LETTERS, MAX_NOTE_LETTERS


def check(data: bytes) -> None:
    """Fail where an export is taken that no table can hold, that names a character twice, or that is read in two ways."""
    reader = read_addon_export_json if data[:1] in (b"{", b"[") else read_addon_export
    try:
        export = reader(data)
    except BadInput as refusal:
        fits_the_database([str(refusal), *refusal.args[1:]])
        return
    fits_the_database(export)
    fits_the_database([export.seen_at is None, export.content_hash, export.origin])
    names = [(realm_key(each.realm or ""), name_key(each.name)) for each in export.characters]
    assert names, "an export of nobody was taken"
    assert len(names) == len(set(names)), "a character is named twice"
    for each in export.characters:
        assert 0 < len(each.name) <= MAX_NAME_LETTERS, "a name is longer than is promised"
        assert len(each.realm or "") <= MAX_LABEL_LETTERS, "a realm is longer than is promised"
        assert max(len(each.note or ""), len(each.officer_note or "")) <= MAX_NOTE_LETTERS, "a note is too long"
        assert each.supposed_id is None or each.supposed_id < 2**32, "an id has more than eight digits"
    again = read_characters(export.characters)
    assert [each.name for each in again] == [each.name for each in export.characters], "read otherwise again"
