import pytest

from analyzers.analysis.diagnostic import code
from analyzers.analysis.report import Present, Skipped
from analyzers.kubernetes.requests.asked import Asked, Side
from bot import already_there, comments, summary
from bot.configuration import PATH, parse
from bot.links import Links
from bot.summary import Placed
from bot.writes import PutCheckRun
from tests.bot.scene import diagnostic, links, note, place, report


def told(*diagnostics: object, placed: Placed | None = None, **changes: object) -> PutCheckRun:
    return summary.check_run(report(*diagnostics, **changes), placed or Placed(), links())  # type: ignore[arg-type]


def test_a_warning_is_neutral_and_nothing_else_fails() -> None:
    assert told(diagnostic()).conclusion == "neutral"
    assert told(note()).conclusion == "success"
    assert told().conclusion == "success"


def test_the_title_counts() -> None:
    assert told(diagnostic(), note(), note("another")).title == "1 place worth a look, 2 smaller notes"
    assert told().title == "Nothing found"


def test_what_was_not_read_keeps_the_title_from_saying_that_nothing_is_there() -> None:
    failed = told(skipped=(Skipped("", "rule x failed"),))
    assert (failed.title, failed.conclusion) == ("Not everything could be read", "neutral")
    assert "rule x failed" in failed.summary
    some = told(note(), skipped=(Skipped("pkg/a.go", "too deep"),))
    assert (some.title, some.conclusion) == ("1 smaller note, not everything could be read", "success")
    assert told(skipped=(Skipped(PATH, "line 1: no rule"),)).title == "Nothing found"


def test_what_has_no_comment_is_annotated_in_plain_text() -> None:
    found = diagnostic()
    annotation = told(found, note()).annotations[0]
    assert (annotation.path, annotation.line, annotation.level, annotation.title) == (
        "pkg/a.go",
        10,
        "warning",
        found.analyzer,
    )
    assert annotation.message.startswith("client.List lists all pods. 150,000 pods every 15 s.")
    commented = told(found, note(), placed=Placed(commented=frozenset({found.fingerprint})))
    assert [each.level for each in commented.annotations] == ["notice"]


def test_everything_is_listed_with_its_estimate_and_its_places() -> None:
    found = diagnostic(related=(place("pkg/b.go", 3),))
    text = told(found).text
    assert f"blob/{'f' * 40}/pkg/a.go#L10" in text
    assert "Estimate: `5,000 nodes x 1 / 15 s = 333 QPS`." in text
    assert "[`pkg/b.go:3`]" in text


def test_what_has_its_comment_is_told_briefly() -> None:
    found = diagnostic()
    run = told(found, note(), placed=Placed(commented=frozenset({found.fingerprint})))
    assert "One has its comment on its lines; the rest is listed here." in run.summary
    told_briefly = run.text[run.text.index("### With a comment") : run.text.index("### Smaller notes")]
    assert "`client.List` lists all pods." in told_briefly
    assert "Estimate" not in told_briefly
    alone = told(found, placed=Placed(commented=frozenset({found.fingerprint})))
    assert "the rest" not in alone.summary


def test_the_limits_of_github_are_kept_whatever_was_found() -> None:
    many = [diagnostic(f"concern {index}", index + 1, construct="ü" * 2_000) for index in range(300)]
    run = told(*many, skipped=tuple(Skipped(f"pkg/{index}.go", "ü" * 2_000) for index in range(300)))
    assert len(run.text.encode()) <= summary.LONGEST
    assert len(run.summary.encode()) <= summary.LONGEST
    assert "more, which GitHub's limit for a check run leaves no room for" in run.text
    assert len(run.annotations) == summary.ANNOTATIONS
    assert "and 280 more" in run.summary


def test_a_text_is_cut_between_blocks() -> None:
    blocks = ["a" * 100, "```\ncode\n```", "b" * 400]
    assert (
        summary.fit(blocks, 300)
        == "a" * 100 + "\n\n```\ncode\n```\n\n… and 1 more, which GitHub's limit for a check run leaves no room for."
    )
    assert summary.fit(blocks, 10_000) == "\n\n".join(blocks)
    assert summary.fit(["a" * 400], 300).startswith("… and 1 more")


def test_what_was_not_read_is_said() -> None:
    run = told(skipped=(Skipped("pkg/@me.go", "too large: 3 MB"), Skipped("", "rule x failed")))
    assert "- `pkg/@me.go`: `too large: 3 MB`\n- `rule x failed`" in run.summary


