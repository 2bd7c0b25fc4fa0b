import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.faults import Faults
from sv_common.guild_sync.simulators.server import running, serve


def app(faults: Faults) -> Starlette:
    async def hello(request: Request) -> Response:
        return JSONResponse({"hello": request.path_params["name"]})

    return Starlette(routes=[Route("/hello/{name}", faults.watched("hello", hello))])


def listens(base_url: str) -> bool:
    address = urlsplit(base_url)
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname or "", address.port or 0)) == 0


async def test_an_app_is_served_within_the_event_loop_and_stops_cleanly() -> None:
    async with serve(app(Faults())) as base_url:
        async with httpx2.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"{base_url}/hello/opal")).json() == {"hello": "opal"}
        assert urlsplit(base_url).hostname == "127.0.0.1"
    assert not listens(base_url)


def test_an_app_is_served_in_a_thread_and_stops_cleanly(http: httpx2.Client) -> None:
    before = threading.active_count()
    with running(app(Faults())) as base_url:
        assert http.get(f"{base_url}/hello/opal").json() == {"hello": "opal"}
    assert not listens(base_url)
    assert threading.active_count() == before


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def url(faults: Faults) -> Iterator[str]:
    with running(app(faults)) as base_url:
        yield f"{base_url}/hello/opal"


@pytest.fixture(autouse=True)
def honest(faults: Faults) -> None:
    faults.clear()


def test_a_fault_strikes_as_often_as_wanted_and_faults_follow_one_another(
    faults: Faults, url: str, http: httpx2.Client
) -> None:
    faults.status("hello", 503, times=2)
    faults.json("hello", {"code": 1}, 404, headers={"X-More": "yes"})
    answers = [http.get(url) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 404, 200]
    assert answers[0].headers["content-type"].startswith("text/html")
    assert (answers[2].json(), answers[2].headers["x-more"]) == ({"code": 1}, "yes")


def test_a_fault_without_a_number_strikes_until_it_is_cleared(faults: Faults, url: str, http: httpx2.Client) -> None:
    faults.empty("hello", 204, times=None)
    assert [http.get(url).status_code for _ in range(3)] == [204] * 3
    faults.clear()
    assert http.get(url).status_code == 200


def test_a_fault_can_be_for_one_address_only(faults: Faults, url: str, http: httpx2.Client) -> None:
    faults.status("hello", 500, path="garnet", times=None)
    assert http.get(url).status_code == 200
    assert http.get(url.replace("opal", "garnet")).status_code == 500


def test_a_truncated_answer_looks_whole_to_http(faults: Faults, url: str, http: httpx2.Client) -> None:
    faults.truncated("hello")
    answer = http.get(url)
    assert answer.content == b'{"hello"'
    assert answer.headers["content-length"] == "8"


def test_a_cut_answer_breaks_the_connection(faults: Faults, url: str, http: httpx2.Client) -> None:
    faults.cut("hello")
    with pytest.raises(httpx2.RemoteProtocolError):
        http.get(url)


def test_a_slow_answer_comes_late(faults: Faults, url: str, http: httpx2.Client) -> None:
    faults.slow("hello", 0.05)
    begun = time.monotonic()
    assert http.get(url).status_code == 200
    assert time.monotonic() - begun >= 0.05


def test_headers_can_be_added_to_a_true_answer(faults: Faults, url: str, http: httpx2.Client) -> None:
    faults.headers("hello", {"X-RateLimit-Remaining": "0"})
    answer = http.get(url)
    assert (answer.json(), answer.headers["x-ratelimit-remaining"]) == ({"hello": "opal"}, "0")


def test_a_simulator_has_addresses_only_while_it_runs() -> None:
    simulator = GuildSimulator(GuildWorld.seeded(1, 1))
    with pytest.raises(RuntimeError, match="while it is entered"):
        _ = simulator.discord_url
    with simulator as entered:
        assert entered.token_url.startswith("http://127.0.0.1:")
