"""The rank of this process, where a launcher has started several for one job.

torchrun, mpirun and srun tell each process its number and how many there are. The processes of one
job on one machine have the launcher for their parent process.
"""

from __future__ import annotations

import os

from headway.host.process_status import start_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

# Variables of a process's number and of how many there are; the first pair that makes sense counts.
_VARIABLES = (
    ("RANK", "WORLD_SIZE"),  # torchrun, accelerate, deepspeed
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),  # MPICH, Intel MPI
    ("SLURM_PROCID", "SLURM_NTASKS"),
    ("LOCAL_RANK", "LOCAL_WORLD_SIZE"),
)
_begun: dict[str, int] = {}  # operations of this process by name
_process = 0  # whose they are


def read(environ: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the rank of a process and the number of ranks; None where it is no one of several."""
    for number, size in _VARIABLES:
        told, of = environ.get(number, ""), environ.get(size, "")
        if _is_number(told) and _is_number(of) and int(told) < int(of) > 1:
            return int(told), int(of)
    return None


def of_next(name: str, environ: Mapping[str, str]) -> tuple[str, int, int] | None:
    """Return job, rank and number of ranks of the next operation of that name, or None.

    The job is the same for what the other ranks begin as their so-manieth of that name. The
    reporter's lock is held.
    """
    global _process  # noqa: PLW0603 - a fork makes another process of us
    found = read(environ)
    if found is None:
        return None
    if _process != os.getpid():
        _process = os.getpid()
        _begun.clear()
    number = _begun[name] = _begun.get(name, 0) + 1
    launcher = os.getppid()
    return (f"{launcher}.{start_time(launcher) or 0}.{number}", *found)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 8
