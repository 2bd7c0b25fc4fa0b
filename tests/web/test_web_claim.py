"""A member proves with Battle.net which characters are theirs: shown first, confirmed in one change, and ended by a word."""

from __future__ import annotations

from typing import LiteralString
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.web.context import CLAIM_COOKIE, SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.mitigations import undo
from sv_common.guild_sync.simulators import GuildSimulator
from web.claimers import (
    ACCOUNT_OF_CORIN,
    ACCOUNT_OF_DARA,
    CLAIM,
    CORIN,
    DARA,
    TO_BATTLE_NET,
    Claimer,
    People,
    claim_app,
    claimer,
)
from web.helpers import API, PAGE, Seen, officer, see, session


async def test_a_member_proves_their_characters_in_two_sign_ins_and_one_click(corin: Claimer, here: People) -> None:
    assert "Which characters are yours?" in (await corin.look()).text()
    assert (await corin.say_who()).headers["location"] == CLAIM
    assert "You are @corin ." in (await corin.look()).text()
    assert (await corin.prove()).headers["location"] == CLAIM
    shown = (await corin.look()).text("content")
    assert (
        "Battle.net says that 2 characters of Lantern Watch are yours. Nothing is changed until you confirm." in shown
    )
    assert await here.links() == {}
    done = await corin.confirm(here.rows["Velquin"], here.rows["Odo"])
    assert (done.status_code, done.headers["location"]) == (303, f"{CLAIM}?done=confirmed")
    assert await here.links() == {"Velquin": ("Corin", "proven"), "Odo": ("Corin", "proven")}
    thanks = Seen(await corin.client.get(done.headers["location"])).text("content")
    assert "Thank you, Corin . 2 characters in Lantern Watch are yours for certain." in thanks


async def test_the_player_is_the_member_for_certain_and_the_character_of_the_highest_rank_is_the_main(
    corin: Claimer, here: People
) -> None:
    await corin.claim(here.rows["Velquin"], here.rows["Odo"])
    ((name, basis, member, main),) = await here.guild.rows(
        "select display_name, discord_basis, discord_user_id, main_character_id from guild_identity.players"
    )
    assert (name, basis, member, main) == ("Corin", "proven", here.members[CORIN], here.rows["Velquin"])


async def test_a_member_chooses_the_main_where_none_is_set(corin: Claimer, here: People) -> None:
    await corin.claim(here.rows["Velquin"], here.rows["Odo"], main=str(here.rows["Odo"]))
    assert await here.guild.rows("select main_character_id from guild_identity.players") == [(here.rows["Odo"],)]


async def test_a_character_that_somebody_else_plays_is_left_out_by_unticking_it(corin: Claimer, here: People) -> None:
    await corin.claim(here.rows["Odo"])
    assert await here.proven() == {"Odo": "Corin"}
    await corin.prove()
    await corin.confirm(here.rows["Velquin"])
    assert await here.links() == {"Velquin": ("Corin", "proven")}


async def test_a_player_without_a_member_who_has_the_characters_becomes_the_member(
    corin: Claimer, here: People
) -> None:
    player = await here.guild.player("Velquin")
    await here.guild.link(here.rows["Velquin"], player, source="manual", as_main=True)
    await corin.claim(here.rows["Velquin"], here.rows["Odo"])
    assert await here.links() == {"Velquin": ("Velquin", "proven"), "Odo": ("Velquin", "proven")}
    rows = await here.guild.rows("select id, discord_user_id, discord_basis from guild_identity.players")
    assert rows == [(player, here.members[CORIN], "proven")]


async def test_what_rests_on_a_note_moves_after_the_page_has_said_so(corin: Claimer, here: People) -> None:
    other = await here.guild.main("Blackwater")
    await here.guild.link(here.rows["Odo"], other)
    await corin.say_who()
    await corin.prove()
    assert "moves here from Blackwater" in (await corin.look()).text("content")
    assert (await here.links())["Odo"] == ("Blackwater", "note")
    await corin.confirm(here.rows["Odo"])
    assert (await here.links())["Odo"] == ("Corin", "proven")


