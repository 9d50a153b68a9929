"""Tables of what builds images and sets machines up."""

from __future__ import annotations

from headway.run.parsers.line_table import BEGINS, COUNTS, ENDS, FAILS, Table, rule
from headway.run.reading.command_line import option_set

_SIZE = r"[\d.]+ ?[kKMGT]?i?B"

TABLES = {
    # Not run: util/progress/progressui of moby/buildkit, --progress=plain; before BuildKit, "Step".
    "docker": Table(
        (
            rule(
                r"^#\d+ \[(?P<stage>[\w.-]+) (?P<done>\d+)/(?P<total>\d+)\] (?P<detail>[A-Z]+)",
                None,
                "steps",
                BEGINS,
            ),
            rule(
                r"^#\d+ \[(?P<done>\d+)/(?P<total>\d+)\] (?P<detail>[A-Z]+)",
                "Build",
                "steps",
                BEGINS,
            ),
            rule(
                r"^Step (?P<done>\d+)/(?P<total>\d+) : (?P<detail>[A-Z]+)", "Build", "steps", BEGINS
            ),
            rule(
                r"^(?P<stage>[0-9a-f]{12}): (?:Downloading|Extracting) +\[[=> ]*\] +"
                rf"(?P<done>{_SIZE})/(?P<total>{_SIZE})",
                None,
                "B",
            ),
            rule(r"^[0-9a-f]{12}: Pull complete$", "Pull", "layers", COUNTS),
            rule(r"^(?:ERROR|Error response from daemon): (?P<text>.+)$", meaning=FAILS),
        ),
        option_set("build pull push run buildx compose"),
        together=True,
    ),
    "podman": Table(
        (
            rule(
                r"STEP (?P<done>\d+)/(?P<total>\d+): (?P<detail>[A-Z]+)", "Build", "steps", BEGINS
            ),
            rule(r"^Error: (?P<text>.+)$", meaning=FAILS),
        ),
        option_set("build bud pull push run"),
    ),
    # The total of a plan is not that of an apply that stops early.
    "terraform": Table(
        (
            rule(
                r"^(?P<detail>[\w.\[\]\"-]+): (?:Creation|Modifications|Destruction) complete",
                "Apply",
                "resources",
                COUNTS,
            ),
            rule(
                r"^(?P<detail>[\w.\[\]\"-]+): (?:Creating|Modifying|Destroying)\.\.\.",
                "Apply",
                "resources",
            ),
            rule(r"^(?:│ )?Error: (?P<text>.+)$", meaning=FAILS),
        ),
        option_set("apply plan destroy init"),
    ),
    "ansible-playbook": Table(
        (
            rule(r"^PLAY RECAP", "Play", meaning=ENDS),
            rule(r"^PLAY \[", "Play"),
            rule(r"^TASK \[(?P<detail>[^\]]*)\]", "Play", "tasks", BEGINS),
            rule(r"^(?:fatal|failed): \[.*\"msg\": \"(?P<text>[^\"]{1,200})", meaning=FAILS),
            rule(r"^(?:fatal|failed): \[[^\]]*\].*?(?P<text>[A-Z]+)!", meaning=FAILS),
        )
    ),
}
TABLES["buildah"] = TABLES["podman"]
TABLES["tofu"] = TABLES["terraform"]
