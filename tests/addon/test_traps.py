"""The traps of the game client, one by one: the export is whole, or the one before stays and the chat says why."""

import re
from collections.abc import Sequence

import pytest

from addon.client import FRAME, LEGACY, MODERN, REQUESTS_APART, RESTRICTIONS, Client, Member, guild_of
from sv_common.guild_sync.sources.addon.export import read_addon_export


def size_of(saved: bytes) -> int:
    return len(read_addon_export(saved).characters)


def failure(client: Client) -> str:
    """Type the command, wait, and give the one line of failure."""
    (said,) = client.try_to_export()
    assert said.startswith("PATTSync: Nothing was exported: ")
    return said


EARLIER = Client(guild_of(5)).export()


@pytest.mark.parametrize("seconds_apart", [0.0, 0.5, 1.5])
@pytest.mark.parametrize("stream", [[0, 12, 30, 40], [0, 0, 40], [12, 12, 12, 40], [40], [39, 40, 40], [1, 40]])
def test_a_roster_that_streams_in_is_exported_when_all_of_it_is_there(
    stream: Sequence[int], seconds_apart: float
) -> None:
    assert size_of(Client(guild_of(40), stream=stream, seconds_apart=seconds_apart).export()) == 40


def test_one_update_alone_proves_nothing() -> None:
    client = Client(guild_of(40), stream=[], answers_requests=False)
    client.type("/pattsync")
    for seconds, count in ((1, 12), (10, 40), (11, 40)):
        client.after(seconds, lambda count=count: client.reveal(count))  # type: ignore[misc]
    client.finish()
    assert size_of(client.log_out()) == 40


def test_a_roster_from_before_the_command_is_not_believed_to_be_new() -> None:
    client = Client(guild_of(40), stream=[40, 40], answers_requests=False)
    client.advance(60)
    client.type("/pattsync")
    client.advance(30)
    assert client.is_busy
    client.announce()
    client.finish()
    assert size_of(client.log_out()) == 40


def test_a_roster_that_grows_at_every_update_is_never_exported_in_part() -> None:
    client = Client(guild_of(400), saved=EARLIER, stream=range(1, 400), seconds_apart=1)
    assert "still arriving" in failure(client)
    assert client.log_out() == Client(saved=EARLIER).log_out()


def test_a_roster_that_never_arrives_leaves_the_export_before_and_says_so() -> None:
    client = Client(guild_of(40), saved=EARLIER, stream=[0], answers_requests=False)
    said = failure(client)
    assert "has not arrived" in said
    assert said.endswith(" min ago stays.")
    assert read_addon_export(client.log_out()) == read_addon_export(EARLIER)


def test_a_failure_without_an_earlier_export_says_that_there_is_none() -> None:
    client = Client(guild_of(4), stream=[0])
    assert "There is no earlier one." in failure(client)


def test_an_export_can_be_tried_again_after_a_failure() -> None:
    client = Client(guild_of(40), stream=[0])
    failure(client)
    client.reveal(40)
    assert size_of(client.export()) == 40


@pytest.mark.parametrize("filters_late", [False, True])
@pytest.mark.parametrize("filters_total", [False, True])
@pytest.mark.parametrize("shows_offline", [False, True])
def test_members_who_are_offline_are_exported_and_the_players_setting_comes_back(
    shows_offline: bool, filters_total: bool, filters_late: bool
) -> None:
    client = Client(guild_of(40), shows_offline=shows_offline, filters_total=filters_total, filters_late=filters_late)
    client.advance(5)
    client.try_to_export()
    assert client.shows_offline is shows_offline
    assert size_of(client.log_out()) == 40


def test_the_players_setting_comes_back_after_a_failure() -> None:
    client = Client(guild_of(40), shows_offline=False, stream=[0])
    failure(client)
    assert client.shows_offline is False


def test_the_players_setting_comes_back_when_the_player_logs_out_meanwhile() -> None:
    client = Client(guild_of(40), shows_offline=False)
    client.type("/pattsync")
    assert client.shows_offline is True
    client.log_out()
    assert client.shows_offline is False


def test_the_players_setting_comes_back_while_an_export_waits() -> None:
    client = Client(guild_of(40), shows_offline=False)
    client.type("/pattsync")
    client.in_combat = True
    client.advance(1)
    assert client.shows_offline is False
    client.in_combat = False
    client.advance(1)
    assert "keeps hiding" not in client.type("/pattsync status")[-1]
    client.finish()
    assert client.shows_offline is False
    assert size_of(client.log_out()) == 40


def test_members_who_get_hidden_in_the_middle_of_an_export_are_exported() -> None:
    client = Client(guild_of(40), filters_total=True, filters_late=True)
    client.type("/pattsync")
    client.advance(1)
    client.shows_offline = False
    client.announce()
    client.announce()
    client.finish()
    assert client.shows_offline is False
    assert size_of(client.log_out()) == 40


