"""The systemd service that a process is stopped with, from its control group; Linux.

A service manager kills what is in the control group of a service when it stops that. A broker
that such a service's program has started would go with it. A session, the scope of an application
or of a container are no services in this sense, nor is the manager of a user.
"""

from __future__ import annotations

import os

from headway.async_exceptions import reraise_async
from headway.host import resources
from headway.protocol.retirement import Surroundings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

UNIT = "headway-broker"  # the beginning of the names of our own units
_MANAGER = "user@"  # of a user: its processes are stopped with the user's last session
_KINDS = (".service", ".scope")


def service_in(text: str) -> str | None:
    """Return the service that /proc/PID/cgroup names with `text`, or None if there is none."""
    for line in text.splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if hierarchy != "0" and controllers != "name=systemd":
            continue
        units = [part for part in path.split("/") if part.endswith(_KINDS)]
        unit = units[-1] if units else ""
        if unit.endswith(".service") and not unit.startswith((UNIT, _MANAGER)):
            return unit
    return None


def path_in(text: str) -> str | None:
    """Return the control group that systemd and others see, or None."""
    found = {
        line.split(":", 2)[1]: line.split(":", 2)[2]
        for line in text.splitlines()
        if line.count(":") >= 2
    }
    named = found.get("name=systemd")
    unified = found.get("")
    return unified if unified and unified != "/" else named or unified


def group(pid: int | str = "self") -> str:
    """Return what the kernel says of the control groups of a process; "" where it says nothing."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="replace") as file:
            return file.read(1 << 16)
    except OSError as error:
        reraise_async(error)
        return ""


def own() -> Surroundings:
    """Return the surroundings of this process."""
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    return Surroundings(service_in(group()), nice, resources.fixed_limits())


def for_broker(environ: Mapping[str, str], user: int) -> Surroundings:
    """Return where a broker of `user` would run that this process starts."""
    here = own()
    if here.service is not None and user_manager(environ, user):
        return Surroundings(None, 0)
    return here._replace(nice=max(here.nice, 0))


def user_manager(environ: Mapping[str, str], user: int, run: str = "/run/user") -> str | None:
    """Return the `systemd-run` that reaches the service manager of `user`, or None.

    Only that of our own user is asked: another one's is not reached by becoming that user.
    """
    if user != os.geteuid() or not os.path.lexists(f"{run}/{user}/systemd/private"):
        return None
    for folder in environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(folder, "systemd-run")
        if os.path.isabs(folder) and os.access(path, os.X_OK):
            return path
    return None
