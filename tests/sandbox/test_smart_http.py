"""Git over smart HTTP: what the mirror does, with a token that opens no more than it should."""

import base64
import http.client
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sandbox.conftest import NAME, Scene
from workers.sandbox import Entry
from workers.sandbox.git import environment


def git(
    folder: Path, *arguments: str, token: str | None = None, scheme: str = "Basic"
) -> subprocess.CompletedProcess[str]:
    """Run git; the token goes through the environment, as the bot has it."""
    settings = {**environment(), "GIT_CONFIG_COUNT": "0"}
    if token is not None:
        value = base64.b64encode(f"x-access-token:{token}".encode()).decode() if scheme == "Basic" else token
        header = f"Authorization: {scheme} {value}"
        settings |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": header}
    return subprocess.run(["git", *arguments], cwd=folder, env=settings, capture_output=True, text=True, check=False)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    assert git(folder, "init", "--bare", "--quiet", ".").returncode == 0
    return folder


@pytest.fixture
def url(scene: Scene) -> str:
    return f"{scene.github.git_url}/{NAME}.git"


def reading(scene: Scene) -> str:
    return scene.github.token({"contents": "read"}, ["kubernetes"]).value


@pytest.mark.parametrize("protocol", ["0", "2"])
@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_base_head_and_shas_are_fetched(scene: Scene, mirror: Path, url: str, scheme: str, protocol: str) -> None:
    token = reading(scene)
    fetch = ("-c", f"protocol.version={protocol}", "fetch", "--quiet", url)
    done = git(
        mirror,
        *fetch,
        "+refs/heads/master:refs/heads/master",
        "+refs/pull/1/head:refs/pull/1/head",
        token=token,
        scheme=scheme,
    )
    assert done.returncode == 0, done.stderr
    assert git(mirror, "rev-parse", "refs/pull/1/head").stdout.strip() == scene.pull.head_sha
    first = scene.pull.head_sha
    scene.repository.push(scene.pull, {"z": "z\n"})
    loose = scene.repository.commit({"y": "y\n"}, parent=first)
    assert git(mirror, *fetch, loose, token=token, scheme=scheme).returncode == 0  # any sha, as on github.com
    assert git(mirror, "show", f"{loose}:y").stdout == "y\n"


def test_a_partial_clone_fetches_blobs_later(scene: Scene, mirror: Path, url: str) -> None:
    token = reading(scene)
    done = git(mirror.parent, "clone", "--quiet", "--bare", "--filter=blob:none", url, "partial", token=token)
    assert done.returncode == 0, done.stderr
    partial = mirror.parent / "partial"
    assert "?" in git(partial, "rev-list", "--objects", "--missing=print", "master").stdout
    assert git(partial, "show", "master:b/c.txt", token=token).stdout == "c\n"


def test_a_large_request_comes_in_chunks(scene: Scene, mirror: Path, url: str) -> None:
    commits = "".join(
        f"commit refs/tags/t{number}\ncommitter a <a@example.com> {number} +0000\ndata 0\n\n" for number in range(1500)
    )
    scene.repository.git.git("fast-import", "--quiet", stdin=commits.encode())
    small = (
        "-c",
        "core.fsync=none",
        "-c",
        "http.postBuffer=65536",
        "fetch",
        "--quiet",
        url,
        "+refs/tags/*:refs/tags/*",
    )  # 1,500 wants are more
    done = git(mirror, *small, token=reading(scene))
    assert done.returncode == 0, done.stderr
    assert len(git(mirror, "tag").stdout.split()) == 1500


def test_without_the_right_token_there_is_nothing(scene: Scene, mirror: Path, url: str) -> None:
    scene.github.repository("octo/other")
    wrong = {
        "none": None,
        "unknown": "ghs_nonsense",
        "another permission": scene.github.token({"pull_requests": "write"}).value,
        "another repository": scene.github.token({"contents": "read"}, ["other"]).value,
    }
    for why, token in wrong.items():
        assert git(mirror, "ls-remote", url, token=token).returncode != 0, why
    assert git(mirror, "ls-remote", f"{scene.github.git_url}/octo/nowhere.git", token=reading(scene)).returncode != 0
    statuses = {found.status for found in scene.github.state.requests if found.operation == "git-upload-pack"}
    assert statuses == {401, 403, 404}


