from headway.host.launch import detached_process
from headway.run.parallel.lines_viewer import LinesViewer


def test_with_a_workers_key_alone_no_viewer_of_a_network_is_started(monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(detached_process, "spawn", lambda argv, *_, **__: started.append(argv))
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("HEADWAY", raising=False)
    LinesViewer.start("plain").finish()
    assert len(started) == 1
    monkeypatch.setenv("HEADWAY_ENDPOINT", "tcp://host:7411")
    LinesViewer.start("plain").finish()
    assert len(started) == 1
