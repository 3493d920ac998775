"""The process that parses code under review: it holds no secret, and each analysis is a child of it with limits.

A worker starts one (`Parser`), which executes this module anew with an environment of a few names, imports all rules,
and then forks a child for each request: 40 ms instead of the 340 ms that importing costs. What a hostile file can reach
by way of a mistake in the syntax library is then a process without key, token, queue or GitHub's address, kept to the
mirror that it reads and to the programs that it needs (workers.confinement).

They speak through a socket pair; each request brings an end of its own socket pair, so that no answer is taken for
another's, and a child whose asker is gone is ended. On that one, the request is JSON up to the end of the stream; the
answer is the child's line, then the parser's line on how the child ended.
"""

import base64
import dataclasses
import gc
import json
import logging
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.configuration import Configuration
from analyzers.analysis.report import Report, Skipped
from bot.configuration import Parsed, unread
from workers import confinement, limits, words_store

_log = logging.getLogger(__name__)

# What git and Python need; everything else stays with the worker.
ENVIRONMENT = ("PATH", "TMPDIR", "TZ")
OPEN_FILES = 256


# A configuration is small: whatever takes longer is not meant to be read.
CONFIGURATION_SECONDS = 10
CONFIGURATION_MB = 1_024
# Forty megabytes of JSON, and a plot of it.
RESULTS_SECONDS = 60
# Where root starts the worker, the children are this user, who owns nothing.
USER = 10_002
_ANALYZE, _CONFIGURE, _COMPARE = b"analyze", b"configure", b"compare"
# The exit status of a child that did not come to its work: the machine is to blame, and not what was to be read.
_UNCONFINED = 3
_TOO_LARGE = "needs more memory than JOB_MEMORY_MB allows"
_OUT_OF_MEMORY = re.compile(r"[Oo]ut of memory|[Cc]annot allocate memory|mmap failed")
# What Python and git read besides the mirror; our own packages are added.
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime")


class ParserError(Exception):
    """An analysis that failed; the text is one sentence. Another try may be better: the machine or the mirror was to blame."""


class _LimitReached(Exception):
    """What the code under review did to its analysis, so that another try would end alike; the text is half a sentence."""


