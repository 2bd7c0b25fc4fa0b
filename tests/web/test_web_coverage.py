"""What is known by which evidence, on Data Quality, People, the API; and answers that settle more than their question."""

from __future__ import annotations

import httpx2
import pytest

from guild_builder import GuildBuilder
from web.helpers import PAGE, Seen, issue_number, see
from web.test_web_inbox_page import INBOX, forms_of, press

HEALTH = "/api/v1/admin/data-quality/health"


@pytest.fixture
async def waiting(guild: GuildBuilder) -> GuildBuilder:
    """Grimaldo by an officer; Velquin without a player, and two notes that name her."""
    await guild.main("Grimaldo")
    await guild.confirm_all()
    await guild.character("Velquin", "")
    await guild.character("Altrek", "alt of Velquin")
    await guild.character("Banktrek", "alt of Velquin")
    await guild.scan()
    return guild


async def test_data_quality_people_and_api_say_the_same_numbers(
    alice: httpx2.AsyncClient, waiting: GuildBuilder
) -> None:
    known = (await alice.get(HEALTH)).json()["coverage"]
    assert {each["basis"]: each["characters"] for each in known["by_basis"] if each["characters"]} == {
        "officer": 1,
        "none": 3,
    }
    assert (known["known"], known["total"], known["percent"]) == (1, 4, 25)
    page = await see(alice, PAGE)
    text = page.text("content")
    assert "How we know whose is whose 25% 1 of 4 characters known" in text
    assert "Officer 1" in text
    assert "Unknown 3" in text
    assert f"Next: {known['next_action']['sentence']}" in text
    assert f"/admin/players?guild={waiting.guild_id}&proof=officer" in page.links
    assert known["sentence"] in (await see(alice, "/admin/players")).text("content")


async def test_a_row_of_the_inbox_and_its_question_say_what_an_answer_settles_and_the_answer_does_it(
    alice: httpx2.AsyncClient, waiting: GuildBuilder
) -> None:
    assert "no note · settles 3 characters" in (await see(alice, INBOX)).text("content")
    key = await issue_number(waiting, "orphan_wow", "Velquin")
    found = await alice.get(f"{INBOX}/{key}?find=grimaldo")
    assert "Your answer also links Altrek-area-52 and Banktrek-area-52" in Seen(found).text("content")
    done = Seen(await press(alice, found, ">: Grimaldo<"))
    assert "It also links Altrek-area-52 and Banktrek-area-52." in done.text("status")
    assert "Undo all 3" in done.text("status") or "Undo all 2" in done.text("status")


async def test_a_question_about_a_member_who_left_can_be_answered_by_unlinking(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    member = await guild.member("Mito", is_present=False)
    await guild.link(await guild.character("Altrek"), await guild.player("Mito", member=member))
    await guild.character("Loner")
    await guild.scan()
    key = await issue_number(guild, "stale_discord_link", "Mito")
    shown = await alice.get(f"{INBOX}/{key}")
    assert "Who is Mito on Discord now?" in Seen(shown).text("content")
    assert len(forms_of(shown, "Unlink")) == 1
    await press(alice, shown, "Unlink")
    assert await guild.rows("select discord_user_id from guild_identity.players") == [(None,)]


async def test_the_api_settles_along_only_what_is_named(alice: httpx2.AsyncClient, waiting: GuildBuilder) -> None:
    key = await issue_number(waiting, "orphan_wow", "Velquin")
    question = (await alice.get(f"/api/v1/admin/inbox/{key}")).json()
    along = question["entry"]["along"]
    body = {"decision": "link", "character": "Velquin", "player": "Grimaldo"}
    refused = await alice.post(f"/api/v1/admin/inbox/{key}/answer?along=nonsense", json=body)
    assert refused.status_code == 422
    done = await alice.post(f"/api/v1/admin/inbox/{key}/answer?along={along[0]}", json=body)
    assert done.json()["also"] == along[:1]
