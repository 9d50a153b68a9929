from __future__ import annotations

import pytest
from transcripts import read_as, say_to


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("ansible-playbook", "ansible.out", {"Play": (3, None, "tasks")}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())


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
        ("podman build", ["STEP 1/3: FROM x", "STEP 2/3: RUN y"], "Build", (1, 3)),
        (
            "terraform apply",
            ["a.b[0]: Creating...", "a.b[0]: Creation complete after 1s"],
            "Apply",
            (1, None),
        ),
    ],
)
def test_formats_that_could_not_be_run_are_read_as_their_sources_write_them(
    command, lines, stage, counts
):
    played = say_to(command, *lines)
    assert (played.stages[stage]["done"], played.stages[stage]["total"]) == counts
