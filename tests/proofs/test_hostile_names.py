"""Whatever people call themselves, and whatever they write, is text: on every page, in every file, for every program."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from prometheus_client.parser import text_string_to_metric_families

from proofs import hostile
from proofs.houses import House
from proofs.looking import eye
from proofs.walking import Page, page_of, some_of_each_route

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
VIEWS_IN_A_BROWSER = 1
"""Of each route, at every commit; the source of every view is judged at each."""


async def test_in_the_source_of_every_page_a_hostile_name_is_text_and_nothing_else(
    named_by_somebody_hostile: House,
) -> None:
    wrong = []
    for view, source in (await named_by_somebody_hostile.walk()).sources.items():
        faults = [*hostile.more_than_text_in(source), *page_of(source).inline]
        wrong += [f"{view.address}: {fault}" for fault in faults]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_what_a_hostile_text_makes_of_a_source_that_does_not_escape_it_is_seen(text: str) -> None:
    pages = [f"<!doctype html><body><p>{text.replace('9**9', '387420489')}</p></body>", f'<a title="{text}">{text}</a>']
    has_markup = any(mark in text for mark in ("<script", "class=", hostile.STEERING, "9**9"))
    found = [each for page in pages for each in (*hostile.more_than_text_in(page), *Page(page).inline)]
    assert bool(found) == has_markup, found


@pytest.mark.browser
async def test_on_every_page_a_hostile_name_is_text_and_nothing_else(
    browser: Browser, named_by_somebody_hostile: House
) -> None:
    house, wrong, said = named_by_somebody_hostile, [], ""
    walk = await house.walk()
    async with eye(browser, house) as tab:
        for view in some_of_each_route(walk.views, VIEWS_IN_A_BROWSER):
            faults = [*await tab.open(view), *await hostile.taken_for_more_than_text(tab)]
            wrong += [f"{view.address}: {fault}" for fault in faults]
            said += await tab.page.locator("body").inner_text()
    assert wrong == [], "\n".join(wrong)
    unseen = [text for text in hostile.TEXTS if " ".join(text.split())[:12] not in " ".join(said.split())]
    assert [text for text in unseen if hostile.STEERING not in text] == []
    assert "\N{REPLACEMENT CHARACTER}Mito" in said


@pytest.mark.browser
async def test_what_came_of_a_click_is_told_as_text(browser: Browser, named_by_somebody_hostile: House) -> None:
    async with eye(browser, named_by_somebody_hostile) as tab:
        await tab.page.goto(f"{tab.base_url}/admin/data-quality?rule=orphan_wow")
        status = tab.page.get_by_role("status")
        for button in range(4):
            await tab.page.locator(".finding-action button").nth(button).click()
            await expect(status).to_contain_text("ixed")
            assert await hostile.taken_for_more_than_text(tab) == []


async def test_no_cell_of_a_csv_file_is_a_formula(named_by_somebody_hostile: House) -> None:
    house = named_by_somebody_hostile
    paths = [path for path, operations in house.app.openapi()["paths"].items() if _gives_csv(operations)]
    assert paths
    async with house.client() as client:
        for path in paths:
            text = (await client.get(path, params={"guild": 1})).content.decode("utf-8-sig")
            cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
            assert [cell for cell in cells if cell.startswith(FORMULA_STARTS)] == [], path
            assert any(cell.startswith("'") for cell in cells), path


async def test_no_name_gets_into_the_metrics(named_by_somebody_hostile: House) -> None:
    async with named_by_somebody_hostile.client() as client:
        text = (await client.get("/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert len(samples) > 20
    assert not any(sample.name.startswith("owned") for sample in samples)
    assert all(sample.labels.get("guild", "1").isdigit() for sample in samples)
    assert "owned" not in text


def _gives_csv(operations: dict[str, Any]) -> bool:
    answers = operations.get("get", {}).get("responses", {})
    return "text/csv" in answers.get("200", {}).get("content", {})
