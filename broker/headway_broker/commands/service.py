"""`headway broker install-service`: have the user's service manager, systemd, run the broker."""

from __future__ import annotations

from typing import Callable, Mapping

from headway.host.launch import user_units

# Exit statuses of `headway broker run --service`: a broker that stays serves already; ours has made
# room for a newer one, and is to be started again, for it may be the newer one by then.
TAKEN, RETIRED = 69, 75  # EX_UNAVAILABLE and EX_TEMPFAIL of sysexits.h
_UNIT = """\
[Unit]
Description=The progress of programs (headway broker)
Documentation=man:headway-broker(1)

[Service]
Type=notify
ExecStart={command}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus={taken}

[Install]
WantedBy=default.target
"""


def install(listen: str | None, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Write, enable and start the unit; return the exit status."""
    if not user_units.has_manager():
        say("no systemd answers for this user; programs start the broker by themselves, as ever")
        return 1
    words = ["broker", "run", "--service", *([] if listen is None else ["--listen", listen])]
    try:
        command = user_units.headway_command(words, environ)
    except user_units.Unwritable as error:
        say(str(error))
        return 1
    unit = _UNIT.format(command=user_units.exec_line(command), taken=TAKEN)
    if not user_units.install(user_units.BROKER, unit, environ, say):
        return 1
    say("`loginctl enable-linger` keeps it without a login")
    say("`headway broker install-service --remove` undoes this")
    return 0


def remove(environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Undo `install`; return the exit status."""
    if not user_units.uninstall(user_units.BROKER, environ, say):
        say("it was not installed")
    return 0
