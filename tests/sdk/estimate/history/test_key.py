from __future__ import annotations

import pytest

from headway.estimate import history_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apt install nginx=1.22", "apt install nginx=1.24-3ubuntu1"),
        ("pip install pandas==2.0.1", "pip install  pandas>=2.1"),
        ("npm install left-pad@1.3.0", "npm install left-pad@2.0.0"),
        ("docker pull python:3.9-slim", "docker pull python:3.12-slim"),
        ("tar linux-6.1.2.tar.gz", "tar linux-6.8.tar.gz"),
        ("build v2.3.1", "build v2.4.0-rc1"),
    ],
)
def test_versions_do_not_part_histories(one, other):
    assert history_key(one) == history_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apt install nginx", "apt install postgresql"),
        ("Step 1", "Step 2"),
        ("import 2023", "import 2024"),
        ("python2 setup", "python3 setup"),
        ("copy a.txt", "copy b.txt"),
    ],
)
def test_other_work_stays_apart(one, other):
    assert history_key(one) != history_key(other)


def test_a_name_that_is_only_a_version_stays():
    assert history_key("1.2.3") == "1.2.3"
