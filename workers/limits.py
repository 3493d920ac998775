"""What a process may use of the machine, and what ends when its parent ends."""

import ctypes
import os
import resource
import signal
import sys

# Source: linux/prctl.h. Python has no binding of prctl.
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int, with_signal: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when its parent ends, however that ends; for a process just forked.

    parent is the parent's process id as it was before the fork: if it has ended in between, this process ends at once.
    Where there is no prctl (not Linux), nothing happens: there an orphan is ended by its parent's shutdown alone.
    """
    _prctl(_PR_SET_PDEATHSIG, with_signal)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Have this process become the parent of its descendants whose own parent ends, so that it can end them too."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def give_up_privileges() -> None:
    """Keep this process and all it starts from ever gaining privileges (setuid programs, file capabilities)."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def hide() -> None:
    """Keep other processes of this user from this one's memory and from what /proc tells of it; nor does it leave a core.

    It holds until the process executes another program.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def restrict(
    *, memory_mb: int | None = None, cpu_s: int | None = None, open_files: int | None = None, file_mb: int | None = None
) -> None:
    """Limit this process and what it starts: address space and largest file in MiB, processor time in seconds, open files.

    A limit is never raised above the one that holds already. Beyond them, memory is refused, too large a file or too
    much processor time ends the process by a signal.
    """
    for kind, value in (
        (resource.RLIMIT_AS, None if memory_mb is None else memory_mb << 20),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_FSIZE, None if file_mb is None else file_mb << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        if value is None:
            continue
        _, hard = resource.getrlimit(kind)
        highest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (highest, highest))


def _prctl(option: int, value: int) -> None:
    if _LIBC is not None and _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} failed: {os.strerror(ctypes.get_errno())}")
