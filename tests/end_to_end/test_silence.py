"""What people do not want to hear of is silent, whichever way they say so; what finds no room now is said later."""

from pathlib import Path

from bot.check_runs import ExternalId
from tests.end_to_end.conftest import BEFORE, FILES, FITS, FITS_BETTER, PATH, Bot, bot_running, eventually
from tests.end_to_end.test_review import check_run
from workers.sandbox import SimulatedRepository
from workers.sandbox.records import Pull

RULE = "large-value-param"
AGAIN = FITS.replace("fits", "fitsToo")


def concluded(bot: Bot, repository: SimulatedRepository, pull: Pull, conclusion: str) -> None:
    """Wait until the one check run at the head says so, and nothing is left to do."""
    eventually(lambda: check_run(repository, pull).conclusion == conclusion, conclusion)
    bot.idle()
    assert [run.conclusion for run in repository.check_runs(pull, "scalability")] == [conclusion]


def test_a_thread_that_a_person_resolves_is_silent_until_all_is_restored(
    bot: Bot, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS})
    concluded(bot, repository, pull, "neutral")
    [comment] = pull.review_comments
    body = comment.body
    repository.resolve(comment, "author")
    repository.push(pull, {PATH: BEFORE + FITS + "\nvar one = 1\n"})
    concluded(bot, repository, pull, "success")
    # What is fixed while nobody wants to hear of it is left as it was.
    repository.push(pull, {PATH: BEFORE + FITS_BETTER})
    concluded(bot, repository, pull, "success")
    repository.push(pull, {PATH: BEFORE + FITS + "\nvar two = 2\n"})
    concluded(bot, repository, pull, "success")
    repository.comment(pull, "lead", "/scalability-check restore", "MEMBER")
    concluded(bot, repository, pull, "neutral")
    assert [each.body for each in pull.review_comments] == [body]


def test_a_rule_that_is_dismissed_says_nothing_new_until_it_is_restored(
    bot: Bot, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS})
    concluded(bot, repository, pull, "neutral")
    [comment] = pull.review_comments
    body = comment.body
    # Not for everybody to say.
    repository.comment(pull, "outsider", f"/scalability-check dismiss {RULE}", "NONE")
    eventually(lambda: len(pull.comments) == 2, "the answer")
    bot.idle()
    assert check_run(repository, pull).conclusion == "neutral"
    repository.comment(pull, "lead", f"/scalability-check dismiss {RULE} it is small", "COLLABORATOR")
    concluded(bot, repository, pull, "success")
    repository.push(pull, {PATH: BEFORE + FITS + AGAIN})
    concluded(bot, repository, pull, "success")
    assert (pull.review_comments, comment.body) == ([comment], body)
    repository.comment(pull, "lead", f"/scalability-check restore {RULE}", "MEMBER")
    concluded(bot, repository, pull, "neutral")
    # The second place is of the same concern, and joins its comment.
    assert pull.review_comments == [comment]
    assert comment.body != body
    # Everything, at last.
    repository.comment(pull, "lead", "/scalability-check dismiss all", "OWNER")
    concluded(bot, repository, pull, "success")


def test_a_comment_that_a_person_deleted_stays_deleted(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS + AGAIN})
    concluded(bot, repository, pull, "neutral")
    for comment in list(pull.review_comments):
        repository.delete_review_comment(pull, comment)
    # One of the places is mended, and comes back.
    for text in (FITS, FITS + AGAIN, AGAIN):
        repository.push(pull, {PATH: BEFORE + text})
        concluded(bot, repository, pull, "neutral")
    assert (len(pull.reviews), pull.review_comments) == (1, [])


def test_without_room_for_comments_there_is_the_check_run_and_the_comments_later(tmp_path: Path) -> None:
    timers = {"writes_an_hour": "51", "writes_reserved": "50", "postponed": "1", "sweep": "3600"}
    with bot_running(tmp_path, timers=timers) as bot:
        repository = bot.github.repository("octo/short")
        repository.commit(FILES)
        pulls = [repository.open_pull({PATH: BEFORE + FITS}) for _ in range(2)]
        for pull in pulls:
            check_run(repository, pull)
        eventually(lambda: sum(len(pull.reviews) for pull in pulls) == 2, "the last that there is room for")
        late = repository.open_pull({PATH: BEFORE + FITS})
        run = check_run(repository, late)
        assert ExternalId.read(run.external_id or "").state == "retry"  # type: ignore[union-attr]
        assert run.conclusion == "neutral"
        # Who asks is answered from what is kept for people.
        draft = repository.open_pull({PATH: BEFORE + FITS_BETTER}, draft=True)
        repository.comment(draft, "patient", "/scalability-check")
        eventually(lambda: len(draft.comments) == 2, "the answer")
        assert not late.reviews
        bot.redis.delete("scalability-bot:budget:content")  # an hour later
        eventually(lambda: late.reviews, "the comments")
        bot.idle()
        [run] = repository.check_runs(late, "scalability")
        assert ExternalId.read(run.external_id or "").state == "done"  # type: ignore[union-attr]
        assert (len(late.reviews), len(late.review_comments)) == (1, 1)
