"""The pages: what stands on a pull request, in place; and nothing else that could run, load or be framed."""

import http.client
import re
import urllib.error
import urllib.request
from pathlib import Path
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
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert (
        re.findall("<script.*?>", page) == ['<script type="module" src="/-/static/follow.js">']
        and "<img" not in page
        and "&lt;script&gt;alert(2)" in page
    )
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


def test_the_page_says_that_the_bot_is_waited_for(scene: Scene) -> None:
    assert "Waiting for the review" not in get(scene, PULL)  # nobody listens
    scene.github.webhook_url = "http://127.0.0.1:9/webhook"
    assert "Waiting for the review" in get(scene, PULL)
    scene.seen.create_check_run("scalability", scene.pull.head_sha, status="completed", conclusion="success")
    assert "Waiting for the review" not in get(scene, PULL)


def test_whatever_happens_changes_the_pages_version(scene: Scene) -> None:
    seen = [get(scene, f"{PULL}/version")]
    review = {"event": "COMMENT", "comments": [{"path": "a.txt", "line": 10, "body": "c"}]}

    def changed() -> None:
        now = get(scene, f"{PULL}/version")
        assert now not in seen
        seen.append(now)

    assert get(scene, f"{PULL}/version") == seen[0]
    scene.seen_pull.create_review(**review)  # type: ignore[arg-type]
    changed()
    thread = scene.pull.review_comments[0]
    for form in (
        {"do": "reply", "thread": str(thread.id), "body": "why?"},
        {"do": "react", "comment": str(thread.id), "content": "+1"},
        {"do": "resolve", "thread": str(thread.id)},
        {"do": "label", "label": "x"},
        {"do": "unlabel", "label": "x"},
        {"do": "comment", "body": "hello"},
        {"do": "close"},
    ):
        assert act(scene, **form) == 303
        if form["do"] != "unlabel":
            changed()
    scene.seen.create_check_run("n", scene.pull.head_sha)
    changed()


def test_people_reply_react_and_resolve(scene: Scene) -> None:
    scene.seen_pull.create_review(event="COMMENT", comments=[{"path": "a.txt", "line": 10, "body": "c"}])  # type: ignore[list-item]
    (root,) = scene.pull.review_comments
    assert act(scene, do="reply", thread=str(root.id), body="a reply", login="someone-else") == 303
    reply = scene.pull.review_comments[1]
    assert (reply.in_reply_to, reply.user.login, reply.body) == (root.id, "someone-else", "a reply")
    assert act(scene, do="react", comment=str(root.id), content="-1") == 303
    assert [reaction.content for reaction in root.reactions] == ["-1"]
    assert act(scene, do="resolve", thread=str(root.id)) == 303 and root.resolved_by is not None
    assert "Resolved by contributor" in get(scene, PULL)
    assert act(scene, do="unresolve", thread=str(root.id)) == 303 and root.resolved_by is None
    assert act(scene, do="react", comment=str(root.id), content="<script>") == 400
    assert act(scene, do="reply", thread="1", body="x") == act(scene, do="react", comment="x", content="+1") == 404
    assert act(scene, do="reply", thread=str(root.id), body="x", login="no login!") == 422


def test_a_label_is_taken_away(scene: Scene) -> None:
    act(scene, do="label", label="sig/scalability", player="member")
    assert "Take sig/scalability away" in get(scene, PULL)
    assert act(scene, do="unlabel", label="sig/scalability", player="member") == 303 and not scene.pull.labels
    assert act(scene, do="unlabel", label="sig/scalability") == 422


DIFF = """\
diff --git a/b/c.txt b/b/c.txt
--- a/b/c.txt
+++ b/b/c.txt
@@ -1 +1,2 @@
 c
+more
diff --git a/fresh.txt b/fresh.txt
new file mode 100644
--- /dev/null
+++ b/fresh.txt
@@ -0,0 +1 @@
+fresh
"""


def test_another_change_is_pushed_from_a_pasted_diff(scene: Scene) -> None:
    before = scene.pull.head_sha
    # A form sends its lines with a carriage return each; hunk headers written by hand are counted anew.
    assert act(scene, do="push", diff=DIFF.replace("+1,2", "+1,9").replace("\n", "\r\n"), message="More") == 303
    git = scene.repository.git
    assert scene.pull.head_sha != before and git.commit_record(scene.pull.head_sha).parents == (before,)
    changed = {change.path: change.additions for change in git.changes(before, scene.pull.head_sha)}
    assert changed == {"b/c.txt": 1, "fresh.txt": 1}
    assert "More" in get(scene, f"{PULL}/commits")
    for wrong in ("", "hello", DIFF, "--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n"):
        assert act(scene, do="push", diff=wrong) == 422


def test_a_second_pull_request_is_opened_from_a_pasted_diff(scene: Scene) -> None:
    def opened(**form: str) -> int:
        address = urlsplit(scene.github.git_url)
        connection = http.client.HTTPConnection(address.netloc)
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": scene.github.git_url}
        connection.request("POST", f"/{NAME}/pulls/open", urlencode(form), sent)
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    assert opened(title="A second", diff=DIFF, login="newcomer") == 303
    pull = scene.repository.record.pulls[2]
    assert (pull.title, pull.user.login, pull.association) == ("A second", "newcomer", "NONE")
    assert scene.github.delivered()[-1].action == "opened"
    assert opened(title=" ", diff=DIFF) == opened(title="x", diff="x") == 422
    assert "Open a pull request from a diff" in get(scene, "/")


def test_checks_and_commits_have_tabs(scene: Scene) -> None:
    assert "No check has been reported" in get(scene, f"{PULL}/checks")
    output = {"title": "seen", "summary": "**all**"}
    scene.seen.create_check_run(
        "scalability", scene.pull.head_sha, status="completed", conclusion="neutral", output=output
    )
    page = get(scene, f"{PULL}/checks")
    assert "<strong>all</strong>" in page and 'aria-current="page">Checks' in page
    assert "Change lines" in get(scene, f"{PULL}/commits")


def test_the_page_says_what_is_kept(scene: Scene) -> None:
    assert "begins anew" not in get(scene, "/")
    scene.github.state.kept_in = Path("data/<sandbox>")
    assert "without the folder <code>data/&lt;sandbox&gt;</code> it begins anew" in get(scene, "/")


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
