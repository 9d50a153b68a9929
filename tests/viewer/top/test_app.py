"""The keys, the mouse and the size, as Textual hands them on; what they do is tested without it."""

import asyncio
from importlib import import_module

import pytest
from screens import THEME
from showcase import installers
from told_feed import ToldFeed

from headway_viewer.top.follower import Follower

pytest.importorskip("textual", reason="tui is an extra")
app = import_module("headway_viewer.top.app")

APT = "2c9aaaaaaaaa"


def piloted(talk, *, size=(80, 24)):
    """What `talk(pilot, follower, lines)` returns, of an application with a few operations."""
    follower = Follower(ToldFeed(*installers()), THEME)

    async def go():
        top = app.Top(follower)
        async with top.run_test(size=size) as pilot:

            def lines():
                canvas = top.query_one(app.Canvas)
                return [strip.text.rstrip() for strip in canvas.render_lines(canvas.region)]

            await pilot.pause()
            return await talk(pilot, follower, lines)

    return asyncio.run(go())


def test_keys_and_the_mouse_choose_open_and_leave():
    async def talk(pilot, follower, lines):
        assert lines()[0].startswith("headway  3 running, 1 waiting, 1 failed")
        await pilot.press("j", "down")
        chosen = lines()
        await pilot.press("space")
        opened = lines()
        await pilot.click(offset=(10, 1))
        clicked = follower.navigation.browsing.chosen
        await pilot.press("slash", "n", "g", "escape", "question_mark")
        helped = lines()
        await pilot.resize_terminal(40, 12)
        await pilot.press("escape")
        small = lines()
        await pilot.press("q")
        return chosen, opened, clicked, helped, small, follower.left

    chosen, opened, clicked, helped, small, left = piloted(talk)
    assert chosen[2].startswith("> + ▶ pip install -r …ments.txt")
    assert opened[4].startswith("      ▶ Download")
    assert clicked == "2c9aaaaaaaaa"
    assert any("leave: everything goes on" in line for line in helped)
    assert len(small) == 12
    assert all(len(line) <= 40 for line in small)
    assert left


def test_only_lines_that_have_changed_are_drawn_again(monkeypatch):
    drawn = []

    async def talk(pilot, follower, lines):
        canvas = pilot.app.query_one(app.Canvas)
        refresh = canvas.refresh
        monkeypatch.setattr(canvas, "refresh", lambda *regions: drawn.extend(regions) or refresh())
        await pilot.press("j")
        await pilot.press("j")

    piloted(talk)
    assert {region.y for region in drawn} >= {1, 2}
    assert 0 not in {region.y for region in drawn}
    assert 5 not in {region.y for region in drawn}