def test_something_that_keeps_hiding_members_is_named() -> None:
    client = Client(guild_of(40), saved=EARLIER, filters_total=True)
    client.type("/pattsync")
    while client.is_busy:
        client.shows_offline = False
        client.announce()
        client.advance(FRAME)
    assert "something keeps hiding the members who are offline" in client.chat[-1]
    assert size_of(client.log_out()) == 5


def test_offline_members_are_missed_by_nobody_where_the_client_cannot_hide_them() -> None:
    missing = LEGACY | {"GetGuildRosterShowOffline", "SetGuildRosterShowOffline", "C_CVar.GetCVar"}
    assert size_of(Client(guild_of(40), missing=missing).export()) == 40


@pytest.mark.parametrize("shows_offline", [False, True])
def test_a_setting_that_cannot_be_read_ends_up_as_showing_everybody(shows_offline: bool) -> None:
    missing = LEGACY | {"GetGuildRosterShowOffline", "C_CVar.GetCVar"}
    client = Client(guild_of(40), missing=missing, shows_offline=shows_offline, filters_total=True)
    assert size_of(client.export()) == 40
    assert client.shows_offline is True


def test_the_setting_is_read_as_a_variable_where_its_function_is_missing() -> None:
    client = Client(guild_of(40), missing=LEGACY | {"GetGuildRosterShowOffline"}, shows_offline=False)
    client.try_to_export()
    assert client.shows_offline is False
    assert size_of(client.log_out()) == 40


def test_requests_are_never_made_so_fast_that_the_client_drops_them() -> None:
    client = Client(guild_of(40), stream=[0])
    for _ in range(5):
        client.type("/pattsync force")
        client.advance(40)
    assert len(client.requests) > 5
    assert client.dropped_requests == 0
    gaps = [later - earlier for earlier, later in zip(client.requests, client.requests[1:], strict=False)]
    assert min(gaps) >= REQUESTS_APART


def test_a_request_that_the_client_drops_is_made_again() -> None:
    client = Client(guild_of(40))
    client.advance(60)
    client.requests.append(client.now - 1)
    assert size_of(client.export()) == 40
    assert client.dropped_requests == 1


def test_updates_alone_make_the_addon_ask_for_nothing() -> None:
    client = Client(guild_of(40))
    for _ in range(50):
        client.fire("GUILD_ROSTER_UPDATE", True)
        client.advance(1)
    assert client.requests == []
    assert not client.is_busy


def test_updates_that_never_cease_do_not_keep_a_whole_roster_from_being_exported() -> None:
    client = Client(guild_of(40))
    client.type("/pattsync")
    while client.is_busy:
        client.fire("GUILD_ROSTER_UPDATE", True)
        client.advance(FRAME)
    assert size_of(client.log_out()) == 40
    assert len(client.requests) == 1


@pytest.mark.parametrize("missing", [LEGACY, LEGACY | {"issecretvalue"}])
def test_a_roster_with_one_secret_row_is_not_exported(missing: frozenset[str]) -> None:
    client = Client(guild_of(40), saved=EARLIER, missing=missing, secret_rows={23})
    assert "hides the roster's values from addons (row 23)" in failure(client)
    assert client.reads <= len(client.requests)
    assert size_of(client.log_out()) == 5


def test_a_row_that_is_secret_for_a_while_only_delays_the_export() -> None:
    client = Client(guild_of(40), secret_rows={1, 40})
    client.type("/pattsync")
    client.after(30, client.secret_rows.clear)
    client.finish()
    assert size_of(client.log_out()) == 40


def test_a_secret_number_of_members_is_no_number() -> None:
    client = Client(guild_of(40), saved=EARLIER, hides_count=True)
    assert "has not arrived" in failure(client)
    client.hides_count = False
    client.announce()
    assert size_of(client.export()) == 40


@pytest.mark.parametrize("state", ["in_combat", "in_instance", "in_lockdown"])
def test_a_state_that_the_client_keeps_secret_is_an_obstacle(state: str) -> None:
    client = Client(guild_of(40))
    setattr(client, state, client.secret)
    assert client.type("/pattsync")[0].startswith("PATTSync: Waiting: ")
    client.advance(60)
    setattr(client, state, False)
    client.finish()
    assert size_of(client.log_out()) == 40


def put_in_the_way(client: Client, obstacle: str, is_there: bool) -> None:
    if obstacle in RESTRICTIONS:
        client.restrictions = {obstacle} if is_there else set()
    else:
        setattr(client, obstacle, is_there)


