"""The kernel's count of waiting for a processor."""

from headway_broker.shell.cpu_pressure import CpuPressure, stalled_in


def test_the_seconds_in_which_anything_waited_are_read_again_each_time(tmp_path):
    path = tmp_path / "cpu"
    path.write_text("some avg10=1.00 avg60=1.50 avg300=0.90 total=2500000\nfull total=7\n")
    pressure = CpuPressure(str(path))
    assert pressure.stalled() == 2.5
    path.write_text("some avg10=1.00 avg60=1.50 avg300=0.90 total=3500000\n")
    assert pressure.stalled() == 3.5


def test_where_the_kernel_does_not_count_it_that_is_unknown(tmp_path):
    assert CpuPressure(str(tmp_path / "none")).stalled() is None
    assert stalled_in("") is None
    assert stalled_in("some avg10=0.00 total=x") is None
    assert stalled_in("full total=5") is None
