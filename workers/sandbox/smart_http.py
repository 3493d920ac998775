"""Git over smart HTTP, to fetch only: `git upload-pack` behind the token check."""

import subprocess
import zlib
from collections.abc import Iterator

from flask import Blueprint, Response, request

from .call import Refusal
from .git import environment
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

    @git.post("/<owner>/<name>/git-receive-pack")
    def receive(owner: str, name: str) -> Response:
        """Refuse a push."""
        _, refused = opened(owner, name, "git-receive-pack")
        return refused or Response(status=403)

    return git


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
