import pytest
from showcase import NOW, board_of, operation, snapshot

from headway_viewer.commands.selection import (
    Ambiguous,
    Selection,
    find_operation,
    short_id,
    unknown_text,
)
from headway_viewer.terminal.jobs import Job


def ids(operations):
    return [made.id for made in operations]


def over(selection, board, now=NOW):
    selection.update(board.replica, now)
    return selection.done(board)


def test_without_names_the_exit_status_is_that_of_all_that_were_seen():
    board = board_of(
        operation("a", "x", "completed", ended=-1.0), operation("b", "y", "failed", ended=-1.0)
    )
    selection = Selection([])
    assert over(selection, board)
    assert selection.exit_status(board) == 1
    assert Selection([]).exit_status(board_of()) == 4


def test_it_is_not_over_before_a_first_operation():
    assert not over(Selection([]), board_of())
    assert not over(Selection([]), board_of(operation("a", "x", "failed", ended=-60.0)))


def test_it_is_not_over_while_one_is_open():
    board = board_of(operation("a", "x", "failed", ended=-1.0), operation("b", "y"))
    assert not over(Selection([]), board)


def test_only_the_named_count():
    board = board_of(operation("a", "x", "completed", ended=-1.0), operation("b", "y"))
    selection = Selection(["x"])
    assert over(selection, board)
    assert selection.exit_status(board) == 0


def test_a_named_one_that_ended_long_ago_counts_too():
    board = board_of(operation("a", "x", "failed", ended=-600.0))
    selection = Selection(["a"])
    assert over(selection, board)
    assert selection.exit_status(board) == 1


def test_a_name_that_ended_before_may_mean_the_next_run():
    board = board_of(operation("a", "x", "failed", ended=-60.0))
    selection = Selection(["x"], next_run_wait=3.0)
    assert not over(selection, board)
    assert selection.next_check(NOW) == 3.0
    board.replica.fold(snapshot([operation("b", "x")], sequence=2), NOW)
    assert selection.update(board.replica, NOW + 1) == ["b"]
    assert selection.next_check(NOW + 1) is None


def test_where_no_next_run_comes_the_one_before_was_meant():
    board = board_of(operation("a", "x", "failed", ended=-60.0))
    selection = Selection(["x"], next_run_wait=3.0)
    assert not over(selection, board, NOW + 2.9)
    assert selection.next_check(NOW + 2.9) == pytest.approx(3.0)
    assert over(selection, board, NOW + 6)
    assert selection.exit_status(board) == 1


@pytest.mark.parametrize(("word", "ended"), [("x", -1.0), ("a", -60.0)])
def test_what_has_just_ended_or_is_named_by_its_id_is_taken_at_once(word, ended):
    board = board_of(operation("a", "x", "failed", ended=ended))
    assert over(Selection([word], next_run_wait=3.0), board)


def test_what_has_not_begun_is_told():
    empty = board_of()
    assert Selection([]).awaited(empty) == "an operation"
    assert Selection(["x", "y"]).awaited(empty) == "'x' and 'y'"
    board = board_of(operation("a", "x", "failed", ended=-60.0), operation("b", "z"))
    assert Selection([]).awaited(board) is None
    selection = Selection(["x", "y", "z"], next_run_wait=3.0)
    selection.update(board.replica, NOW)
    assert selection.awaited(board) == "'y'"


def test_a_name_that_is_not_known_yet_is_waited_for():
    board = board_of(operation("a", "x", "completed", ended=-1.0))
    selection = Selection(["later"])
    assert not over(selection, board)
    board.replica.fold(
        snapshot([operation("b", "later", "completed", ended=-1.0)], sequence=2), NOW
    )
    board.absorb(board.replica.take(), NOW)
    assert over(selection, board)


def test_what_can_mean_several_is_refused_with_their_ids():
    board = board_of(operation("abc1", "x"), operation("abd2", "y", "failed", ended=-1.0))
    with pytest.raises(Ambiguous, match=r"abc x \(running\), abd y \(failed\)"):
        find_operation(board.replica, "ab")


