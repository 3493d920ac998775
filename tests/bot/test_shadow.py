from bot import shadow
from bot.shadow import Shadow
from tests.bot.scene import REPOSITORY, Scene, diagnostic, note, place, report, source


def test_a_shadow_writes_nothing_and_keeps_what_it_would_write(scene: Scene) -> None:
    scene.post(report(diagnostic(end_line=12), note()), page=Shadow(scene.github, scene.redis))
    assert scene.writes() == []
    review, check_run = shadow.read(scene.redis)
    assert (review.repository, review.number, review.write["write"]) == (REPOSITORY, 1, "PostReview")
    assert "pkg/a.go:10\n`client.List` lists all pods." in review.text
    assert review.write["comments"][0]["end_line"] == 12
    assert check_run.write["conclusion"] == "neutral"
    assert review.at <= check_run.at


def test_a_shadow_says_each_thing_once_as_the_bot_would(scene: Scene) -> None:
    page = Shadow(scene.github, scene.redis)
    cc = ("@a/b",)
    scene.post(report(diagnostic(), note(), cc=cc), page=page)
    scene.later()
    assert scene.post(report(diagnostic(), note(), cc=cc), page=page).writes == ()
    scene.repository.push(scene.pull, {"pkg/c.go": "// c\n"})
    scene.post(report(diagnostic(), diagnostic("another", 20), note(), cc=cc), page=page)
    kept = [each.write for each in shadow.read(scene.redis)]
    assert [each["write"] for each in kept] == ["PostReview", "PutCheckRun", "PostReview", "PutCheckRun"]
    assert [len(each["comments"]) for each in kept if each["write"] == "PostReview"] == [1, 1]
    assert ["@a/b" in each["body"] for each in kept if each["write"] == "PostReview"] == [True, False]


def test_a_shadow_edits_what_it_would_have_written(scene: Scene) -> None:
    page = Shadow(scene.github, scene.redis)
    scene.post(report(diagnostic(function="", related=(place("pkg/b.go"),))), page=page)
    grown = report(diagnostic(function="", related=(place("pkg/b.go"), place("pkg/c.go"))))
    scene.post(grown, page=page)
    assert [each.write["write"] for each in shadow.read(scene.redis)].count("EditComment") == 1
    assert scene.post(grown, page=page).writes == ()


def test_a_shadow_answers_a_command_once(scene: Scene) -> None:
    page = Shadow(scene.github, scene.redis)
    asked = scene.asked(source())
    scene.post(report(), asked, page=page)
    scene.later()
    scene.post(report(), asked, page=page)
    assert [each.write["write"] for each in shadow.read(scene.redis)].count("PostReply") == 1
    assert scene.writes() == []


def test_what_was_kept_is_read_for_one_pull_request(scene: Scene) -> None:
    page = Shadow(scene.github, scene.redis)
    scene.post(report(), page=page)
    assert len(list(shadow.read(scene.redis, REPOSITORY, 1))) == 1
    assert list(shadow.read(scene.redis, REPOSITORY, 2)) == []
    assert list(shadow.read(scene.redis, "octo/other")) == []
