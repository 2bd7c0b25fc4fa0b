"""The grammar of notes: it never raises, and each mention can be looked up."""

from __future__ import annotations

from fuzzing.targets.promises import fits_the_database
from sv_common.guild_sync.notes.grammar import parse_note
from sv_common.guild_sync.notes.mentions import NoteKind, is_username, is_whole_note, note_key, stands_alone


def check(data: bytes) -> None:
    """Fail where a note breaks the grammar, or leads to a mention that nobody could be found by."""
    note = data.decode("utf-8", "replace")
    parsed = parse_note(note)
    fits_the_database(
        [note.replace("\0", ""), *(mention.text for mention in parsed.mentions)] if "\0" not in note else []
    )
    for mention in parsed.mentions:
        assert mention.text.strip(), "a mention of nothing"
        assert mention.readings, "a mention that cannot be read"
        assert all(reading.key for reading in mention.readings), "an empty name"
        assert mention.readings[0].rank == 0, "nothing is as written"
        stands_alone(mention, note)
        is_whole_note(mention, note)
        is_username(mention, note)
    names_somebody = any(not mention.only_if_known for mention in parsed.mentions)
    assert (parsed.kind is NoteKind.NAMES) == names_somebody, f"{parsed.kind} with {parsed.mentions}"
    assert (note_key(parsed) is not None) == names_somebody, "a name for display without a mention"
