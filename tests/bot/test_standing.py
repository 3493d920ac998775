import dataclasses

from bot import comments
from bot.markers import marker
from bot.standing import Standing, StandingCheckRun, StandingComment, StandingReview
from bot.writes import CHECK_RUN, DEEP_CHECK_RUN
from tests.bot.scene import diagnostic, links, place

HEAD = "f" * 40


def standing_comment(body: str, number: int = 1, line: int | None = 10) -> StandingComment:
    return StandingComment(number, body, "pkg/a.go", line)


def test_a_finding_is_known_by_its_comment_wherever_that_is_now() -> None:
    found = diagnostic()
    standing = Standing(head=HEAD, comments=(standing_comment(comments.comment(found, links()), line=None),))
    assert standing.knows(diagnostic(line=99))
    assert not standing.knows(diagnostic("another concern"))


def test_a_finding_whose_comment_was_deleted_is_known_by_the_review() -> None:
    found = diagnostic()
    standing = Standing(head=HEAD, reviews=(StandingReview(1, marker("posted", found.fingerprint), False),))
    assert standing.knows(found)
    assert standing.comment(found) is None


def test_a_finding_whose_rule_had_another_name_is_known_by_its_comment() -> None:
    then = dataclasses.replace(diagnostic(), analyzer="hot-alloc").with_fingerprint(0)
    now = dataclasses.replace(diagnostic(), analyzer="log-flood").with_fingerprint(0, ("hot-alloc",))
    standing = Standing(head=HEAD, comments=(standing_comment(comments.comment(then, links())),))
    assert standing.knows(now)
    assert Standing(head=HEAD, reviews=(StandingReview(1, marker("posted", then.fingerprint), False),)).knows(now)
    several = dataclasses.replace(now, function="", related=(place(),)).with_fingerprint(0, ("hot-alloc",))
    assert standing.comment(several) is standing.comments[0]


def test_a_pending_review_says_nothing() -> None:
    found = diagnostic()
    body = f"{marker('posted', found.fingerprint)}\n{marker('cc')}\n@a/b"
    standing = Standing(head=HEAD, reviews=(StandingReview(1, body, True),))
    assert not standing.knows(found)
    assert not standing.cc_done(["@a/b"])


def test_one_place_that_became_several_is_the_same_comment_and_back() -> None:
    one = diagnostic()
    several = diagnostic(function="", related=(place(),))
    assert one.fingerprint != several.fingerprint
    for before, after in ((one, several), (several, one)):
        standing = Standing(head=HEAD, comments=(standing_comment(comments.comment(before, links())),))
        assert standing.comment(after) is standing.comments[0]


def test_the_same_mistake_in_another_function_is_another_comment() -> None:
    standing = Standing(head=HEAD, comments=(standing_comment(comments.comment(diagnostic(function="A"), links())),))
    assert not standing.knows(diagnostic(function="B"))


def test_a_mention_counts_without_its_marker() -> None:
    assert Standing(head=HEAD, reviews=(StandingReview(1, "cc @a/b", False),)).cc_done(["@a/b"])
    assert Standing(head=HEAD, reviews=(StandingReview(1, marker("cc"), False),)).cc_done(["@a/b"])
    assert not Standing(head=HEAD, reviews=(StandingReview(1, "cc you", False),)).cc_done(["@a/b"])


def test_a_command_is_answered_by_a_review_or_a_reply() -> None:
    said = marker("answer", "issue_comment-7-0")
    assert Standing(head=HEAD, reviews=(StandingReview(1, said, False),)).answered("issue_comment-7-0")
    assert Standing(head=HEAD, replies=(said,)).answered("issue_comment-7-0")
    assert not Standing(head=HEAD, replies=(said,)).answered("issue_comment-7-1")


def test_the_newest_check_run_of_a_pull_request_is_its_own() -> None:
    old = StandingCheckRun(1, DEEP_CHECK_RUN, True, "aa#7")
    new = StandingCheckRun(2, DEEP_CHECK_RUN, False, "aa#7")
    other = StandingCheckRun(3, CHECK_RUN, True, "aa#7")
    others = StandingCheckRun(4, DEEP_CHECK_RUN, True, "aa#71")
    assert Standing(head=HEAD, check_runs=(new, old, other, others)).check_run(DEEP_CHECK_RUN, 7) is new
    assert Standing(head=HEAD, check_runs=(new, old, other, others)).check_run(DEEP_CHECK_RUN, 71) is others
    assert Standing(head=HEAD, check_runs=(other, others)).check_run(DEEP_CHECK_RUN, 7) is None
