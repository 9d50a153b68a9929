"""Lines by which a known tool is recognized in the output of an unknown command.

Each is one that no other program prints: where a parser could be wrong about whose line it is, its
tool has no signature.
"""

from __future__ import annotations

from headway.run.late_pattern import late_pattern

_SIGNATURES = {
    "apt-get": (
        r"(?:Get|Hit|Ign): ?\d+ https?://|The following NEW packages will be installed:"
        r"|Selecting previously unselected package \S+\.$"
        r"|(?:Unpacking|Setting up) \S+ \([^)]+\)(?: over \([^)]+\))? \.\.\.$"
        r"|Preparing to unpack \S+\.deb \.\.\.$"
    ),
    "pip": (
        r"Collecting [A-Za-z0-9][\w.-]*(?:[\[<>=!~ (].*)?$"
        r"|Installing collected packages: |\s+Downloading \S+\.(?:whl|tar\.gz)(?:\.metadata)? \("
        r"|Successfully (?:installed|downloaded) \S+-\d"
    ),
    "git": (
        r"Cloning into '|remote: (?:Enumerating|Counting|Compressing) objects: "
        r"|(?:Receiving|Writing) objects: +\d|Resolving deltas: +\d"
    ),
    "curl": r"\s*% Total +% Received % Xferd",
    "wget": r"--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--  |Saving to: [‘'\"]",
    "dd": r"\d+ bytes(?: \(.*?\))? copied, [\d.]+ s, ",
    "cargo": r" {2,3}(?:Compiling|Downloaded|Checking) [\w-]+ v\d+\.\d+\.\d",
    "npm": r"npm http fetch [A-Z]+ \d|npm (?:info run|warn|WARN) ",
    "uv": r"(?:Resolved|Prepared|Installed) \d+ packages? in [\d.]+ ?m?s",
    "rsync": r"sending incremental file list$|receiving incremental file list$",
    "cmake": r"\[ {0,2}\d{1,3}%\] (?:Building|Linking|Built|Generating) ",
    "7z": r"7-Zip .* Copyright \(c\)",
    "ansible-playbook": r"PLAY \[[^\]]*\] \*{3,}",
    "aria2c": r"\[#[0-9a-f]{6} [\d.]+[KMG]?i?B/",
    "ctest": r" *\d+/\d+ Test +#\d+: ",
    "docker": r"#\d+ \[.*\d+/\d+\] (?:FROM|RUN|COPY|WORKDIR|ADD) |Step \d+/\d+ : FROM ",
    "ffmpeg": r" +Duration: \d\d:\d\d:\d\d\.\d+, |(?:frame|size)=.* time=\S+ bitrate=",
    "mvn": r"\[INFO\] Scanning for projects\.\.\.",
    "pnpm": r"Progress: resolved \d+, reused \d+, downloaded ",
    "podman": r"STEP \d+/\d+: FROM ",
    "prove": r"\S+\.t \.+ +(?:ok|skipped|\d+/(?:\d+|\?))",
    "pytest": r"=+ test session starts =+$",
    "rclone": r"Transferred:\s+[\d.]+ ?[KMGT]?i?B / ",
    "restic": r"\[\d+:\d\d\] +[\d.]+% +\d+ (?:files|/) ",
    "sphinx-build": r"Running Sphinx v\d",
    "terraform": r"\S+: Creation complete after \d",
    "unzip": r" +inflating: \S",
    "yarn": r"yarn install v\d",
    "yt-dlp": r"\[download\] +[\d.]+% of ",
    "zip": r" +adding: .* \((?:deflated|stored) \d+%\)$",
}
# Of each line that a signature matches, one of these is a part: they spare most lines the patterns,
# and a short command their compilation.
_PARTS = (
    *("http", "The following NEW", "Selecting previously", ") ...", "Preparing to unpack"),
    *("Collecting ", "Installing collected", "Downloading ", "Successfully "),
    *("Cloning into", "remote: ", " objects: ", "Resolving deltas", "% Total", "--", "Saving to"),
    *(" copied, ", "Compiling ", "Downloaded ", "Checking ", "npm ", " package", " file list"),
    *("%] ", "7-Zip ", "PLAY [", "[#", " Test ", "] ", " : FROM ", "Duration: ", " bitrate="),
    *("Scanning for projects", "Progress: resolved ", "STEP ", " test session starts "),
    *("Transferred:", "% ", "Running Sphinx v", "Creation complete", " inflating: "),
    *("yarn install", "[download]", " adding: ", ".t .."),
)
_ANY = late_pattern(
    "|".join(f"(?P<t{at}>{pattern})" for at, pattern in enumerate(_SIGNATURES.values()))
)
_PROGRAMS = dict(zip((f"t{at}" for at in range(len(_SIGNATURES))), _SIGNATURES))


def tool_of_line(line: str) -> str | None:
    """Return the program that alone prints such a line, or None."""
    if not any(part in line for part in _PARTS):
        return None
    match = _ANY.match(line)
    return _PROGRAMS[match.lastgroup] if match is not None and match.lastgroup else None
