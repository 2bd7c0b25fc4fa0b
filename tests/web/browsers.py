"""What tests in a browser share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page

SignIn = Callable[..., Awaitable[tuple[Page, list[str]]]]
"""Signs somebody in; gives the page, and a list that gathers whatever goes wrong on it."""
