from headway_viewer.terminal.etiquette import Scene, Seen


def terminal(**seen):
    """A terminal as it usually is, but for what is `seen`."""
    usual = {"foreground": True, "lines": True, "echo": True, "strangers": False}
    return Seen(40, 12, **{**usual, **seen})


USUAL = terminal()


def held(**seen):
    """A scene that has drawn, and what it does when the terminal is as `seen`."""
    scene = Scene()
    scene.step(USUAL, ["bar"])
    out, told = scene.step(terminal(**seen), ["bar 2"])
    return scene, out, told


def test_it_draws_while_a_worker_has_the_foreground():
    scene, out, _ = held()
    assert "bar 2" in out
    assert scene.region.height == 1


def test_it_gives_the_rows_back_when_somebody_else_comes_to_the_foreground():
    scene, out, _ = held(foreground=False)
    assert scene.region.height == 0
    assert "\x1b[r" in out
    assert scene.step(terminal(foreground=False), ["bar 3"])[0] == ""


def test_it_comes_back_with_its_worker():
    scene, _, _ = held(foreground=False)
    assert "bar 3" in scene.step(USUAL, ["bar 3"])[0]


def test_a_full_screen_program_gets_all_rows_and_keeps_what_it_drew():
    scene, out, _ = held(lines=False, strangers=True)
    assert scene.region.height == 0
    assert "\x1b[r" in out
    assert "\x1b[K" not in out


def test_a_prompt_of_the_worker_itself_gets_clean_rows():
    _, out, _ = held(lines=False)
    assert "\x1b[K" in out


def test_it_keeps_still_while_a_password_is_typed():
    scene, out, _ = held(echo=False)
    assert out == ""
    assert scene.region.height == 1


def test_a_receipt_is_printed_once_and_then_told():
    scene = Scene()
    scene.step(USUAL, ["bar"])
    scene.end("op1", "RECEIPT")
    out, told = scene.step(USUAL, [])
    assert "RECEIPT" in out
    assert told == ["op1"]
    assert scene.region.height == 0
    assert scene.step(USUAL, []) == ("", [])


def test_an_end_without_a_receipt_is_told_all_the_same():
    scene = Scene()
    scene.end("op1", None)
    assert scene.step(USUAL, []) == ("", ["op1"])


def test_no_receipt_is_written_into_a_shells_prompt():
    scene = Scene()
    scene.end("op1", "RECEIPT")
    out, told = scene.step(terminal(foreground=False), [])
    assert out == ""
    assert told == ["op1"]
    assert scene.step(USUAL, [])[0] == ""


def test_a_receipt_waits_for_the_end_of_a_password():
    scene = Scene()
    scene.end("op1", "RECEIPT")
    assert scene.step(terminal(echo=False), []) == ("", [])
    assert scene.waiting
    assert "RECEIPT" in scene.step(USUAL, [])[0]


def test_what_was_not_erased_is_cleared_when_lines_are_read_again():
    scene, _, _ = held(lines=False, strangers=True)
    assert scene.step(USUAL, ["bar 3"])[0].startswith("\x1b[J")
    assert not scene.step(USUAL, ["bar 4"])[0].startswith("\x1b[J")
