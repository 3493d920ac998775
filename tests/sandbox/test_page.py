"""The pages: what stands on a pull request, in place; and nothing else that could run, load or be framed."""

import http.client
import re
import urllib.error
import urllib.request
from urllib.parse import urlencode, urlsplit

import pytest

from tests.sandbox.conftest import NAME, Scene
from workers.sandbox import load_sample

PULL = f"/{NAME}/pull/1"


def get(scene: Scene, path: str) -> str:
    with urllib.request.urlopen(f"{scene.github.git_url}{path}") as answer:
        return str(answer.read().decode())


def act(scene: Scene, path: str = PULL, headers: dict[str, str] | None = None, **form: str) -> int:
    address = urlsplit(scene.github.git_url)
    connection = http.client.HTTPConnection(address.netloc)
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": scene.github.git_url, **(headers or {})}
    try:
        connection.request("POST", f"{path}/act", urlencode(form), sent)
        return connection.getresponse().status
    finally:
        connection.close()


def test_comments_stand_on_their_lines(scene: Scene) -> None:
    scene.seen_pull.create_review(
        event="COMMENT", body="Two things", comments=[{"path": "a.txt", "line": 31, "body": "**here**"}]
    )
    page = get(scene, f"{PULL}/files")
    rows = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
    index = next(number for number, row in enumerate(rows) if ">new line<" in row)
    assert "<strong>here</strong>" in rows[index + 1] and "scalability-bot" in rows[index + 1]
    assert "Two things" in get(scene, PULL)


def test_annotations_stand_in_place_too(scene: Scene) -> None:
    annotations = [
        {"path": "a.txt", "start_line": 31, "end_line": 31, "annotation_level": "notice", "message": "in the diff"},
        {"path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "outside of it"},
    ]
    output = {"title": "t", "summary": "| a |\n|---|\n| b |", "annotations": annotations}
    scene.seen.create_check_run(
        "scalability", scene.pull.head_sha, status="completed", conclusion="neutral", output=output
    )
    page = get(scene, f"{PULL}/files")
    assert page.index("outside of it") < page.index(">new line<") < page.index("in the diff")
    conversation = get(scene, PULL)
    assert "neutral" in conversation and "<td>b</td>" in conversation


def test_outdated_comments_remain_in_the_conversation(scene: Scene) -> None:
    scene.seen_pull.create_review(event="COMMENT", comments=[{"path": "a.txt", "line": 10, "body": "was here"}])  # type: ignore[list-item]
    scene.repository.push(scene.pull, {"a.txt": "other\n"})
    assert "was here" not in get(scene, f"{PULL}/files")
    conversation = get(scene, PULL)
    assert "was here" in conversation and "outdated" in conversation and "line ten" in conversation


def test_nothing_foreign_runs_or_loads(scene: Scene) -> None:
    scene.repository.comment(
        scene.pull, "guest", '<script>alert(1)</script><img src=x onerror="alert(1)">![x](http://example.com/x.png)'
    )
    scene.repository.edit(scene.pull, title="<script>alert(2)</script>")
    with urllib.request.urlopen(f"{scene.github.git_url}{PULL}") as answer:
        page, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;alert(2)" in page
    assert set(re.findall(r'(?:src|href)="(https?://[^"]*)"', page)) == set()


def test_every_link_of_the_api_leads_to_a_page(scene: Scene) -> None:
    scene.seen_pull.create_review(event="COMMENT", body="b", comments=[{"path": "a.txt", "line": 10, "body": "c"}])
    output = {"title": "t", "summary": "s"}
    run = scene.seen.create_check_run("n", scene.pull.head_sha, status="completed", conclusion="neutral", output=output)
    comment = scene.seen_pull.create_issue_comment("hello")
    links = [scene.seen_pull.html_url, run.html_url, comment.html_url]
    links += [found.html_url for found in scene.seen_pull.get_reviews()] + [
        c.html_url for c in scene.seen_pull.get_review_comments()
    ]
    links += [next(iter(scene.seen_pull.get_files())).blob_url]
    for link in links:
        with urllib.request.urlopen(link) as answer:
            page, anchor = answer.read().decode(), urlsplit(answer.url).fragment or urlsplit(link).fragment
        assert not anchor or f'id="{anchor}"' in page, link
    assert f'href="{PULL}"' in get(scene, "/")


def test_a_person_can_act(scene: Scene) -> None:
    assert act(scene, do="comment", body="/scalability-check deep", player="member") == 303
    assert (scene.pull.comments[0].body, scene.pull.comments[0].association) == ("/scalability-check deep", "MEMBER")
    assert act(scene, do="label", label="scalability/deep-scan", player="member") == 303
    assert [label.name for label in scene.pull.labels] == ["scalability/deep-scan"]
    assert act(scene, do="close") == 303 and scene.pull.state == "closed"
    assert act(scene, do="reopen") == 303 and scene.pull.state == "open"
    assert act(scene, do="comment", body=" ") == 422
    assert act(scene, do="dance") == 400
    assert act(scene, f"/{NAME}/pull/9", do="close") == 404


def test_the_samples_fix_is_pushed_once(scene: Scene) -> None:
    pull = load_sample(scene.github)
    path, head = urlsplit(scene.github.page(pull)).path, pull.head_sha
    assert "Push the fix" in get(scene, path)
    assert act(scene, path, do="fix") == 303 and pull.head_sha != head
    assert "Push the fix" not in get(scene, path)
    assert act(scene, path, do="fix") == 400


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Host": "evil.example", "Origin": "http://evil.example"}, {"Origin": "null"}],
)
def test_another_sites_form_is_refused(scene: Scene, headers: dict[str, str]) -> None:
    assert act(scene, headers=headers, do="close") == 403
    assert scene.pull.state == "open"


def test_the_page_reloads_itself_until_the_bot_has_answered(scene: Scene) -> None:
    assert 'http-equiv="refresh"' not in get(scene, PULL)  # nobody listens
    scene.github.webhook_url = "http://127.0.0.1:9/webhook"
    assert 'http-equiv="refresh"' in get(scene, PULL)
    scene.seen.create_check_run("scalability", scene.pull.head_sha, status="completed", conclusion="success")
    assert 'http-equiv="refresh"' not in get(scene, PULL)


def test_what_is_not_there_is_not_found(scene: Scene) -> None:
    for path in (
        f"/{NAME}/pull/9",
        "/octo/nowhere/pull/1",
        f"/{NAME}/runs/1",
        f"/{NAME}/blob/master/nowhere",
        "/octo/nowhere/blob/a/b",
    ):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(scene, path)
