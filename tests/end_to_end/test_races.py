"""Events that come late, lost, doubled or in another order are all the same: the last head is reviewed once."""

import re
from collections import Counter

import pytest

from bot.markers import markers
from tests.end_to_end.conftest import BEFORE, FILES, FITS, FITS_BETTER, PATH, Bot, bot_running, eventually
from tests.end_to_end.test_review import check_run
from workers.sandbox import Fault, SimulatedRepository, deliver
from workers.sandbox.records import Delivery, Pull, ReviewComment


def held_back(bot: Bot, repository: SimulatedRepository) -> list[Delivery]:
    """Give the deliveries of a repository that nobody was sent."""
    return [
        each
        for each in bot.github.delivered()
        if each.repository_id == repository.record.id and each.status == "pending"
    ]


class Silence:
    """While it lasts, GitHub sends nothing."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot

    def __enter__(self) -> None:
        self.bot.github.delivered()
        self.bot.github.webhook_url, self.url = None, self.bot.github.webhook_url

    def __exit__(self, *_: object) -> None:
        self.bot.github.delivered()
        self.bot.github.webhook_url = self.url


def send(bot: Bot, *deliveries: Delivery) -> None:
    assert bot.github.webhook_url
    for each in deliveries:
        assert deliver(each, bot.github.webhook_url) == 202


def reviewed_once(bot: Bot, repository: SimulatedRepository, pull: Pull) -> None:
    check_run(repository, pull)
    bot.idle()
    assert len(repository.check_runs(pull)) == 1
    assert Counter(len(comment.body) > 0 for comment in pull.review_comments)[True] == 1


def test_two_pushes_in_one_second_delivered_in_reverse(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE})
    check_run(repository, pull)
    with Silence(bot):
        repository.push(pull, {PATH: BEFORE + FITS_BETTER})
        repository.push(pull, {PATH: BEFORE + FITS})
    first, second = held_back(bot, repository)
    send(bot, second, first)
    reviewed_once(bot, repository, pull)


def test_a_close_that_is_delivered_after_the_reopening_takes_nothing_away(
    bot: Bot, repository: SimulatedRepository
) -> None:
    with Silence(bot):
        pull = repository.open_pull({PATH: BEFORE + FITS})
        comment = repository.comment(pull, "hurried", "/scalability-check")
        repository.close(pull)
        repository.reopen(pull)
    opened, asked, closed, reopened = held_back(bot, repository)
    send(bot, opened, asked, reopened, closed)
    reviewed_once(bot, repository, pull)
    said = [words for review in pull.reviews for words in markers(review.body)]
    assert said.count(("answer", f"issue_comment-{comment.id}-check")) == 1
    assert len(pull.comments) == 1


def test_the_same_delivery_five_times_at_once_and_days_later(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS})
    comment = repository.comment(pull, "patient", "/scalability-check help")
    own = [each for each in bot.github.delivered() if each.repository_id == repository.record.id]
    for _ in range(5):
        for each in own:
            bot.github.redeliver(each)
    reviewed_once(bot, repository, pull)
    # Three days later Redis may have forgotten; what stands on GitHub has not.
    for key in bot.redis.keys("scalability-bot:keys:delivery:*"):
        bot.redis.delete(key)
    for each in own:
        bot.github.redeliver(each)
    reviewed_once(bot, repository, pull)
    answers = [each for each in pull.comments if each is not comment]
    assert len(answers) == 1
    assert [each.content for each in comment.reactions] == ["eyes"]


def test_of_twenty_pushes_the_last_is_reviewed(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE})
    for number in range(20):
        repository.push(pull, {PATH: BEFORE + FITS + f"\nvar x{number} = {number}\n"})
    reviewed_once(bot, repository, pull)
    assert pull.heads[-1] == pull.head_sha


def test_a_base_that_changes_changes_the_one_check_run(bot: Bot, repository: SimulatedRepository) -> None:
    master = repository.git.refs("refs/heads/")["refs/heads/master"]
    repository.commit({"other.go": "package other\n"}, parent=master, branch="release")
    pull = repository.open_pull({PATH: BEFORE + FITS})
    before = check_run(repository, pull).external_id
    repository.move_base(pull, "release")
    eventually(lambda: check_run(repository, pull).external_id != before, "the review for the other base")
    reviewed_once(bot, repository, pull)


def test_a_head_that_the_api_shows_late(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE})
    check_run(repository, pull)
    bot.github.state.head_lag = 3.0
    try:
        repository.push(pull, {PATH: BEFORE + FITS})
        reviewed_once(bot, repository, pull)
    finally:
        bot.github.state.head_lag = 0.0


def test_the_reaction_does_not_wait_for_what_other_commands_do(bot: Bot, repository: SimulatedRepository) -> None:
    slow = bot.github.repository("octo/slow-fetch")
    slow.commit(FILES)
    held = Fault(method="POST", path="slow-fetch/git-upload-pack", status=None, delay=60)
    bot.github.faults.add(held)
    waiting = slow.open_pull({PATH: BEFORE + FITS}, draft=True)
    slow.comment(waiting, "first", "/scalability-check")
    eventually(lambda: held.struck, "the slow fetch")
    pull = repository.open_pull({PATH: BEFORE + FITS}, draft=True)
    comment = repository.comment(pull, "second", "/scalability-check")
    eventually(lambda: comment.reactions, "the reaction")
    eventually(lambda: pull.reviews, "the review")
    assert not waiting.reviews  # the first still waits for git
    bot.github.faults.clear()
    bot.idle()
    assert len(waiting.reviews) == 1


def test_a_repository_whose_git_stalls_holds_up_nobody_else(bot: Bot, repository: SimulatedRepository) -> None:
    slow = bot.github.repository("octo/stalled-git")
    slow.commit(FILES)
    stalled = Fault(method="POST", path="stalled-git/git-upload-pack", status=None, delay=60)
    bot.github.faults.add(stalled)
    waiting = [slow.open_pull({PATH: BEFORE + FITS, f"{number}.txt": "x\n"}) for number in range(3)]
    eventually(lambda: stalled.struck, "git to stall")
    pulls = [repository.open_pull({PATH: BEFORE + FITS, f"{number}.txt": "x\n"}) for number in range(3)]
    for pull in pulls:
        check_run(repository, pull)
    # Nobody asked for any of them. The second worker did not take another of those that wait for the same git.
    assert not any(slow.check_runs(pull) for pull in waiting)
    bot.github.faults.clear()
    bot.idle()
    assert all(len(pull.reviews) == 1 for pull in [*waiting, *pulls])


def test_redis_emptied_with_ten_waiting(tmp_path_factory: pytest.TempPathFactory) -> None:
    with bot_running(tmp_path_factory.mktemp("emptied"), queues=()) as own:
        repository = own.github.repository("octo/emptied")
        repository.commit(FILES)
        pulls = [repository.open_pull({PATH: BEFORE + FITS, f"{number}.txt": "x\n"}) for number in range(10)]
        own.github.delivered()
        own.redis.flushall()
        with Silence(own):
            # And deliveries that never existed.
            pulls += [repository.open_pull({PATH: BEFORE + FITS, f"{number}.txt": "x\n"}) for number in range(10, 20)]
        for queue in ("reviews", "maintenance"):
            own.start_worker(queue)
        for pull in pulls:
            check_run(repository, pull)
        own.idle()
        assert {(len(pull.reviews), len(pull.review_comments), len(repository.check_runs(pull))) for pull in pulls} == {
            (1, 1, 1)
        }


def test_github_down_for_longer_than_all_retries(tmp_path_factory: pytest.TempPathFactory) -> None:
    with bot_running(tmp_path_factory.mktemp("down"), queues=("reviews", "commands", "maintenance")) as own:
        repository = own.github.repository("octo/down")
        repository.commit(FILES)
        own.github.faults.add(Fault(path="/api/", status=503, times=None))
        pulls = [repository.open_pull({PATH: BEFORE + FITS, f"{number}.txt": "x\n"}) for number in range(3)]
        repository.comment(pulls[0], "patient", "/scalability-check")
        eventually(lambda: own.log.read_text().count("is set aside") >= 3, "all retries to be used up")
        own.github.faults.clear()
        for pull in pulls:
            eventually(lambda pull=pull: pull.reviews, "the review")  # type: ignore[misc]
        own.idle()
        assert {(len(pull.reviews), len(pull.review_comments), len(repository.check_runs(pull))) for pull in pulls} == {
            (1, 1, 1)
        }
        bodies = [each.body for each in pulls[0].reviews] + [each.body for each in pulls[0].comments]
        assert sum(words[0] == "answer" for body in bodies for words in markers(body)) == 1


def read(comment: ReviewComment) -> str:
    """Give what people read of a comment."""
    return re.sub(r"^<!--.*?-->$", "", comment.body, flags=re.MULTILINE).strip()


def test_a_review_keeps_itself_up(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS})
    check_run(repository, pull)
    [comment] = pull.review_comments
    as_it_was, head = read(comment), pull.head_sha
    # A rebase of all lines: nothing new, nothing lost.
    master = repository.git.refs("refs/heads/")["refs/heads/master"]
    moved = repository.commit({PATH: "// One.\n// Two.\n\n" + BEFORE + FITS}, parent=master)
    repository.force_push(pull, moved)
    check_run(repository, pull)
    bot.idle()
    assert (len(pull.reviews), [read(each) for each in pull.review_comments]) == (1, [as_it_was])
    # Fixed, and the fix reverted.
    fixed = repository.push(pull, {PATH: BEFORE + FITS_BETTER})
    eventually(lambda: comment.body.startswith(f"**Fixed in {fixed[:7]}.**"), "the edit")
    assert check_run(repository, pull).conclusion == "success"
    assert "All that I found here is fixed" in eventually(
        lambda: pull.reviews[0].body if "fixed" in pull.reviews[0].body else "", "the review's text"
    )
    repository.push(pull, {PATH: BEFORE + FITS})
    eventually(lambda: read(comment) == as_it_was, "the edit to be undone")
    assert check_run(repository, pull).conclusion == "neutral"
    # Dismissed in its thread, and restored.
    repository.reply(pull, comment, "lead", "/scalability-check dismiss it is small", "MEMBER")
    eventually(lambda: check_run(repository, pull).conclusion == "success", "silence")
    repository.push(pull, {PATH: BEFORE + FITS + "\nvar one = 1\n"})
    assert check_run(repository, pull).conclusion == "success"
    repository.comment(pull, "lead", "/scalability-check restore", "MEMBER")
    eventually(lambda: check_run(repository, pull).conclusion == "neutral", "the finding")
    bot.idle()
    assert len(pull.reviews[0].body) > 0
    assert [read(each) for each in pull.review_comments if each.in_reply_to is None] == [as_it_was]
    assert len(repository.check_runs(pull)) == 1
    assert pull.heads[0] == head
