from urllib.parse import unquote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sv_common.guild_sync.core.errors import SourceDenied, SourceError
from sv_common.guild_sync.sources.discord.message import Announcement, cut, new_message
from sv_common.guild_sync.sources.discord.wire import audit_reason, error_code, refusal, role_refusal
from sv_common.guild_sync.sources.http import Asked
from sv_common.guild_sync.sources.models import DiscordRole

ASKED = Asked("Discord", "the change of a member's role")


def test_a_reason_is_percent_encoded() -> None:
    assert audit_reason("sync: Zoë / 100% ok") == "sync%3A Zo%C3%AB / 100%25 ok"


@given(st.text(max_size=2000))
def test_a_reason_is_always_a_header_that_discord_takes(reason: str) -> None:
    encoded = audit_reason(reason)
    assert encoded.isascii()
    assert encoded.isprintable()
    assert len(encoded) <= 512
    assert " ".join(reason.replace("\0", "").split()).startswith(unquote(encoded))


def test_a_text_within_the_limit_stays_as_it_is() -> None:
    assert cut("  a 🔥 ", 4) == "a 🔥"


def test_a_text_above_the_limit_ends_in_an_ellipsis() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("🔥🔥🔥", 4) == "🔥…"


@given(st.text(max_size=300), st.integers(1, 100))
def test_a_cut_text_fits_by_every_way_of_counting(text: str, limit: int) -> None:
    shortened = cut(text, limit)
    assert len(shortened.encode("utf-16-le")) <= 2 * limit


def test_a_message_mentions_nobody_and_has_its_nonce() -> None:
    sent = new_message(Announcement("Title", "@everyone", "n-1"))
    assert sent == {
        "embeds": [{"title": "Title", "description": "@everyone"}],
        "allowed_mentions": {"parse": []},
        "nonce": "n-1",
        "enforce_nonce": True,
    }


def test_a_blank_title_is_left_out() -> None:
    assert new_message(Announcement(" ", "text", "n"))["embeds"] == [{"description": "text"}]


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"code": "x"}', b'{"code": true}', b"{}"])
def test_an_answer_without_an_error_code_has_none(content: bytes) -> None:
    assert error_code(httpx2.Response(403, content=content)) is None


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, 50001, SourceDenied, "Invite the bot"),
        (403, 50013, SourceDenied, "lacks a permission"),
        (403, 60003, SourceDenied, "two-factor"),
        (404, 10003, SourceError, "channel no longer exists"),
        (404, 10004, SourceDenied, "no server with this id"),
        (404, 10007, SourceError, "has left the Discord server"),
        (404, 10011, SourceError, "role no longer exists"),
        (400, 50035, SourceError, "fault in the request"),
        (403, 99999, SourceDenied, "code 99999"),
        (400, 99999, SourceError, "code 99999"),
    ],
)
def test_every_refusal_is_a_sentence_with_a_remedy(status: int, code: int, kind: type[SourceError], words: str) -> None:
    error = refusal(httpx2.Response(status, json={"code": code, "message": "m"}), ASKED)
    assert type(error) is kind
    assert words in str(error)
    assert f"HTTP {status}, code {code}" in str(error)


def test_a_page_of_cloudflare_is_a_refusal_too() -> None:
    error = refusal(httpx2.Response(403, content=b"<html>"), ASKED)
    assert isinstance(error, SourceDenied)
    assert "(HTTP 403)" in str(error)


def test_a_role_above_the_bot_is_named_with_the_remedy() -> None:
    error = role_refusal(DiscordRole("1", "Officer", 9, managed=False))
    assert "Move the bot's role above 'Officer' in Server Settings → Roles" in str(error)


def test_a_role_that_is_not_known_is_left_without_a_name() -> None:
    assert "Move the bot's role above the role in" in str(role_refusal(None))
