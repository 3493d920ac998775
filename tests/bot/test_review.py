import dataclasses

import pytest

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diagnostic import Level
from analyzers.analysis.report import Report, Skipped
from bot import comments
from bot.acceptance.figures import Demotion, Figures
from bot.check_runs import ExternalId
from bot.markers import marker, markers
from bot.review import Review
from bot.review_request import Answer, Reply
from bot.standing import Standing, StandingCheckRun, StandingComment, StandingReview
from bot.timers import DEFAULT
from bot.writes import (
    CHECK_RUN,
    DEEP_CHECK_RUN,
    DeletePendingReview,
    EditComment,
    EditReview,
    PostReply,
    PostReview,
    PutCheckRun,
    ResolveThread,
)
from tests.bot.scene import RULE, assignment, diagnostic, links, note, place, report, review, source, warnings

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
                    StandingComment(index, each.body, each.path, each.end_line, review_id=9)
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
            case EditReview():
                changed = [
                    dataclasses.replace(each, body=write.body) if each.review_id == write.review_id else each
                    for each in standing.reviews
                ]
                standing = dataclasses.replace(standing, reviews=tuple(changed))
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
    concerns = [f"concern {index}" for index in range(DEFAULT.edits + 5)]
    stands = after(EMPTY, review(report(*(diagnostic(each) for each in concerns)), EMPTY))
    moved = review(report(*(diagnostic(each, path="pkg/z.go") for each in concerns)), stands)
    assert sum(isinstance(write, EditComment) for write in moved.writes) == DEFAULT.edits


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
    asked = assignment(1, source())
    nothing = review(report(files=3, lines=1200), EMPTY, asked)
    reply = next(write for write in nothing.writes if isinstance(write, PostReply))
    assert reply.body.startswith("> `/scalability-check`\n\nI read 3 files with 1,200 added lines and found nothing")
    assert not any(isinstance(write, PostReply) for write in review(report(), after(EMPTY, nothing), asked).writes)


def test_the_review_is_the_answer_to_a_command() -> None:
    asked = assignment(1, source())
    made = review(report(diagnostic()), EMPTY, asked)
    assert not any(isinstance(write, PostReply) for write in made.writes)
    again = review(report(diagnostic()), after(EMPTY, made), asked)
    assert not any(isinstance(write, PostReply) for write in again.writes)
    another = assignment(1, source(number=78))
    reply = next(
        write
        for write in review(report(diagnostic()), after(EMPTY, made), another).writes
        if isinstance(write, PostReply)
    )
    assert "Nothing new" in reply.body


def test_a_command_hears_of_findings_that_could_not_be_comments() -> None:
    only = diagnostic()
    asked = assignment(1, source())
    made = review(report(only), dataclasses.replace(EMPTY, refused=frozenset({only.fingerprint})), asked)
    assert "one place" in next(write for write in made.writes if isinstance(write, PostReply)).body.replace(
        "1 place", "one place"
    )


def standing_run(number: int, external_id: str, name: str = CHECK_RUN, completed: bool = True) -> Standing:
    return dataclasses.replace(EMPTY, check_runs=(StandingCheckRun(number, name, completed, external_id),))


def test_there_is_one_check_run_and_it_is_brought_up_to_date() -> None:
    first = checked(review(report(note()), EMPTY))
    assert first.check_run_id is None
    stands = standing_run(3, first.external_id)
    assert review(report(note()), stands).writes == ()
    assert checked(review(report(), stands)).check_run_id == 3
    # Another base, another way to end: the same check run.
    assert checked(review(report(note()), stands, assignment(base="release"))).check_run_id == 3
    rerun = checked(review(report(note()), stands, assignment(again=True)))
    assert (rerun.check_run_id, rerun.external_id) == (3, first.external_id)


def test_another_pull_request_with_the_same_head_has_a_check_run_of_its_own() -> None:
    first = checked(review(report(note()), EMPTY, assignment(1)))
    made = checked(review(report(note()), standing_run(3, first.external_id), assignment(2)))
    assert made.check_run_id is None
    assert made.external_id != first.external_id


def test_a_check_run_that_lacks_annotations_is_written_again() -> None:
    whole = checked(review(report(note()), EMPTY))
    identity = ExternalId.read(whole.external_id)
    assert identity is not None
    part = str(dataclasses.replace(identity, state="part"))
    assert checked(review(report(note()), standing_run(3, part))).check_run_id == 3


