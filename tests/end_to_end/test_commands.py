"""What people ask for: by comment, by label, by "re-run"."""

import pytest

from tests.end_to_end.conftest import BEFORE, FILES, FITS, FITS_BETTER, PATH, Bot, eventually
from tests.end_to_end.test_review import check_run
from workers.sandbox import SimulatedRepository
from workers.sandbox.records import Comment, Pull


def draft(repository: SimulatedRepository, text: str = FITS) -> Pull:
    """Open a draft: it waits until somebody asks."""
    return repository.open_pull({PATH: BEFORE + text}, draft=True)


def answers(pull: Pull) -> list[Comment]:
    return [comment for comment in pull.comments if comment.user.login == "scalability-bot[bot]"]


def test_a_draft_waits_and_is_reviewed_when_somebody_asks(bot: Bot, repository: SimulatedRepository) -> None:
    pull = draft(repository)
    bot.idle()
    assert not repository.check_runs(pull)
    comment = repository.comment(pull, "somebody", "Thanks!\r\n/scalability-check\r\n")
    check_run(repository, pull)
    assert [reaction.content for reaction in comment.reactions] == ["eyes"]
    assert len(pull.review_comments) == 1
    bot.idle()
    assert not answers(pull)


def test_who_asks_is_answered_though_nothing_was_found(bot: Bot, repository: SimulatedRepository) -> None:
    pull = draft(repository, FITS_BETTER)
    repository.comment(pull, "patient", "/scalability-check")
    [answer] = eventually(lambda: answers(pull), "the answer")
    assert "found nothing" in answer.body
    assert not pull.reviews


def test_help_and_explanations(bot: Bot, repository: SimulatedRepository) -> None:
    pull = draft(repository)
    repository.comment(pull, "curious", "/scalability-check help\n/scalability-check explain value-receiver")
    eventually(lambda: len(answers(pull)) == 2, "two answers")
    together = "\n".join(answer.body for answer in answers(pull))
    assert "/scalability-check explain RULE" in together
    assert "**value-receiver**" in together
    assert not repository.check_runs(pull)


def test_a_deep_scan_is_for_members(bot: Bot, repository: SimulatedRepository) -> None:
    pull = draft(repository)
    repository.comment(pull, "outsider", "/scalability-check deep", "NONE")
    [answer] = eventually(lambda: answers(pull), "the answer")
    assert "members and collaborators" in answer.body
    assert not repository.check_runs(pull)
    comment = repository.comment(pull, "lead", "/scalability-check deep", "MEMBER")
    run = check_run(repository, pull, "scalability deep scan")
    assert run.conclusion == "neutral"
    assert [reaction.content for reaction in comment.reactions] == ["eyes"]
    assert len(pull.review_comments) == 1


def test_the_section_of_a_kep_is_an_answer_with_permanent_links(bot: Bot, repository: SimulatedRepository) -> None:
    pull = draft(repository)
    repository.comment(pull, "lead", "/scalability-check prr", "MEMBER")
    [answer] = eventually(lambda: answers(pull), "the answer")
    assert "### Scalability" in answer.body and answer.body.count("###### Will enabling") == 6
    assert f"/{repository.full_name}/blob/{pull.head_sha}/{PATH}#L15" in answer.body
    assert "The Scalability questions" in (check_run(repository, pull, "scalability deep scan").summary or "")
    bot.idle()
    assert len(answers(pull)) == 1


def test_a_label_asks_for_a_deep_scan(bot: Bot, repository: SimulatedRepository) -> None:
    pull = draft(repository)
    repository.label(pull, "scalability/deep-scan")
    run = check_run(repository, pull, "scalability deep scan")
    assert run.conclusion == "neutral"
    bot.idle()
    assert len(repository.check_runs(pull, "scalability deep scan")) == 1


def test_a_check_that_is_run_again(bot: Bot, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS})
    run = check_run(repository, pull)
    bot.idle()

    def updates() -> int:
        wanted = f"/check-runs/{run.id}"
        return sum(each.method == "PATCH" and each.path.endswith(wanted) for each in bot.github.state.requests)

    before = updates()
    repository.rerequest(run)
    # GitHub's way: the check run that was asked for is brought up to date.
    eventually(lambda: updates() > before, "the check run to be written again")
    bot.idle()
    assert [each.conclusion for each in repository.check_runs(pull)] == ["neutral"]
    assert len(pull.review_comments) == 1


def test_the_fourth_review_that_a_person_asks_for_within_an_hour_is_declined_once(
    bot: Bot, repository: SimulatedRepository
) -> None:
    pull = draft(repository, FITS_BETTER)
    for _ in range(4):
        repository.comment(pull, "eager", "/scalability-check help")
    eventually(lambda: len(answers(pull)) == 4, "help, which does not count")
    for _ in range(6):
        repository.comment(pull, "eager", "/scalability-check")
    eventually(lambda: len(answers(pull)) == 8, "three answers and an excuse")
    bot.idle()
    assert sum("three requests for a review" in answer.body for answer in answers(pull)) == 1
    assert len(answers(pull)) == 8


@pytest.mark.parametrize(
    "body",
    ["`/scalability-check`", "> /scalability-check", "```\n/scalability-check\n```", "<!--\n/scalability-check\n-->"],
)
def test_what_only_looks_like_a_command(bot: Bot, body: str) -> None:
    repository = bot.github.repository("octo/looks-alike")
    repository.commit(FILES)
    pull = draft(repository)
    comment = repository.comment(pull, "somebody", body)
    bot.idle()
    assert (answers(pull), comment.reactions, repository.check_runs(pull)) == ([], [], [])


def test_what_a_bot_says_is_no_command(bot: Bot, repository: SimulatedRepository) -> None:
    pull = draft(repository)
    repository.comment(pull, "other[bot]", "/scalability-check")
    bot.idle()
    assert (answers(pull), repository.check_runs(pull)) == ([], [])
