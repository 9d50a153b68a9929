from __future__ import annotations

import pytest
from transcripts import read_as, say_to


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("ansible-playbook", "ansible.out", {"Play": (4, None, "tasks")}),
        ("podman build", "podman.out", {"Build": (6, 6, "steps")}),
        ("buildah bud", "podman-tty.pty", {"Build": (6, 6, "steps")}),
        ("terraform apply", "terraform-pipe.out", {"Apply": (5, None, "resources")}),
        ("terraform destroy", "terraform.pty", {"Apply": (5, None, "resources")}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())


@pytest.mark.parametrize(
    ("command", "recording", "reason"),
    [
        ("podman build", "podman-fail.err", 'building at STEP "COPY nosuch /x": checking on'),
        ("terraform apply", "terraform-fail.err", "local-exec provisioner error"),
    ],
)
def test_what_went_wrong_is_the_reason(command, recording, reason):
    (failed,) = read_as(command, recording).failed
    assert failed.startswith(reason)


@pytest.mark.parametrize(
    ("command", "lines", "stage", "counts"),
    [
        ("docker build", ["#5 [2/4] RUN make", "#6 [3/4] COPY a b"], "Build", (2, 4)),
        ("docker build", ["#5 [web 2/4] RUN make", "#6 [web 3/4] COPY a b"], "web", (2, 4)),
        ("docker build", ["Step 1/3 : FROM x", "Step 2/3 : RUN y"], "Build", (1, 3)),
        (
            "docker pull",
            ["4abcf2066143: Downloading [==>   ]  1.2MB/3.4MB"],
            "4abcf2066143",
            (1_200_000, 3_400_000),
        ),
    ],
)
def test_formats_that_could_not_be_run_are_read_as_their_sources_write_them(
    command, lines, stage, counts
):
    played = say_to(command, *lines)
    assert (played.stages[stage]["done"], played.stages[stage]["total"]) == counts