def test_the_check_run_says_how_the_review_ended() -> None:
    def state(made: Review) -> str:
        identity = ExternalId.read(checked(made).external_id)
        assert identity is not None
        return identity.state

    assert state(review(report(diagnostic()), EMPTY)) == "done"
    short = dataclasses.replace(EMPTY, may_comment=False)
    assert state(review(report(diagnostic()), short)) == "retry"
    assert state(review(report(note()), short)) == "done"
    assert state(review(report(diagnostic()), EMPTY, assignment(silent=True))) == "done"
    assert state(Review.failed(EMPTY, assignment=assignment(), links=links())) == "failed"


def test_a_head_from_before_the_bot_served_gets_its_check_run_alone() -> None:
    made = review(report(*warnings(2)), EMPTY, assignment(silent=True))
    assert [type(write) for write in made.writes] == [PutCheckRun]


def test_a_deep_scan_has_a_check_run_of_its_own_which_it_completes() -> None:
    deep = assignment(depth="deep")
    begun = checked(Review.started(EMPTY, assignment=deep, links=links()))
    assert (begun.name, begun.conclusion) == (DEEP_CHECK_RUN, None)
    stands = standing_run(8, begun.external_id, DEEP_CHECK_RUN, completed=False)
    assert Review.started(stands, assignment=deep, links=links()).writes == ()
    ended = checked(review(report(), stands, deep))
    assert (ended.name, ended.conclusion, ended.check_run_id) == (DEEP_CHECK_RUN, "success", 8)
    again = checked(Review.started(standing_run(8, ended.external_id, DEEP_CHECK_RUN), assignment=deep, links=links()))
    assert (again.check_run_id, again.conclusion) == (8, None)


def test_a_check_run_never_fails_and_never_hangs() -> None:
    with pytest.raises(ValueError, match="created completed"):
        PutCheckRun(name=CHECK_RUN, head="f" * 40, conclusion=None, title="", summary="")


def test_a_review_that_was_set_aside_says_so() -> None:
    asked = assignment(1, source())
    made = Review.failed(EMPTY, assignment=asked, links=links())
    assert checked(made).conclusion == "neutral"
    assert "set aside" in checked(made).summary
    assert "Sorry" in next(write for write in made.writes if isinstance(write, PostReply)).body
    assert [type(write) for write in Review.failed(EMPTY, assignment=assignment(), links=links()).writes] == [
        PutCheckRun
    ]


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


# --- reviews that keep themselves up ------------------------------------------------------------------------------------

BEFORE = "package a\n\nfunc Sync() {\n\tfor {\n\t\tlist()\n\t}\n}\n\nfunc Other() {\n\tother()\n}\n"
FIXED = BEFORE.replace("\tfor {\n\t\tlist()\n\t}\n", "\tonce()\n")
AT = {"line": 5, "function": "Sync"}


def pushed(standing: Standing, letter: str) -> Standing:
    return dataclasses.replace(standing, head=letter * 40, check_runs=())


def edits(made: Review) -> list[EditComment]:
    return [write for write in made.writes if isinstance(write, EditComment)]


@pytest.fixture
def stands() -> Standing:
    """A comment on pkg/a.go, in a review of two."""
    made = review(
        report(diagnostic(**AT), diagnostic("another", 10, function="Other")), EMPTY, texts={"pkg/a.go": BEFORE}
    )
    return after(EMPTY, made)


def rest() -> object:
    return diagnostic("another", 8, function="Other")


def test_a_fix_is_said_in_the_comment_and_in_the_review(stands: Standing) -> None:
    fixed = review(report(rest()), pushed(stands, "a"), texts={"pkg/a.go": FIXED})
    [edit] = edits(fixed)
    assert edit.body.startswith("**Fixed in aaaaaaa.**\n\n<details>")
    assert "lists all pods" in edit.body
    assert posted(fixed) is None
    [text] = [write for write in fixed.writes if isinstance(write, EditReview)]
    assert "one place in this change may cost more than it seems to (of 2, 1 is fixed)" in text.body
    assert markers(text.body) == markers(stands.reviews[0].body)
    again = after(pushed(stands, "a"), fixed)
    assert [type(write) for write in review(report(rest()), again, texts={"pkg/a.go": FIXED}).writes] == [PutCheckRun]
    all_fixed = review(report(), pushed(again, "b"), texts={"pkg/a.go": "package a\n"})
    [text] = [write for write in all_fixed.writes if isinstance(write, EditReview)]
    assert text.body.startswith("All that I found here is fixed.")


