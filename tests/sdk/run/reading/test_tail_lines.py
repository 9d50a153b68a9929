from __future__ import annotations

import pytest
from transcripts import recording

from headway.run.reading.tail_lines import is_worth_keeping
from headway.run.reading.terminal_lines import LineSplitter


@pytest.mark.parametrize("line", ["⠙", " ⠹ \t", ""])
def test_a_spinner_says_nothing(line):
    assert not is_worth_keeping(line)


def test_of_a_curl_that_fails_its_error_is_kept_and_no_meter():
    lines = [line for line in LineSplitter().feed(recording("curl-404.err")) if not line.drawn]
    kept = [line.text for line in lines if is_worth_keeping(line.text)]
    assert kept == ["curl: (22) The requested URL returned error: 404"]
