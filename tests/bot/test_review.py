import dataclasses

import pytest

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.report import Report
from bot import comments
from bot.markers import markers
from bot.review import EDITS, Review
from bot.review_request import Reply
from bot.standing import Standing, StandingCheckRun, StandingComment, StandingReview
from bot.writes import CHECK_RUN, DEEP_CHECK_RUN, DeletePendingReview, EditComment, PostReply, PostReview, PutCheckRun
from tests.bot.scene import diagnostic, links, note, place, report, request, review, source, warnings

EMPTY = Standing(head="f" * 40)
CC = ("@kubernetes/sig-scalability-pr-reviews",)


def posted(found: Review) -> PostReview | None:
    return next((write for write in found.writes if isinstance(write, PostReview)), None)


def checked(found: Review) -> PutCheckRun:
    return next(write for write in found.writes if isinstance(write, PutCheckRun))


def after(standing: Standing, made: Review) -> Standing:
    """Give what stands once a review is written."""
    for write in made.writes:
        match write:
            case PostReview():
                stands = [
                    StandingComment(index, each.body, each.path, each.end_line)
                    for index, each in enumerate(write.comments, 100)
                ]
                standing = dataclasses.replace(
                    standing,
                    comments=(*standing.comments, *stands),
                    reviews=(*standing.reviews, StandingReview(9, write.body, False)),
                )
            case EditComment():
                stands = [
                    dataclasses.replace(each, body=write.body) if each.comment_id == write.comment_id else each
                    for each in standing.comments
                ]
                standing = dataclasses.replace(standing, comments=tuple(stands))
            case PostReply():
                standing = dataclasses.replace(standing, replies=(*standing.replies, write.body))
            case _:
                continue
    return standing


def test_a_warning_without_a_comment_makes_a_review_of_that_commit() -> None:
    made = posted(review(report(diagnostic(end_line=12), note()), EMPTY))
    assert made is not None
    assert made.commit == EMPTY.head
    assert [(each.path, each.line, each.end_line) for each in made.comments] == [("pkg/a.go", 10, 12)]
    assert "hints" in made.body


@pytest.mark.parametrize("found", [report(), report(note())])
def test_nothing_found_is_no_review(found: Report) -> None:
    made = review(found, EMPTY)
    assert [type(write) for write in made.writes] == [PutCheckRun]
    assert checked(made).conclusion == "success"


def test_what_has_its_comment_is_not_said_again() -> None:
    found = report(diagnostic(), diagnostic("another", 20), cc=CC, jobs=("a-job",))
    first = review(found, EMPTY)
    again = review(report(diagnostic(line=30), diagnostic("another", 41), cc=CC, jobs=("a-job",)), after(EMPTY, first))
    assert [type(write) for write in again.writes] == [PutCheckRun]
    more = posted(review(report(diagnostic(), diagnostic("a third", 5), cc=CC, jobs=("a-job",)), after(EMPTY, first)))
    assert more is not None
    assert len(more.comments) == 1
    assert "one more place" in more.body
    assert "@kubernetes" not in more.body
    assert "/test" not in more.body


def test_at_most_the_cap_stands_and_the_most_important_come_first() -> None:
    found = report(*warnings(25))
    first = review(found, EMPTY)
    made = posted(first)
    assert made is not None
    assert [each.line for each in made.comments] == list(range(1, 21))
    assert [each.line for each in checked(first).annotations] == [21, 22, 23, 24, 25]
    stands = after(EMPTY, first)
    assert posted(review(found, stands)) is None
    fixed = posted(review(report(*warnings(25)[3:]), stands))
    assert fixed is not None
    assert [each.line for each in fixed.comments] == [21, 22, 23]


def test_a_cap_of_none_leaves_all_to_the_check_run() -> None:
    made = review(report(*warnings(2)), EMPTY, configuration=Configuration(cap=0))
    assert posted(made) is None
    assert len(checked(made).annotations) == 2
    assert checked(made).conclusion == "neutral"


def test_the_sig_is_mentioned_in_the_body_with_where_to_look_for_data() -> None:
    made = posted(review(report(diagnostic(cc=True), cc=CC), EMPTY))
    assert made is not None
    lines = made.body.splitlines()
    assert f"cc {CC[0]}" in lines
    assert made.body.count("@") == 1
    for told in ("#sig-scalability", "/metrics", "pprof", "perf-dash", "artifacts"):
        assert told in made.body
    assert posted(review(report(diagnostic()), EMPTY)).body.count("@") == 0  # type: ignore[union-attr]