async def test_what_an_officer_decided_stays_and_an_officer_decides_again(corin: Claimer, here: People) -> None:
    other = await here.guild.main("Blackwater")
    await here.guild.link(here.rows["Odo"], other, source="manual")
    await corin.say_who()
    await corin.prove()
    assert "belongs to Blackwater now; an officer decides" in (await corin.look()).text("content")
    await corin.confirm(here.rows["Velquin"], here.rows["Odo"])
    assert (await here.links())["Odo"] == ("Blackwater", "officer")
    assert await here.proven() == {"Velquin": "Corin"}
    assert "An officer looks at the others." in (await corin.look()).text("content")


@pytest.mark.parametrize("mark", ["shared", "ruled out"])
async def test_what_an_officer_said_against_it_is_not_overruled_by_a_sign_in(
    corin: Claimer, here: People, mark: str
) -> None:
    player = await here.guild.player("Corin", member=here.members[CORIN], is_confirmed=True)
    if mark == "shared":
        await here.guild.execute(
            "insert into guild_identity.shared_characters (guild_id, character_id, reason, marked_by) "
            "values (%(guild)s, %(character)s, 'bank', 'test')",
            {"character": here.rows["Odo"]},
        )
    else:
        await here.guild.execute(
            "insert into guild_identity.link_rejections (guild_id, character_id, player_id, rejected_by) "
            "values (%(guild)s, %(character)s, %(player)s, 'test')",
            {"character": here.rows["Odo"], "player": player},
        )
    await corin.claim(here.rows["Velquin"], here.rows["Odo"])
    assert await here.links() == {"Velquin": ("Corin", "proven")}


async def test_what_an_officer_confirmed_is_proven_too_and_counts_again_when_the_proof_ends(
    corin: Claimer, here: People
) -> None:
    player = await here.guild.player("Corin", member=here.members[CORIN], is_confirmed=True)
    await here.guild.link(here.rows["Odo"], player, source="manual", as_main=True)
    before = await _all_links(here)
    await corin.claim(here.rows["Velquin"], here.rows["Odo"])
    assert await here.proven() == {"Velquin": "Corin", "Odo": "Corin"}
    ended = await corin.post("unlink")
    assert ended.headers["location"] == f"{CLAIM}?done=unlinked"
    assert await _all_links(here) == before
    assert await here.guild.rows("select discord_basis from guild_identity.players") == [("officer",)]
    assert await here.guild.rows("select id from guild_identity.claims") == []


async def test_an_officer_undoes_a_claim_and_everything_is_as_before(corin: Claimer, here: People) -> None:
    player = await here.guild.player("Corin", member=here.members[CORIN], is_confirmed=True)
    await here.guild.link(here.rows["Odo"], player, source="manual", as_main=True)
    query: LiteralString = (
        "select (select json_agg(l order by character_id)::text from guild_identity.player_characters l), "
        "(select json_agg(p order by id)::text from guild_identity.players p)"
    )
    before = await here.guild.rows(query)
    await corin.claim(here.rows["Velquin"], here.rows["Odo"])
    ((attempt, actor),) = await here.guild.rows("select id, actor from guild_identity.fix_attempts")
    assert actor == "member Corin"
    pool, number = here.guild.pool, here.guild.guild_id
    claimed = await here.guild.rows(query)
    for partly in (False, True):
        with pytest.raises(
            Refused, match=r"Member Corin said that of their own characters\. Give a reason to undo that\."
        ):
            await undo(pool, attempt, actor="officer bob", guild_id=number, partly=partly, reason=" ")
    assert await here.guild.rows(query) == claimed
    await undo(pool, attempt, actor="officer bob", guild_id=number, reason="It was his brother.")
    assert await here.guild.rows(query) == before


