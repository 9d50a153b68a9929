import os
import sys
import threading

from headway_patch.program import ancestors, main_thread, program_frame, program_line


def called_by(library, function):
    """What `function` returns to a module of that name."""
    code = "found = function()"
    space = {"__name__": library, "function": function}
    exec(compile(code, f"{library}.py", "exec"), space)
    return space["found"]


def test_the_frame_of_the_program_is_the_next_one_out_of_the_libraries():
    assert program_frame() is sys._getframe()
    assert called_by("tqdm.std", program_frame).f_globals["__name__"] == __name__
    assert called_by("mine", program_frame).f_globals["__name__"] == "mine"


def test_the_line_that_makes_a_bar_has_those_of_a_library_before_it():
    own = program_line()
    assert [name for name, _ in own] == [__file__]
    by_library = called_by("tqdm.std", program_line)
    assert by_library[0] == ("tqdm.std.py", 1)
    assert by_library[-1][0] == __file__


def test_the_processes_above_this_one_are_told_nearest_first():
    found = ancestors()
    assert found[0] == os.getppid()
    assert len(set(found)) == len(found)


def test_the_thread_that_the_program_began_in_is_known_from_any_other():
    found = []
    thread = threading.Thread(target=lambda: found.append(main_thread()))
    thread.start()
    thread.join()
    assert found == [main_thread()] == [threading.main_thread().ident]
