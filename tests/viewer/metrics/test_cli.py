import sys

import pytest

from headway_viewer.metrics import cli
from headway_viewer.metrics.cli import main


def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "headway_viewer.metrics.exporter", None)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "headway_viewer.metrics.exporter")
    monkeypatch.delitem(sys.modules, "headway_viewer.metrics.families", raising=False)
    for name in [name for name in sys.modules if name.startswith("prometheus_client.")]:
        monkeypatch.delitem(sys.modules, name)
    assert main([]) == cli.MISSING
    assert "pip install '.[metrics]'" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--port", "70000"], ["--port", "x"], ["extra"]])
def test_what_is_no_port_is_refused(argv, capsys):
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "see `headway metrics --help`" in capsys.readouterr().err
