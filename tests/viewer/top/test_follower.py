from screens import THEME
from showcase import installers, operation
from told_feed import ToldFeed

from headway.protocol.messages import Reply
from headway_viewer.picture.keys import ESCAPE
from headway_viewer.top.follower import REST, Follower

APT, PIP = "2c9aaaaaaaaa", "9abaaaaaaaaa"


def following(*operations, **options):
    feed = ToldFeed(*operations)
    follower = Follower(feed, THEME, **options)
    assert follower.turn()
    follower.picture(80, 24)
    return feed, follower


def lines(follower):
    return [THEME.paint(line) for line in follower.picture(80, 24)]


def test_a_look_at_what_has_not_changed_is_worth_no_picture():
    feed, follower = following(*installers())
    feed.now += 0.1
    follower.turn()
    feed.now += 0.1
    assert not follower.turn()
    feed.now += 1.0
    assert follower.turn(), "the durations"
    feed.tell(operation("aaaaaaaaaaaa", "new"))
    assert follower.turn()
    feed.connected = False
    assert follower.turn()
    assert "waiting for the broker" in lines(follower)[0]


def test_cancel_asks_the_owner_after_a_question_and_tells_the_answer():
    feed, follower = following(*installers())
    for key in ("j", "c", "y"):
        follower.press(key)
        follower.picture(80, 24)
    (asked,) = (one for one in feed.requests if one[0] == "cancel")
    assert asked == ("cancel", {"operation": APT, "reason": None, "kill": False})
    feed.replies[feed.requests.index(asked) + 1] = Reply(1, {"answer": "accepted"}, None)
    assert follower.turn()
    assert lines(follower)[-1] == "apt install postgresql is being cancelled"


def test_a_stage_that_is_chosen_pauses_its_operation():
    feed, follower = following(*installers())
    for key in ("j", " ", "j", "p"):
        follower.press(key)
        follower.picture(80, 24)
    assert ("pause", {"operation": APT}) in feed.requests


def test_the_log_is_asked_for_once_a_row_is_looked_at_for_a_while():
    feed, follower = following(*installers())
    follower.press("j")
    follower.turn()
    follower.press("j")
    feed.now += REST / 2
    follower.turn()
    assert not feed.requests
    feed.now += REST
    follower.turn()
    assert feed.requests == [("logs", {"operation": PIP, "offset": 0})]
    found = {"found": "here", "offset": 0, "data": b"Setting up\n", "end": 11, "total": 11}
    feed.replies[1] = Reply(1, found, None)
    assert follower.turn()
    assert "Setting up" in lines(follower)


def test_what_expires_is_chosen_no_more():
    feed, follower = following(*installers())
    follower.press("j")
    feed.tell(operation("aaaaaaaaaaaa", "new"))
    follower.turn()
    follower.picture(80, 24)
    assert follower.navigation.operation == "aaaaaaaaaaaa"


def test_a_click_and_the_wheel_reach_the_rows():
    _, follower = following(*installers())
    follower.click(10, 1)
    assert follower.navigation.browsing.chosen == APT
    follower.wheel(1)
    follower.press("q")
    assert follower.left


def test_groups_stand_in_place_of_rows_until_one_is_chosen():
    told = [
        operation(letter * 12, f"tests of {run}", labels={"run": run})
        for letter, run in zip("abc", ("42", "42", "43"))
    ]
    _, follower = following(*told, by="run")
    first, second, third = lines(follower)[1:4]
    assert (first.split()[:3], second.split()[:3]) == (
        ["42", "2", "running"],
        ["43", "1", "running"],
    )
    assert not third
    assert not any("tests of" in line for line in lines(follower)), "nor the facts of any"
    follower.click(3, 1)
    assert follower.navigation.browsing.chosen is None, "a group is no row"
    follower.press("j")
    assert "> ▶ tests of 42" in lines(follower)[1]
    follower.press(ESCAPE)
    assert lines(follower)[1] == first


def test_with_labels_those_alone_are_listed_that_have_them_and_their_parts():
    _, follower = following(
        operation("aaaaaaaaaaaa", "ours", labels={"run": "42", "by": "me"}),
        operation("bbbbbbbbbbbb", "part of it", parent="aaaaaaaaaaaa"),
        operation("cccccccccccc", "another", labels={"run": "43"}),
        labels=[("run", "42")],
    )
    follower.press(" ")
    shown = "\n".join(lines(follower))
    assert "ours" in shown
    assert "another" not in shown
