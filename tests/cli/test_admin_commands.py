"""`patt admin`: who is signed in and which tokens there are, and ending both."""

from __future__ import annotations

import psycopg

from cli.conftest import Patt


def _signed_in(database: psycopg.Connection, *names: str) -> None:
    for name in names:
        database.execute(
            "with account as (insert into common.admin_accounts (name) values (%(name)s) "
            "on conflict (name) do update set name = excluded.name returning id) "
            "insert into common.web_sessions (token_hash, account_id, expires_at) "
            "select gen_random_uuid()::text, id, now() + interval '1 day' from account",
            {"name": name},
        )


def test_sessions_are_listed_by_number_and_ended_one_by_one(patt: Patt, guild: psycopg.Connection) -> None:
    _signed_in(guild, "alice", "bob")
    listed = patt("admin", "sessions", "--json").json
    assert [each["account"] for each in listed] == ["bob", "alice"]
    assert all("hash" not in key for key in listed[0])
    assert patt("admin", "revoke-session", listed[0]["id"]).out == f"Session {listed[0]['id']} is ended.\n"
    assert [each["account"] for each in patt("admin", "sessions", "--json").json] == ["alice"]
    assert "alice" in patt("admin", "sessions").out
    again = patt("admin", "revoke-session", listed[0]["id"])
    assert (again.code, "no session with the number" in again.err) == (1, True)


def test_an_administrator_is_signed_out_everywhere(patt: Patt, guild: psycopg.Connection) -> None:
    _signed_in(guild, "alice", "bob", "alice")
    assert patt("admin", "sign-out", "alice").out == "alice is signed out everywhere: 2 sessions ended.\n"
    assert [each["account"] for each in patt("admin", "sessions", "--json").json] == ["bob"]


def test_old_sessions_are_not_listed(patt: Patt, guild: psycopg.Connection) -> None:
    _signed_in(guild, "alice")
    guild.execute("update common.web_sessions set expires_at = now()")
    assert patt("admin", "sessions", "--json").json == []


def test_tokens_are_listed_without_their_secret_and_revoked(patt: Patt, guild: psycopg.Connection) -> None:
    secrets = [patt("admin", "token", "script", "--guild", 1).out, patt("admin", "token", "watch", "--metrics").out]
    listed = patt("admin", "tokens", "--json")
    assert [(each["name"], each["guild_id"], each["scope"]) for each in listed.json] == [
        ("script", 1, "api"),
        ("watch", None, "metrics"),
    ]
    assert all(secret.strip() not in listed.out for secret in secrets)
    number = listed.json[0]["id"]
    assert patt("admin", "revoke-token", number).out == f"Token {number} is revoked.\n"
    assert "revoked" in patt("admin", "tokens").out
    again = patt("admin", "revoke-token", number)
    assert (again.code, "no API token with the number" in again.err) == (1, True)


def test_a_token_of_the_metrics_is_of_no_single_guild(patt: Patt, guild: psycopg.Connection) -> None:
    refused = patt("admin", "token", "watch", "--metrics", "--guild", 1)
    assert (refused.code, "leave --guild out" in refused.err) == (1, True)
    assert patt("admin", "tokens", "--json").json == []
