"""Artifacts of performance jobs, from where Prow leaves them: over https, from hosts the operator named, and no more than 20 MB.

Layout: kubernetes-sigs/prow pkg/pod-utils/gcs/target.go (logs/JOB/BUILD, pr-logs/pull/[OWNER_NAME/]NUMBER/JOB/BUILD, each
with a latest-build.txt beside its builds). Listing: the JSON API of Google Cloud Storage.
"""

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import requests

from workers.results import perfdata

LARGEST_BYTES = 20 * 1024 * 1024
MOST_FILES = 200
_PAGES = 10
_SECONDS = 15.0
_SECONDS_IN_ALL = 120.0
_REDIRECTS = 3

_JOB = re.compile(r"[a-z0-9][a-z0-9_.-]{2,199}")
_BUILD = re.compile(r"[0-9]{1,30}")
# Pages of Prow and of its artifact browser, both of which name a bucket and a path in it.
_PAGE = re.compile(r"/(?:view/gs|view/gcs|gcs)/(?P<bucket>[a-z0-9][a-z0-9._-]{1,220})/(?P<path>.+?)/?")


class ResultsError(ValueError):
    """Results that cannot be had; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Artifacts:
    """A run's files by name, and where they come from (an address or a folder), for people."""

    where: str
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Source:
    """Where results may come from: hosts ("name" or "name:port"), and the bucket in which jobs are looked for by name.

    bucket is an address with the bucket as its path ("https://storage.googleapis.com/kubernetes-ci-logs").
    """

    hosts: Sequence[str]
    bucket: str

    def fetch(self, what: str, *, repository: str = "", number: int = 0) -> Artifacts:
        """Give the artifacts of a run: what is an address (a run's page, its folder, one file) or a job's name.

        A job that begins with "pull-" is that of the pull request (repository, number), any other one its newest run.
        ResultsError in one sentence.
        """
        with _Session(self.hosts) as session:
            if "/" not in what and ":" not in what:
                return self._job(session, what, repository, number)
            session.allow(what)
            parts = urlsplit(what)
            storage = urlsplit(self.bucket)
            found = _PAGE.fullmatch(unquote(parts.path))
            if not found and parts.netloc == storage.netloc and not parts.path.endswith(".json"):
                bucket, _, path = unquote(parts.path).strip("/").partition("/")
                return self._folder(session, bucket, path)
            if found and not found["path"].endswith(".json"):
                return self._folder(session, found["bucket"], found["path"])
            address = self._object(found["bucket"], found["path"]) if found else what
            name = unquote(urlsplit(address).path).rpartition("/")[2]
            if not name.endswith(".json"):
                raise ResultsError(
                    f"{_shown(what)} is neither a run of Prow nor a .json file of its artifacts: give the address of either."
                )
            return Artifacts(_shown(address), {name: session.get(address)})

    def _job(self, session: "_Session", job: str, repository: str, number: int) -> Artifacts:
        if not _JOB.fullmatch(job):
            raise ResultsError(f"{_shown(job)} is no name of a job: it has small letters, digits and dashes.")
        bucket = urlsplit(self.bucket).path.strip("/")
        if job.startswith("pull-"):
            if not number:
                raise ResultsError(f"{job} runs on pull requests: say on which, or give the address of a run.")
            # Prow leaves kubernetes/kubernetes out of its paths, and "kubernetes" out of those of its other repositories.
            owner, _, name = repository.partition("/")
            inside = {"kubernetes/kubernetes": ""}.get(repository, name if owner == "kubernetes" else f"{owner}_{name}")
            path = "/".join(filter(None, ("pr-logs/pull", inside, str(number), job)))
        else:
            path = f"logs/{job}"
        try:
            build = session.get(self._object(bucket, f"{path}/latest-build.txt")).decode("ascii", "replace").strip()
        except _Missing:
            where = f" on {repository}#{number}" if job.startswith("pull-") else ""
            raise ResultsError(
                f"no run of {job}{where} was found: check its name, or wait until it has ended."
            ) from None
        if not _BUILD.fullmatch(build):
            raise ResultsError(f"the newest run of {job} is not told as a number: give the address of a run.")
        return self._folder(session, bucket, f"{path}/{build}")

    def _folder(self, session: "_Session", bucket: str, path: str) -> Artifacts:
        path = path.strip("/")
        folder = path if re.search(r"/artifacts(/|$)", f"/{path}") else f"{path}/artifacts"
        names = self._listed(session, bucket, f"{folder}/")
        where = self._object(bucket, path)
        if not names:
            raise ResultsError(f"no results of performance jobs lie in {_shown(where)}: did the run end, and measure?")
        return Artifacts(
            _shown(where), {name.rpartition("/")[2]: session.get(self._object(bucket, name)) for name in names}
        )

    def _listed(self, session: "_Session", bucket: str, prefix: str) -> list[str]:
        """Give the names of the objects right below a prefix that hold results."""
        found: list[tuple[str, int]] = []
        token = ""
        for _ in range(_PAGES):
            query = {"prefix": prefix, "delimiter": "/", "fields": "items(name,size),nextPageToken"}
            query |= {"pageToken": token} if token else {}
            address = f"{self._storage}/storage/v1/b/{quote(bucket, safe='')}/o?{urlencode(query)}"
            try:
                page = json.loads(session.get(address))
                found += [(str(item["name"]), int(item["size"])) for item in page.get("items", ())]
                token = str(page.get("nextPageToken", ""))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if isinstance(error, ResultsError):
                    raise
                raise ResultsError(f"{_shown(address)} does not list a bucket: check RESULTS_BUCKET.") from None
            if not token:
                break
        wanted = [(name, size) for name, size in found if perfdata.is_read(name.rpartition("/")[2])]
        if len(wanted) > MOST_FILES or sum(size for _, size in wanted) > LARGEST_BYTES:
            total = sum(size for _, size in wanted) / 2**20
            raise ResultsError(
                f"{len(wanted)} files with {total:,.0f} MB lie there, more than the {MOST_FILES} and 20 MB that are read: "
                "give the address of one file."
            )
        return [name for name, _ in wanted]

    @property
    def _storage(self) -> str:
        parts = urlsplit(self.bucket)
        return f"{parts.scheme}://{parts.netloc}"

    def _object(self, bucket: str, path: str) -> str:
        return f"{self._storage}/{quote(bucket)}/{quote(path)}"