def test_code_that_is_allowed_is_not_called_fixed(stands: Standing) -> None:
    text = BEFORE.split("\n")
    text.insert(4, f"//scalability:allow {RULE} `it` is @small")
    allowed = {"pkg/a.go": "\n".join(text)}
    said = review(report(rest()), pushed(stands, "a"), texts=allowed)
    [edit] = edits(said)
    assert edit.body.startswith("**Allowed in aaaaaaa**: `` `it` is @small ``\n\n<details>")
    then = after(pushed(stands, "a"), said)
    first = then.comments[0]
    assert (first.allowed, first.fixed, then.why_dismissed(first)) == (True, False, "allowed")
    assert edits(review(report(rest()), pushed(then, "b"), texts=allowed)) == []
    # Mended after all, or told again.
    [edit] = edits(review(report(rest()), pushed(then, "b"), texts={"pkg/a.go": FIXED}))
    assert edit.body.startswith("**Fixed in bbbbbbb.**") and ("allowed", "a" * 7) not in markers(edit.body)
    [edit] = edits(review(report(diagnostic(**AT), rest()), pushed(then, "b"), texts={"pkg/a.go": BEFORE}))
    assert edit.body.startswith("`client.List` lists all pods.")


def test_a_demoted_rule_is_told_in_the_check_run_alone_and_its_comments_stay(stands: Standing) -> None:
    demoted = (Demotion("octo/kubernetes", RULE, Figures({"posted": 30, "stood": 29, "fixed": 1, "pulls": 25})),)
    as_notices = report(
        dataclasses.replace(diagnostic(**AT), level=Level.NOTICE, inline=False),
        note("more of it", 30),
    )
    for standing in (EMPTY, pushed(stands, "a")):
        made = review(as_notices, standing, texts={"pkg/a.go": BEFORE}, demoted=demoted)
        assert [type(write) for write in made.writes] == [PutCheckRun]
        run = checked(made)
        assert f"`{RULE}` is listed here and not on lines" in run.summary
        assert "of 30 comments on 25 closed pull requests in the last 26 weeks 1 was addressed and 0" in run.summary
        assert f"`rules: {{{RULE}: warning}}` in `.github/scalability.yaml`" in run.summary
        assert run.annotations == () and "lists all pods" in run.text
    # Nothing is said of a rule that found nothing, and the annotations of others stay.
    other = report(note("a note", 30, analyzer="explicit-list"))
    run = checked(review(other, EMPTY, demoted=demoted))
    assert "listed here and not on lines" not in run.summary and len(run.annotations) == 1


def test_what_people_dismissed_is_no_place_of_the_review_any_more(stands: Standing) -> None:
    first, second = stands.comments
    resolved = dataclasses.replace(second, resolved=True, dismisser="lead")
    standing = dataclasses.replace(pushed(stands, "a"), comments=(first, resolved))
    fixed = review(report(rest()), standing, texts={"pkg/a.go": FIXED})
    [text] = [write for write in fixed.writes if isinstance(write, EditReview)]
    assert text.body.startswith("All that I found here is fixed or dismissed. Thank you!\n")
    # It is restored, and the other one comes back.
    back = after(standing, fixed)
    [first, second] = back.comments
    again = dataclasses.replace(pushed(back, "b"), comments=(first, dataclasses.replace(second, dismisser="")))
    undone = review(report(diagnostic(**AT), rest()), again, texts={"pkg/a.go": BEFORE})
    [text] = [write for write in undone.writes if isinstance(write, EditReview)]
    assert "2 places in this change may cost more than they seem to. " in text.body


def test_what_comes_back_is_undone(stands: Standing) -> None:
    was = [*(each.body for each in stands.comments), *(each.body for each in stands.reviews)]
    both = report(diagnostic(**AT), rest())
    fixed = after(pushed(stands, "a"), review(report(rest()), pushed(stands, "a"), texts={"pkg/a.go": FIXED}))
    back = after(pushed(fixed, "f"), review(both, pushed(fixed, "f"), texts={"pkg/a.go": BEFORE}))
    first = back.comments[0]
    assert (first.edited, first.fixed) == (True, False)
    # For those who read it, all is as before.
    undone = first.body.replace("\n" + marker("edited", "f" * 7), "")
    assert [undone, *(each.body for each in back.comments[1:]), *(each.body for each in back.reviews)] == was


