"""The lock and the sockets of one directory; races are in tests/system."""

import os
import socket
import tempfile

import pytest

from headway_broker.shell.single_instance import SingleInstance, Taken, answers


@pytest.fixture
def directory():
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        yield directory


@pytest.fixture
def single_instance(directory):
    single_instance = SingleInstance(directory)
    yield single_instance
    single_instance.release()


def test_a_second_claim_is_told_who_is_first(directory, single_instance):
    with pytest.raises(Taken) as taken:
        SingleInstance(directory)
    assert taken.value.pid == os.getpid()


def test_a_released_claim_can_be_taken(directory):
    SingleInstance(directory).release()
    SingleInstance(directory).release()
    assert os.path.exists(os.path.join(directory, "broker.lock"))


def test_a_listener_answers_at_its_name_at_once(directory, single_instance):
    path = os.path.join(directory, "x.sock")
    assert not answers(path)
    with single_instance.listen("x.sock"):
        assert answers(path)
        assert os.stat(path).st_mode & 0o777 == 0o600
        assert os.listdir(directory).count("x.sock") == 1
        assert len(os.listdir(directory)) == 2
    assert not answers(path)


def test_what_lay_there_before_is_replaced(directory, single_instance):
    path = os.path.join(directory, "x.sock")
    os.symlink("/etc/passwd", path)
    with single_instance.listen("x.sock"):
        assert answers(path)
        assert not os.path.islink(path)


def test_a_directory_in_the_way_is_an_error_and_leaves_nothing_behind(directory, single_instance):
    os.mkdir(os.path.join(directory, "x.sock"))
    with pytest.raises(IsADirectoryError):
        single_instance.listen("x.sock")
    assert sorted(os.listdir(directory)) == ["broker.lock", "x.sock"]


def test_a_socket_that_is_not_ours_any_more_is_missed(directory, single_instance):
    path = os.path.join(directory, "x.sock")
    with single_instance.listen("x.sock"):
        assert single_instance.missing() == []
        os.unlink(path)
        assert single_instance.missing() == ["x.sock"]
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
        assert single_instance.missing() == ["x.sock"]


def test_only_our_own_sockets_are_withdrawn(directory, single_instance):
    ours, theirs = (os.path.join(directory, name) for name in ("a.sock", "b.sock"))
    with single_instance.listen("a.sock"), single_instance.listen("b.sock"):
        os.unlink(theirs)
        with open(theirs, "w") as file:
            file.write("x")
        single_instance.withdraw()
    assert not os.path.exists(ours)
    assert os.path.exists(theirs)


def test_a_lock_that_was_removed_is_lost(directory, single_instance):
    assert not single_instance.lost()
    os.unlink(os.path.join(directory, "broker.lock"))
    assert single_instance.lost()
    other = SingleInstance(directory)
    assert single_instance.lost()
    other.release()


def test_a_lock_that_is_no_file_is_an_error(directory):
    os.mkfifo(os.path.join(directory, "broker.lock"))
    with pytest.raises(OSError, match="not a regular file"):
        SingleInstance(directory)
