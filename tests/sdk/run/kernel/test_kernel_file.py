from headway.run.kernel.kernel_file import read_start


def test_the_beginning_of_a_file_is_read_up_to_the_limit(tmp_path):
    (tmp_path / "io").write_bytes(b"rchar: 12")
    assert read_start(str(tmp_path / "io"), 5) == b"rchar"
    assert read_start(str(tmp_path / "io"), 100) == b"rchar: 12"


def test_what_cannot_be_read_holds_nothing(tmp_path):
    assert read_start(str(tmp_path / "gone"), 5) == b""
    assert read_start(str(tmp_path), 5) == b""
