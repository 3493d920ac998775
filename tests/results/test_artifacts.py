"""Artifacts come from where the operator said, over https, and never without a bound; what cannot be had is one sentence."""

import gzip
from pathlib import Path

import pytest

from tests.results import files
from tests.results.conftest import BUCKET, Bucket
from workers.results import artifacts
from workers.results.artifacts import ResultsError

PULL = "pr-logs/pull/131105/pull-perf-100/1907"


@pytest.fixture
def filled(bucket: Bucket) -> Bucket:
    bucket.put(
        f"{PULL}/artifacts", {**files.run(), "junit.xml": b"<x/>", f"MetricsForE2E_load_{files.TIME}.json": b"{}"}
    )
    bucket.put("pr-logs/pull/131105/pull-perf-100", {"latest-build.txt": b"1907\n"})
    bucket.put("logs/ci-perf-100/7/artifacts", files.run())
    bucket.put("logs/ci-perf-100", {"latest-build.txt": b"7"})
    return bucket


@pytest.mark.parametrize(
    "what",
    [
        "https://{host}/view/gs/kubernetes-ci-logs/" + PULL,
        "https://{host}/gcs/kubernetes-ci-logs/" + PULL + "/",
        "https://{host}/gcs/kubernetes-ci-logs/" + PULL + "/artifacts/",
        "https://{host}/kubernetes-ci-logs/" + PULL,
        "https://{host}/kubernetes-ci-logs/" + PULL + "/artifacts",
    ],
)
def test_a_run_is_had_by_each_of_its_addresses(filled: Bucket, what: str) -> None:
    found = filled.source().fetch(what.format(host=filled.host))
    assert found.files == files.run()  # neither junit.xml nor the metrics of all components
    assert not any("junit" in path or "MetricsForE2E" in path for path, _ in filled.seen)


def test_one_file_is_had_by_its_address(filled: Bucket) -> None:
    for form in ("https://{}/kubernetes-ci-logs/{}", "https://{}/gcs/kubernetes-ci-logs/{}"):
        found = filled.source().fetch(form.format(filled.host, f"{PULL}/artifacts/{files.API}"))
        assert found.files == {files.API: files.run()[files.API]}


def test_a_job_of_the_pull_request_is_found_by_its_name_and_a_periodic_one_too(filled: Bucket) -> None:
    source = filled.source()
    pull = source.fetch("pull-perf-100", repository="kubernetes/kubernetes", number=131105)
    assert pull.files == files.run() and pull.where.endswith("/1907")
    assert source.fetch("ci-perf-100", repository="kubernetes/kubernetes", number=131105).where.endswith(
        "ci-perf-100/7"
    )


@pytest.mark.parametrize(
    ("repository", "inside"),
    [("kubernetes/perf-tests", "perf-tests"), ("kubernetes-sigs/kueue", "kubernetes-sigs_kueue")],
)
def test_other_repositories_have_folders_of_their_own(bucket: Bucket, repository: str, inside: str) -> None:
    bucket.put(f"pr-logs/pull/{inside}/5/pull-x", {"latest-build.txt": b"1"})
    bucket.put(f"pr-logs/pull/{inside}/5/pull-x/1/artifacts", files.run())
    assert bucket.source().fetch("pull-x", repository=repository, number=5).files == files.run()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("http://{host}/kubernetes-ci-logs/a.json", "give an https:// address"),
        ("https://user:secret@{host}/a.json", "without a user"),
        ("https://evil.example/a.json", "none of the hosts"),
        ("https://{host}.evil.example/a.json", "no address|none of the hosts"),
        ("https://127.0.0.1/a.json", "none of the hosts"),  # another port is another host
        ("https://{host}@evil.example/a.json", "without a user"),
        ("https://169.254.169.254/latest/meta-data.json", "none of the hosts"),
        ("https://[::1/a.json", "no address"),
        ("file:///etc/passwd", "give an https:// address"),
        ("https://{host}/kubernetes-ci-logs/nowhere.json", "is not there"),
        ("https://{host}/kubernetes-ci-logs/nowhere", "no results of performance jobs lie"),
        (
            "https://{host}/somewhere/else/page.html",
            "no results of performance jobs lie|neither a run|does not list|is not there",
        ),
        ("ci-other-job", "no run of ci-other-job was found"),
        ("pull-other", "runs on pull requests"),
        ("../../etc", "give an https:// address"),
        ("Job Of Mine", "is no name of a job"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(filled: Bucket, what: str, said: str) -> None:
    with pytest.raises(ResultsError, match=said) as caught:
        filled.source().fetch(what.format(host=filled.host))
    assert "\n" not in str(caught.value) and "secret" not in str(caught.value)


def test_a_redirect_is_followed_on_the_same_host_only(filled: Bucket) -> None:
    good = f"/{BUCKET}/{PULL}/artifacts/{files.API}"
    filled.redirects["/moved.json"] = good
    filled.redirects["/away.json"] = "https://localhost:1/x.json"
    filled.redirects["/down.json"] = f"http://{filled.host}{good}"
    filled.redirects["/round.json"] = "/round.json"
    source = filled.source("localhost:1")
    assert source.fetch(f"https://{filled.host}/gcs/{BUCKET}/moved.json".replace(f"/gcs/{BUCKET}", "")).files
    for name, said in (("away", "leads to another host"), ("down", "https://"), ("round", "without an end")):
        with pytest.raises(ResultsError, match=said):
            source.fetch(f"https://{filled.host}/{name}.json")


def test_no_more_than_20_mb_are_read_packed_or_not(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "LARGEST_BYTES", 300_000)
    bomb = gzip.compress(b" " * 5_000_000)
    bucket.put("a", {"large.json": b" " * 300_001, "bomb.json": bomb})
    bucket.headers["a/bomb.json"] = {"Content-Encoding": "gzip"}
    assert len(bomb) < 10_000
    for name in ("large", "bomb"):
        with pytest.raises(ResultsError, match="more than the 20 MB"):
            bucket.source().fetch(f"{bucket.address}/a/{name}.json")
    bucket.put("run/artifacts", {name: content + b" " * 100_000 for name, content in files.run().items()})
    with pytest.raises(ResultsError, match="give the address of one file"):
        bucket.source().fetch(f"{bucket.address}/run")
    assert not any("/run/artifacts/" in path for path, _ in bucket.seen if "prefix" not in path)


def test_a_server_that_dribbles_does_not_hold_a_worker(filled: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_SECONDS_IN_ALL", 0.0)
    with pytest.raises(ResultsError, match="did not come within"):
        filled.source().fetch("ci-perf-100")


def test_no_credential_of_this_machine_goes_along(
    filled: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    filled.source().fetch("ci-perf-100")
    assert filled.seen and not any("Authorization" in headers or "Cookie" in headers for _, headers in filled.seen)


def test_an_untrusted_certificate_is_refused(filled: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(ResultsError, match="cannot be read"):
        filled.source().fetch("ci-perf-100")


def test_a_folder_and_a_file_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "1907" / "artifacts"
    folder.mkdir(parents=True)
    for name, content in {**files.run(), "junit.xml": b"<x/>"}.items():
        (folder / name).write_bytes(content)
    assert artifacts.from_disk(tmp_path).files == artifacts.from_disk(folder).files == files.run()
    assert artifacts.from_disk(folder / files.API).files == {files.API: files.run()[files.API]}
    for path in (tmp_path / "nowhere", tmp_path / "1907" / "artifacts" / "nowhere.json"):
        with pytest.raises(ResultsError):
            artifacts.from_disk(path)