async def test_the_pages_ask_an_officer_for_the_reason_and_show_it_from_then_on(
    claiming: FastAPI, corin: Claimer, here: People
) -> None:
    await corin.claim(here.rows["Velquin"], here.rows["Odo"])
    ((attempt, player),) = await here.guild.rows(
        "select (select max(id) from guild_identity.fix_attempts), (select max(id) from guild_identity.players)"
    )
    guild = here.guild.guild_id
    path = f"{API}/attempts/{attempt}/undo"
    async with officer(claiming, await session(here.guild.pool, "bob")) as bob:
        ahead = await see(bob, f"{PAGE}/attempts/{attempt}/undo", guild=guild)
        assert "Member Corin said that of their own characters. Your reason is kept and shown." in ahead.text("content")
        assert (await bob.get(path)).json()["needs_reason"] == "Member Corin said that of their own characters."
        at_once = await bob.post(f"{API}/attempts/undo", json={"attempts": str(attempt)})
        refused = await bob.post(path)
        for answer in (at_once, refused):
            assert (answer.status_code, "Give a reason to undo that." in answer.text) == (409, True)
        assert await here.proven() == {"Velquin": "Corin", "Odo": "Corin"}
        form = {"reason": "It was his brother.", "back": f"/admin/players/{player}?guild={guild}"}
        done = await bob.post(f"{path}?guild={guild}", data=form)
        assert done.status_code == 303
        assert await here.links() == {}
        ((character,),) = await here.guild.rows(
            "select id from guild_identity.wow_characters where character_name = 'Odo'"
        )
        pages = (
            await see(bob, f"/admin/players/characters/{character}", guild=guild),
            await see(bob, "/admin/activity", guild=guild, show="actions"),
        )
        for page in pages:
            assert "It was his brother." in page.text("content")


async def test_a_member_who_unlinks_gives_no_reason_and_an_officer_who_undoes_that_does(
    corin: Claimer, here: People
) -> None:
    await corin.claim(here.rows["Velquin"])
    await corin.post("unlink")
    attempts = await here.guild.rows("select id from guild_identity.fix_attempts order by id")
    with pytest.raises(Refused, match="Give a reason"):
        await undo(here.guild.pool, attempts[-1][0], actor="officer bob", guild_id=here.guild.guild_id)
    assert await here.links() == {}


async def test_characters_outside_the_guild_are_kept_only_on_request(corin: Claimer, here: People) -> None:
    query = "select name from guild_identity.claimed_characters order by name"
    await corin.claim(here.rows["Velquin"])
    assert await here.guild.rows(query) == [("Velquin",)]
    await corin.prove()
    await corin.confirm(here.rows["Velquin"], remember="yes")
    assert await here.guild.rows(query) == [("Velquin",), ("Wanderer",)]
    assert "Wanderer area-52 not in the guild" in (await corin.look()).text("content")


async def test_all_licenses_of_an_account_count(claiming: FastAPI, here: People) -> None:
    dara = claimer(claiming, DARA, ACCOUNT_OF_DARA)
    await dara.claim(here.rows["Silvermoth"], here.rows["Thornwick"])
    assert await here.proven() == {"Silvermoth": "Dara", "Thornwick": "Dara"}


async def test_a_member_with_two_accounts_proves_both(corin: Claimer, here: People) -> None:
    await corin.claim(here.rows["Velquin"], here.rows["Odo"])
    corin.account = ACCOUNT_OF_DARA
    await corin.prove()
    await corin.confirm(here.rows["Thornwick"])
    assert await here.proven() == {"Velquin": "Corin", "Odo": "Corin", "Thornwick": "Corin"}


async def test_an_account_is_claimed_by_one_member_and_the_second_is_told_what_to_do(
    claiming: FastAPI, corin: Claimer, here: People
) -> None:
    await corin.claim(here.rows["Velquin"])
    dara = claimer(claiming, DARA, ACCOUNT_OF_CORIN)
    await dara.say_who()
    answer = await dara.prove()
    assert answer.status_code == 409
    assert "Another member of this guild has already verified this Battle.net account." in Seen(answer).text()
    assert "Corin" not in Seen(answer).text("content")
    assert await here.proven() == {"Velquin": "Corin"}
    assert await here.guild.rows("select discord_user_id from guild_identity.claim_contests") == [(here.members[DARA],)]
    assert await here.guild.rows("select * from guild_identity.claim_readings") == []


async def test_battle_net_is_asked_for_the_characters_alone_and_told_where_to_send_back(
    corin: Claimer, here: People
) -> None:
    await corin.say_who()
    asked = parse_qs(urlsplit(await corin.begin()).query)
    assert (asked["scope"], asked["response_type"]) == (["wow.profile"], ["code"])
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://patt.test/claim/battlenet/callback"]
    assert len(asked["state"][0]) > 40


