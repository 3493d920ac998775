"""What a process that reads hostile code is kept from: files, network, other processes. Linux; elsewhere nothing happens.

Two rooms of the kernel, by its plain system calls: the bindings that are published for Landlock are young and few, and
those for seccomp want libseccomp. Landlock (since 5.13) says which files can be reached; seccomp takes away system calls,
among them those that make or find a connection. Neither can be undone, and both hold for all that the process starts.
Sources: docs.kernel.org/userspace-api/landlock.html, linux/landlock.h, linux/seccomp.h, linux/capability.h, linux/securebits.h,
asm/unistd_64.h.
"""

import ctypes
import errno
import logging
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_log = logging.getLogger(__name__)

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_PR_SET_SECCOMP, _FILTER = 22, 2
_PR_SET_SECUREBITS, _NO_SETUID_FIXUP = 28, 1 << 2
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAPABILITY_VERSION_3, _CAP_DAC_READ_SEARCH = 0x20080522, 2

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# Rights that a kernel of each version of Landlock can take away: bits 0 to n of the file rights.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE
_TCP = 0b11  # bind, connect (version 4)
_SCOPES = 0b11  # abstract Unix sockets, signals to processes outside (version 6)

# Name: number on x86-64, on arm64. What is not here stays: Python and git need hundreds.
_REFUSED: dict[str, tuple[int, int]] = {
    # connections
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    # files by another way than their names
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "mount_setattr": (442, 442),
    # rooms of one's own, and the kernel itself
    "unshare": (272, 97), "setns": (308, 268), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), 435
_NAMESPACES = 0x7E020000  # the CLONE_NEW flags that fit in clone()
# Machine: AUDIT_ARCH of linux/audit.h, the column of the table.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_X32 = 0x40000000


def version() -> int:
    """Give the version of Landlock that this kernel has, 0 for none."""
    if _LIBC is None:
        return 0
    return max(0, int(_LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))))


def missing() -> str:
    """Say, in one sentence for the log, what of this the machine cannot do; "" if nothing."""
    lacks = [
        name
        for name, there in (("Landlock", version() > 0), ("seccomp", _LIBC and platform.machine() in _MACHINES))
        if not there
    ]
    return f"this machine has no {' and no '.join(lacks)}: the parser is confined by its limits alone" if lacks else ""


def confine(readable: Iterable[Path], writable: Iterable[Path] = ()) -> None:
    """Keep this process and all it starts to these files and folders, and from the network and all other processes.

    readable can be read and executed, writable files can be read and written; what is not there is passed over. The
    process must have given up privileges (limits.give_up_privileges). OSError if the kernel knows how and refuses.
    """
    if _LIBC is None:
        return
    _keep_to(readable, writable)
    _refuse_calls()


def become(user: int) -> None:
    """Where root runs this process, have it go on as a user of its own, who can read all that Landlock leaves to it.

    Without Landlock, or without root, nothing happens: then the user is the one that the container gave.
    """
    if _LIBC is None or os.geteuid() != 0 or not version():
        return
    # So that capabilities outlive the change of user, and count for access() too, by which git looks for its folders.
    if _LIBC.prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0) != 0:
        raise _error("another user")
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # The mirror is the worker's own: of root's capabilities the one that reads other users' files stays, for git too.
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    kept = 1 << _CAP_DAC_READ_SEARCH
    if _LIBC.capset(header, struct.pack("=6I", kept, kept, kept, 0, 0, 0)) != 0:
        raise _error("another user")
    if _LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH, 0, 0) != 0:
        raise _error("another user")


def _keep_to(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    known = version()
    if not known:
        return
    rights = (1 << _FILE_RIGHTS[min(known, 5)]) - 1
    fields = [rights, *([_TCP] if known >= 4 else []), *([_SCOPES] if known >= 6 else [])]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    try:
        for path in readable:
            _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_FOLDER)
        for path in writable:
            _allow(ruleset, path, _READ_FILE | _WRITE_FILE)
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        allowed = rights if path.is_dir() else rights & _OF_A_FILE
        rule = struct.pack("=Qi", allowed, descriptor)
        _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(descriptor)


def _refuse_calls() -> None:
    found = _MACHINES.get(platform.machine())
    if found is None:
        return
    program = _program(*found)
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a short, padding, a pointer.
    description = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    assert _LIBC is not None
    if _LIBC.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), description, 0, 0) != 0:
        raise _error("seccomp")


def _program(machine: int, column: int) -> bytes:
    """Give the filter in classic BPF: what is refused fails with EPERM, another machine's calls end the process."""
    load, equal, at_least, any_of, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    kill, allow, refuse, unknown = 0x80000000, 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    number, architecture, first_argument = 0, 4, 16  # offsets in struct seccomp_data

    def step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("=HBBI", code, then, otherwise, value)

    steps = [
        step(load, architecture),
        step(equal, machine, 1, 0),
        step(answer, kill),
        step(load, number),
        step(at_least, _X32, 0, 1),
        step(answer, refuse),
        # libc falls back to clone, whose flags can be seen.
        step(equal, _CLONE3, 0, 1),
        step(answer, unknown),
    ]
    for numbers in _REFUSED.values():
        steps += [step(equal, numbers[column], 0, 1), step(answer, refuse)]
    steps += [
        step(equal, _CLONE[column], 0, 3),
        step(load, first_argument),
        step(any_of, _NAMESPACES, 0, 1),
        step(answer, refuse),
        step(answer, allow),
    ]
    return b"".join(steps)


def _call(number: int, *arguments: object) -> int:
    assert _LIBC is not None
    result = int(_LIBC.syscall(number, *arguments))
    if result < 0:
        raise _error("Landlock")
    return result


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what} could not be set up: {os.strerror(number)}")
