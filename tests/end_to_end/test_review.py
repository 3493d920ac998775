"""From the webhook to the review, with everything in between."""

from typing import Literal

import pytest

from tests.end_to_end.conftest import BEFORE, FITS, FITS_BETTER, PATH, Bot, eventually
from workers.sandbox import Fault, SimulatedRepository, load_sample
from workers.sandbox.records import CheckRun, Pull, ReviewComment


def check_run(repository: SimulatedRepository, pull: Pull, name: str = "scalability") -> CheckRun:
    """Wait for the completed check run at a pull request's head."""

    def look() -> list[CheckRun]:
        return [run for run in repository.check_runs(pull, name) if run.status == "completed"]

    return eventually(look, f"the check run {name} of {repository.full_name}")[-1]


def line_of(repository: SimulatedRepository, comment: ReviewComment) -> str:
    """Give the line on which a comment stands."""
    blob = repository.git.blob_id(comment.original.commit_id, comment.path)
    assert blob
    return repository.git.blob(blob).decode().split("\n")[comment.original.line - 1]


def places(repository: SimulatedRepository, pull: Pull) -> list[tuple[str, str]]:
    return [(comment.path, line_of(repository, comment).strip()) for comment in pull.review_comments]


def test_the_guide_s_own_mistakes_are_found_on_their_lines(bot: Bot) -> None:
    pull = load_sample(bot.github)
    repository = bot.github.repository("kubernetes-sample/kubernetes")
    run = check_run(repository, pull)
    [review] = pull.reviews
    assert (review.state, review.commit_id, review.user.login) == ("COMMENTED", pull.head_sha, "scalability-bot[bot]")
    assert (run.conclusion, run.suite.head_sha) == ("neutral", pull.head_sha)
    assert "cc @kubernetes/sig-scalability-pr-reviews" in review.body
    found = places(repository, pull)
    for path, text in (
        ("build/build-image/cross/Dockerfile", "FROM golang:1.10.0"),
        ("cluster/images/etcd/Makefile", "3.2.14"),
        ("Godeps/Godeps.json", '"Rev": '),
        ("pkg/scheduler/algorithm/predicates/antiaffinity.go", "for "),
        ("pkg/scheduler/scheduler.go", "ScheduleOne(pod v1.Pod"),
        ("pkg/controller/imagecleanup/image_cleanup_controller.go", "List("),
        ("pkg/kubelet/secret/secret_refresher.go", "Secrets("),
    ):
        assert any(path == at and text in line for at, line in found), (path, text, found)
    # The copies of one function are one comment: the loop's stands in it, with what to do.
    [copies] = [comment.body for comment in pull.review_comments if "`ScheduleOne` takes" in comment.body]
    assert "Range over the index and use `&nodes[i]`" in copies and "#L97" in copies
    # A slice is no copy: nothing is said of it.
    assert not any(
        "by value" in comment.body and "`nodes " in comment.body.split("<details>")[0]
        for comment in pull.review_comments
    )


def test_a_harmless_change_gets_a_check_run_and_no_review(repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS_BETTER})
    assert check_run(repository, pull).conclusion == "success"
    assert (pull.reviews, pull.review_comments, pull.comments) == ([], [], [])


def test_the_same_delivery_again_and_again_is_one_review(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS})
    [opened] = [
        each
        for each in bot.github.delivered()
        if each.event == "pull_request" and each.repository_id == repository.record.id
    ]
    for _ in range(2):
        bot.github.redeliver(opened)
    check_run(repository, pull)
    for _ in range(2):
        bot.github.redeliver(opened)
    bot.idle()
    again = [each for each in bot.github.delivered() if each.guid == opened.guid]
    assert [each.status_code for each in again] == [202] * 5
    assert (len(pull.reviews), len(pull.review_comments), len(repository.check_runs(pull))) == (1, 1, 1)


def test_lines_that_move_bring_no_second_comment(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS})
    check_run(repository, pull)
    assert len(pull.review_comments) == 1
    master = repository.git.refs("refs/heads/")["refs/heads/master"]
    moved = repository.commit({PATH: "// A heading.\n\n" + BEFORE + "\nfunc other() {}\n" + FITS}, parent=master)
    repository.force_push(pull, moved)
    check_run(repository, pull)
    bot.idle()
    assert (len(pull.reviews), len(pull.review_comments)) == (1, 1)