def test_nothing_is_pushed(scene: Scene, mirror: Path, url: str) -> None:
    token = reading(scene)
    git(mirror, "fetch", "--quiet", url, "+refs/heads/master:refs/heads/master", token=token)
    done = git(mirror, "push", url, "master:refs/heads/evil", token=token)
    assert done.returncode != 0
    assert list(scene.repository.git.refs("refs/heads/")) == ["refs/heads/master"]


def test_fetches_are_logged_without_the_token(scene: Scene, mirror: Path, url: str) -> None:
    token = reading(scene)
    git(mirror, "fetch", "--quiet", url, "+refs/heads/*:refs/heads/*", token=token)
    found = [request for request in scene.github.state.requests if request.operation == "git-upload-pack"]
    assert {request.who for request in found} == {f"installation {next(iter(scene.github.state.installations))}"}
    assert token not in repr(scene.github.state.requests)


def test_commits_are_written_as_asked(scene: Scene) -> None:
    repository = scene.repository
    sha = repository.commit(
        {"b/c.txt": None, "run.sh": Entry("100755", b"#!/bin/sh\n"), "d/e": b"\xff\0"}, "Several", author="lead"
    )
    record = repository.git.commit_record(sha)
    assert (record.author, record.message, record.parents) == ("lead", "Several", (scene.pull.base_sha,))
    modes = {path: mode for mode, _, _, _, path in repository.git.entries(sha, recursive=True)}
    assert "b/c.txt" not in modes and modes["run.sh"] == "100755"
    assert repository.git.blob(repository.git.blob_id(sha, "d/e") or "") == b"\xff\0"
    assert repository.commit({"x": "x\n"}, parent=scene.pull.base_sha) != sha
    assert repository.git.refs("refs/heads/") == {"refs/heads/master": sha}  # a loose commit moves no branch


def test_people_clone_and_push_without_credentials(scene: Scene, mirror: Path) -> None:
    people = f"{scene.github.git_url}/-/git/octo/kubernetes.git"
    assert git(mirror.parent, "clone", "--quiet", people, "work").returncode == 0
    work = mirror.parent / "work"
    assert git(work, "fetch", "--quiet", "origin", "refs/pull/1/head").returncode == 0
    assert git(work, "checkout", "--quiet", "FETCH_HEAD").returncode == 0
    (work / "b" / "c.txt").write_text("c\nby git\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    assert git(work, *who, "commit", "--quiet", "--all", "--message", "By git").returncode == 0
    before = scene.pull.head_sha
    done = git(work, "push", "origin", "HEAD:refs/pull/1/head")
    assert done.returncode == 0, done.stderr
    head = git(work, "rev-parse", "HEAD").stdout.strip()
    assert (scene.pull.head_sha, scene.pull.heads) == (head, [before, head])
    assert scene.repository.git.commit_record(head).parents == (before,)
    told = scene.github.delivered()[-1]
    assert (told.event, told.action) == ("pull_request", "synchronize")
    # History may be rewritten; all else is not theirs to move.
    assert git(work, "push", "origin", f"+{before}:refs/pull/1/head").returncode == 0
    assert scene.pull.head_sha == before
    for wrong in ("HEAD:refs/heads/evil", "+HEAD:refs/heads/master"):
        assert git(work, "push", "origin", wrong).returncode != 0, wrong
    assert scene.repository.git.refs("refs/heads/") == {"refs/heads/master": scene.pull.base_sha}
    git(work, "push", "origin", ":refs/pull/1/head")
    assert scene.repository.git.resolve("refs/pull/1/head") == scene.pull.head_sha == before


def test_another_sites_page_pushes_nothing(scene: Scene) -> None:
    address = urlsplit(scene.github.git_url)

    def status(path: str, host: str, content_type: str) -> int:
        connection = http.client.HTTPConnection(address.netloc)
        try:
            connection.request("POST", path, b"0000", {"Host": host, "Content-Type": content_type})
            return connection.getresponse().status
        finally:
            connection.close()

    path = "/-/git/octo/kubernetes.git/git-receive-pack"
    right = "application/x-git-receive-pack-request"
    assert status(path, address.netloc, right) == 200
    assert status(path, address.netloc, "text/plain") == 403
    assert status(path, "evil.example", right) == 403
    assert status("/-/git/octo/kubernetes.git/git-shell", address.netloc, right) == 403
