import os

from progress_tracker import demo


def test_it_does_real_work_and_leaves_nothing_behind(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(demo, "FILES", 40)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    demo.main()
    out = capsys.readouterr().out
    for line in ("[✓] Look for sources", "[✓] Pack", "[✓] Unpack", "[✓] Verify"):
        assert line in out
    assert "40 files came back as they were" in out
    assert os.listdir(folder) == []
