"""Git over smart HTTP: to fetch, behind the token check; and under /-/git without one, for people at this machine.

There they clone, and push to refs/pull/N/head, which is a push to the pull request's branch.
"""

import subprocess
import zlib
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request

from .call import Refusal
from .git import environment
from .people import SimulatedRepository
from .records import Repository, Request
from .state import State, covers
from .tokens import credential, permitted

CHUNK = 65536


def routes(state: State) -> Blueprint:
    """Give the routes of the git server: /OWNER/NAME.git and, as on github.com, /OWNER/NAME."""
    git = Blueprint("git", __name__)

    def opened(owner: str, name: str, operation: str) -> tuple[Repository | None, Response | None]:
        """Give the repository if the credential may read it, or the answer that refuses."""
        who, repository, refused = "nobody", state.repository(f"{owner}/{name.removesuffix('.git')}"), None
        authorization = request.headers.get("Authorization", "")
        try:
            _, token = credential(state, authorization)
        except Refusal:
            token, refused = None, Response("Invalid username or token.", 401)
        if token is None:
            # Also for a public repository: whoever serves it anonymously does not notice a token that went missing.
            refused = refused or Response("Authentication required.", 401)
            refused.headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
        else:
            who = f"installation {token.installation.id}"
            if (
                repository is None
                or repository.owner is not token.installation.account
                or not covers(token.installation.repositories, repository)
                or not covers(token.repositories, repository)
            ):
                refused = Response("Repository not found.", 404)
            elif not permitted(token, ("contents:read",)):
                refused = Response("Permission to read the repository's contents is missing.", 403)
            elif operation == "git-receive-pack":
                refused = Response("Permission denied: this token cannot write contents.", 403)
        status = refused.status_code if refused else 200
        with state.lock:
            state.requests.append(
                Request(request.method, request.path, operation, who, dict(request.args), None, status)
            )
        if refused is not None:
            refused.content_type = "text/plain; charset=utf-8"
        return repository, refused

    @git.get("/<owner>/<name>/info/refs")
    def references(owner: str, name: str) -> Response:
        """Advertise what can be fetched."""
        service = request.args.get("service", "")
        repository, refused = opened(owner, name, service)
        if refused or repository is None:
            return refused or Response(status=404)
        if service != "git-upload-pack":
            return Response("Only the smart protocol's git-upload-pack is served.", 403, content_type="text/plain")
        done = subprocess.run(
            ["git", "upload-pack", "--stateless-rpc", "--http-backend-info-refs", str(repository.git.folder)],
            env=_environment(), capture_output=True, check=True,
        )  # fmt: skip
        prefix = (
            b"" if "version=" in request.headers.get("Git-Protocol", "") else b"001e# service=git-upload-pack\n0000"
        )
        return Response(
            prefix + done.stdout, content_type="application/x-git-upload-pack-advertisement", headers=NO_CACHE
        )

    @git.post("/<owner>/<name>/git-upload-pack")
    def upload(owner: str, name: str) -> Response:
        """Answer a fetch."""
        repository, refused = opened(owner, name, "git-upload-pack")
        if refused or repository is None:
            return refused or Response(status=404)
        body = request.get_data()
        if request.headers.get("Content-Encoding") == "gzip":
            body = zlib.decompress(body, wbits=31)
        process = subprocess.Popen(
            ["git", "upload-pack", "--stateless-rpc", str(repository.git.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(),
        )  # fmt: skip
        return Response(_stream(process, body), content_type="application/x-git-upload-pack-result", headers=NO_CACHE)

    def of_people(owner: str, name: str) -> Repository:
        # A page of another site may send a form here, but not of this type, nor under a name of its own (DNS rebinding).
        if request.host not in own_hosts(state):
            abort(403, "This was sent under another name.")
        repository = state.repository(f"{owner}/{name.removesuffix('.git')}")
        if repository is None:
            abort(404)
        return repository

    @git.get("/-/git/<owner>/<name>/info/refs")
    def peoples_references(owner: str, name: str) -> Response:
        """Advertise what people can fetch, and what they can push to."""
        repository, service = of_people(owner, name), request.args.get("service", "")
        if service not in _PEOPLES:
            return Response("Only the smart protocol is served.", 403, content_type="text/plain")
        done = subprocess.run(
            ["git", *_PEOPLES[service], "--stateless-rpc", "--http-backend-info-refs", str(repository.git.folder)],
            env=_environment(), capture_output=True, check=True,
        )  # fmt: skip
        told = f"# service={service}\n".encode()
        versioned = service == "git-upload-pack" and "version=" in request.headers.get("Git-Protocol", "")
        prefix = b"" if versioned else b"%04x%s0000" % (len(told) + 4, told)
        content_type = f"application/x-{service}-advertisement"
        return Response(prefix + done.stdout, content_type=content_type, headers=NO_CACHE)

    @git.post("/-/git/<owner>/<name>/<service>")
    def peoples_service(owner: str, name: str, service: str) -> Response:
        """Answer a fetch or take a push; what was pushed to a pull request is told as GitHub tells it."""
        repository = of_people(owner, name)
        if service not in _PEOPLES or request.content_type != f"application/x-{service}-request":
            abort(403, "Only the smart protocol is served.")
        body = request.get_data()
        if request.headers.get("Content-Encoding") == "gzip":
            body = zlib.decompress(body, wbits=31)
        with state.lock:
            done = subprocess.run(
                ["git", *_PEOPLES[service], "--stateless-rpc", str(repository.git.folder)],
                env=_environment(), input=body, capture_output=True, check=False,
            )  # fmt: skip
            for pull in list(repository.pulls.values()):
                head = repository.git.resolve(f"refs/pull/{pull.number}/head")
                if head is None:  # a pull request's head is not taken away: git itself keeps only branches from that
                    repository.git.set_ref(f"refs/pull/{pull.number}/head", pull.head_sha)
                elif head != pull.head_sha:
                    SimulatedRepository(state, repository).force_push(pull, str(head))
                    # What would have put the sample right may not fit any more.
                    state.fixes.pop(pull.id, None)
        return Response(done.stdout, content_type=f"application/x-{service}-result", headers=NO_CACHE)

    @git.post("/<owner>/<name>/git-receive-pack")
    def receive(owner: str, name: str) -> Response:
        """Refuse a push."""
        _, refused = opened(owner, name, "git-receive-pack")
        return refused or Response(status=403)

    return git


# What people may do by git: fetch all; push sound objects to the heads of pull requests.
_PEOPLES: Mapping[str, tuple[str, ...]] = {
    "git-upload-pack": ("upload-pack",),
    "git-receive-pack": (
        "-c", "receive.hideRefs=refs", "-c", "receive.hideRefs=!refs/pull",
        "-c", "receive.fsckObjects=true", "-c", "http.receivepack=true", "receive-pack",
    ),
}  # fmt: skip


def own_hosts(state: State) -> set[str]:
    """Give the names under which this server is asked for by people at this machine."""
    own = urlsplit(state.url)
    return {own.netloc, f"localhost:{own.port}"}


NO_CACHE = {"Cache-Control": "no-cache, max-age=0, must-revalidate"}


def _environment() -> dict[str, str]:
    protocol = request.headers.get("Git-Protocol", "")
    return {**environment(), **({"GIT_PROTOCOL": protocol} if protocol else {})}


def _stream(process: "subprocess.Popen[bytes]", body: bytes) -> Iterator[bytes]:
    """Yield what upload-pack writes, and end it when the client goes away."""
    assert process.stdin is not None and process.stdout is not None
    with process:
        try:
            # upload-pack reads the whole request before it writes: the pipes cannot block each other.
            process.stdin.write(body)
            process.stdin.close()
            while chunk := process.stdout.read(CHUNK):
                yield chunk
        except BrokenPipeError:
            return
        finally:
            process.stdout.close()
            if process.poll() is None:
                process.kill()
