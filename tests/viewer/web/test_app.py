"""The page as it is served: one file of each kind, and nothing from elsewhere."""

from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

from headway_viewer import web
from headway_viewer.web import access, app

PAGE = Path(web.__file__).parent / "page"
MOST_BYTES = 100_000  # of the whole page, as it is sent


def test_the_whole_page_is_small():
    files = list(PAGE.iterdir())
    assert {file.name for file in files} == {"icon.svg", "index.html", "page.css", "page.js"}
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES


def test_nothing_of_it_comes_from_elsewhere_or_is_markup_of_a_program():
    for file in PAGE.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, file.name
        for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert name not in text


@pytest.mark.parametrize("fleet", [None, "a fleet"])
def test_fewer_pages_of_a_fleet_are_open_at_once(monkeypatch, fleet):
    limits = []

    def limiter(most):
        limits.append(most)
        return anyio.CapacityLimiter(most)

    monkeypatch.setattr(app, "anyio", SimpleNamespace(CapacityLimiter=limiter))
    app.make_app(access.Site("http", access.LOOPBACK, 8080, "secret"), fleet)
    assert limits[0] == (app.MOST_PAGES if fleet is None else app.MOST_FLEET_PAGES)