def test_a_push_during_the_analysis_drops_the_old_one(bot: Bot, repository: SimulatedRepository) -> None:
    fetch = Fault(method="POST", path=f"{repository.record.name}/git-upload-pack", status=None, delay=4)
    bot.github.faults.add(fetch)
    pull = repository.open_pull({PATH: BEFORE + FITS})
    eventually(lambda: fetch.struck, "the first fetch")
    old = pull.head_sha
    repository.push(pull, {PATH: BEFORE + "\nvar one = 1\n" + FITS})
    run = check_run(repository, pull)
    bot.idle()
    assert run.suite.head_sha == pull.head_sha
    assert [review.commit_id for review in pull.reviews] == [pull.head_sha]
    assert not [each for each in repository.record.check_runs.values() if each.suite.head_sha == old]
    # What was dropped is reviewed after all when a force-push makes it the newest again.
    repository.force_push(pull, old)
    assert check_run(repository, pull).suite.head_sha == old


@pytest.mark.parametrize("status", [502, "drop"])
def test_an_answer_that_is_lost_brings_no_second_review(
    bot: Bot, repository: SimulatedRepository, status: Literal[502, "drop"]
) -> None:
    name = repository.record.name
    bot.github.faults.add(
        Fault(method="POST", path=rf"/{name}/pulls/\d+/reviews$", when="after", status=status),
        Fault(method="POST", path=rf"/{name}/check-runs$", when="after", status=status),
    )
    pull = repository.open_pull({PATH: BEFORE + FITS})
    check_run(repository, pull)
    bot.idle()
    assert not bot.github.faults.pending()
    assert (len(pull.reviews), len(pull.review_comments), len(repository.check_runs(pull))) == (1, 1, 1)


def test_a_pull_request_cannot_silence_its_own_review(repository: SimulatedRepository) -> None:
    configuration = "rules:\n  large-value-param: off\n  no-such-rule: off\n"
    pull = repository.open_pull({PATH: BEFORE + FITS, ".github/scalability.yaml": configuration})
    run = check_run(repository, pull)
    assert len(pull.review_comments) == 1
    assert "no-such-rule" in (run.summary or "")


def test_the_base_branch_s_configuration_holds(repository: SimulatedRepository) -> None:
    repository.commit({".github/scalability.yaml": "rules:\n  large-value-param: off\n"})
    pull = repository.open_pull({PATH: BEFORE + FITS})
    assert check_run(repository, pull).conclusion == "success"
    assert not pull.review_comments


def test_what_the_base_branch_got_meanwhile_is_no_part_of_the_change(repository: SimulatedRepository) -> None:
    start = repository.git.refs("refs/heads/")["refs/heads/master"]
    head = repository.commit({"docs/a.md": "words\n"}, parent=start)
    repository.commit({PATH: BEFORE + FITS})
    pull = repository.open_pull(head)
    assert check_run(repository, pull).conclusion == "success"
    assert not pull.reviews


def test_a_closed_one_is_left_alone(bot: Bot, repository: SimulatedRepository) -> None:
    held = Fault(method="GET", path=rf"/{repository.record.name}/pulls/1$", status=None, delay=2)
    bot.github.faults.add(held)
    pull = repository.open_pull({PATH: BEFORE + FITS})
    eventually(lambda: held.struck, "the review to begin")
    repository.close(pull)
    bot.idle()
    assert (pull.reviews, repository.check_runs(pull)) == ([], [])


def test_no_secret_is_in_any_log_or_argument(bot: Bot, repository: SimulatedRepository) -> None:
    held = Fault(method="POST", path=f"{repository.record.name}/git-upload-pack", status=None, delay=2)
    bot.github.faults.add(held)
    pull = repository.open_pull({PATH: BEFORE + FITS})
    eventually(lambda: held.struck, "the fetch")
    listing = "\n".join(bot.command_lines().values())
    assert "fetch" in listing
    check_run(repository, pull)
    said = bot.log.read_text() + listing
    with bot.github.state.lock:
        secrets = {*bot.github.state.tokens, bot.github.webhook_secret, bot.github.private_key.split("\n")[1]}
    assert len(secrets) > 2
    assert not [secret for secret in secrets if secret in said]
    assert "Authorization" not in said


def test_the_process_that_parses_holds_no_key(bot: Bot) -> None:
    parsers = [process for process, line in bot.command_lines().items() if "-m workers.parser" in line]
    assert len(parsers) >= 4
    for process in parsers:
        environment = (process / "environ").read_bytes().decode()
        assert not [name for name in ("GITHUB", "REDIS", "WEBHOOK") if name in environment]
        opened = [str(each.readlink()) for each in (process / "fd").iterdir()]
        assert not [name for name in opened if name.endswith(".pem")]