def test_the_command_line_of_a_script_means_what_that_is_called():
    board = board_of(operation("2c9aaa", "deploy.sh"), operation("9abaaa", "train.py"))
    assert find_operation(board.replica, "sh ./bin/deploy.sh --prod").id == "2c9aaa"
    assert find_operation(board.replica, "python3 train.py").id == "9abaaa"
    assert find_operation(board.replica, "./deploy.sh").id == "2c9aaa"
    for other in ("sh other.sh", "deploy.shh", "make deploy.sh", "sh 'deploy.sh", ""):
        assert find_operation(board.replica, other) is None


@pytest.mark.parametrize("line", ["sh /a/deploy.sh", "sh ./bin/Deploy.sh --prod", "./deploy.sh"])
def test_who_acts_on_an_operation_is_told_which_one_a_command_line_may_mean(line):
    board = board_of(operation("2c9aaa", "deploy.sh"), operation("9abaaa", "train.py"))
    assert find_operation(board.replica, line, acts=True) is None
    told = f"there is no operation {line!r}; did you mean 2c9 deploy.sh (running)?"
    assert unknown_text(board.replica, line) == told
    assert find_operation(board.replica, "deploy.sh", acts=True).id == "2c9aaa"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("npm instal", "; did you mean 2c9 npm install (running)?"),
        ("INSTALL", "; did you mean 2c9 npm install (running) or 9ab pip install (failed)?"),
        ("npm install --verbose", "; did you mean 2c9 npm install (running)?"),
        ("quux", ""),
        ("", ""),
    ],
)
def test_a_name_that_none_has_is_answered_with_those_like_it(word, told):
    board = board_of(
        operation("7f3", "npm install", "failed", ended=-9.0),
        operation("2c9", "npm install"),
        operation("9ab", "pip install", "failed", ended=-9.0),
    )
    text = unknown_text(board.replica, word)
    if word.startswith("npm"):
        text = text.replace(" or 9ab pip install (failed)", "")
    assert text == f"there is no operation {word!r}{told}"


def test_what_a_name_that_is_waited_for_may_mean_is_told():
    board = board_of(operation("7f3", "npm install"))
    selection = Selection(["npm instal", "quux"])
    selection.update(board.replica, NOW)
    assert selection.hint(board) == (
        "waiting for 'npm instal' and 'quux' to begin; did you mean 7f3 npm install (running)?"
    )
    assert Selection([]).hint(board) is None


def test_of_several_that_ended_under_a_name_the_latest_is_meant():
    board = board_of(
        operation("a", "x", "failed", ended=-60.0), operation("b", "x", "completed", ended=-9.0)
    )
    assert find_operation(board.replica, "x").id == "b"


def test_what_was_left_and_is_not_judged_is_given_up_after_a_minute():
    board = board_of(operation("a", "x", reason="left at 20 of 60"))
    selection = Selection([])
    assert not over(selection, board)
    assert not selection.unjudged(board, NOW + 59.0)
    assert selection.unjudged(board, NOW + 61.0)


def test_what_still_works_beside_what_was_left_is_waited_for():
    board = board_of(operation("a", "x", reason="left at 20 of 60"), operation("b", "y"))
    selection = Selection([])
    over(selection, board)
    assert not selection.unjudged(board, NOW + 61.0)


class FakeSession:
    """A session whose jobs the test sets; the operations on its terminal are its own."""

    def __init__(self, *jobs):
        self.running = list(jobs)

    def includes(self, operation):
        return operation.tty == "/dev/pts/7"

    def jobs(self):
        return self.running


RUN = Job("headway", {71}, {71}, 0.1)
SCRIPT = Job("python", {72}, frozenset(), 0.1)
OLD = Job("jupyter", {73}, frozenset(), 3600.0)


def ours(identity, state="running", *, pid=71, **fields):
    return operation(identity, identity, state, tty="/dev/pts/7", pid=pid, **fields)


def selection_of(session, board, now=NOW):
    """A selection of the board's operations that is confined, if at all, by now."""
    selection = Selection([], session=session)
    board.accepts = selection.accepts
    selection.update(board.replica, now)
    if selection.confine(board) or selection.confined:
        board.select_again()
    board.now = now
    return selection