def test_nobody_is_mentioned_without_a_review() -> None:
    made = review(report(note(cc=True), cc=CC), EMPTY)
    assert not any("@" in str(write) for write in made.writes)


def test_jobs_stand_in_a_fence() -> None:
    made = review(report(diagnostic(), jobs=("pull-a", "pull-b")), EMPTY)
    review_body = posted(made).body  # type: ignore[union-attr]
    for text in (review_body, checked(made).summary):
        fence = text[text.index("```") : text.rindex("```")]
        assert fence == "```\n/test pull-a\n/test pull-b\n"
        outside = text.replace(fence, "")
        assert "/test" not in outside


def test_a_pending_review_of_our_own_is_removed_first() -> None:
    stale = dataclasses.replace(EMPTY, reviews=(StandingReview(5, "", True),))
    made = review(report(diagnostic()), stale)
    assert [type(write) for write in made.writes] == [DeletePendingReview, PostReview, PutCheckRun]
    assert not any(isinstance(write, DeletePendingReview) for write in review(report(), stale).writes)


def test_a_group_whose_places_change_is_edited() -> None:
    first = review(report(diagnostic(function="", related=(place("pkg/b.go"),))), EMPTY)
    stands = after(EMPTY, first)
    shifted = review(report(diagnostic(line=14, function="", related=(place("pkg/b.go", 9),))), stands)
    assert [type(write) for write in shifted.writes] == [PutCheckRun]
    grown = review(report(diagnostic(function="", related=(place("pkg/b.go"), place("pkg/c.go")))), stands)
    edits = [write for write in grown.writes if isinstance(write, EditComment)]
    assert [each.comment_id for each in edits] == [100]
    assert "pkg/c.go" in edits[0].body
    assert posted(grown) is None
    assert not any(
        isinstance(write, EditComment)
        for write in review(
            report(diagnostic(function="", related=(place("pkg/b.go"), place("pkg/c.go")))), after(stands, grown)
        ).writes
    )


def test_one_place_that_becomes_two_is_edited_not_posted() -> None:
    stands = after(EMPTY, review(report(diagnostic(function="Sync")), EMPTY))
    grown = review(report(diagnostic(function="", related=(place(),))), stands)
    assert posted(grown) is None
    edit = next(write for write in grown.writes if isinstance(write, EditComment))
    known = {words[0] for words in markers(edit.body) if len(words) == 1}
    assert {diagnostic(function="Sync").fingerprint, diagnostic(function="").fingerprint} <= known


def test_a_comment_whose_first_place_is_gone_names_where_the_rest_is() -> None:
    stands = after(EMPTY, review(report(diagnostic(function="", related=(place("pkg/b.go"),))), EMPTY))
    left = review(report(diagnostic(function="Other", path="pkg/b.go", line=3)), stands)
    edit = next(write for write in left.writes if isinstance(write, EditComment))
    assert "Now at [`pkg/b.go:3`]" in edit.body


def test_edits_are_limited() -> None:
    concerns = [f"concern {index}" for index in range(EDITS + 5)]
    stands = after(EMPTY, review(report(*(diagnostic(each) for each in concerns)), EMPTY))
    moved = review(report(*(diagnostic(each, path="pkg/z.go") for each in concerns)), stands)
    assert sum(isinstance(write, EditComment) for write in moved.writes) == EDITS


def test_without_room_for_comments_only_the_check_run_is_written() -> None:
    made = review(report(*warnings(2)), dataclasses.replace(EMPTY, may_comment=False))
    assert [type(write) for write in made.writes] == [PutCheckRun]
    assert "limit for comments" in checked(made).summary
    assert len(checked(made).annotations) == 2


def test_refused_lines_are_listed_in_the_check_run() -> None:
    first, second = warnings(2)
    made = review(report(first, second), dataclasses.replace(EMPTY, refused=frozenset({first.fingerprint})))
    assert [each.fingerprint for each in posted(made).comments] == [second.fingerprint]  # type: ignore[union-attr]
    assert [each.line for each in checked(made).annotations] == [first.line]
    assert "GitHub takes no comment" in checked(made).summary


def test_a_command_gets_an_answer_exactly_once() -> None:
    asked = request(command=source(), cause="command")
    nothing = review(report(files=3, lines=1200), EMPTY, asked)
    reply = next(write for write in nothing.writes if isinstance(write, PostReply))
    assert reply.body.startswith("> `/scalability-check`\n\nI read 3 files with 1,200 added lines and found nothing")
    assert not any(isinstance(write, PostReply) for write in review(report(), after(EMPTY, nothing), asked).writes)


