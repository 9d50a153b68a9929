from __future__ import annotations

from headway.run.parsers.packages.dpkg_text import CONFIGURE, UNPACK, PackageStages
from headway.run.reading.events import Cancellable, StageMoved, StageStarted, Withdrawn


def test_the_first_package_makes_it_uncancellable():
    stages = PackageStages()
    stages.totals[UNPACK] = 2
    assert stages.move(UNPACK, "a", False) == [
        Cancellable(False),
        StageStarted(UNPACK, 2, "packages"),
        StageMoved(UNPACK, 0, 2, "a"),
    ]


def test_a_package_told_twice_counts_once():
    stages = PackageStages()
    stages.move(CONFIGURE, "a", True)
    assert stages.move(CONFIGURE, "a", True) == [StageMoved(CONFIGURE, 1, None, "a")]


def test_in_text_a_package_counts_when_dpkg_turns_to_the_next():
    stages = PackageStages()
    stages.read("Setting up a (1) ...")
    assert stages.read("Setting up b:amd64 (1) ...") == [
        StageMoved(CONFIGURE, 1, None, "a"),
        StageMoved(CONFIGURE, 1, None, "b"),
    ]
    assert stages.finish(0)[0] == StageMoved(CONFIGURE, 2, None, "b")


def test_more_packages_than_announced_make_the_total_unknown():
    stages = PackageStages()
    stages.totals[CONFIGURE] = 1
    stages.move(CONFIGURE, "a", True)
    assert stages.move(CONFIGURE, "b", True) == [
        Withdrawn(CONFIGURE),
        StageMoved(CONFIGURE, 2, None, "b", "packages"),
    ]
    assert stages.move(CONFIGURE, "c", True) == [StageMoved(CONFIGURE, 3, None, "c")]
