import datetime
import fcntl
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Secret
from workers import git
from workers.git import GitError
from workers.mirror import Mirrors
from workers.remote import CommitGone, OverQuota, RemoteRefused
from workers.sandbox import Fault, SimulatedGitHub, SimulatedRepository

NAME = "octo/kubernetes"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path_factory.mktemp("github")) as simulated:
        yield simulated


@pytest.fixture
def repository(github: SimulatedGitHub) -> Iterator[SimulatedRepository]:
    found = github.repository(NAME)
    found.commit({"go.mod": "module k8s.io/kubernetes\n", "pkg/a/a.go": "package a\n"})
    yield found
    github.faults.clear()


@pytest.fixture
def token(github: SimulatedGitHub, repository: SimulatedRepository) -> Secret:
    return Secret(github.token({"contents": "read"}, ["kubernetes"]).value)


@pytest.fixture
def mirrors(github: SimulatedGitHub, tmp_path: Path) -> Mirrors:
    return Mirrors(tmp_path / "mirrors", github.git_url, 100)


def contents(path: Path, commit: str, file: str) -> bytes:
    return git.run(path, "cat-file", "blob", f"{commit}:{file}")


def fetches(github: SimulatedGitHub) -> int:
    return sum(request.operation == "git-upload-pack" and request.method == "POST" for request in github.state.requests)


def test_two_commits_are_there_whole_and_nothing_else(
    mirrors: Mirrors, repository: SimulatedRepository, token: Secret
) -> None:
    old = repository.commit({"pkg/a/a.go": "package a // old\n"})
    base = repository.commit({"pkg/a/a.go": "package a // base\n"})
    head = repository.commit({"pkg/b/b.go": "package b\n"}, parent=base)
    with mirrors.holding(NAME, [base, head], token) as path:
        assert contents(path, base, "pkg/a/a.go") == b"package a // base\n"
        assert contents(path, head, "pkg/b/b.go") == b"package b\n"
        assert contents(path, head, "go.mod") == b"module k8s.io/kubernetes\n"
        with pytest.raises(GitError):
            git.run(path, "cat-file", "-e", old)


def test_what_is_there_is_not_fetched_again(
    mirrors: Mirrors, github: SimulatedGitHub, repository: SimulatedRepository, token: Secret
) -> None:
    base = repository.commit({"x": "1"})
    head = repository.commit({"x": "2"}, parent=base)
    with mirrors.holding(NAME, [base], token):
        pass
    before = fetches(github)
    with mirrors.holding(NAME.upper(), [base], token):
        pass
    assert fetches(github) == before
    with mirrors.holding(NAME, [base, head], token) as path:
        assert contents(path, head, "x") == b"2"
    assert fetches(github) > before


def test_the_token_is_in_no_argument_no_file_and_no_message(
    mirrors: Mirrors, repository: SimulatedRepository, token: Secret, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A git that writes down what it is given, then works.
    seen = tmp_path / "seen"
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{seen}\nexec {real} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    base = repository.commit({"x": "1"})
    with mirrors.holding(NAME, [base], token) as path:
        assert "fetch" in seen.read_text()
        encoded = git.run(path, "config", "--list").decode() + seen.read_text()
        files = b"".join(each.read_bytes() for each in path.rglob("*") if each.is_file())
    for secret in (token.reveal(), token.reveal()[4:20], "Authorization", "extraHeader"):
        assert secret not in encoded
        assert secret.encode() not in files
    with pytest.raises(RemoteRefused) as refusal, mirrors.holding("octo/other", [base], token):
        pass
    assert token.reveal() not in str(refusal.value)


def test_a_commit_that_is_gone_and_a_token_that_may_not(
    mirrors: Mirrors, github: SimulatedGitHub, repository: SimulatedRepository, token: Secret
) -> None:
    with pytest.raises(CommitGone), mirrors.holding(NAME, ["0" * 39 + "1"], token):
        pass
    base = repository.commit({"x": "1"})
    for refused in (Secret("ghs_of_nobody"), Secret(github.token({"checks": "write"}).value)):
        with pytest.raises(RemoteRefused), mirrors.holding(NAME, [base], refused):
            pass


@pytest.mark.parametrize("name", ["../x", "octo/..", "octo/a/b", "octo/kube rnetes", "octo/k;id"])
def test_no_other_name_reaches_the_disk_or_git(mirrors: Mirrors, name: str) -> None:
    with pytest.raises(ValueError, match="is no repository of GitHub"), mirrors.holding(name, [], Secret("x")):
        pass
    assert not mirrors.folder.exists()


@pytest.mark.parametrize("commit", ["master", "--upload-pack=touch x", "refs/heads/master", "HEAD", "0" * 41, "g" * 40])
def test_only_ids_of_commits_are_fetched(mirrors: Mirrors, commit: str) -> None:
    with pytest.raises(ValueError, match="is no commit of git"), mirrors.holding(NAME, [commit], Secret("x")):
        pass


@pytest.mark.parametrize("url", ["file:///tmp", "ssh://git@host", "ext::sh", "https://user:secret@host", "/tmp/x"])
def test_only_http_is_an_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="no address to fetch from") as error:
        Mirrors(tmp_path, url, 1)
    assert "secret" not in str(error.value)


