"""`patt accounts` and `patt settings accounts`."""

from __future__ import annotations

import psycopg
import pytest

from cli.conftest import Patt

SECRET = "a random text of more than 32 characters"  # noqa: S105 -- of this test


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATT_INSTALLATION_SECRET", SECRET)


@pytest.fixture
def of_one_account(guild: psycopg.Connection) -> None:
    """Let Rivermane and Stranger belong to one account, and Mito to another."""
    guild.execute(
        "insert into guild_identity.account_evidence "
        "(guild_id, character_id, requested_at, outcome, oldest, by_hash, pets, read_at, account) "
        "select 1, id, now(), 'read', sha256('a'), sha256('b'), 40, now(), nullif(account, 0) "
        "from (values (2, 0), (3, 3), (4, 3)) as e (id, account)"
    )


@pytest.mark.usefixtures("guild")
def test_a_guild_that_has_not_switched_it_on_has_no_accounts(patt: Patt) -> None:
    assert patt("accounts", "--json").json == []
    assert "Account evidence is off. Nothing is read or kept." in patt("accounts").out


@pytest.mark.usefixtures("of_one_account", "secret")
def test_accounts_are_printed_as_names_with_the_slugs_of_realms(patt: Patt) -> None:
    assert patt("settings", "accounts", "suggest").code == 0
    assert patt("accounts", "--json").json == [["Rivermane-area-52", "Stranger-area-52"]]
    shown = patt("accounts").out
    assert "1 account has several characters here. Battle pets of 3 of 4 characters are known." in shown
    assert "Elrek   Rivermane-area-52, Stranger-area-52  They own the same battle pets." in shown


@pytest.mark.usefixtures("of_one_account", "secret")
def test_accounts_that_are_known_by_achievements_are_printed_with_that_reason(
    patt: Patt, guild: psycopg.Connection
) -> None:
    assert patt("settings", "accounts", "suggest").code == 0
    guild.execute(
        "update guild_identity.account_evidence set oldest = null, by_hash = null, pets = null, "
        "achievements = decode(repeat('ab', 32), 'hex') where account is not null"
    )
    shown = " ".join(patt("accounts").out.split())  # a narrow terminal wraps the reason
    assert "Rivermane-area-52, Stranger-area-52 They earned the same achievements in the same minutes." in shown
    assert "Battle pets of 1 of 4 characters are known." in shown
    assert "Achievements of 2 characters are known instead" in shown


@pytest.mark.usefixtures("of_one_account", "secret")
def test_switching_it_on_and_off_is_previewed_told_and_undone(patt: Patt) -> None:
    seen = patt("settings", "accounts", "automatic", "--preview")
    assert "Account evidence  off  link automatically where the owner is certain" in seen.out
    assert "Tell your members before you save" in seen.out
    assert patt("settings", "accounts", "automatic").code == 0
    assert "erased at once" in patt("settings", "accounts", "off").out
    assert patt("accounts", "--json").json == []
    [last, _] = patt("settings", "history", "--json").json
    assert patt("settings", "undo", last["id"]).code == 0
    assert patt("accounts", "--json").json == [], "what was erased does not come back"


@pytest.mark.usefixtures("guild")
def test_without_a_secret_it_cannot_be_switched_on(patt: Patt) -> None:
    assert patt("settings", "accounts", "suggest").refuses("Set PATT_INSTALLATION_SECRET")
    assert patt("settings", "history", "--json").json == []


@pytest.mark.usefixtures("guild", "secret")
def test_another_word_is_refused_with_those_there_are(patt: Patt) -> None:
    assert patt("settings", "accounts", "on").refuses("“on” does not exist. Use one of: off, suggest, automatic.")
    assert patt("settings", "accounts", "off").refuses("This is already set")


@pytest.mark.usefixtures("of_one_account", "secret")
def test_rights_by_the_same_account_are_previewed_set_kept_and_told(patt: Patt) -> None:
    seen = patt("settings", "accounts", "suggest", "--rights", "--preview")
    assert "Rights by the same account  off  on" in seen.out
    assert "Accounts can be shared by two people." in seen.out
    assert "No link counts by that now." in seen.out
    assert patt("settings", "accounts", "suggest", "--rights").code == 0
    assert "Links by the same account count like confirmed ones." in patt("accounts").out
    assert patt("settings", "accounts", "off").code == 0
    assert "Links by the same account give no rights meanwhile." in patt("accounts").out
    assert patt("settings", "accounts", "off", "--no-rights").code == 0
    [last, *_] = patt("settings", "history", "--json").json
    assert last["sentence"] == "Rights by the same account: on → off"
    assert patt("settings", "undo", last["id"]).code == 0
    assert "Links by the same account give no rights meanwhile." in patt("accounts").out