class Parser:
    """The parser process as its worker holds it. timeout is in seconds, memory_mb in MiB; both hold for one analysis.

    timeout is to be shorter than what the worker itself is given: then the reason is known (Settings.analysis_timeout).
    """

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
        """Analyse the change between two commits of a bare repository; ParserError if another try may do better.

        An analysis that takes too long or too much memory, or that the code brings down, is a report that says so under
        skipped, for the whole change (path ""), and holds nothing else. It may be called in a process forked from the
        one that called start(). What had to be looked up in the whole tree is kept in the mirror's store of words.
        """
        store = words_store.path_in(repository.resolve())
        request = {
            "words": str(store),
            "repository": str(repository.resolve()),
            "base": base,
            "head": head,
            "deep": deep,
            "configuration": dataclasses.asdict(configuration),
        }
        try:
            with words_store.held(store):
                answer = self._ask(_ANALYZE, request, self._timeout)
        except _LimitReached as limit:
            _log.warning("the analysis of %.12s..%.12s %s", base, head, limit)
            reason = f"the analysis {limit}: nothing of this change was judged"
            return Report(base=base, head=head, skipped=(Skipped("", reason),))
        except ParserError as error:
            raise ParserError(f"the analysis of {base[:12]}..{head[:12]} {error}") from error
        if answer["words"]:
            words_store.keep(store, base64.b64decode(answer["words"]))
        return Report.from_json(answer["report"])

    def configuration(self, repository: Path, commit: str, defaults: Configuration) -> Parsed:
        """Read a repository's configuration at a commit of its mirror; ParserError if git fails.

        Whatever the file does to its reading is a problem that is told, and the defaults hold.
        """
        request = {"repository": str(repository.resolve()), "commit": commit, "defaults": dataclasses.asdict(defaults)}
        try:
            answer = self._ask(_CONFIGURE, request, CONFIGURATION_SECONDS)
        except _LimitReached as limit:
            return unread(defaults, f"reading it {limit}: simplify it")
        except ParserError as error:
            raise ParserError(f"reading the configuration at {commit[:12]} {error}") from error
        return Parsed(_configuration(answer["configuration"]), tuple(answer["problems"]))

    def compare_results(self, change: Mapping[str, bytes], base: Mapping[str, bytes] | None) -> dict[str, str]:
        """Read the artifacts of a performance job's run, and of a second one to compare with; give `words` of workers.results.

        The answer has "sentence", "markdown", "svg" and "verdict" ("well", "not well", "nothing"). ParserError as above.
        """
        # Latin-1 keeps any bytes as they are. There is no mirror to read.
        runs = [
            None if files is None else {name: content.decode("latin-1") for name, content in files.items()}
            for files in (change, base)
        ]
        request = {"repository": os.devnull, "change": runs[0], "base": runs[1]}
        try:
            return dict(self._ask(_COMPARE, request, RESULTS_SECONDS))
        except _LimitReached as limit:
            raise ParserError(f"reading the results {limit}") from None
        except ParserError as error:
            raise ParserError(f"reading the results {error}") from error

    def close(self) -> None:
        """End the process, and any analysis that runs."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._control = self._process = None

    def _ask(self, kind: bytes, request: dict[str, Any], timeout: int) -> dict[str, Any]:
        if self._control is None:
            raise ParserError("could not begin: the parser process was not started")
        ours, theirs = socket.socketpair()
        with ours:
            try:
                with theirs:
                    socket.send_fds(self._control, [kind], [theirs.fileno()])
                ours.sendall(json.dumps(request).encode())
                ours.shutdown(socket.SHUT_WR)
                # The parser ends its child at the time limit; the rest is for starting and answering.
                ours.settimeout(timeout + 30)
                lines = _read(ours).splitlines()
            except TimeoutError:
                raise ParserError(f"had no answer from the parser process within {timeout + 30} s") from None
            except OSError as error:
                raise ParserError(f"failed: the parser process has ended ({error.strerror})") from error
        if not lines:
            raise ParserError("failed: the parser process ended before it answered")
        ended: dict[str, str] = json.loads(lines[-1])
        if ended["limit"]:
            raise _LimitReached(ended["limit"])
        if ended["failure"]:
            raise ParserError(ended["failure"])
        answer: dict[str, Any] = json.loads(lines[0])
        if "limit" in answer:
            raise _LimitReached(answer["limit"])
        if "error" in answer:
            raise ParserError(f"failed: {answer['error']}")
        return answer


def _read(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


# --- in the parser process ------------------------------------------------------------------------------------------------


def loaded() -> Sequence[Analyzer]:
    """Give all rules, in a process that is ready to fork a child for each analysis."""
    import jsonschema  # noqa: F401 - before the fork rather than in each child

    from analyzers import catalogue
    from workers.results import plot  # noqa: F401 - likewise

    rules = catalogue.load()
    # What is loaded is never garbage, and what an analysis finds hardly ever is before it ends: looking for it as often as
    # Python does by itself costs a child an eighth of its time.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    return rules


def main(descriptor: int, timeout: int, memory_mb: int) -> None:
    """Answer requests until the worker is gone."""
    from workers import analysis

    logging.basicConfig(level=logging.INFO, format="%(levelname).1s %(name)s: %(message)s")
    limits.give_up_privileges()
    limits.hide()
    if lacks := confinement.missing():
        _log.warning("%s", lacks)
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    rules = loaded()
    answers: dict[bytes, tuple[Callable[[Any], dict[str, Any]], int, int]] = {
        _ANALYZE: (partial(_analyze, analysis, rules), timeout, memory_mb),
        _CONFIGURE: (partial(_configure, analysis), CONFIGURATION_SECONDS, min(memory_mb, CONFIGURATION_MB)),
        _COMPARE: (_compare, RESULTS_SECONDS, memory_mb),
    }
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            return
        answer, seconds, megabytes = answers[message]
        with socket.socket(fileno=descriptors[0]) as connection:
            parent = os.getpid()
            child = os.fork()
            if child == 0:
                control.close()
                _answer(connection, answer, parent, seconds, megabytes)
            ended = _wait(child, connection, seconds)
            try:
                connection.sendall(json.dumps(ended).encode())
            except OSError:
                continue  # whoever asked is gone


def _answer(
    connection: socket.socket, answer: Callable[[Any], dict[str, Any]], parent: int, seconds: int, memory_mb: int
) -> NoReturn:
    """Answer in the child: one line of JSON, and the end."""
    status = 1
    try:
        request = json.loads(_read(connection))
        status = _UNCONFINED
        confinement.become(USER)
        limits.die_with_parent(parent)  # after the change of user, which would undo it
        confinement.confine(_readable(Path(request["repository"])), [Path(os.devnull)])
        limits.restrict(memory_mb=memory_mb, cpu_s=seconds, open_files=OPEN_FILES)
        status = 1
        connection.sendall(json.dumps(answer(request)).encode() + b"\n")
        status = 0
    except Exception:
        # To the worker's log; what is posted never holds a trace.
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _analyze(analysis: Any, rules: Any, request: Any) -> dict[str, Any]:
    from analyzers.analysis.diff import MalformedDiff
    from workers.git import GitError

    words = words_store.StoredWords(Path(request["words"]))
    try:
        report = analysis.analyze_revisions(
            Path(request["repository"]),
            request["base"],
            request["head"],
            analyzers=rules,
            deep=request["deep"],
            configuration=_configuration(request["configuration"]),
            words=words,
        )
    except MemoryError:
        return {"limit": _TOO_LARGE}
    except MalformedDiff as error:
        return {"limit": f"could not read git's diff ({error})"}
    except GitError as error:
        # git, under the same limit, says so in its own words.
        return {"limit": _TOO_LARGE} if _OUT_OF_MEMORY.search(str(error)) else {"error": str(error)}
    return {"report": report.to_json(), "words": base64.b64encode(words.rows() or b"").decode()}


def _configure(analysis: Any, request: Any) -> dict[str, Any]:
    from workers.git import GitError

    try:
        parsed = analysis.read_configuration(
            Path(request["repository"]), request["commit"], _configuration(request["defaults"])
        )
    except MemoryError:
        return {"limit": _TOO_LARGE}
    except GitError as error:
        return {"error": str(error)}
    return {"configuration": dataclasses.asdict(parsed.configuration), "problems": parsed.problems}


def _compare(request: Any) -> dict[str, Any]:
    from workers.results import perfdata, plot, words
    from workers.results.comparison import compare

    try:
        change, base = (
            None if files is None else perfdata.read({name: text.encode("latin-1") for name, text in files.items()})
            for files in (request["change"], request["base"])
        )
        assert change is not None
        found = compare(change, base)
        return {
            "sentence": words.sentence(found),
            "markdown": words.markdown(found),
            "svg": plot.svg(found),
            "verdict": "nothing" if not found.is_measured else "well" if found.is_well else "not well",
        }
    except MemoryError:
        return {"limit": _TOO_LARGE}


def _configuration(data: Mapping[str, Any]) -> Configuration:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return Configuration(**values)


def _readable(repository: Path) -> list[Path]:
    """Give what a child may read: the mirror, Python, git, and our own code."""
    ours = [Path(__file__).parents[1] / package for package in ("analyzers", "bot", "workers")]
    git = shutil.which("git")
    programs = [Path(sys.prefix), Path(sys.base_prefix), *([Path(git)] if git else [])]
    return [repository, *ours, *programs, *map(Path, _SYSTEM)]


def _wait(child: int, connection: socket.socket, timeout: int) -> dict[str, str]:
    """Wait for the child, ending it when its time is over or nobody waits for the answer.

    limit says what its request did to it, failure what else went wrong; both are "" if all is well.
    """
    deadline = time.monotonic() + timeout
    process = os.pidfd_open(child)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(connection, 0)  # POLLHUP is always told
    limit = failure = ""
    try:
        left = max(0, round((deadline - time.monotonic()) * 1000))
        events = dict(poll.poll(left))
        if process not in events:
            if events:
                failure = "was given up by the worker"
            else:
                limit = f"took longer than {timeout} s"
            os.kill(child, signal.SIGKILL)
            os.waitid(os.P_PIDFD, process, os.WEXITED | os.WNOWAIT)
    finally:
        os.close(process)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if not (limit or failure) and code < 0:
        name = signal.Signals(-code).name
        if code in {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}:
            failure = f"was ended by {name}"  # by the machine or its operator
        else:
            limit = f"was ended by {name}"
    elif not (limit or failure) and code == _UNCONFINED:
        failure = "was not begun: its process could not be confined (the log says why)"
    elif not (limit or failure) and code:
        limit = "crashed; please report it (the bot's log says where)"
    return {"limit": limit, "failure": failure}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
