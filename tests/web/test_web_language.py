"""The language of a guild by page and API."""

from __future__ import annotations

import re
from html import unescape

import httpx2
import pytest

from web.helpers import Seen

API = "/api/v1/admin/settings"
PAGE = "/admin/settings"


@pytest.mark.usefixtures("troubled")
async def test_a_language_is_chosen_on_the_page_of_the_guild_and_undone_from_the_history(
    alice: httpx2.AsyncClient,
) -> None:
    form = await alice.get(f"{PAGE}/guild")
    assert re.search('<option value="en"[^>]* selected>English</option>', form.text)
    asked = {"kind": "language", "language": "de", "back": f"{PAGE}/guild?guild=1"}
    preview = await alice.get(f"{PAGE}/preview", params=asked)
    assert "Language English Deutsch" in Seen(preview).text()
    assert "No issue would open or be resolved." in Seen(preview).text()
    fields = {
        name: unescape(value)
        for name, value in re.findall('type="hidden" name="([^"]+)" value="([^"]*)"', preview.text)
    }
    saved = await alice.post(f"{API}/changes", data=fields)
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PAGE}/guild?guild=1")
    page = await alice.get(saved.headers["location"])
    assert re.search('<option value="de"[^>]* selected>Deutsch</option>', page.text)
    assert '<html lang="de"' in page.text
    [made] = (await alice.get(f"{API}/changes")).json()["items"]
    undone = await alice.post(f"{API}/changes/{made['id']}/undo", data={"back": f"{PAGE}/history"})
    assert undone.status_code == 303
    assert (await alice.get(f"{API}/guild")).json()["language"] == "en"


@pytest.mark.usefixtures("troubled")
async def test_a_language_is_set_by_the_api_which_refuses_one_that_is_not_there(alice: httpx2.AsyncClient) -> None:
    refused = await alice.post(f"{API}/changes", json={"kind": "language", "language": "xx"})
    assert (refused.status_code, "Use one of: en, de, en-XA." in refused.json()["detail"]) == (422, True)
    change = {"kind": "language", "language": "de"}
    seen = (await alice.post(f"{API}/preview", json=change)).json()
    assert seen["differences"] == [{"what": "Language", "before": "English", "after": "Deutsch"}]
    saved = await alice.post(f"{API}/changes", json={**change, "key": seen["key"]})
    assert saved.status_code == 200, saved.text
    assert (await alice.get(f"{API}/guild")).json()["language"] == "de"
    undone = await alice.post(f"{API}/changes/{saved.json()['change_id']}/undo")
    assert undone.status_code == 200, undone.text
    assert (await alice.get(f"{API}/guild")).json()["language"] == "en"
