"""`patt admin` and `patt keys`: who is signed in, which tokens and keys there are, and ending them."""

from __future__ import annotations

import psycopg
import pytest

from cli.conftest import Patt
from patt.companion.code import Code, read_code


def _signed_in(database: psycopg.Connection, *names: str) -> None:
    for name in names:
        database.execute(
            "with account as (insert into common.admin_accounts (name, role) values (%(name)s, 'administrator') "
            "on conflict (name) where discord_id is null do update set name = excluded.name returning id) "
            "insert into common.web_sessions (token_hash, account_id, expires_at) "
            "select gen_random_uuid()::text, id, now() + interval '1 day' from account",
            {"name": name},
        )


def test_sessions_are_listed_by_number_and_ended_one_by_one(patt: Patt, guild: psycopg.Connection) -> None:
    _signed_in(guild, "alice", "bob")
    listed = patt("admin", "sessions", "--json").json
    assert [each["account"] for each in listed] == ["bob", "alice"]
    assert all("hash" not in key for key in listed[0])
    assert patt("admin", "revoke-session", listed[0]["id"]).out == f"Session {listed[0]['id']} has ended.\n"
    assert [each["account"] for each in patt("admin", "sessions", "--json").json] == ["alice"]
    assert "alice" in patt("admin", "sessions").out
    assert patt("admin", "revoke-session", listed[0]["id"]).refuses("does not exist")


def test_an_administrator_is_signed_out_everywhere(patt: Patt, guild: psycopg.Connection) -> None:
    _signed_in(guild, "alice", "bob", "alice")
    assert patt("admin", "sign-out", "alice").out == "Signed out alice everywhere: 2 sessions ended.\n"
    assert [each["account"] for each in patt("admin", "sessions", "--json").json] == ["bob"]


def test_old_sessions_are_not_listed(patt: Patt, guild: psycopg.Connection) -> None:
    _signed_in(guild, "alice")
    guild.execute("update common.web_sessions set expires_at = now()")
    assert patt("admin", "sessions", "--json").json == []


def test_tokens_are_listed_without_their_secret_and_revoked(patt: Patt, guild: psycopg.Connection) -> None:
    secrets = [patt("admin", "token", "script", "--guild", 1).out, patt("admin", "token", "watch", "--metrics").out]
    listed = patt("admin", "tokens", "--json")
    assert [(each["name"], each["guild_id"], each["scope"]) for each in listed.json] == [
        ("script", 1, "write"),
        ("watch", None, "metrics"),
    ]
    assert all(secret.strip() not in listed.out for secret in secrets)
    number = listed.json[0]["id"]
    assert patt("admin", "revoke-token", number).out == f"Revoked token {number}.\n"
    assert "revoked" in patt("admin", "tokens").out
    told = [each["sentence"] for each in patt("settings", "history", "--json").json]
    assert told == [
        f"The API token {number}, script, was revoked.",
        "The API token watch (metrics, every guild) was made.",
        "The API token script (write, guild 1) was made.",
    ]
    assert patt("admin", "revoke-token", number).refuses("No API token has number")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["x" * 101], "The name has 101 letters, more than the 100"), (["script", "--guild", 99], "99")],
)
def test_a_token_that_cannot_be_made_is_refused_in_words(
    patt: Patt, guild: psycopg.Connection, arguments: list[object], sentence: str
) -> None:
    assert patt("admin", "token", *arguments).refuses(sentence)
    assert patt("admin", "tokens", "--json").json == []


@pytest.mark.parametrize("line", ["admin token", "admin link --name", "keys add"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [("x" * 101, "The name has 101 letters, more than the 100 allowed."), (" ", "enter a readable name")],
)
def test_an_unreadable_name_is_refused_whatever_it_is_for(
    patt: Patt, guild: psycopg.Connection, line: str, name: str, sentence: str
) -> None:
    assert patt(*line.split(), name).refuses(sentence)


def test_a_token_of_the_metrics_is_of_no_single_guild(patt: Patt, guild: psycopg.Connection) -> None:
    assert patt("admin", "token", "watch", "--metrics", "--guild", 1).refuses("Leave the guild out")
    assert patt("admin", "tokens", "--json").json == []


def test_a_tokens_scope_is_chosen_and_an_unknown_one_refused(patt: Patt, guild: psycopg.Connection) -> None:
    for scope in ("read", "write", "admin", "metrics"):
        patt("admin", "token", f"for {scope}", "--scope", scope)
    assert [each["scope"] for each in patt("admin", "tokens", "--json").json] == ["admin", "metrics", "read", "write"]
    assert patt("admin", "token", "x", "--scope", "everything").code != 0
    assert len(patt("admin", "tokens", "--json").json) == 4


def test_a_link_can_be_for_a_role_in_one_guild(patt: Patt, guild: psycopg.Connection) -> None:
    assert "/login/" in patt("admin", "link", "--name", "vera", "--role", "viewer", "--guild", 1).out
    assert guild.execute("select name, role, guild_id from common.admin_accounts").fetchall() == [("vera", "viewer", 1)]
    for words, sentence in (
        (("--role", "officer", "--guild", 99), "Guild 99 does not exist."),
        (("--guild", 1), "choose viewer, officer or administrator"),
        (("--name", "@vera"), "Discord accounts begin with “@”"),
    ):
        assert patt("admin", "link", *words).refuses(sentence)


def test_a_rank_is_let_in_by_its_name_after_a_look(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute(
        "insert into common.guild_ranks (guild_id, wow_rank_index, name, level) values (1, 1, 'Council', 9) "
        "on conflict (guild_id, wow_rank_index) do update set name = 'Council'"
    )
    looked = patt("admin", "officers", "give", "rank", "council", "officer", "--dry-run")
    assert looked.out == "Council would give: officer.\n"
    assert guild.execute("select count(*) from common.access_grants").fetchone() == (0,)
    assert patt("admin", "officers", "give", "rank", "1", "officer").out == "Council gives now: officer.\n"
    mapping = patt("admin", "officers", "list", "--json").json["mapping"]
    assert ("1", "officer") in [(each["key"], each["role"]) for each in mapping]
    assert patt("admin", "officers", "give", "rank", "nobody", "officer").refuses("does not exist. Use one of: ")
    assert patt("admin", "officers", "confirm", "123", 7).refuses("no character whose rank gives access")


@pytest.mark.usefixtures("guild")
def test_a_new_code_stands_alone_and_the_command_beside_it_does_not_hold_it(patt: Patt) -> None:
    made = patt("keys", "add", "Mito [b]")
    code = made.out.strip()
    assert (made.code, len(code.split())) == (0, 1)
    assert read_code(code).server == "http://127.0.0.1:8000"
    first, second = made.err.splitlines()
    assert first == "On the computer of Mito [b], this asks for the code: patt watch"
    assert second.startswith("This code works only on the server's own computer")
    assert [each for each in (code, read_code(code).key) if each in patt("keys", "list").out] == []


@pytest.mark.usefixtures("guild")
def test_a_new_upload_key_can_be_had_alone(patt: Patt) -> None:
    made = patt("keys", "add", "Mito", "--json").json
    assert read_code(made["code"]) == Code("http://127.0.0.1:8000", made["secret"])
    assert made["command"] == "patt watch"
