import re

from headway.run import late_pattern as module
from headway.run.late_pattern import late_pattern

PATTERN = re.compile(r"(\d+) of")


class Compiler:
    """What is compiled, in the place of `re`."""

    def __init__(self):
        self.texts = []

    def compile(self, text):
        self.texts.append(text)
        return PATTERN


def test_it_is_compiled_at_its_first_use_and_once(monkeypatch):
    compiler = Compiler()
    monkeypatch.setattr(module, "re", compiler)
    late = late_pattern(PATTERN.pattern)
    assert compiler.texts == []
    assert late.match("3 of 4").group(1) == "3"
    assert late.search("at 3 of 4").group(1) == "3"
    assert late.sub("x", "3 of 4") == "x 4"
    assert late.groups == 1
    assert compiler.texts == [PATTERN.pattern] * 2  # its attributes are asked rarely
