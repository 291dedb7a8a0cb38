"""A real browser for the pages; `nox -s browser` runs them. Without what it needs these tests are skipped, and say so:

- Playwright for Python, and a Chromium on the path or named by the variable CHROMIUM;
- for accessibility the file `axe.min.js` of the npm package axe-core, named by the variable AXE_CORE.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.render import html
from conformance.report import Report
from tests.render.conftest import constrained, crowded, hostile, typical

__all__ = ["constrained", "crowded", "hostile", "typical"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

Open = Callable[..., Any]
"""Show a report, or a page that is made already: `open_page(report, at="#STREAM-DONE", scripts=False, dark=True, width=390)`; gives
Playwright's page."""

Violations = Callable[[Any], list[tuple[str, str, str]]]
"""What axe finds on a page: rule, impact and element of each."""

UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true"
"""Opens everything that can be opened on a page."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("needs Chromium on the path, or its path in CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, to be run within a page."""
    named = os.environ.get("AXE_CORE")
    if not named:
        pytest.skip("needs axe.min.js of axe-core, named by AXE_CORE")
    return Path(named).read_text("utf-8")


@pytest.fixture
def violations(axe: str) -> Violations:
    """Ask axe-core about a page of which everything is unfolded."""

    def found(page: Any) -> list[tuple[str, str, str]]:
        page.evaluate(UNFOLD)
        page.evaluate(axe)
        return [(each["id"], each["impact"], each["nodes"][0]["html"][:200]) for each in page.evaluate("axe.run()")["violations"]]

    return found


@pytest.fixture
def open_page(chromium: Any, tmp_path: Path) -> Iterator[Open]:
    """Open reports as files, each in a profile of its own; whatever the page asks of the network or says in its console is a failure."""
    contexts = []
    wrong: list[str] = []

    def asked(request: Any) -> None:
        if not request.url.startswith("file:"):
            wrong.append(f"asks for {request.url}")

    def spoke(dialog: Any) -> None:
        wrong.append(f"says {dialog.message}")
        dialog.dismiss()

    def opened(shown: Report | str, *, at: str = "", scripts: bool = True, dark: bool = False, width: int = 1280) -> Any:
        path = tmp_path / "report.html"
        path.write_text(shown if isinstance(shown, str) else html.render(shown), encoding="utf-8")
        context = chromium.new_context(
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 900},
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", asked)
        page.on("dialog", spoke)
        page.goto(path.as_uri() + at)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