def test_the_review_is_the_answer_to_a_command() -> None:
    asked = request(command=source(), cause="command")
    made = review(report(diagnostic()), EMPTY, asked)
    assert not any(isinstance(write, PostReply) for write in made.writes)
    again = review(report(diagnostic()), after(EMPTY, made), asked)
    assert not any(isinstance(write, PostReply) for write in again.writes)
    another = request(command=source(number=78), cause="command")
    reply = next(
        write
        for write in review(report(diagnostic()), after(EMPTY, made), another).writes
        if isinstance(write, PostReply)
    )
    assert "Nothing new" in reply.body


def test_a_command_hears_of_findings_that_could_not_be_comments() -> None:
    only = diagnostic()
    asked = request(command=source(), cause="command")
    made = review(report(only), dataclasses.replace(EMPTY, refused=frozenset({only.fingerprint})), asked)
    assert "one place" in next(write for write in made.writes if isinstance(write, PostReply)).body.replace(
        "1 place", "one place"
    )


def test_the_same_check_run_is_not_written_again_unless_it_was_asked_for() -> None:
    first = checked(review(report(note()), EMPTY))
    stands = dataclasses.replace(EMPTY, check_runs=(StandingCheckRun(3, CHECK_RUN, True, first.external_id, 1),))
    assert review(report(note()), stands).writes == ()
    assert checked(review(report(), stands)).check_run_id is None
    rerun = request(delivery="guid-1", cause="rerequested")
    fresh = checked(review(report(note()), stands, rerun))
    assert fresh.check_run_id is None
    done = dataclasses.replace(EMPTY, check_runs=(StandingCheckRun(4, CHECK_RUN, True, fresh.external_id, 1),))
    assert review(report(note()), done, rerun).writes == ()
    assert review(report(note()), done).writes == ()


def test_a_check_run_that_lacks_annotations_gets_the_rest() -> None:
    notes = report(*(note(f"note {index}", index + 1) for index in range(120)))
    whole = checked(review(notes, EMPTY))
    half = dataclasses.replace(EMPTY, check_runs=(StandingCheckRun(3, CHECK_RUN, True, whole.external_id, 50),))
    assert (checked(review(notes, half)).check_run_id, checked(review(notes, half)).sent) == (3, 50)


def test_a_deep_scan_has_a_check_run_of_its_own_which_it_completes() -> None:
    deep = request(depth="deep", cause="label")
    begun = checked(Review.started(EMPTY, request=deep, links=links()))
    assert (begun.name, begun.conclusion) == (DEEP_CHECK_RUN, None)
    stands = dataclasses.replace(EMPTY, check_runs=(StandingCheckRun(8, DEEP_CHECK_RUN, False, "", 0),))
    assert Review.started(stands, request=deep, links=links()).writes == ()
    ended = checked(review(report(), stands, deep))
    assert (ended.name, ended.conclusion, ended.check_run_id) == (DEEP_CHECK_RUN, "success", 8)


def test_a_check_run_never_fails_and_never_hangs() -> None:
    with pytest.raises(ValueError, match="created completed"):
        PutCheckRun(name=CHECK_RUN, head="f" * 40, conclusion=None, title="", summary="")


def test_a_review_that_was_set_aside_says_so() -> None:
    asked = request(command=source(), cause="command")
    made = Review.failed(EMPTY, request=asked, links=links())
    assert checked(made).conclusion == "neutral"
    assert "set aside" in checked(made).summary
    assert "Sorry" in next(write for write in made.writes if isinstance(write, PostReply)).body
    assert [type(write) for write in Review.failed(EMPTY, request=request(), links=links()).writes] == [PutCheckRun]


def test_words_are_answered_once() -> None:
    reply = Reply(repository="octo/kubernetes", number=1, answer="help", command=source(text="/scalability-check help"))
    first = Review.answer(EMPTY, reply=reply, links=links())
    assert [type(write) for write in first.writes] == [PostReply]
    assert Review.answer(after(EMPTY, first), reply=reply, links=links()).writes == ()


def test_the_text_is_what_people_read_first() -> None:
    text = review(report(diagnostic()), EMPTY).text
    assert "pkg/a.go:10\n`client.List` lists all pods." in text
    assert "check run scalability: neutral" in text
    assert "<!--" not in text
    assert comments.unfolded("a\n\n<details>x</details>\n\nb") == "a\n\nb"
