"""The page as it is served: one file of each kind, and nothing from elsewhere."""

from pathlib import Path

from headway_viewer import web
from headway_viewer.web import app

PAGE = Path(web.__file__).parent / "page"
MOST_BYTES = 100_000  # of the whole page, as it is sent


def test_the_whole_page_is_small():
    files = list(PAGE.iterdir())
    assert {file.name for file in files} == {name for name, _ in app.FILES.values()}
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES


def test_nothing_of_it_comes_from_elsewhere_or_is_markup_of_a_program():
    for file in PAGE.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, file.name
        for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert name not in text