def test_a_redirect_is_not_followed(
    mirrors: Mirrors, github: SimulatedGitHub, repository: SimulatedRepository, token: Secret
) -> None:
    base = repository.commit({"x": "1"})
    elsewhere = {"Location": f"{github.git_url}/octo/elsewhere/info/refs?service=git-upload-pack"}
    github.faults.add(Fault(path="info/refs", status=302, headers=elsewhere))
    with pytest.raises(GitError), mirrors.holding(NAME, [base], token):
        pass
    assert not any("elsewhere" in request.path for request in github.state.requests)


def test_hooks_of_a_mirror_are_not_run(
    mirrors: Mirrors, repository: SimulatedRepository, token: Secret, tmp_path: Path
) -> None:
    base = repository.commit({"x": "1"})
    with mirrors.holding(NAME, [base], token) as path:
        hook = path / "hooks" / "reference-transaction"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
        hook.chmod(0o755)
    head = repository.commit({"x": "2"}, parent=base)
    with mirrors.holding(NAME, [head], token):
        pass
    assert not (tmp_path / "hooked").exists()


def test_a_broken_answer_leaves_the_mirror_usable(
    mirrors: Mirrors, github: SimulatedGitHub, repository: SimulatedRepository, token: Secret
) -> None:
    base = repository.commit({"x": "1"})
    with mirrors.holding(NAME, [base], token):
        pass
    head = repository.commit({"x": "2"}, parent=base)
    github.faults.add(Fault(method="POST", path="git-upload-pack", status="drop"))
    with pytest.raises(GitError), mirrors.holding(NAME, [base, head], token):
        pass
    with mirrors.holding(NAME, [base, head], token) as path:
        assert contents(path, head, "x") == b"2"


@pytest.mark.parametrize("damage", ["config", "HEAD", "pack", "objects"])
def test_a_damaged_mirror_is_made_anew(
    mirrors: Mirrors, repository: SimulatedRepository, token: Secret, damage: str
) -> None:
    base = repository.commit({"x": "1"})
    with mirrors.holding(NAME, [base], token) as path:
        git.run(path, "repack", "-adq")
    if damage == "pack":
        (pack,) = (path / "objects" / "pack").glob("*.pack")
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:40] + b"\0" * 40)
    elif damage == "objects":
        for each in (path / "objects" / "pack").iterdir():
            each.unlink()
    else:
        (path / damage).write_text("\0 nothing that git knows [")
    repaired = mirrors.repair(NAME)
    head = repository.commit({"x": "2"}, parent=base)
    with mirrors.holding(NAME, [base, head], token) as path:
        assert contents(path, base, "x") == b"1"
        assert contents(path, head, "x") == b"2"
    assert repaired
    assert not mirrors.repair(NAME)


def test_damage_found_while_fetching_is_repaired_at_once(
    mirrors: Mirrors, repository: SimulatedRepository, token: Secret
) -> None:
    base = repository.commit({"x": "1"})
    with mirrors.holding(NAME, [base], token) as path:
        pass
    (path / "HEAD").unlink()
    with mirrors.holding(NAME, [base], token) as path:
        assert contents(path, base, "x") == b"1"


