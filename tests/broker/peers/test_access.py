"""Who the kernel says is there."""

import pytest

from headway_broker.peers.access import admitted, credentials
from headway_broker.state.sessions import Credentials


@pytest.mark.parametrize(
    ("address", "uid", "pid"),
    [
        ("localhost:1000:1000:4321", 1000, 4321),
        ("localhost:0:0:0", 0, 0),
        ("localhost:1000", 1000, None),
        (":501:20:", 501, None),
        (":501::", 501, None),
        ("localhost:501:20:x", 501, None),
        ("localhost::20:4321", None, 4321),
        ("127.0.0.1", None, None),
        ("localhost:x:y:z", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_an_address_names_a_user_and_a_process_where_it_can(address, uid, pid):
    assert credentials(address) == Credentials(uid, pid)


@pytest.mark.parametrize(("uid", "let_in"), [(1000, True), (0, True), (1001, False), (None, True)])
def test_the_own_user_and_root_are_let_in(uid, let_in):
    assert admitted(Credentials(uid, 1), 1000) is let_in
