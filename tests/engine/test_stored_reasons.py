"""PATT's own reasons are stored in English and shown in the language of the guild."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.identity.decisions import LinkCharacter, RejectLink, UnlinkCharacter
from sv_common.guild_sync.insights.issue import issue_details
from sv_common.guild_sync.insights.person import character_page, player_view

ENGLISH = ("an officer decided this.", "an officer unlinked it.")
DECIDED, UNLINKED = "ein Offizier hat das entschieden.", "ein Offizier hat die Verknüpfung gelöst."


@pytest.fixture(autouse=True)
async def german(guild: GuildBuilder) -> None:
    await guild.execute("update guild_identity.guilds set language = 'de'")


async def _evidence(guild: GuildBuilder, issue_type: str, name: str) -> list[str]:
    await guild.scan()
    ((number,),) = await guild.rows(
        "select i.id from guild_identity.audit_issues i join guild_identity.wow_characters c on c.id = i.wow_character_id "
        "where i.issue_type = %(rule)s and c.character_name = %(name)s",
        {"rule": issue_type, "name": name},
    )
    explanation = (await issue_details(guild.pool, number)).explanation
    assert explanation is not None
    return [each.sentence for each in explanation.evidence]


async def test_the_explanation_of_a_link_that_an_officer_made_names_the_officer_and_no_reason(
    guild: GuildBuilder,
) -> None:
    await guild.main("Mito")
    await guild.main("Elrek")
    await guild.character("Grimalt", "alt of Elrek")
    await guild.decide(LinkCharacter("Grimalt", "Mito"))
    told = await _evidence(guild, "note_mismatch", "Grimalt")
    (link,) = [each for each in told if each.startswith("Grimalt-area-52 ist mit Mito verknüpft")]
    assert "(alice, " in link
    assert link.endswith(").")
    assert not any(english in each for each in told for english in ENGLISH)


async def test_an_unlinking_is_stored_in_english_and_explained_in_the_language_of_the_guild(
    guild: GuildBuilder,
) -> None:
    player = await guild.main("Mito")
    await guild.alt("Grimalt", "alt of Mito", player)
    await guild.decide(UnlinkCharacter("Grimalt"))
    assert await guild.rows("select reason from guild_identity.link_rejections") == [(ENGLISH[1],)]
    told = await _evidence(guild, "orphan_wow", "Grimalt")
    assert any(each.startswith("alice hat am ") and each.endswith(UNLINKED) for each in told)
    assert not any(english in each for each in told for english in ENGLISH)


async def test_pages_show_the_reason_of_a_link_and_of_a_rejection_in_the_language_of_the_guild(
    guild: GuildBuilder,
) -> None:
    player = await guild.main("Mito")
    await guild.main("Elrek")
    grimalt = await guild.character("Grimalt")
    await guild.decide(LinkCharacter("Grimalt", "Mito"))
    assert (await guild.call(character_page, grimalt)).character.evidence == DECIDED
    await guild.decide(RejectLink("Grimalt", "Mito"))
    (rejection,) = (await guild.call(player_view, player)).rejections
    assert rejection.reason == DECIDED
