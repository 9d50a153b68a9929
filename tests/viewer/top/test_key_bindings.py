from screens import Shown
from showcase import board_of, installers, operation

from headway_viewer.picture import keys
from headway_viewer.picture.browsing import CANCEL, LIST, OPERATION, PAUSE, QUIT, Action
from headway_viewer.top.key_bindings import KEY, LEFT, RIGHT, ROW, SIGN, SPACE, Navigation, Target
from headway_viewer.top.sort_order import BY_NAME
from headway_viewer.top.tree import Tree

APT = "2c9aaaaaaaaa"


def shown(number=0, **options):
    operations = [operation(f"{place:012}", f"job {place}") for place in range(number)]
    return Shown(operations or installers(), **options)


def test_keys_are_those_of_the_view():
    seen = shown()
    seen.press("j")
    assert seen.navigation.browsing.chosen == APT
    assert seen.press("p") == Action(PAUSE, APT)
    assert seen.press("c") is None
    assert "cancel apt install postgresql? y or n" in seen.lines[-1]
    assert seen.press("y") == Action(CANCEL, APT)
    assert seen.press("q") == Action(QUIT)


def test_nothing_is_done_to_what_nobody_has_chosen():
    seen = shown()
    assert seen.navigation.operation == APT, "it is looked at"
    for key in ("p", "c", SPACE):
        assert seen.press(key) is None
        assert "choose an operation first" in seen.lines[-1]


def test_space_opens_and_closes_and_left_leads_to_the_row_around():
    seen = shown()
    seen.press("j", SPACE, "j", "j")
    assert seen.navigation.browsing.chosen == f"{APT}/2"
    seen.press(LEFT)
    assert seen.navigation.browsing.chosen == APT
    seen.press(LEFT)
    assert seen.navigation.tree.opened == set()
    seen.press(RIGHT, RIGHT)
    assert seen.navigation.tree.opened == {APT}


def test_a_stage_stands_for_its_operation():
    seen = shown()
    seen.press("j", SPACE, "j")
    assert seen.navigation.operation == APT
    assert seen.press("p") == Action(PAUSE, f"{APT}/1")


def test_what_the_filter_hides_is_neither_looked_at_nor_cancelled():
    seen = shown(20, lines=12)
    seen.press("j", "/", *"job 19", keys.ENTER)
    assert seen.navigation.operation == f"{19:012}"
    seen.press("c")
    assert seen.navigation.browsing.asking is None
    assert "choose an operation first" in seen.lines[-1]


def test_the_list_moves_only_when_the_chosen_row_would_leave_it():
    seen = shown(50, lines=12)
    seen.press(*["j"] * 5)
    assert seen.navigation.first == 0
    seen.press(keys.END)
    assert seen.navigation.first == 41
    seen.press("k", "k")
    assert seen.navigation.first == 41
    seen.press(keys.HOME)
    assert seen.navigation.first == 0


def test_the_wheel_scrolls_and_chooses_nothing():
    seen = shown(50, lines=12)
    seen.navigation.wheel(1)
    seen.draw()
    assert seen.lines[1].startswith("  ▶ job 3 ")
    assert seen.navigation.browsing.chosen is None
    seen.navigation.wheel(-1)
    seen.navigation.wheel(-1)
    assert seen.navigation.first == 0
    for _ in range(100):
        seen.navigation.wheel(1)
    assert seen.navigation.first == 41


def test_the_first_click_chooses_and_the_second_opens():
    seen = shown()
    seen.click(10, 1)
    assert (seen.navigation.browsing.chosen, seen.navigation.browsing.page) == (APT, LIST)
    seen.click(10, 1)
    assert seen.navigation.browsing.page == OPERATION


def test_a_click_on_the_sign_opens_the_tree_and_one_on_the_last_line_is_its_key():
    seen = shown()
    assert seen.screen.target(2, 1) == Target(SIGN, APT)
    assert seen.screen.target(12, 1) == Target(ROW, APT)
    seen.click(2, 1)
    assert seen.navigation.tree.opened == {APT}
    at = seen.lines[-1].index("? help")
    assert seen.screen.target(at, 23) == Target(KEY, "?")
    seen.click(at, 23)
    assert any("leave: everything goes on" in line for line in seen.lines)
    assert seen.screen.target(79, 0) is None


def test_a_question_is_answered_by_no_click():
    seen = shown()
    seen.press("j", "c")
    seen.click(10, 4)
    assert seen.navigation.browsing.chosen == APT
    assert "y or n" in seen.lines[-1]


def test_pasted_text_is_for_the_filter_alone():
    seen = shown()
    seen.press("j")
    seen.navigation.type("cy q\n")
    assert seen.navigation.browsing.asking is None
    seen.press("/")
    seen.navigation.type("nginx\x1b\n")
    seen.draw()
    assert [line for line in seen.lines if "nginx" in line]
    assert seen.navigation.browsing.filter == "nginx"


def test_orders_are_keys():
    seen = shown()
    seen.press("s")
    assert seen.navigation.tree.sort.order == BY_NAME
    seen.press("S")
    assert seen.lines[-1].startswith("by name backwards  ")


def test_what_is_gone_is_chosen_no_more():
    navigation = Navigation(Tree(board_of(*installers())))
    navigation.show(navigation.tree.rows("", 0.0), 10)
    navigation.press("j")
    navigation.forget(APT)
    assert navigation.browsing.chosen is None