OBSTACLES = ["in_combat", "in_instance", "in_lockdown", *RESTRICTIONS]


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_an_export_waits_until_the_game_allows_it_and_then_follows_by_itself(obstacle: str) -> None:
    client = Client(guild_of(40), saved=EARLIER, secret_rows=set(range(1, 41)))
    put_in_the_way(client, obstacle, is_there=True)
    (said,) = client.type("/pattsync")
    assert said.startswith("PATTSync: Waiting: ")
    assert client.advance(1000) == []
    assert client.requests == []
    client.secret_rows.clear()
    put_in_the_way(client, obstacle, is_there=False)
    (said,) = client.finish()
    assert said.startswith("PATTSync: Exported Kin of Dawn: 40 members.")


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_an_export_that_is_interrupted_begins_again_and_says_so_once(obstacle: str) -> None:
    client = Client(guild_of(40))
    client.type("/pattsync")
    for _ in range(3):
        put_in_the_way(client, obstacle, is_there=True)
        client.advance(200)
        put_in_the_way(client, obstacle, is_there=False)
        client.advance(1)
    client.finish()
    assert [line.split(":")[1].split(" ")[1] for line in client.chat] == ["Reading", "Waiting", "Exported"]
    assert size_of(client.log_out()) == 40


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_was_waited_for_is_not_saved_when_the_player_logs_out(obstacle: str) -> None:
    client = Client(guild_of(40), saved=EARLIER)
    put_in_the_way(client, obstacle, is_there=True)
    client.type("/pattsync")
    client.advance(5)
    assert size_of(client.log_out()) == 5


@pytest.mark.parametrize("member", [Member("", realm=None), Member(""), Member("Unknown", realm=None)])
def test_a_row_that_the_client_has_not_got_makes_no_export(member: Member) -> None:
    client = Client([*guild_of(4), member], saved=EARLIER)
    assert "shows only a part of the roster (row 5 of 5 is missing)" in failure(client)
    assert size_of(client.log_out()) == 5


def test_a_member_who_is_listed_twice_makes_no_export() -> None:
    client = Client([*guild_of(3), Member("Opala")], saved=EARLIER)
    assert "names Opala-Area52 twice" in failure(client)
    assert size_of(client.log_out()) == 5


def test_a_realm_that_is_not_known_yet_is_waited_for() -> None:
    client = Client([Member("Opal", realm=None), *guild_of(2)], missing=LEGACY | {"GetRealmName"})
    client.normalized_realm = None
    client.type("/pattsync")
    client.advance(10)
    client.normalized_realm = "Area52"
    client.finish()
    assert size_of(client.log_out()) == 3


def test_a_guild_without_a_name_yet_is_waited_for() -> None:
    client = Client(guild_of(3), guild=(None, None))
    client.type("/pattsync")
    client.advance(10)
    client.guild = ("Kin of Dawn", None)
    client.finish()
    assert read_addon_export(client.log_out()).guild_name == "Kin of Dawn"


def test_a_player_without_a_guild_is_told_at_once() -> None:
    client = Client(saved=EARLIER, in_guild=False)
    (said,) = client.type("/pattsync")
    assert said.startswith("PATTSync: Nothing was exported: you are in no guild.")
    assert size_of(client.log_out()) == 5


def test_a_time_that_the_client_does_not_tell_is_left_out() -> None:
    missing = LEGACY | {"GetGuildRosterLastOnline"}
    saved = Client([Member("Opal", note="Robin")], missing=missing).export()
    assert b"lastOnline" not in saved
    assert size_of(saved) == 1


def test_an_error_ends_the_export_in_one_line_and_puts_the_setting_back() -> None:
    client = Client(guild_of(3), missing=LEGACY | {"GetServerTime", "time"}, shows_offline=False)
    said = failure(client)
    assert "the addon met an error" in said
    assert client.shows_offline is False


def test_the_addon_runs_where_the_game_has_the_older_functions() -> None:
    client = Client(guild_of(40), missing=MODERN, shows_offline=False)
    assert size_of(client.export()) == 40
    assert client.shows_offline is False


OTHER_FUNCTIONS = re.findall(
    r"\w+",
    "GetBuildInfo GetCurrentRegion GetGuildInfo GetGuildRosterInfo GetGuildRosterLastOnline GetGuildRosterShowOffline "
    "GetLocale GetNormalizedRealmName GetNumGuildMembers GetRealmName GetServerTime GuildControlGetRankName "
    "InCombatLockdown IsInGuild IsInInstance SetGuildRosterShowOffline UnitAffectingCombat",
)


@pytest.mark.parametrize("function", sorted({*MODERN, *OTHER_FUNCTIONS}))
def test_a_flavour_of_the_game_without_a_function_gets_a_whole_export_or_a_reason(function: str) -> None:
    client = Client(guild_of(40), saved=EARLIER, missing=LEGACY | {function})
    client.try_to_export()
    outcome = "Exported Kin of Dawn: 40 members" if size_of(client.log_out()) == 40 else "Nothing was exported"
    assert client.chat[-1].startswith(f"PATTSync: {outcome}")


@pytest.mark.parametrize("function", ["GetGuildRosterInfo", "GetNumGuildMembers"])
def test_a_game_that_shows_no_roster_to_addons_is_named_at_once(function: str) -> None:
    client = Client(guild_of(40), missing=LEGACY | {function})
    (said,) = client.type("/pattsync")
    assert "this version of the game does not let addons read the roster" in said