def test_where_something_failed_nothing_found_is_not_said() -> None:
    for each in ("rule x failed", "the analysis took longer than 240 s: nothing of this change was judged"):
        run = told(skipped=(Skipped("", each),))
        assert (run.conclusion, run.title) == ("neutral", "Not everything could be read")
        assert each in run.summary
    assert told(note(), skipped=(Skipped("", "x"),)).title == "1 smaller note, not everything could be read"
    # One file that was left out is said, and is no failure.
    assert (told(skipped=(Skipped("a.go", "x"),)).conclusion, told().title) == ("success", "Nothing found")


def test_remarks_belong_to_no_line() -> None:
    assert (
        "- This touches the rate limits of all clients."
        in told(remarks=("This touches the rate limits of all clients.",)).summary
    )


def test_a_pull_request_that_changes_the_configuration_gets_it_validated() -> None:
    wrong = summary.check_run(report(), Placed(), links(), proposed=parse("cap: many"))
    assert f"{code(PATH)} has problems" in wrong.summary
    assert "line 1: `cap` must be a whole number" in wrong.summary
    right = summary.check_run(report(), Placed(), links(), proposed=parse("cap: 5"))
    assert f"{code(PATH)} is in order" in right.summary
    assert PATH not in told().summary


def test_problems_of_the_configuration_in_force_are_told() -> None:
    run = summary.check_run(report(), Placed(), links(), problems=parse("cap: many").problems)
    assert "base branch's" in run.summary
    assert "line 1: `cap` must be a whole number" in run.summary


def test_the_content_is_known_by_its_digest() -> None:
    assert told(note()).digest == told(note()).digest
    assert told(note()).digest != told(note(line=21)).digest
    assert told(note()).digest != told().digest


@pytest.mark.parametrize(
    ("markdown", "text"),
    [("`a.List` and ``b ` c`` end", "a.List and b ` c end"), ("no code", "no code"), ("`` `x` ``", "`x`")],
)
def test_annotations_are_plain_text(markdown: str, text: str) -> None:
    assert summary.plain(markdown) == text


def test_other_repositories_learn_where_the_jobs_are() -> None:
    assert comments.jobs(["a-job"], links()).startswith("To see the effect on a cluster, comment (jobs as of ")
    elsewhere = Links("octo/kueue", "f" * 40, "https://github.com")
    assert comments.jobs(["a-job"], elsewhere).startswith("In kubernetes/kubernetes, these jobs")


def asks(resource: str = "nodes", path: str = "pkg/a.go", after: Side | None = None) -> Asked:
    given = Side(1, 0, 0, 1.0, 5_000.0) if after is None else after
    return Asked("kubelet", "GET", resource, "resource", Side(1, 0, 0, 10.0, 500.0), given, path, 7)


def test_what_was_there_is_folded_and_no_comment() -> None:
    there = Present("pkg/a.go", 7, "Kubelet.report", "`GET of nodes`", "every 1 s", (place("pkg/b.go", 3, "Run"),))
    run = told(note(), present=(there,), asked=(asks(),))
    section = run.summary[run.summary.index("<details>") : run.summary.index("</details>")]
    assert f"/blob/{'f' * 40}/pkg/a.go#L7) `Kubelet.report`: `GET of nodes`; every 1 s (`Run`)" in section
    row = "| kubelet | GET | `nodes` | resource | 1 place, every 10 s, 500 a second | 1 place, every 1 s, 5,000 a second | "
    assert row in section
    assert run.title == "1 smaller note"
    assert len(run.annotations) == 1
    assert "GET of nodes" not in run.text
    assert comments.unfolded(run.summary) == told(note()).summary
    assert "<details>" not in told(note()).summary


def test_what_is_gone_is_no_link_and_a_pipe_ends_no_cell() -> None:
    (section,) = already_there.folded(report(asked=(asks("a|b", after=Side()),)), links())
    assert "| `a\\|b` | resource | 1 place, every 10 s, 500 a second | - | `pkg/a.go:7` |" in section


def test_much_that_was_there_is_counted_and_leaves_room() -> None:
    there = tuple(Present("ü" * 2_000, line, "ü" * 2_000, f"`{'ü' * 80}`") for line in range(1, 201))
    run = told(note(), present=there, asked=tuple(asks(f"r{number}", "ü" * 2_000) for number in range(100)))
    assert len(run.summary.encode()) <= summary.LONGEST
    assert "- and 175 more" in run.summary
    assert "\n\nand 75 more" in run.summary
    assert run.summary.endswith("</details>")