def test_jobs_that_the_session_had_at_the_start_confine_the_selection_for_good():
    session = FakeSession(RUN)
    board = board_of(operation("elsewhere", "x"))
    selection = Selection([], session=session)
    session.running = []
    board.accepts = selection.accepts
    board.select_again()
    assert selection.operations(board) == []
    assert selection.confined


def test_an_operation_of_the_session_that_had_just_ended_confines_the_selection():
    board = board_of(operation("elsewhere", "x"), ours("a", "failed", ended=-1.0))
    selection = selection_of(FakeSession(), board)
    assert ids(selection.operations(board)) == ["a"]
    assert selection.done(board)
    assert selection.exit_status(board) == 1


def test_one_that_had_ended_long_ago_does_not():
    board = board_of(operation("elsewhere", "x"), ours("a", "failed", ended=-60.0))
    selection = selection_of(FakeSession(), board)
    assert ids(selection.operations(board)) == ["elsewhere"]


def test_it_is_not_done_while_a_headway_run_has_not_reported():
    board = board_of(ours("a", "completed", ended=-1.0))
    session = FakeSession(RUN, RUN._replace(members={74}, runs={74}))
    selection = selection_of(session, board)
    assert not selection.done(board)
    assert selection.awaited(board) == "an operation of headway"
    board.now = NOW + 60  # however long that takes
    assert not selection.done(board)
    session.running = [RUN]
    selection.update(board.replica, NOW + 60)
    assert selection.done(board)


def test_what_may_never_report_is_waited_for_only_at_first_once_another_has():
    board = board_of(ours("a", "completed", ended=-1.0))
    selection = selection_of(FakeSession(RUN, SCRIPT), board)
    assert not selection.done(board)
    board.now = NOW + 10
    assert selection.done(board)


def test_a_job_that_has_not_reported_is_waited_for_while_it_lives():
    board = board_of()
    session = FakeSession(SCRIPT)
    selection = selection_of(session, board)
    selection.update(board.replica, NOW + 600)
    assert not selection.in_vain(board, NOW + 600)
    assert selection.awaited(board) == "an operation of python"
    session.running = []
    selection.update(board.replica, NOW + 601)
    assert selection.in_vain(board, NOW + 601)


def test_an_old_job_that_has_never_reported_is_given_two_seconds():
    board = board_of(operation("elsewhere", "x"))
    selection = selection_of(FakeSession(OLD), board)
    assert selection.confined
    assert not selection.in_vain(board, NOW + 1.9)
    assert selection.in_vain(board, NOW + 2)


def test_of_many_jobs_that_are_waited_for_three_are_named():
    many = [SCRIPT._replace(name=f"p{k}", members={k}) for k in range(5)]
    board = board_of()
    assert selection_of(FakeSession(*many), board).awaited(board) == (
        "an operation of p0, p1, p2 and 2 more"
    )


def test_a_short_id_is_as_long_as_it_takes_to_be_no_other_one():
    assert short_id("abcdef", ["abcdef", "abx"]) == "abc"
    assert short_id("abcdef", ["abcdef", "abcdx"]) == "abcde"
    assert short_id("abc", ["abc", "abcd"]) == "abc"


def test_with_labels_only_those_that_have_them_are_meant():
    one, other = operation("a", "x"), operation("b", "y")
    one.labels = {"run": "42"}
    selection = Selection([], labels=[("run", "42")])
    assert selection.accepts(one)
    assert not selection.accepts(other)
    board = board_of(one, other)
    named = Selection(["y"], labels=[("run", "42")])
    named.update(board.replica, NOW)
    assert named.chosen == set()


def test_of_several_of_a_name_that_one_is_meant_which_has_the_label():
    one, other = operation("a", "build"), operation("b", "build")
    one.labels, other.labels = {"run": "41"}, {"run": "42"}
    named = Selection(["build"], labels=[("run", "42")])
    assert named.update(board_of(one, other).replica, NOW) == ["b"]