async def test_a_session_for_claiming_opens_no_page_of_officers(corin: Claimer) -> None:
    await corin.say_who()
    assert SESSION_COOKIE not in corin.client.cookies
    assert (await corin.client.get(PAGE)).headers["location"] == "/login"
    stolen = {SESSION_COOKIE: corin.client.cookies[CLAIM_COOKIE]}
    corin.client.cookies.clear()
    corin.client.cookies.update(stolen)
    assert (await corin.client.get(PAGE)).headers["location"] == "/login"


async def test_a_session_ends_after_an_hour_and_with_the_membership(corin: Claimer, here: People) -> None:
    await corin.say_who()
    await here.guild.execute("update common.claim_sessions set expires_at = now() - interval '1 second'")
    assert "You are @corin" not in (await corin.look()).text()
    await corin.say_who()
    await here.guild.execute("update guild_identity.discord_users set is_present = false")
    assert "You are @corin" not in (await corin.look()).text()
    assert (await corin.client.get(TO_BATTLE_NET)).headers["location"] == CLAIM


async def test_a_form_of_another_session_is_refused(claiming: FastAPI, corin: Claimer, here: People) -> None:
    await corin.say_who()
    await corin.prove()
    dara = claimer(claiming, DARA, ACCOUNT_OF_DARA)
    await dara.say_who()
    answer = await corin.client.post(f"{CLAIM}/unlink", data={"form_token": "x"})
    assert answer.status_code == 403
    foreign = await corin.client.post(f"{CLAIM}/forget", headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


async def test_a_list_that_was_forgotten_is_gone(corin: Claimer, here: People) -> None:
    await corin.say_who()
    await corin.prove()
    await corin.post("forget")
    assert await here.guild.rows("select * from guild_identity.claim_readings") == []
    answer = await corin.post("confirm", {"seen": "x", "character": str(here.rows["Odo"])})
    assert answer.status_code == 409
    assert "This list is more than an hour old, or was confirmed already." in Seen(answer).text()


async def test_a_list_that_has_changed_since_is_shown_again_and_nothing_is_done(corin: Claimer, here: People) -> None:
    await corin.say_who()
    await corin.prove()
    page = (await corin.client.get(CLAIM)).text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    await here.guild.link(here.rows["Odo"], await here.guild.main("Blackwater"), source="manual")
    answer = await corin.post("confirm", {"seen": seen, "character": str(here.rows["Odo"])})
    assert answer.status_code == 409
    assert "Something changed since this list was shown." in Seen(answer).text()
    assert await here.proven() == {}


async def test_without_a_secret_or_an_application_the_page_says_what_is_missing(
    discord: GuildSimulator, pool: Pool, here: People
) -> None:
    for app in (claim_app(discord, pool, secret=None), claim_app(discord, pool, blizzard_client_id=None)):
        corin = claimer(app)
        await corin.say_who()
        assert "not set up here yet" in (await corin.look()).text()
        assert (await corin.client.get(TO_BATTLE_NET)).status_code == 503


async def test_a_member_of_several_guilds_chooses_one(pool: Pool, corin: Claimer, here: People) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    await other.execute(
        "update guild_identity.discord_users set discord_id = '9003' where id = %(member)s",
        {"member": await other.member("Corin")},
    )
    await corin.say_who()
    assert "Which guild?" in (await corin.look()).text()
    assert (await corin.client.get(TO_BATTLE_NET)).headers["location"] == CLAIM
    before = corin.session
    assert (await corin.post("guild", {"guild": "999"})).status_code == 422
    await corin.post("guild", {"guild": str(here.guild.guild_id)})
    assert corin.session != before
    await corin.prove()
    await corin.confirm(here.rows["Odo"])
    assert await here.proven() == {"Odo": "Corin"}


async def test_signing_out_forgets_the_list_and_the_session(corin: Claimer, here: People) -> None:
    await corin.say_who()
    await corin.prove()
    await corin.post("leave")
    assert await here.guild.rows("select * from guild_identity.claim_readings") == []
    assert await here.guild.rows("select * from common.claim_sessions") == []
    assert "Say who you are with Discord" in (await corin.look()).text()


async def _all_links(here: People) -> list[tuple[object, ...]]:
    return await here.guild.rows(
        "select character_id, player_id, link_source, basis, confirmed_by, confirmed_at "
        "from guild_identity.player_characters"
    )
