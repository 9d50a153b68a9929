from headway_viewer.terminal.etiquette import Etiquette, TerminalState


def terminal(**seen):
    """Return the state of a terminal that is as usual, but for what is `seen`."""
    usual = {"foreground": True, "canonical": True, "echo": True, "others_in_foreground": False}
    return TerminalState(40, 12, **{**usual, **seen})


USUAL = terminal()


def held(**seen):
    """Return an etiquette that has drawn, and its step when the terminal is as `seen`."""
    etiquette = Etiquette(set)
    etiquette.step(USUAL, ["bar"])
    if not seen.get("canonical", True):
        etiquette.step(terminal(**seen), ["bar 2"])
    out, acknowledged = etiquette.step(terminal(**seen), ["bar 2"])
    return etiquette, out, acknowledged


def test_it_draws_while_a_worker_has_the_foreground():
    etiquette, out, _ = held()
    assert "bar 2" in out
    assert etiquette.region.height == 1


def test_it_gives_the_rows_back_when_somebody_else_comes_to_the_foreground():
    etiquette, out, _ = held(foreground=False)
    assert etiquette.region.height == 0
    assert "\x1b[r" in out
    assert etiquette.step(terminal(foreground=False), ["bar 3"])[0] == ""


def test_it_comes_back_with_its_worker():
    etiquette, _, _ = held(foreground=False)
    assert "bar 3" in etiquette.step(USUAL, ["bar 3"])[0]


def test_a_full_screen_program_gets_all_rows_and_keeps_what_it_drew():
    etiquette, out, _ = held(canonical=False, others_in_foreground=True)
    assert etiquette.region.height == 0
    assert "\x1b[r" in out
    assert "\x1b[K" not in out


def test_a_program_that_has_just_begun_to_read_keys_may_be_about_to_print_lines():
    etiquette = Etiquette(set)
    etiquette.step(USUAL, ["bar"])
    raw = terminal(canonical=False, others_in_foreground=True)
    assert etiquette.step(raw, ["bar 2"])[0] == ""
    assert "bar 2" in etiquette.step(USUAL, ["bar 2"])[0]
    assert etiquette.step(raw, ["bar 3"])[0] == ""
    assert "\x1b[r" in etiquette.step(raw, ["bar 3"])[0]


def test_a_prompt_of_the_worker_itself_gets_clean_rows():
    _, out, _ = held(canonical=False)
    assert "\x1b[K" in out


def test_it_keeps_still_while_a_password_is_typed():
    etiquette, out, _ = held(echo=False)
    assert out == ""
    assert etiquette.region.height == 1


def test_a_receipt_is_printed_once_and_then_told():
    etiquette = Etiquette(set)
    etiquette.step(USUAL, ["bar"])
    etiquette.add_ended("op1", "RECEIPT")
    out, acknowledged = etiquette.step(USUAL, [])
    assert "RECEIPT" in out
    assert acknowledged == ["op1"]
    assert etiquette.region.height == 0
    assert etiquette.step(USUAL, []) == ("", [])


def test_an_end_without_a_receipt_is_told_all_the_same():
    etiquette = Etiquette(set)
    etiquette.add_ended("op1", None)
    assert etiquette.step(USUAL, []) == ("", ["op1"])


def test_no_receipt_is_written_into_a_shells_prompt():
    etiquette = Etiquette(set)
    etiquette.add_ended("op1", "RECEIPT")
    out, acknowledged = etiquette.step(terminal(foreground=False), [])
    assert out == ""
    assert acknowledged == ["op1"]
    assert etiquette.step(USUAL, [])[0] == ""


def test_a_receipt_waits_for_the_end_of_a_password():
    etiquette = Etiquette(set)
    etiquette.add_ended("op1", "RECEIPT")
    assert etiquette.step(terminal(echo=False), []) == ("", [])
    assert etiquette.pending
    assert "RECEIPT" in etiquette.step(USUAL, [])[0]


def test_what_was_not_erased_is_cleared_when_lines_are_read_again():
    etiquette, _, _ = held(canonical=False, others_in_foreground=True)
    assert etiquette.step(USUAL, ["bar 3"])[0].startswith("\x1b[J")
    assert not etiquette.step(USUAL, ["bar 4"])[0].startswith("\x1b[J")


def test_a_receipt_that_somebody_else_has_settled_is_told_and_not_printed():
    etiquette = Etiquette(lambda _: set())
    etiquette.add_ended("op1", "RECEIPT")
    assert etiquette.step(USUAL, []) == ("", ["op1"])


def test_a_receipt_settles_all_that_it_covers_and_an_end_without_one_nothing():
    claimed = []

    def claim(operations):
        claimed.extend(operations)
        return set(operations)

    etiquette = Etiquette(claim)
    etiquette.add_ended("short", None)
    etiquette.add_ended("task2", "POOL", ["task1", "task2"])
    assert "POOL" in etiquette.step(USUAL, [])[0]
    assert claimed == ["task1", "task2"]


def test_a_receipt_that_is_dropped_in_the_background_is_settled():
    claimed = []
    etiquette = Etiquette(lambda operations: set(claimed.extend(operations) or operations))
    etiquette.add_ended("op1", "RECEIPT")
    etiquette.step(terminal(foreground=False), [])
    assert claimed == ["op1"]
