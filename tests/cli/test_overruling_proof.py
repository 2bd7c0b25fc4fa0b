"""`patt inbox answer --keep` and `patt overrule-proof`: an officer's word against what a member proved, with a reason only."""

from __future__ import annotations

import psycopg
import pytest

from cli.conftest import Patt

WHY = "The account was sold."


@pytest.fixture
def proven(guild: psycopg.Connection) -> None:
    """Let a Discord member have proven Mito's main, which is Mito’s by an officer’s word."""
    guild.execute(
        "update guild_identity.wow_characters set blizzard_realm_id = 3676, blizzard_character_id = 900000 + id where guild_id = 1"
    )
    guild.execute(
        "insert into guild_identity.discord_users (guild_id, discord_id, username, display_name) values (1, '4711', 'buyer', 'Buyer')"
    )
    guild.execute(
        "insert into guild_identity.claims (guild_id, discord_user_id, account_hash) "
        "select 1, id, decode(repeat('ab', 32), 'hex') from guild_identity.discord_users where discord_id = '4711'"
    )
    guild.execute(
        "insert into guild_identity.claimed_characters (guild_id, claim_id, region, realm_id, blizzard_character_id, name, "
        "realm_slug, character_id) select 1, k.id, 'us', 3676, c.blizzard_character_id, c.character_name, c.realm_slug, c.id "
        "from guild_identity.claims k, guild_identity.wow_characters c where c.character_name = 'Mito'"
    )
    guild.commit()


def _question(patt: Patt, guild: psycopg.Connection) -> int:
    patt("scan", "link_contradicts_proof")
    guild.rollback()
    ((number,),) = guild.execute(
        "select id from guild_identity.audit_issues where issue_type = 'link_contradicts_proof' and state = 'open'"
    ).fetchall()
    return int(number)


@pytest.mark.usefixtures("proven")
def test_the_inbox_keeps_a_link_with_a_reason_and_it_is_undone(patt: Patt, guild: psycopg.Connection) -> None:
    key = str(_question(patt, guild))
    shown = patt("inbox", "show", key)
    assert "--keep: Mito-area-52 stays Mito’s, though Buyer proved it." in shown.out
    dry = patt("inbox", "answer", key, "--keep", "--dry-run")
    assert "Nothing was changed." in dry.out
    refused = patt("inbox", "answer", key, "--keep")
    assert refused.refuses("Buyer proved Mito-area-52 with a Battle.net sign-in. Give a reason to overrule that.")
    assert patt("inbox", "answer", key, "--keep", "--reason", WHY).code == 0
    assert patt("inbox", "show", key).code == 1
    assert patt("undo", "--yes").code == 0
    assert _question(patt, guild) == int(key)


@pytest.mark.usefixtures("proven")
def test_the_command_does_the_same(patt: Patt, guild: psycopg.Connection) -> None:
    _question(patt, guild)
    assert patt("overrule-proof", "Mito", "buyer").refuses("Give a reason to overrule that.")
    done = patt("overrule-proof", "Mito", "buyer", "--reason", WHY)
    assert done.code == 0
    kept = "select evidence from guild_identity.player_characters where evidence = %s"
    assert guild.execute(kept, [WHY]).fetchall() == [(WHY,)]
