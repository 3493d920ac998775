"""What stands in the sandbox stands there after a restart, every page of it; what cannot be read is begun anew."""

import json
import stat
import urllib.request
from pathlib import Path

import pytest

from tests.sandbox.conftest import NAME, Scene, client
from workers.sandbox import SimulatedGitHub, keeping
from workers.sandbox.changes import add_reaction

PAGES = ("", f"{NAME}/pull/1", *(f"{NAME}/pull/1/{tab}" for tab in ("files", "commits", "checks", "version")))


def pages(github: SimulatedGitHub) -> list[str]:
    """Give what people see, without the address, which may be another one after a restart."""
    shown = []
    for page in PAGES:
        with urllib.request.urlopen(f"{github.git_url}/{page}") as answer:
            shown.append(answer.read().decode().replace(github.git_url, ""))
    return shown


def lived_in(scene: Scene) -> None:
    """Have everything happen that leaves a trace."""
    repository, pull = scene.repository, scene.pull
    repository.member("lead", "MEMBER")
    repository.comment(pull, "lead", "A comment <with> `signs`")
    places = [{"path": "a.txt", "line": line, "body": f"on {line}"} for line in (10, 31)]
    scene.seen_pull.create_review(event="COMMENT", body="The review", comments=places)  # type: ignore[arg-type]
    first, second = pull.review_comments
    repository.reply(pull, first, "lead", "a reply")
    repository.resolve(second, "contributor")
    add_reaction(scene.github.state, first.reactions, pull.user, "+1")
    repository.label(pull, "sig/scalability", "lead")
    repository.push(pull, {"b/c.txt": "c\nmore\n"}, "More")
    output = {"title": "seen", "summary": "all", "annotations": []}
    scene.seen.create_check_run("scalability", pull.head_sha, status="completed", conclusion="neutral", output=output)
    with client(scene.github, scene.github.personal_token("robot").value) as api:
        api.get_repo(NAME).get_commit(pull.head_sha).create_status("success", context="ci", description="well")
    scene.github.state.fixes[pull.id] = {"a.txt": "fixed\n", "gone.txt": None}


def test_all_that_people_see_is_there_again(scene: Scene, tmp_path: Path) -> None:
    lived_in(scene)
    shown = pages(scene.github)
    assert all("on 10" in page for page in shown[1:3]) and "seen" in shown[4]
    keeping.keep(scene.github.state, tmp_path)
    with SimulatedGitHub(scene.github.folder, private_key=scene.github.private_key) as again:
        assert keeping.restore(again.state, tmp_path)
        assert pages(again) == shown
        # It goes on: what is one thing in two places is one thing, and nothing new has the number of something old.
        pull = again.repository(NAME).record.pulls[1]
        assert pull.user is again.state.user("contributor") and pull.base_ref == "master"
        assert again.state.fixes == {pull.id: {"a.txt": "fixed\n", "gone.txt": None}}
        known = [comment.id for comment in pull.review_comments] + [review.id for review in pull.reviews]
        with client(again, again.token().value) as api:
            seen = api.get_repo(NAME).get_pull(1)
            assert {each.id for each in seen.get_review_comments()} == {each.id for each in pull.review_comments}
            assert seen.create_issue_comment("new").id > max(known)
        again.repository(NAME).push(pull, {"a.txt": "other\n"})
        assert again.delivered()[-1].action == "synchronize" and pull.review_comments[0].current is None


def test_what_is_kept_is_private_and_holds_no_token(scene: Scene, tmp_path: Path) -> None:
    token = scene.github.token().value
    keeping.keep(scene.github.state, tmp_path)
    file = tmp_path / keeping.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in file.read_text() and scene.github.private_key[:80] not in file.read_text()


def test_deliveries_are_not_kept_for_ever(scene: Scene, tmp_path: Path) -> None:
    for number in range(keeping.DELIVERIES):
        scene.repository.edit(scene.pull, title=f"Title {number}")
    keeping.keep(scene.github.state, tmp_path)
    with SimulatedGitHub(scene.github.folder, private_key=scene.github.private_key) as again:
        assert keeping.restore(again.state, tmp_path)
        assert [each.guid for each in again.deliveries] == [
            each.guid for each in scene.github.deliveries[-keeping.DELIVERIES :]
        ]


@pytest.mark.parametrize("wrong", ["", "[]", "{}", "cut", "another version", "a record too few", "no such repository"])
def test_what_cannot_be_read_is_left_alone(scene: Scene, tmp_path: Path, wrong: str) -> None:
    keeping.keep(scene.github.state, tmp_path)
    file = tmp_path / keeping.FILE
    kept = json.loads(file.read_text())
    if wrong == "cut":
        file.write_text(file.read_text()[:-10])
    elif wrong == "another version":
        file.write_text(json.dumps({**kept, "version": [["User", "id"]]}))
    elif wrong == "a record too few":
        file.write_text(json.dumps({**kept, "records": kept["records"][:-1]}))
    elif wrong != "no such repository":
        file.write_text(wrong)
    folder = tmp_path / "elsewhere" if wrong == "no such repository" else scene.github.folder
    with SimulatedGitHub(folder, private_key=scene.github.private_key) as again:
        before = vars(again.state).copy()
        assert not keeping.restore(again.state, tmp_path)
        assert vars(again.state) == before and not again.state.repositories