def test_two_fetches_at_once_take_turns(mirrors: Mirrors, repository: SimulatedRepository, token: Secret) -> None:
    commits = [repository.commit({"x": str(number)}) for number in range(4)]
    found: list[bytes] = []

    def hold(commit: str) -> None:
        with mirrors.holding(NAME, [commit], token) as path:
            found.append(contents(path, commit, "x"))

    threads = [threading.Thread(target=hold, args=(commit,)) for commit in commits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [b"0", b"1", b"2", b"3"]


def test_the_quota_takes_the_least_used_and_never_one_in_use(github: SimulatedGitHub, tmp_path: Path) -> None:
    mirrors = Mirrors(tmp_path / "mirrors", github.git_url, 2)
    noise = {name: os.urandom(700_000) for name in ("one", "two", "three")}
    commits = {name: github.repository(f"octo/{name}").commit({"noise": noise[name]}) for name in noise}
    token = Secret(github.token({"contents": "read"}).value)
    with mirrors.holding("octo/three", [commits["three"]], token) as three:
        os.utime(three.with_suffix(".use"), (1, 1))
        for name in ("one", "two"):
            with mirrors.holding(f"octo/{name}", [commits[name]], token) as path:
                assert contents(path, commits[name], "noise") == noise[name]
            os.utime(path.with_suffix(".use"), (2, 2))
        assert contents(three, commits["three"], "noise") == noise["three"]
    assert {path.name for path in mirrors.folder.glob("*.git")} == {"octo+three.git", "octo+two.git"}


def left_over(mirrors: Mirrors) -> list[Path]:
    return [path for path in mirrors.folder.rglob("*") if path.name.startswith(("tmp_", ".tmp"))]


@pytest.fixture
def huge(github: SimulatedGitHub) -> str:
    # More than git's unpackLimit of objects, so that what comes is kept as a pack.
    files: dict[str, object] = {f"noise{number}": os.urandom(30_000) for number in range(110)}
    return github.repository("octo/huge").commit(files)  # type: ignore[arg-type]


def test_what_is_larger_than_the_quota_is_refused_and_leaves_nothing(
    github: SimulatedGitHub, tmp_path: Path, huge: str
) -> None:
    token = Secret(github.token({"contents": "read"}).value)
    mirrors = Mirrors(tmp_path / "mirrors", github.git_url, 1)
    for _ in range(5):
        with pytest.raises(OverQuota, match="MIRROR_QUOTA_MB"), mirrors.holding("octo/huge", [huge], token):
            pass
        assert left_over(mirrors) == []
    assert mirrors.size_mb() < 0.3


def test_a_mirror_in_use_is_bound_too(github: SimulatedGitHub, tmp_path: Path, huge: str) -> None:
    token = Secret(github.token({"contents": "read"}).value)
    small = github.repository("octo/small").commit({"noise": os.urandom(2_000_000)})
    mirrors = Mirrors(tmp_path / "mirrors", github.git_url, 5)
    with mirrors.holding("octo/small", [small], token):
        with pytest.raises(OverQuota), mirrors.holding("octo/huge", [huge], token):
            pass
        assert mirrors.size_mb() < 5
    with mirrors.holding("octo/huge", [huge], token) as path:
        assert contents(path, huge, "noise0")
    assert mirrors.size_mb() < 5


def test_a_mirror_lets_go_of_its_own_old_commits_before_it_is_refused(
    github: SimulatedGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = github.repository("octo/growing")
    token = Secret(github.token({"contents": "read"}).value)
    mirrors = Mirrors(tmp_path / "mirrors", github.git_url, 3)
    today = datetime.datetime.now(datetime.UTC).date()
    for day in range(6):
        monkeypatch.setattr("workers.mirror._today", lambda day=day: today + datetime.timedelta(days=day))
        commit = repository.commit({"noise": os.urandom(900_000)})
        with mirrors.holding("octo/growing", [commit], token) as path:
            assert contents(path, commit, "noise")
        assert mirrors.size_mb() < 3.2


def test_what_a_killed_fetch_left_goes_with_the_next(
    mirrors: Mirrors, repository: SimulatedRepository, token: Secret
) -> None:
    first, second = (repository.commit({"x": text}) for text in "12")
    with mirrors.holding(NAME, [first], token) as path:
        pass
    left = path / "objects" / "pack" / "tmp_pack_Ab12Cd"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"x" * 100_000)
    (path / "shallow.lock").touch()
    with mirrors.holding(NAME, [second], token) as path:
        assert contents(path, second, "x") == b"2"
    assert left_over(mirrors) == []


def test_a_full_disk_costs_the_other_mirrors(
    mirrors: Mirrors,
    github: SimulatedGitHub,
    repository: SimulatedRepository,
    token: Secret,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = repository.commit({"x": "1"})
    other = github.repository("octo/other").commit({"y": "1"})
    with mirrors.holding("octo/other", [other], Secret(github.token({"contents": "read"}).value)):
        pass
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    # The disk is full for as long as the other mirror is there.
    fake.write_text(
        f'#!/bin/sh\ncase "$*" in *" fetch "*) test -d {mirrors.folder}/octo+other.git && '
        f'{{ echo "fatal: write error: No space left on device" >&2; exit 128; }};; esac\nexec {real} "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    with mirrors.holding(NAME, [base], token) as path:
        assert contents(path, base, "x") == b"1"
    assert not mirrors.path("octo/other").exists()


def test_a_week_later_commits_go_but_not_those_of_a_mirror_in_use(
    mirrors: Mirrors, repository: SimulatedRepository, token: Secret
) -> None:
    base = repository.commit({"x": "1"})
    later = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=8)
    with mirrors.holding(NAME, [base], token) as path:
        (path / "objects" / "pack" / "tmp_pack_interrupted").write_bytes(b"half a pack")
        mirrors.tidy(later)
        assert contents(path, base, "x") == b"1"
    mirrors.tidy()
    assert contents(path, base, "x") == b"1"
    assert not list(path.rglob("tmp_pack_*"))
    (path / "objects" / "pack" / "tmp_pack_interrupted").write_bytes(b"half a pack")
    mirrors.tidy(later)
    with pytest.raises(GitError):
        contents(path, base, "x")


def test_tidying_is_done_once_an_hour(mirrors: Mirrors, repository: SimulatedRepository, token: Secret) -> None:
    assert mirrors.tidy_now_and_then()
    with mirrors.holding(NAME, [repository.commit({"x": "1"})], token):
        pass
    (mirrors.path(NAME) / "HEAD").unlink()
    assert not mirrors.tidy_now_and_then()
    assert mirrors.path(NAME).exists()
    os.utime(mirrors.folder / "tidied", (1, 1))
    assert mirrors.tidy_now_and_then()
    # What is no mirror any more is gone.
    assert not mirrors.path(NAME).exists()


def test_git_ends_with_the_process_that_waits_for_it(tmp_path: Path) -> None:
    # The remote takes the connection and does not answer: the fetch hangs until its parent is killed.
    with socket.create_server(("127.0.0.1", 0)) as remote:
        mirrors = Mirrors(tmp_path / "mirrors", f"http://127.0.0.1:{remote.getsockname()[1]}", 100)
        script = (
            "from pathlib import Path; from bot.settings import Secret; from workers.mirror import Mirrors\n"
            f"mirrors = Mirrors(Path({str(mirrors.folder)!r}), 'http://127.0.0.1:{remote.getsockname()[1]}', 100)\n"
            f"with mirrors.holding({NAME!r}, [{'1' * 40!r}], Secret('x')): pass\n"
        )
        child = subprocess.Popen([sys.executable, "-c", script])
        connection, _ = remote.accept()
        with connection:
            see_git_end(mirrors, child)


def see_git_end(mirrors: Mirrors, child: "subprocess.Popen[bytes]") -> None:
    [fetching] = git_processes("fetch", str(mirrors.folder))
    descriptor = os.pidfd_open(fetching)
    child.kill()
    child.wait()
    # The lock of a process is free when it has ended, and git holds none of its own.
    with mirrors.path(NAME).with_suffix(".fetch").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    ended = select.poll()
    ended.register(descriptor, select.POLLIN)
    assert ended.poll(10_000), "git waits for the remote though nobody waits for git"
    os.close(descriptor)


def git_processes(*words: str) -> list[int]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if line.startswith("git ") and all(word in line for word in words):
            found.append(int(each.parent.name))
    return found
