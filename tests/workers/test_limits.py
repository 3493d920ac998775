import os
import resource
import signal
import subprocess
import sys


def child(code: str) -> int:
    """Run code in a process of its own and give its exit status."""
    return subprocess.run(
        [sys.executable, "-c", f"from workers import limits\n{code}"], capture_output=True, check=False
    ).returncode


def test_memory_and_files_are_limited() -> None:
    code = "limits.restrict(memory_mb=300)\ntry:\n    b'x' * (400 << 20)\nexcept MemoryError:\n    raise SystemExit(7)"
    assert child(code) == 7
    code = (
        "limits.restrict(file_mb=1)\nimport tempfile\n"
        "with tempfile.TemporaryFile(buffering=0) as file:\n    file.write(b'x' * (2 << 20))\n"
    )
    assert child(code + "    raise SystemExit(file.tell() >> 20)") == 1
    code = "limits.restrict(open_files=10)\nopened = [open('/dev/null') for _ in range(20)]"
    assert child(code) == 1


def test_endless_work_is_ended() -> None:
    assert child("limits.restrict(cpu_s=1)\nwhile True:\n    pass") in {-signal.SIGKILL, -signal.SIGXCPU}


def test_a_limit_is_never_raised() -> None:
    code = (
        "import resource\nlimits.restrict(open_files=10)\nlimits.restrict(open_files=1000)\n"
        "raise SystemExit(resource.getrlimit(resource.RLIMIT_NOFILE)[1])"
    )
    assert child(code) == 10
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 10


def test_privileges_cannot_be_gained() -> None:
    code = (
        "limits.give_up_privileges()\nstatus = open('/proc/self/status').read()\n"
        "raise SystemExit(int(status.partition('NoNewPrivs:')[2].split()[0]))"
    )
    assert child(code) == 1


def test_a_process_whose_parent_ended_already_ends_too() -> None:
    assert child("limits.die_with_parent(1 << 22)\nraise SystemExit(7)") == 1
    assert child(f"limits.die_with_parent({os.getpid()})\nraise SystemExit(7)") == 7
