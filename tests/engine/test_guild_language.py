"""A guild's language: set with a preview, it is that of all that is said about the guild, and can be undone."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import BadInput, PlanStale, Refused
from sv_common.guild_sync.core.language import ENGLISH, LANGUAGES, PSEUDO, language
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.settings import changes, readings
from sv_common.guild_sync.settings.requests import LanguageRequest, SettingRequest, UndoRequest
from sv_common.guild_sync.settings.service import SettingReport, preview_setting, save_setting

NAME = "said"
ALICE = "officer alice"
GERMAN = LanguageRequest("de")


async def _every_character(guild: GuildConnection, *, now: object = None) -> list[Finding]:
    """Find every character, and say so in the language of the task."""
    rows = await guild.rows("select id, character_name from guild_identity.wow_characters order by id")
    return [Finding(NAME, guild.id, SubjectKind.CHARACTER, number, f"{name} in {language()}") for number, name in rows]


@pytest.fixture(autouse=True)
def rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more rule, whose summaries say in which language they are."""
    made = RuleDefinition(NAME, "Said", "A character is there", Severity.WARNING, False, detect=_every_character)
    monkeypatch.setitem(RULES, NAME, made)


async def _save(guild: GuildBuilder, request: SettingRequest, seen: str | None = None) -> SettingReport:
    return await save_setting(guild.pool, request, actor=ALICE, guild_id=guild.guild_id, seen=seen)


async def _summaries(guild: GuildBuilder) -> list[str]:
    rows = await guild.rows(
        "select summary from guild_identity.audit_issues where issue_type = 'said' and resolved_at is null order by id"
    )
    return [row[0] for row in rows]


async def _language(guild: GuildBuilder) -> str:
    return (await guild.call(guilds.get)).language


async def test_a_guild_speaks_english_until_another_language_is_set(guild: GuildBuilder) -> None:
    assert await _language(guild) == ENGLISH
    saved = await _save(guild, GERMAN)
    assert [(each.what, each.before, each.after) for each in saved.differences] == [("Language", "English", "Deutsch")]
    async with guild.pool.reading(guild.guild_id):
        assert language() == "de"


async def test_open_and_dismissed_issues_are_said_in_the_new_language_and_none_opens_or_ends(
    guild: GuildBuilder,
) -> None:
    await guild.character("Mito")
    await guild.character("Elrek")
    await guild.scan()
    async with guild.pool.writing(guild.guild_id) as here:
        [first, _] = await lifecycle.open_of_rule(here, NAME)
        await lifecycle.dismiss(here, first.id, actor=ALICE, reason="On purpose.")
    assert await _summaries(guild) == ["Mito in en", "Elrek in en"]
    saved = await _save(guild, GERMAN)
    assert saved.effects == []
    assert await _summaries(guild) == ["Mito in de", "Elrek in de"]
    assert (await guild.call(lifecycle.get, first.id)).dismissed_at is not None


async def test_a_scan_writes_anew_what_was_written_in_another_language(guild: GuildBuilder) -> None:
    await guild.character("Mito")
    await guild.scan()
    await guild.execute("update guild_identity.guilds set language = 'de'")
    await guild.scan()
    assert await _summaries(guild) == ["Mito in de"]


async def test_what_a_note_means_is_said_in_the_language_of_now(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    english = await guild.call(readings.try_note, "alt of Mito")
    assert english.candidates == ("Mito: “Mito” is a character of Mito.",)
    await _save(guild, LanguageRequest(PSEUDO))
    assert (await guild.call(readings.try_note, "alt of Mito")).candidates == (
        "Mito: ⟦“Mito” is a character of Mito.⟧",
    )


async def test_a_preview_changes_nothing_and_is_said_in_the_language_of_now(guild: GuildBuilder) -> None:
    await guild.character("Mito")
    await guild.scan()
    seen = await preview_setting(guild.pool, LanguageRequest(PSEUDO), guild_id=guild.guild_id)
    assert seen.sentence == "No issue would open or be resolved."
    assert (language(), await _language(guild), await _summaries(guild)) == (ENGLISH, ENGLISH, ["Mito in en"])
    await _save(guild, GERMAN)
    with pytest.raises(PlanStale):
        await _save(guild, LanguageRequest(PSEUDO), seen.key)


async def test_what_a_preview_says_is_all_in_the_language_of_now(guild: GuildBuilder) -> None:
    await guild.character("Mito")
    seen = await preview_setting(guild.pool, LanguageRequest(PSEUDO), guild_id=guild.guild_id)
    assert seen.unrelated == (
        "With or without this change, the next scan opens 2 issues and closes 0: the data has changed since the last one.",
    )


async def test_a_save_that_is_refused_is_said_in_the_language_that_stays(guild: GuildBuilder) -> None:
    with pytest.raises(PlanStale, match=r"^The settings or the data have changed since the preview"):
        await _save(guild, LanguageRequest(PSEUDO), "old")


async def test_a_change_of_the_language_is_in_the_history_and_undone(guild: GuildBuilder) -> None:
    await guild.character("Mito")
    change = (await _save(guild, GERMAN)).change_id
    assert change is not None
    async with guild.pool.installation() as conn:
        [made] = (await changes.newest(conn, guild.guild_id, with_secrets=False)).items
    assert (made.kind, made.sentence, made.actor, made.is_undoable) == (
        "language",
        "Language: English → Deutsch",
        ALICE,
        True,
    )
    await _save(guild, UndoRequest(change))
    assert (await _language(guild), await _summaries(guild)) == (ENGLISH, ["Mito in en"])
    with pytest.raises(Refused, match="undid this change"):
        await _save(guild, UndoRequest(change))


async def test_a_later_change_of_the_language_is_undone_first(guild: GuildBuilder) -> None:
    change = (await _save(guild, GERMAN)).change_id
    assert change is not None
    await _save(guild, LanguageRequest(ENGLISH))
    with pytest.raises(Refused, match="changed again later"):
        await _save(guild, UndoRequest(change))


@pytest.mark.parametrize("code", ["xx", "", "DE", "deutsch", "de-AT"])
async def test_a_language_that_is_not_there_is_refused_with_the_codes(guild: GuildBuilder, code: str) -> None:
    listed = ", ".join((*LANGUAGES, PSEUDO))
    with pytest.raises(BadInput, match=f"Language: “{code}” does not exist here. Use one of: {listed}."):
        await _save(guild, LanguageRequest(code))
    assert await _language(guild) == ENGLISH


async def test_the_language_that_is_set_already_is_no_change(guild: GuildBuilder) -> None:
    with pytest.raises(Refused, match="already set"):
        await _save(guild, LanguageRequest(ENGLISH))