def from_disk(path: Path) -> Artifacts:
    """Give a run's artifacts from a folder (with those in folders named artifacts below it), or one file."""
    try:
        if path.is_file():
            return Artifacts(str(path), {path.name: _small(path)})
        inside = [path, *(folder for folder in path.glob("**/artifacts") if folder.is_dir())]
        files = {
            each.name: each for folder in inside for each in sorted(folder.iterdir()) if perfdata.is_read(each.name)
        }
        if not path.is_dir() or not files:
            raise ResultsError(f"no results of performance jobs lie in {path}: give the folder of a run's artifacts.")
        if len(files) > MOST_FILES or sum(each.stat().st_size for each in files.values()) > LARGEST_BYTES:
            raise ResultsError(f"{path} holds more than the {MOST_FILES} files and 20 MB that are read: give one file.")
        return Artifacts(str(path), {name: each.read_bytes() for name, each in files.items()})
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from None


def _small(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_BYTES:
        raise ResultsError(f"{path} has more than the 20 MB that are read.")
    return path.read_bytes()


class _Missing(ResultsError):
    """There is no such object."""


class _Session:
    """Gets addresses of allowed hosts, until the bytes or the time of one run are used up."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._left = LARGEST_BYTES
        self._end = time.monotonic() + _SECONDS_IN_ALL
        self._session = requests.Session()
        # Neither a .netrc of whoever runs this nor cookies of one answer go along with a request.
        self._session.auth = lambda request: request
        self._session.headers["User-Agent"] = "scalability-bot"

    def __enter__(self) -> "_Session":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def allow(self, address: str) -> None:
        """Raise ResultsError unless an address may be asked."""
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").lower() + (f":{parts.port}" if parts.port not in {None, 443} else "")
        except ValueError:
            raise ResultsError(f"{_shown(address)} is no address.") from None
        if parts.scheme != "https" or parts.username is not None or parts.password is not None:
            raise ResultsError(f"{_shown(address)} is not read: give an https:// address without a user.")
        if host not in self._hosts:
            raise ResultsError(
                f"{host or 'nothing'} is none of the hosts that results are read from ({', '.join(sorted(self._hosts))})."
            )

    def get(self, address: str) -> bytes:
        """Give what an address answers with; a redirect is followed on the same host only."""
        first = address
        for _ in range(_REDIRECTS + 1):
            self.allow(address)
            try:
                status, location, body = self._once(address)
            except requests.RequestException as error:
                raise ResultsError(
                    f"{_shown(address)} cannot be read ({type(error).__name__}): try again later."
                ) from None
            if location is None:
                return self._wanted(address, status, body)
            to = urljoin(address, location)
            if urlsplit(to).netloc != urlsplit(address).netloc:
                raise ResultsError(
                    f"{_shown(address)} leads to another host, which is not followed: give its final address."
                )
            address = to
        raise ResultsError(f"{_shown(first)} leads from one address to the next without an end.")

    def _once(self, address: str) -> tuple[int, str | None, bytes]:
        left = self._end - time.monotonic()
        if left <= 0:
            raise ResultsError(f"the results did not come within {_SECONDS_IN_ALL:.0f} s: try again later.")
        self._session.cookies.clear()
        with self._session.get(
            address, stream=True, allow_redirects=False, timeout=(min(left, _SECONDS), min(left, _SECONDS))
        ) as answer:
            if answer.is_redirect:
                return answer.status_code, answer.headers["location"], b""
            if answer.status_code != 200:
                return answer.status_code, None, b""
            return 200, None, self._body(answer)

    def _body(self, answer: Any) -> bytes:
        """Read an answer, unpacked, as far as bytes and time allow."""
        parts = []
        for part in answer.iter_content(1 << 16):
            self._left -= len(part)
            if self._left < 0:
                raise ResultsError(f"{_shown(answer.url)} and what came before have more than the 20 MB that are read.")
            if time.monotonic() > self._end:
                raise ResultsError(f"the results did not come within {_SECONDS_IN_ALL:.0f} s: try again later.")
            parts.append(part)
        return b"".join(parts)

    @staticmethod
    def _wanted(address: str, status: int, body: bytes) -> bytes:
        if status in {403, 404, 410}:
            raise _Missing(f"{_shown(address)} is not there ({status}): check the address.")
        if status != 200:
            raise ResultsError(f"{_shown(address)} answered {status}: try again later.")
        return body


def _shown(address: str) -> str:
    """Give an address for people: without what may be a secret (a user, a signature in its query)."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return perfdata.clean(address)
    host = parts.netloc.rpartition("@")[2]
    return perfdata.clean(f"{parts.scheme}://{host}{parts.path}" if parts.scheme else address)
