import sqlite3

import pytest

from headway_broker.history.database import connect
from headway_broker.history.transaction import transaction


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    connection = connect(str(tmp_path / "history.sqlite3"))
    add = "INSERT INTO claims VALUES ('key', 1.0)"
    with pytest.raises(sqlite3.Error), transaction(connection):
        [connection.execute(statement) for statement in (add, "nonsense")]
    assert connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)
    assert not connection.in_transaction
    connection.close()
