"""The Inbox without script: the list, one question, answers that lead on, and what each role sees."""

from __future__ import annotations

import gzip
import re

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import RAIDER, ROLE_OF_RANK, GuildBuilder
from patt.web.context import SESSION_COOKIE
from web.helpers import Seen, asker, bound_session, issue_number

INBOX = "/admin/inbox"
API = "/api/v1/admin/inbox"
PART = {"HX-Request": "true", "HX-Target": "question"}
_FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def forms_of(page: httpx2.Response, words: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the forms of a page that hold these words: where each is sent, and its hidden fields."""
    found = []
    for address, inside in _FORM.findall(page.text):
        if words in inside:
            fields = [(name, _plain(value)) for name, value in _FIELD.findall(inside) if name != "form_token"]
            found.append((_plain(address), fields))
    return found


def _plain(text: str) -> str:
    return text.replace("&amp;", "&").replace("&#34;", '"').replace("&#39;", "'")


async def press(client: httpx2.AsyncClient, page: httpx2.Response, words: str, **typed: str) -> httpx2.Response:
    """Send the first form that holds these words as a browser without script does, and follow where it leads."""
    address, fields = forms_of(page, words)[0]
    data: dict[str, list[str]] = {}
    for name, value in [*fields, *typed.items()]:
        data.setdefault(name, []).append(value)
    sent = await client.post(address, data=data)
    assert sent.status_code == 303, sent.text
    return await client.get(sent.headers["location"])


@pytest.fixture
async def asking(guild: GuildBuilder) -> GuildBuilder:
    """A guild with Mito and Grimaldo; Velquin, whose note “Grim” could be Grimaldo, Loner without a note, and a ready alt."""
    await guild.main("Mito")
    await guild.main("Grimaldo")
    await guild.character("Newalt", "alt of Mito")
    await guild.character("Velquin", "Grim")
    await guild.character("Loner")
    await guild.scan()
    return guild


async def test_the_inbox_is_the_landing_page(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    assert (await alice.get("/admin")).headers["location"] == INBOX
    page = await alice.get(INBOX)
    shown = Seen(page).text("content")
    assert page.status_code == 200
    assert "3 questions left" in shown
    assert shown.index("Ready 1") < shown.index("Suggested 1") < shown.index("Needs you 1")


async def test_the_first_question_is_open_on_the_landing_page(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    shown = Seen(await alice.get(INBOX)).text("question")
    assert "Link Newalt to Mito?" in shown
    assert "Link to Mito" in shown


async def test_a_question_says_what_we_know_and_who_it_could_be(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    shown = Seen(await alice.get(f"{INBOX}/{key}")).text("question")
    assert "Whose is Velquin?" in shown
    assert "“Grim”" in shown
    assert "Grimaldo 1 → 2 characters" in shown


async def test_an_answer_leads_to_the_next_question_and_its_undo_back_to_this_one(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    done = await press(alice, await alice.get(f"{INBOX}/{key}"), ">: Grimaldo<", remember_note="true")
    shown = Seen(done)
    assert "Velquin-area-52 belongs to Grimaldo." in shown.text("status")
    assert "Whose is Loner?" in shown.text("question")
    assert "2 questions left" in shown.text("content")
    again = Seen(await press(alice, done, 'data-key="u"'))
    assert "Whose is Velquin?" in again.text("question")
    assert "3 questions left" in again.text("content")


async def test_a_fix_that_is_ready_is_one_press_in_the_list(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    done = Seen(await press(alice, await alice.get(INBOX), "Link to Mito"))
    assert "Fixed." in done.text("status")
    assert "Ready" not in done.text("content")


async def test_a_new_player_and_a_bank_are_answers(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    loner = await issue_number(asking, "orphan_wow", "Loner")
    done = Seen(await press(alice, await alice.get(f"{INBOX}/{loner}"), "Bank or shared"))
    assert "2 questions left" in done.text("content")
    velquin = await issue_number(asking, "orphan_wow", "Velquin")
    done = Seen(await press(alice, await alice.get(f"{INBOX}/{velquin}"), "New player <bdi>"))
    assert "1 question left" in done.text("content")


async def test_a_question_is_snoozed_and_dismissed_with_a_preset(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    loner = await issue_number(asking, "orphan_wow", "Loner")
    done = Seen(await press(alice, await alice.get(f"{INBOX}/{loner}"), "Ask me again", days="7"))
    assert "Snoozed until" in done.text("status")
    velquin = await issue_number(asking, "orphan_wow", "Velquin")
    page = await alice.get(f"{INBOX}/{velquin}")
    done = Seen(await press(alice, page, "Do not ask again", reason="A bank or shared alt."))
    assert "Dismissed: A bank or shared alt." in done.text("status")
    assert "1 question left" in done.text("content")


async def test_somebody_else_is_found_by_any_name(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    key = await issue_number(asking, "orphan_wow", "Loner")
    found = await alice.get(f"{INBOX}/{key}?find=mit")
    assert "main Mito" in Seen(found).text("question")
    done = Seen(await press(alice, found, ">: Mito<"))
    assert "Loner-area-52 belongs to Mito." in done.text("status")
    nobody = await alice.get(f"{INBOX}/{await issue_number(asking, 'orphan_wow', 'Velquin')}?find=xyzzy")
    assert "No one matches" in Seen(nobody).text("question")


async def test_the_options_of_the_field_hold_what_to_send(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    key = await issue_number(asking, "orphan_wow", "Loner")
    options = await alice.get(f"{INBOX}/{key}/people?find=grimaldo")
    assert options.text.count('role="option"') == 1
    assert "decision=link" in options.text


async def test_a_question_that_was_answered_meanwhile_says_so(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    page = await alice.get(f"{INBOX}/{key}")
    await press(alice, page, ">: Grimaldo<")
    late = Seen(await press(alice, page, ">: Grimaldo<"))
    assert "alice" in late.text("status")
    assert "This question is answered" in late.text("question")


async def test_the_list_can_be_narrowed_to_what_a_question_is_about(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    await asking.member("Quillon", roles=[ROLE_OF_RANK[RAIDER]])
    await asking.scan()
    shown = Seen(await alice.get(f"{INBOX}?show=discord")).text("content")
    assert "Discord 1" in shown
    assert "Loner" not in shown


async def test_a_script_gets_the_question_alone(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    part = await alice.get(f"{INBOX}/{key}", headers=PART)
    assert part.text.lstrip().startswith('<article class="sheet" id="question"')
    assert "<nav" not in part.text
    assert len(gzip.compress(part.content)) < 10_000


async def test_an_answer_marks_its_row_and_leads_a_script_on(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    loner = await issue_number(asking, "orphan_wow", "Loner")
    page = await alice.get(f"{INBOX}/{key}")
    address, fields = forms_of(page, ">: Grimaldo<")[0]
    sent = await alice.post(address, data=dict(fields), headers=PART)
    part = await alice.get(sent.headers["location"], headers=PART)
    assert f'data-done="{key}"' in part.text
    assert part.headers["HX-Push-Url"] == f"{INBOX}/{loner}?guild={asking.guild_id}"


async def test_safe_fixes_are_shown_before_they_are_applied(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    await asking.execute("update guild_identity.rule_settings set auto_mitigate = false")
    page = await alice.get(f"{INBOX}/safe")
    text = Seen(page).text("content")
    assert "Link Newalt to Mito?" in text
    key, plan = re.findall(r'name="seen\.(\d+)" value="([^"]+)"', page.text)[0]
    done = Seen(await press(alice, page, "Apply selected", **{f"seen.{key}": plan}))
    assert "Fixed" in done.text("status")


async def test_a_viewer_sees_the_same_without_verbs(app: FastAPI, asking: GuildBuilder) -> None:
    token = await bound_session(asking.pool, "vera", "viewer", asking.guild_id)
    async with asker(app, cookies={SESSION_COOKIE: token}) as vera:
        page = await vera.get(f"{INBOX}/{await issue_number(asking, 'orphan_wow', 'Velquin')}")
    assert "Grimaldo" in Seen(page).text("question")
    assert 'action="/api/' not in page.text


async def test_where_nothing_is_open_the_page_says_what_is_true(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.scan()
    assert "No questions left" in Seen(await alice.get(INBOX)).text("content")


async def test_several_characters_with_one_unknown_name_are_one_question(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    for name in ("Ara", "Bex", "Cyd"):
        await guild.character(name, "Odo")
    await guild.scan()
    page = await alice.get(INBOX)
    assert "Three notes say “Odo”: new player?" in Seen(page).text("question")
    done = Seen(await press(alice, page, "New player <bdi>"))
    assert "belong to the new player Odo." in done.text("status")
    assert "No questions left" in done.text("content")


async def test_several_questions_are_set_apart_together_and_brought_back_together(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    keys = [await issue_number(asking, "orphan_wow", name) for name in ("Velquin", "Loner")]
    data = {"keys": [str(key) for key in keys], "reason": "Leaving soon.", "back": INBOX}
    sent = await alice.post(f"{API}/dismiss", data=data)
    page = await alice.get(sent.headers["location"])
    assert "2 questions dismissed: Leaving soon." in Seen(page).text("status")
    assert "1 question left" in Seen(page).text("content")
    again = Seen(await press(alice, page, 'data-key="u"'))
    assert "3 questions left" in again.text("content")


async def test_of_several_questions_none_is_set_apart_where_one_is_closed(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    velquin, loner = [await issue_number(asking, "orphan_wow", name) for name in ("Velquin", "Loner")]
    await alice.post(f"{API}/{loner}/dismiss", json={"reason": "Known."})
    refused = await alice.post(f"{API}/dismiss", json={"keys": [velquin, loner], "reason": "Leaving soon."})
    assert refused.status_code == 409
    assert "2 questions left" in Seen(await alice.get(INBOX)).text("content")


async def test_who_is_meant_stands_beside_the_question_with_their_characters(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    found = (await alice.get(f"{API}/{key}")).json()["meant"]
    assert [(each["name"], [one["name"] for one in each["characters"]]) for each in found] == [
        ("Grimaldo", ["Grimaldo"])
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/0", 422),
        ("/-1", 422),
        ("/9999999999999999999999", 422),
        ("/none", 422),
        ("/1%00", 422),
        ("/999999", 200),
        ("/999999/people?find=mito", 404),
        ("?show=everything", 422),
        ("?show=", 422),
        ("?all=nothing", 422),
        ("?guild=0", 422),
        ("?guild=999999", 404),
        ("/{key}?answered=0", 422),
        ("/{key}?find=%00", 200),
        ("/{key}?find=%ff%fe", 200),
        ("/{key}/people?find=" + "x" * 101, 422),
        ("/{key}/next?then=..1.-2.x.%C2%B2.%D9%A3.999999999999999999.1e9", 200),
        ("/{key}/next?then=" + "9" * 201, 422),
        ("/{key}/next?then=%00", 200),
        ("/0/next?then=1", 422),
    ],
)
@pytest.mark.parametrize("headers", [{}, PART])
async def test_a_made_up_address_is_answered_as_what_it_is(
    alice: httpx2.AsyncClient, asking: GuildBuilder, path: str, status: int, headers: dict[str, str]
) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    answer = await alice.get(f"{INBOX}{path.format(key=key)}", headers=headers)
    assert answer.status_code == status


async def test_each_link_beside_the_list_leads_to_a_question_or_away_from_the_page(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    for name in ("Ara", "Bex"):
        await guild.character(name, "Odo")
    await guild.scan()
    page = await alice.get(INBOX)
    closed = await alice.get(f"{INBOX}/999999")
    for shown in (page, closed):
        sheet = shown.text.split('id="question"')[1].split("</article>")[0]
        links = re.findall(r"<a [^>]*>", sheet)
        assert links
        assert all("hx-boost" in link or f'href="{INBOX}/' in link for link in links)


async def test_a_question_about_a_member_takes_somebody_else_too(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    await asking.member("Quillon", roles=[ROLE_OF_RANK[RAIDER]])
    await asking.scan()
    key = await issue_number(asking, "orphan_discord", "Quillon")
    shown = await alice.get(f"{INBOX}/{key}")
    assert "Somebody else" in shown.text
    await asking.player("Zed")
    done = Seen(await press(alice, await alice.get(f"{INBOX}/{key}?find=zed"), ">: Zed<"))
    assert "Zed is Quillon on Discord" in done.text("status")


async def test_old_sources_say_what_to_do_as_data_quality_does(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    inbox, quality = [Seen(await alice.get(path)).text("content") for path in (INBOX, "/admin/data-quality")]
    remedy = "with “patt watch” running; or run: patt upload FILE"
    assert remedy in inbox
    assert remedy in quality
