"""The process that parses code under review: it holds no secret, and each analysis is a child of it with limits.

A worker starts one (`Parser`), which executes this module anew with an environment of a few names, imports all rules,
and then forks a child for each analysis: 40 ms instead of the 340 ms that importing costs. What a hostile file can reach
by way of a mistake in the syntax library is then a process without key, token, queue or GitHub's address.

They speak through a socket pair; each request brings an end of its own socket pair, so that no answer is taken for
another's, and a child whose asker is gone is ended. On that one, the request is JSON up to the end of the stream; the
answer is the child's line, then the parser's line on how the child ended.
"""

import dataclasses
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.report import Report
from workers import limits

# What git and Python need; everything else stays with the worker.
ENVIRONMENT = ("PATH", "TMPDIR", "TZ")
OPEN_FILES = 256


class ParserError(Exception):
    """An analysis that failed; the text is one sentence. Another try may be better where the machine was to blame."""


class Parser:
    """The parser process as its worker holds it. timeout is in seconds, memory_mb in MiB; both hold for one analysis."""

    def __init__(self, *, timeout: int, memory_mb: int) -> None:
        self._timeout = timeout
        self._memory_mb = memory_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> None:
        """Start the process, or a new one if it has ended: to be called by the worker before each job."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -I: neither the folder nor the variables of whoever started the worker decide what is imported.
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-m",
                    "workers.parser",
                    str(theirs.fileno()),
                    str(self._timeout),
                    str(self._memory_mb),
                ],
                env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control = ours

    def analyze(self, repository: Path, base: str, head: str, *, deep: bool, configuration: Configuration) -> Report:
        """Analyse the change between two commits of a bare repository; ParserError if that fails, runs too long or crashes.

        It may be called in a process forked from the one that called start().
        """
        request = {
            "repository": str(repository.resolve()),
            "base": base,
            "head": head,
            "deep": deep,
            "configuration": dataclasses.asdict(configuration),
        }
        answer, verdict = self._ask(json.dumps(request).encode())
        if verdict:
            raise ParserError(f"the analysis of {base[:12]}..{head[:12]} {verdict}")
        if "error" in answer:
            raise ParserError(f"the analysis of {base[:12]}..{head[:12]} failed: {answer['error']}")
        return Report.from_json(answer["report"])

    def compare_results(self, change: Mapping[str, bytes], base: Mapping[str, bytes] | None) -> dict[str, str]:
        """Read the artifacts of a performance job's run, and of a second one to compare with; give `words` of workers.results.

        The answer has "sentence", "markdown", "svg" and "verdict" ("well", "not well", "nothing"). ParserError as above.
        """
        # Latin-1 keeps any bytes as they are.
        runs = [
            None if files is None else {name: content.decode("latin-1") for name, content in files.items()}
            for files in (change, base)
        ]
        answer, verdict = self._ask(json.dumps({"change": runs[0], "base": runs[1]}).encode())
        if verdict or "error" in answer:
            raise ParserError(f"the reading of results {verdict or 'failed: ' + str(answer['error'])}")
        return dict(answer["results"])

    def close(self) -> None:
        """End the process, and any analysis that runs."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._control = self._process = None

    def _ask(self, request: bytes) -> tuple[dict[str, Any], str]:
        if self._control is None:
            raise ParserError("the parser process was not started")
        ours, theirs = socket.socketpair()
        with ours:
            try:
                with theirs:
                    socket.send_fds(self._control, [b"analyze"], [theirs.fileno()])
                ours.sendall(request)
                ours.shutdown(socket.SHUT_WR)
                # The parser ends its child at the time limit; the rest is for starting and answering.
                ours.settimeout(self._timeout + 30)
                lines = _read(ours).splitlines()
            except TimeoutError:
                raise ParserError(f"the parser process did not answer within {self._timeout + 30} s") from None
            except OSError as error:
                raise ParserError(f"the parser process has ended: {error.strerror}") from error
        if not lines:
            raise ParserError("the parser process ended before it answered")
        verdict: str = json.loads(lines[-1])["ended"]
        return ({} if verdict else json.loads(lines[0])), verdict


def _read(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


# --- in the parser process ------------------------------------------------------------------------------------------------


def main(descriptor: int, timeout: int, memory_mb: int) -> None:
    """Answer requests until the worker is gone."""
    from analyzers import catalogue
    from workers import analysis

    limits.give_up_privileges()
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    rules = catalogue.load()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            return
        with socket.socket(fileno=descriptors[0]) as connection:
            parent = os.getpid()
            child = os.fork()
            if child == 0:
                control.close()
                limits.die_with_parent(parent)
                limits.restrict(memory_mb=memory_mb, cpu_s=timeout, open_files=OPEN_FILES)
                _answer(connection, analysis, rules)
            ended = _wait(child, connection, timeout)
            try:
                connection.sendall(json.dumps({"ended": ended}).encode())
            except OSError:
                continue  # whoever asked is gone


def _answer(connection: socket.socket, analysis: Any, rules: Any) -> NoReturn:
    """Analyse in the child: one line of JSON, and the end."""
    from analyzers.analysis.diff import MalformedDiff
    from workers.git import GitError

    status = 1
    try:
        request = json.loads(_read(connection))
        if "change" in request:
            connection.sendall(json.dumps({"results": _results(request)}).encode() + b"\n")
            os._exit(0)
        configuration = Configuration(**{name: _tuples(value) for name, value in request["configuration"].items()})
        answer: dict[str, Any]
        try:
            report = analysis.analyze_revisions(
                Path(request["repository"]),
                request["base"],
                request["head"],
                analyzers=rules,
                deep=request["deep"],
                configuration=configuration,
            )
            answer = {"report": report.to_json()}
        except (GitError, MalformedDiff) as error:
            answer = {"error": str(error)}
        except MemoryError:
            answer = {"error": "it needs more memory than JOB_MEMORY_MB allows"}
        connection.sendall(json.dumps(answer).encode() + b"\n")
        status = 0
    except Exception:
        # To the worker's log; what is posted never holds a trace.
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _results(request: dict[str, Any]) -> dict[str, str]:
    from workers.results import perfdata, plot, words
    from workers.results.comparison import compare

    change, base = (
        None if files is None else perfdata.read({name: text.encode("latin-1") for name, text in files.items()})
        for files in (request["change"], request["base"])
    )
    assert change is not None
    found = compare(change, base)
    verdict = "nothing" if not found.is_measured else "well" if found.is_well else "not well"
    return {
        "sentence": words.sentence(found),
        "markdown": words.markdown(found),
        "svg": plot.svg(found),
        "verdict": verdict,
    }


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _wait(child: int, connection: socket.socket, timeout: int) -> str:
    """Wait for the child, ending it when its time is over or nobody waits for the answer; say how it ended, "" if well."""
    deadline = time.monotonic() + timeout
    process = os.pidfd_open(child)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(connection, 0)  # POLLHUP is always told
    reason = ""
    try:
        while True:
            left = max(0, round((deadline - time.monotonic()) * 1000))
            events = dict(poll.poll(left))
            if process in events:
                break
            reason = "was given up by the worker" if events else f"took longer than {timeout} s"
            os.kill(child, signal.SIGKILL)
            os.waitid(os.P_PIDFD, process, os.WEXITED | os.WNOWAIT)
            break
    finally:
        os.close(process)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if reason or code == 0:
        return reason
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return "crashed; the log says where"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
