"""Webhooks: signed as GitHub signs, logged, delivered again under the same id; and easy to forge for a test."""

import hashlib
import hmac
import json

from github import GithubIntegration

from tests.sandbox.conftest import NAME, Scene, as_app, text
from tests.sandbox.receiver import receiving
from workers.sandbox import SimulatedGitHub, deliver


def actions(github: SimulatedGitHub) -> list[str]:
    return [f"{found.event}.{found.action}" for found in github.delivered()]


def test_what_people_do_is_told(scene: Scene) -> None:
    repository, pull = scene.repository, scene.pull
    repository.push(pull, {"z": "z\n"})
    repository.commit({"r": "r\n"}, parent=pull.base_sha, branch="release")
    repository.move_base(pull, "release")
    repository.edit(pull, title="Better")
    repository.label(pull, "scalability/deep-scan")
    comment = repository.comment(pull, "guest", "/scalability-check")
    repository.edit_comment(pull, comment, "/scalability-check deep")
    repository.review(pull, "lead", "see below", [{"path": "a.txt", "line": 10, "body": "hm"}])
    repository.reply(pull, pull.review_comments[0], "guest", "indeed")
    repository.delete_review_comment(pull, pull.review_comments[1])
    repository.close(pull)
    repository.reopen(pull)
    draft = repository.open_pull({"y": "y\n"}, "Draft", draft=True)
    repository.ready(draft)
    assert actions(scene.github) == [
        "installation.created",
        "pull_request.opened",
        "pull_request.synchronize",
        "pull_request.edited",
        "pull_request.edited",
        "pull_request.labeled",
        "issue_comment.created",
        "issue_comment.edited",
        "pull_request_review.submitted",
        "pull_request_review_comment.created",
        "pull_request_review_comment.created",
        "pull_request_review_comment.deleted",
        "pull_request.closed",
        "pull_request.reopened",
        "pull_request.opened",
        "pull_request.ready_for_review",
    ]
    payloads = [json.loads(found.body) for found in scene.github.deliveries]
    assert payloads[2]["before"] != payloads[2]["after"] == pull.head_sha
    assert payloads[3]["changes"]["base"]["ref"]["from"] == "master"
    assert payloads[5]["label"]["name"] == "scalability/deep-scan"
    assert payloads[6]["comment"]["body"] == "/scalability-check" and "pull_request" in payloads[6]["issue"]
    assert payloads[7]["changes"]["body"]["from"] == "/scalability-check"
    assert payloads[9]["comment"]["line"] == 10
    number = next(iter(scene.github.state.installations))
    assert all(payload["installation"]["id"] == number for payload in payloads)
    assert payloads[1]["pull_request"]["head"]["repo"]["full_name"] == "contributor/kubernetes"


def test_a_delivery_is_signed_and_named_as_githubs(scene: Scene) -> None:
    with receiving() as receiver:
        scene.github.webhook_url = receiver.url
        scene.repository.comment(scene.pull, "guest", "hällo")
        sent = scene.github.delivered()[-1]
    ((headers, body),) = receiver.got
    secret = scene.github.webhook_secret.encode()
    assert headers["X-Hub-Signature-256"] == "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    assert (headers["X-GitHub-Event"], headers["X-GitHub-Delivery"]) == ("issue_comment", sent.guid)
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(scene.github.app_id)
    assert (sent.status_code, sent.status, sent.answer) == (202, "Accepted", b"ok")


def test_an_outdated_comment_is_told_with_null(scene: Scene) -> None:
    scene.repository.review(scene.pull, "lead", "b", [{"path": "a.txt", "line": 10, "body": "hm"}])
    scene.repository.push(scene.pull, {"a.txt": text("other")})
    scene.repository.delete_review_comment(scene.pull, scene.pull.review_comments[0])
    told = json.loads(scene.github.deliveries[-1].body)["comment"]
    assert told["line"] is None and told["position"] is None and told["original_line"] == 10


def test_without_a_receiver_deliveries_wait(scene: Scene) -> None:
    scene.repository.comment(scene.pull, "guest", "one")
    assert {found.status for found in scene.github.delivered()} == {"pending"}
    assert list(deliveries(as_app(scene.github))) == []


