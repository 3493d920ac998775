"""The section of a KEP: what lines show with their links, what is open, and never a "no"."""

from analyzers.analysis.readiness import Shown
from analyzers.analysis.report import Skipped
from analyzers.kubernetes.production_readiness import QUESTIONS, Topic
from analyzers.kubernetes.requests.asked import Asked, Side
from bot import readiness
from bot.review import Review
from bot.writes import DEEP_CHECK_RUN, PostReply, PostReview, PutCheckRun, Write
from tests.bot.scene import Scene, assignment, diagnostic, links, note, place, report, review, source

SHOWN = (
    Shown(Topic.OBJECTS, "`PodSpec.Parts`, `[]Part`", (place("pkg/api/types.go", 7), place("pkg/api/v1/types.go", 9))),
    Shown(Topic.CLOUD, "`routes.ListRoutes`, see `octo/kubernetes#5` and @somebody", (place(),)),
)
ASKED = (Asked("kubelet", "GET", "secrets", "resource", Side(), Side(1, looped=1), "pkg/kubelet/kubelet.go", 11),)


def text(*shown: Shown, **changes: object) -> str:
    return "\n\n".join(readiness.answer(report(readiness=shown, **changes), links()))


def parts(whole: str) -> dict[str, str]:
    found = dict(each.split("\n", 1) for each in whole.split("###### ")[1:])
    return {question.topic: found[question.heading] for question in QUESTIONS}


def test_every_question_has_its_heading_and_what_is_shown_has_its_lines() -> None:
    told = parts(text(*SHOWN, asked=ASKED))
    permanent = f"https://github.com/octo/kubernetes/blob/{'f' * 40}/pkg/api/types.go#L7"
    assert f"- `PodSpec.Parts`, `[]Part` ([`pkg/api/types.go:7`]({permanent}), " in told[Topic.OBJECTS]
    assert "| kubelet | GET | `secrets` | resource | - | 1 place, in a loop |" in told[Topic.CALLS]


def test_what_is_not_shown_is_a_question_and_never_a_no() -> None:
    told = parts(text())
    assert all("Not seen in this change's code: " in each and "- [ ] " in each for each in told.values())
    assert "- [ ] Is there any, in code outside this change?" in told[Topic.TYPES]
    assert "- [ ] Which test shows that limit?" in told[Topic.NODE]


def test_nobody_is_notified_and_no_trace_is_left() -> None:
    assert "@somebody" not in text(*SHOWN).replace("`@somebody`", "")


def test_what_was_not_read_is_said_before_all() -> None:
    whole = text(skipped=(Skipped("", "the analysis took longer than 240 s"), Skipped("a.go", "it is large")))
    assert whole.index("**Not read**") < whole.index("### Scalability")
    assert "- all files: the analysis took longer than 240 s" in whole and "- `a.go`: it is large" in whole


def test_the_command_is_answered_with_the_section_also_beside_a_review(scene: Scene) -> None:
    asked = scene.asked(source(text="/scalability-check prr", verb="prr"), source(number=78), depth="deep")
    found = report(diagnostic(), readiness=SHOWN)
    scene.post(found, asked)
    [answer] = [each.body for each in scene.pull.comments]
    assert answer.startswith("> `/scalability-check prr`") and "`PodSpec.Parts`" in answer
    assert len(scene.bodies) == 1, "the other command has its answer in the review"
    assert "issue_comment-78-check" in scene.bodies[0], "which says so"
    assert "issue_comment-77-prr" not in scene.bodies[0], "and does not say that this one was answered"
    scene.post(found, asked)
    assert len(scene.pull.comments) == 1 and len(scene.bodies) == 1


def test_a_deep_review_s_summary_holds_the_section_folded(scene: Scene) -> None:
    made: tuple[Write, ...] = ()

    def compose(standing: object) -> Review:
        nonlocal made
        found = review(report(note(), readiness=SHOWN), standing, assignment(depth="deep"))  # type: ignore[arg-type]
        made = found.writes
        return found

    scene.write(compose)
    [check_run] = [each for each in made if isinstance(each, PutCheckRun)]
    assert check_run.name == DEEP_CHECK_RUN
    assert "<details><summary>The Scalability questions" in check_run.summary and "`PodSpec.Parts`" in check_run.summary
    assert not any(isinstance(each, PostReply | PostReview) for each in made)
    [usual] = [each for each in scene_writes(scene) if isinstance(each, PutCheckRun)]
    assert "Scalability questions" not in usual.summary


def scene_writes(scene: Scene) -> tuple[Write, ...]:
    made: list[Write] = []

    def compose(standing: object) -> Review:
        found = review(report(note()), standing, assignment())  # type: ignore[arg-type]
        made.extend(found.writes)
        return found

    scene.write(compose)
    return tuple(made)