def test_lines_that_moved_are_no_fix_and_no_news(stands: Standing) -> None:
    moved = report(diagnostic(line=55, function="Sync"), diagnostic("another", 61, function="Other"))
    made = review(moved, pushed(stands, "a"), texts={"pkg/a.go": "// x\n" * 50 + BEFORE})
    assert [type(write) for write in made.writes] == [PutCheckRun]


@pytest.mark.parametrize(
    "why",
    ["unchanged", "unread", "rule-failed", "budget", "another-version", "demoted", "off", "ignored", "not-looked-at"],
)
def test_what_is_merely_no_longer_said_is_not_called_fixed(
    stands: Standing, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, texts, configuration = report(rest()), {"pkg/a.go": FIXED}, Configuration()
    match why:
        case "unchanged":
            texts = {"pkg/a.go": "// elsewhere\n" + BEFORE}
        case "unread":
            found = dataclasses.replace(found, skipped=(Skipped("pkg/a.go", "it is too deep"),))
        case "rule-failed":
            found = dataclasses.replace(found, skipped=(Skipped("", "rule value-receiver failed (KeyError)"),))
        case "budget":
            found = dataclasses.replace(found, skipped=(Skipped("", "the analysis took longer than 60 s"),))
        case "another-version":
            monkeypatch.setattr("analyzers.catalogue.version", lambda name: "00000000")
        case "demoted":
            found = report(rest(), dataclasses.replace(diagnostic(**AT), level=Level.NOTICE, inline=False))
        case "off":
            configuration = Configuration(rules={"value-receiver": "off"})
        case "ignored":
            configuration = Configuration(ignore=("pkg/",))
        case "not-looked-at":
            texts = {}
    made = review(found, pushed(stands, "a"), texts=texts, configuration=configuration)
    assert edits(made) == []


def test_another_rule_that_failed_hinders_no_fix(stands: Standing) -> None:
    found = dataclasses.replace(report(rest()), skipped=(Skipped("", "rule hot-alloc failed (KeyError)"),))
    assert len(edits(review(found, pushed(stands, "a"), texts={"pkg/a.go": FIXED}))) == 1


def test_a_file_that_is_gone_took_its_findings_along(stands: Standing) -> None:
    assert len(edits(review(report(), pushed(stands, "a"), texts={"pkg/a.go": None}))) == 2


def test_a_thread_in_which_people_talked_keeps_its_text(stands: Standing) -> None:
    talked = dataclasses.replace(
        stands, comments=tuple(dataclasses.replace(each, talked=True) for each in stands.comments)
    )
    [edit] = edits(review(report(rest()), pushed(talked, "a"), texts={"pkg/a.go": FIXED}))
    said = comments.unfolded(stands.comments[0].body)
    assert comments.unfolded(edit.body) == f"**Fixed in aaaaaaa.**\n\n{said}"


def test_a_review_that_a_person_rewrote_is_left_alone(stands: Standing) -> None:
    rewritten = dataclasses.replace(stands, reviews=(StandingReview(9, "Please look at these.\n", False),))
    made = review(report(rest()), pushed(rewritten, "a"), texts={"pkg/a.go": FIXED})
    assert not any(isinstance(write, EditReview) for write in made.writes)


def test_threads_are_resolved_where_the_operator_wants_it(stands: Standing) -> None:
    with_threads = dataclasses.replace(
        stands, comments=tuple(dataclasses.replace(each, thread=f"T{each.comment_id}") for each in stands.comments)
    )
    fixed = review(report(rest()), pushed(with_threads, "a"), texts={"pkg/a.go": FIXED}, resolve_threads=True)
    assert [write for write in fixed.writes if isinstance(write, ResolveThread)] == [ResolveThread("T100", True)]
    resolved = after(pushed(with_threads, "a"), fixed)
    resolved = dataclasses.replace(
        resolved, comments=tuple(dataclasses.replace(each, resolved=each.fixed) for each in resolved.comments)
    )
    both = report(diagnostic(**AT), rest())
    back = review(both, pushed(resolved, "f"), texts={"pkg/a.go": BEFORE}, resolve_threads=True)
    assert [write for write in back.writes if isinstance(write, ResolveThread)] == [ResolveThread("T100", False)]


def test_fixes_count_among_the_edits_of_a_head() -> None:
    concerns = [diagnostic(f"concern {index}", 5, function="Sync") for index in range(DEFAULT.edits + 5)]
    made = review(report(*concerns), EMPTY, texts={"pkg/a.go": BEFORE})
    fixed = review(report(), pushed(after(EMPTY, made), "a"), texts={"pkg/a.go": FIXED})
    assert len(edits(fixed)) == DEFAULT.edits


# --- dismissals -----------------------------------------------------------------------------------------------------------


def said(standing: Standing, answer: Answer, *words: str, thread: int = 0) -> Standing:
    reply = Reply(
        repository="octo/kubernetes",
        number=1,
        answer=answer,
        words=words,
        command=dataclasses.replace(source(number=500 + len(standing.replies)), verb=answer, thread=thread),
    )
    return after(standing, Review.answer(standing, reply=reply, links=links()))


@pytest.mark.parametrize("words", [("value-receiver", "it", "is", "small"), ("all",), ("thread",)])
def test_what_is_dismissed_is_silent_until_it_is_restored(stands: Standing, words: tuple[str, ...]) -> None:
    both = report(diagnostic(**AT), rest(), cc=CC)
    thread = 100 if words == ("thread",) else 0
    quiet = said(stands, "dismiss", *(() if thread else words), thread=thread)
    left = 1 if thread else 0
    made = review(both, pushed(quiet, "a"))
    assert edits(made) == []
    assert checked(made).conclusion == ("neutral" if left else "success")
    assert ("1 was" if left else "2 were") + " dismissed on this pull request" in checked(made).summary
    more = review(report(*both.diagnostics, diagnostic("a third", 20)), pushed(quiet, "a"))
    assert (posted(more) is not None) == bool(left)
    loud = said(quiet, "restore", *(() if thread else words[:1]), thread=thread)
    assert checked(review(both, pushed(loud, "a"))).text == checked(review(both, pushed(stands, "a"))).text
    assert posted(review(both, pushed(loud, "a"))) is None


def test_a_thread_that_a_person_resolved_is_dismissed_and_restored_with_all(stands: Standing) -> None:
    first = dataclasses.replace(stands.comments[0], resolved=True, dismisser="reviewer")
    quiet = dataclasses.replace(stands, comments=(first, *stands.comments[1:]))
    both = report(diagnostic(**AT), rest())
    assert "1 was dismissed" in checked(review(both, pushed(quiet, "a"))).summary
    # Fixed meanwhile, it stays as it is; and who resolves what says that it is fixed has dismissed nothing.
    assert edits(review(report(rest()), pushed(quiet, "a"), texts={"pkg/a.go": FIXED})) == []
    loud = said(quiet, "restore")
    assert "dismissed" not in checked(review(both, pushed(loud, "a"))).summary


def test_who_resolves_what_is_fixed_dismisses_nothing(stands: Standing) -> None:
    fixed = after(pushed(stands, "a"), review(report(rest()), pushed(stands, "a"), texts={"pkg/a.go": FIXED}))
    first = dataclasses.replace(fixed.comments[0], resolved=True, dismisser="author")
    closed = dataclasses.replace(fixed, comments=(first, *fixed.comments[1:]))
    back = review(report(diagnostic(**AT), rest()), pushed(closed, "f"), texts={"pkg/a.go": BEFORE})
    assert len(edits(back)) == 1


def test_a_dismissal_that_names_nothing_is_asked_back(stands: Standing) -> None:
    for words in ((), ("value-reciever",)):
        asked = said(stands, "dismiss", *words)
        assert "Name a rule or `all`" in asked.replies[-1]
        assert "dismissed" not in checked(review(report(diagnostic(**AT), rest()), pushed(asked, "a"))).summary
    assert "Did you mean `value-receiver`" in asked.replies[-1]


def test_a_comment_that_a_person_deleted_stays_deleted_when_its_places_change() -> None:
    two = report(diagnostic(function="", related=(place("pkg/b.go"),)))
    standing = dataclasses.replace(after(EMPTY, review(two, EMPTY)), comments=())
    for left in (diagnostic(function="Sync"), diagnostic(function="", related=(place("pkg/c.go"), place("pkg/d.go")))):
        assert posted(review(report(left), pushed(standing, "a"))) is None
    one = dataclasses.replace(after(EMPTY, review(report(diagnostic(function="Sync")), EMPTY)), comments=())
    assert posted(review(two, pushed(one, "a"))) is None
    assert posted(review(report(diagnostic("something else", 3)), pushed(one, "a"))) is not None