def deliveries(app: GithubIntegration, query: str = "") -> list[dict[str, object]]:
    return list(app.requester.requestJsonAndCheck("GET", f"/app/hook/deliveries{query}")[1])


def test_failures_are_listed_and_delivered_again(scene: Scene) -> None:
    app = as_app(scene.github)
    with receiving() as receiver:
        scene.github.webhook_url = receiver.url
        receiver.status = 503
        scene.repository.comment(scene.pull, "guest", "one")
        scene.repository.comment(scene.pull, "guest", "two")
        scene.github.delivered()
        receiver.status = 202
        scene.repository.comment(scene.pull, "guest", "three")
        scene.github.delivered()
        failed = deliveries(app, "?status=failure")
        assert [found["status_code"] for found in failed] == [503, 503]
        assert [found["status_code"] for found in deliveries(app, "?status=success")] == [202]
        headers, page = app.requester.requestJsonAndCheck("GET", "/app/hook/deliveries?per_page=2")
        assert len(page) == 2 and "cursor=" in headers["link"]
        _, rest = app.requester.requestJsonAndCheck("GET", headers["link"].split("<")[1].split(">")[0])
        assert [found["id"] for found in rest] == [failed[1]["id"]]
        app.requester.requestJsonAndCheck("POST", f"/app/hook/deliveries/{failed[1]['id']}/attempts")
        attempt = scene.github.delivered()[-1]
    assert (attempt.guid, attempt.redelivery, attempt.status_code) == (failed[1]["guid"], True, 202)
    first, again = receiver.got[0], receiver.got[-1]
    assert first[1] == again[1] and first[0]["X-GitHub-Delivery"] == again[0]["X-GitHub-Delivery"]
    _, shown = app.requester.requestJsonAndCheck("GET", f"/app/hook/deliveries/{attempt.id}")
    assert shown["request"]["payload"]["comment"]["body"] == "one" and shown["response"]["payload"] == "ok"


def test_no_one_there_is_a_failed_delivery(scene: Scene) -> None:
    with receiving() as receiver:
        gone = receiver.url
    scene.github.webhook_url = gone
    scene.repository.comment(scene.pull, "guest", "one")
    sent = scene.github.delivered()[-1]
    assert (sent.status_code, sent.status.split(":")[0]) == (0, "failed to connect")


def test_a_delivery_sent_by_hand_can_come_twice_or_be_forged(scene: Scene) -> None:
    scene.repository.comment(scene.pull, "guest", "one")
    delivery = scene.github.deliveries[-1]
    with receiving() as receiver:
        assert deliver(delivery, receiver.url) == 202
        receiver.status = 401
        assert deliver(delivery, receiver.url, secret="another") == 401
    (true, forged) = receiver.got
    assert true[1] == forged[1] and true[0]["X-GitHub-Delivery"] == forged[0]["X-GitHub-Delivery"]
    assert true[0]["X-Hub-Signature-256"] != forged[0]["X-Hub-Signature-256"]


def test_ping_and_where_hooks_go(scene: Scene) -> None:
    with receiving() as receiver:
        scene.github.webhook_url = receiver.url
        scene.github.ping()
        scene.github.delivered()
        _, config = as_app(scene.github).requester.requestJsonAndCheck("GET", "/app/hook/config")
    assert (
        receiver.got[0][0]["X-GitHub-Event"] == "ping"
        and json.loads(receiver.got[0][1])["hook_id"] == scene.github.app_id
    )
    assert config["url"] == receiver.url and config["secret"] == "********"


def test_where_the_app_is_not_installed_it_is_told_nothing(github: SimulatedGitHub) -> None:
    stranger = github.repository("stranger/kubernetes", installed=False)
    stranger.commit({"a": "a\n"})
    stranger.open_pull({"b": "b\n"})
    assert github.deliveries == []


def test_one_selected_repository_only(github: SimulatedGitHub) -> None:
    github.repository("octo/one", installed=False)
    github.repository("octo/two", installed=False)
    github.install("octo", ["one"])
    for name in ("one", "two"):
        repository = github.repository(f"octo/{name}", installed=False)
        repository.commit({"a": "a\n"})
        repository.open_pull({"b": "b\n"})
    told = [
        json.loads(found.body)["repository"]["name"] for found in github.deliveries if found.event == "pull_request"
    ]
    assert told == ["one"]
    assert NAME not in github.state.repositories
