"""Who this process is."""

import os
import pwd

from headway.host.identity import describe, home


def test_a_process_says_who_it_is():
    found = describe("1.2.3")
    assert found["pid"] == os.getpid()
    assert found["uid"] == os.getuid()
    assert found["sdk"] == "1.2.3"
    assert set(found) >= {"started", "boot", "host", "user", "tty", "program", "python"}


def test_the_home_is_that_of_the_user_and_ours_for_one_whom_nobody_knows():
    assert home(0) == pwd.getpwuid(0).pw_dir
    unknown = next(uid for uid in range(2**31 - 2, 0, -1) if uid not in known_users())
    assert home(unknown) == os.path.expanduser("~")


def known_users():
    return {user.pw_uid for user in pwd.getpwall()}
