import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.report import Report
from bot.deliveries import EVENTS, Delivery, Malformed
from bot.links import Links
from bot.review import Review
from bot.review_request import Assignment, Depth, Reply, ReviewRequest
from bot.settings import Secret, Settings
from bot.standing import Standing
from bot.triggers import MOST_RULES, NOTHING_REMEMBERED, Action, Ignored, Remembered, requests
from bot.writes import PutCheckRun
from tests.bot.payloads import (
    APP_ID,
    HEAD,
    SECRET,
    Payload,
    check_run,
    comment,
    envelope,
    labeled,
    person,
    pull_request,
    review,
    review_comment,
    signed,
)

SETTINGS = Settings(
    app_id=APP_ID,
    webhook_secrets=(Secret(SECRET),),
    repositories=("octo/*",),
    bot_login="scalability-bot[bot]",
)
BOT = person("scalability-bot[bot]", "Bot")


def asked(
    event: str, payload: Payload, remembered: Remembered = NOTHING_REMEMBERED, settings: Settings = SETTINGS
) -> list[Action] | Ignored:
    return requests(Delivery.from_http(*signed(event, payload), settings.webhook_secrets), settings, remembered)


def the_review(event: str, payload: Payload, **more: Any) -> ReviewRequest:
    actions = asked(event, payload, **more)
    assert isinstance(actions, list), actions
    (action,) = [each for each in actions if isinstance(each, ReviewRequest)]
    # Who asks in a comment sees at once that it was heard.
    heard = [each.answer for each in actions if isinstance(each, Reply)]
    assert heard == (["received"] if action.command else [])
    return action


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("opened", {}),
        ("synchronize", {}),
        ("reopened", {}),
        ("ready_for_review", {}),
        ("edited", {"changes": {"base": {"ref": {"from": "x"}}}}),
    ],
)
def test_an_event_says_to_look_at_the_pull_request_and_which_head_it_named(action: str, more: Payload) -> None:
    assert the_review("pull_request", pull_request(action, **more)) == ReviewRequest(
        repository="octo/kubernetes", number=12, head=HEAD, cause=action, installation=99, author="alice"
    )


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("edited", {"changes": {"title": {"from": "a"}}}),
        ("edited", {"changes": {"body": {"from": "a"}}}),
        ("assigned", {}),
        ("unlabeled", {}),
        ("converted_to_draft", {}),
        ("", {}),
    ],
)
def test_other_changes_of_a_pull_request_are_ignored(action: str, more: Payload) -> None:
    assert isinstance(asked("pull_request", pull_request(action, **more)), Ignored)


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened"])
def test_a_draft_waits(action: str) -> None:
    ignored = asked("pull_request", pull_request(action, draft=True))
    assert ignored == Ignored("a draft waits until it is ready for review")


def test_a_draft_is_reviewed_when_somebody_asks() -> None:
    assert the_review("pull_request", labeled(draft=True)).depth == "deep"
    assert the_review("issue_comment", comment("/scalability-check")).cause == "command"


@pytest.mark.parametrize("draft", [False, True])
def test_closing_asks_for_a_look_and_waits_for_no_head(draft: bool) -> None:
    request = the_review("pull_request", pull_request("closed", draft=draft))
    assert (request.cause, request.head, request.again) == ("closed", "", "")


def test_the_label_asks_for_a_deep_scan_of_the_newest_head() -> None:
    request = the_review("pull_request", labeled())
    assert (request.depth, request.head, request.cause, request.again) == ("deep", "", "label", "d-1")


def test_the_label_is_the_operators_unless_the_repository_has_its_own() -> None:
    settings = dataclasses.replace(SETTINGS, deep_scan_label="Deep")
    assert the_review("pull_request", labeled("deep"), settings=settings).depth == "deep"
    assert isinstance(asked("pull_request", labeled(), settings=settings), Ignored)
    remembered = Remembered(label="sig/scalability")
    assert the_review("pull_request", labeled("sig/scalability"), remembered=remembered).depth == "deep"
    assert isinstance(asked("pull_request", labeled(), remembered), Ignored)


@pytest.mark.parametrize("sender", [BOT, person("other[bot]", "Bot")])
def test_a_label_that_a_bot_set_is_nobodys_wish(sender: Payload) -> None:
    assert asked("pull_request", labeled(sender=sender)) == Ignored("a bot set the label")


def test_the_sigs_label_that_follows_the_bots_own_mention_is_its_echo() -> None:
    payload = labeled("sig/scalability", sender=person("k8s-ci-robot"))
    echo = Remembered(label="sig/scalability", just_mentioned=True)
    assert isinstance(asked("pull_request", payload, echo), Ignored)
    assert the_review("pull_request", payload, remembered=Remembered(label="sig/scalability")).depth == "deep"
    # Another label is no echo of a mention.
    assert the_review("pull_request", labeled(), remembered=Remembered(just_mentioned=True)).depth == "deep"


@pytest.mark.parametrize(
    ("event", "payload", "kind", "comment_id"),
    [
        ("issue_comment", comment("/scalability-check"), "issue_comment", 700),
        ("pull_request_review_comment", review_comment("/scalability-check"), "review_comment", 701),
        ("pull_request_review", review("/scalability-check"), "review", 702),
    ],
)
def test_a_command_is_heard_wherever_people_write(event: str, payload: Payload, kind: str, comment_id: int) -> None:
    request = the_review(event, payload)
    assert (request.number, request.head, request.depth, request.cause) == (12, "", "normal", "command")
    assert request.command is not None
    assert (request.command.kind, request.command.id, request.command.author) == (kind, comment_id, "alice")
    assert request.command.text == "/scalability-check"


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("issue_comment", comment("/scalability-check", "deleted")),
        ("issue_comment", comment(None)),
        ("issue_comment", comment("no command")),
        ("issue_comment", comment("/scalability-check", on_issue=True)),
        ("pull_request_review", review(None)),
        ("pull_request_review", review("/scalability-check", "dismissed")),
        ("pull_request_review_comment", review_comment("/scalability-check", "deleted")),
        ("issue_comment", comment("/scalability-check", "edited")),
        ("issue_comment", comment("/scalability-check", "edited", before="/scalability-check")),
    ],
)
def test_other_comments_are_ignored(event: str, payload: Payload) -> None:
    assert isinstance(asked(event, payload), Ignored)


@pytest.mark.parametrize(
    ("author", "sender"), [(BOT, BOT), (person("renovate[bot]", "Bot"), None), (person(), BOT), (BOT, person())]
)
def test_bots_comments_are_never_commands(author: Payload, sender: Payload | None) -> None:
    payload = comment("/scalability-check", author=author, sender=sender, association="MEMBER")
    assert asked("issue_comment", payload) == Ignored("bots' comments are never commands")


def test_an_edit_asks_for_what_is_new_in_it_and_counts_as_another_request() -> None:
    first = the_review("issue_comment", comment("/scalability-check"))
    again = the_review("issue_comment", comment("/scalability-check", "edited", before="hello"))
    assert first.command and again.command
    assert again.command.key != first.command.key


@pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR"])
def test_trusted_people_get_deep_scans_and_a_sign_at_once(association: str) -> None:
    actions = asked("issue_comment", comment("/scalability-check deep", association=association))
    assert isinstance(actions, list)
    seen, deep = actions
    assert isinstance(seen, Reply) and isinstance(deep, ReviewRequest)
    assert (seen.answer, deep.depth, deep.head) == ("received", "deep", "")


@pytest.mark.parametrize(
    "association", ["CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN", "NONE", ""]
)
def test_others_are_told_that_deep_scans_are_not_for_them(association: str) -> None:
    actions = asked("issue_comment", comment("/scalability-check deep", association=association))
    assert isinstance(actions, list)
    (reply,) = actions
    assert isinstance(reply, Reply)
    assert reply.answer == "deep-not-allowed"


def test_the_section_of_a_kep_is_a_deep_scan_with_its_own_answer() -> None:
    actions = asked("issue_comment", comment("/scalability-check prr", association="MEMBER"))
    assert isinstance(actions, list)
    seen, deep = actions
    assert isinstance(seen, Reply) and isinstance(deep, ReviewRequest)
    assert (seen.answer, deep.depth) == ("received", "deep")
    assert deep.command is not None and deep.command.verb == "prr"
    actions = asked("issue_comment", comment("/scalability-check prr", association="NONE"))
    assert isinstance(actions, list)
    (reply,) = actions
    assert isinstance(reply, Reply)
    assert (reply.answer, reply.deep_review().command) == ("deep-not-allowed", reply.command)


@pytest.mark.parametrize(("association", "answer"), [("MEMBER", "results"), ("CONTRIBUTOR", "results-not-allowed")])
def test_results_are_fetched_for_trusted_people(association: str, answer: str) -> None:
    body = "/scalability-check results https://prow.k8s.io/view/gs/B/1 ci-perf"
    actions = asked("issue_comment", comment(body, association=association))
    assert isinstance(actions, list)
    (reply,) = actions
    assert isinstance(reply, Reply)
    assert (reply.answer, reply.words) == (answer, ("https://prow.k8s.io/view/gs/B/1", "ci-perf"))


def test_who_edits_a_members_comment_is_no_member() -> None:
    payload = comment("/scalability-check deep", "edited", before="", association="OWNER", sender=person("mallory"))
    actions = asked("issue_comment", payload)
    assert isinstance(actions, list)
    (reply,) = actions
    assert isinstance(reply, Reply)
    assert (reply.answer, reply.command.author) == ("deep-not-allowed", "mallory")


def test_words_are_answered_with_words() -> None:
    body = "/scalability-check help\n/scalability-check explain Explicit-List\n/scalability-check now"
    actions = asked("issue_comment", comment(body))
    assert isinstance(actions, list)
    replies = [action for action in actions if isinstance(action, Reply)]
    assert [(reply.answer, reply.words) for reply in replies] == [
        ("help", ()),
        ("explain", ("explicit-list",)),
        ("unknown", ()),
    ]
    assert len({reply.command.key for reply in replies}) == 3


def test_our_own_check_run_is_run_again_on_request() -> None:
    request = the_review("check_run", check_run(pull_requests=[{"number": 12, "id": 1}]))
    assert (request.number, request.head, request.depth, request.cause) == (12, "", "normal", "rerequested")
    # The list is empty for a pull request from a fork: the number is in external_id then.
    deep = the_review("check_run", check_run(external_id="12ab99f0#345 d-7", name="scalability deep scan"))
    assert (deep.number, deep.depth) == (345, "deep")


@pytest.mark.parametrize("depth", ["normal", "deep"])
def test_the_check_runs_that_a_review_writes_are_known_again(depth: Depth) -> None:
    asked_for = Assignment(repository="octo/kubernetes", number=345, head=HEAD, base="main", depth=depth, again=True)
    written = Review.of(
        Report(),
        Standing(head=HEAD),
        assignment=asked_for,
        configuration=Configuration(),
        links=Links("octo/kubernetes", HEAD, "https://github.com"),
    ).writes
    (run,) = [write for write in written if isinstance(write, PutCheckRun)]
    request = the_review("check_run", check_run(name=run.name, external_id=run.external_id))
    assert (request.number, request.depth) == (345, depth)


@pytest.mark.parametrize(
    "payload",
    [
        check_run(app_id=APP_ID + 1, external_id="x#12"),
        check_run(app=None, external_id="x#12"),
        check_run(external_id="x#12", name="scalability results"),  # a run of a job is looked at again by command
        check_run("completed", external_id="x#12"),
        check_run("created", external_id="x#12"),
        check_run(),
        check_run(external_id="12ab99f0 d-7"),
    ],
)
def test_other_check_runs_are_ignored(payload: Payload) -> None:
    assert isinstance(asked("check_run", payload), Ignored)


def test_repositories_that_are_not_served_are_ignored_and_noted() -> None:
    ignored = asked("pull_request", pull_request(repository="elsewhere/kubernetes"))
    assert ignored == Ignored("elsewhere/kubernetes is not covered by REPOSITORIES", notable=True)


def test_an_installation_elsewhere_is_noted() -> None:
    payload = {"action": "created", "installation": {"id": 1, "account": person("elsewhere")}}
    ignored = asked("installation", payload)
    assert isinstance(ignored, Ignored) and ignored.notable and "elsewhere" in ignored.reason


def test_the_app_asks_github_for_the_events_that_something_is_done_on() -> None:
    manifest = yaml.safe_load(Path(__file__).parents[2].joinpath("app.yml").read_text())
    assert {*manifest["default_events"], "ping"} == EVENTS


@pytest.mark.parametrize("event", ["ping", "push", "check_suite", "star"])
def test_other_events_are_ignored(event: str) -> None:
    assert isinstance(asked(event, envelope("created")), Ignored)


def test_a_ping_needs_no_repository() -> None:
    assert asked("ping", {"zen": "Design for failure.", "hook_id": 1}) == Ignored("pong")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("pull_request", envelope("opened")),
        ("pull_request", pull_request(head="main")),
        ("pull_request", pull_request(number=0)),
        ("pull_request", {**labeled(), "label": None}),
        ("issue_comment", envelope("created")),
        ("issue_comment", {**comment("/scalability-check"), "issue": None}),
        ("pull_request_review", envelope("submitted")),
        ("check_run", envelope("rerequested")),
        ("pull_request", pull_request(repository="octo/..")),
    ],
)
def test_a_payload_without_what_its_event_has_is_malformed(event: str, payload: Payload) -> None:
    with pytest.raises(Malformed):
        asked(event, payload, settings=dataclasses.replace(SETTINGS, repositories=("*/*",)))


def test_without_an_installation_in_the_payload_it_stays_unknown() -> None:
    payload = pull_request()
    del payload["installation"]
    assert the_review("pull_request", payload).installation is None


def test_one_comment_counts_as_one_command_of_each_kind_however_many_lines_it_has() -> None:
    many = "/scalability-check deep\n" * 150 + "\n/scalability-check\n\n/scalability-check\n"
    actions = asked("issue_comment", comment(many, association="MEMBER"))
    assert isinstance(actions, list)
    reviews = [action for action in actions if isinstance(action, ReviewRequest)]
    assert [action.depth for action in reviews] == ["deep", "normal"]
    assert len(actions) == 4


def test_the_rules_of_one_comment_are_explained_together() -> None:
    body = "\n".join(f"/scalability-check explain rule-{number}" for number in (1, 2, 2, 3, 4, 5, 6, 7))
    actions = asked("issue_comment", comment(body))
    assert isinstance(actions, list)
    (reply,) = actions
    assert isinstance(reply, Reply)
    assert reply.words == tuple(f"rule-{number}" for number in range(1, MOST_RULES + 1))


@pytest.mark.parametrize("verb", ["dismiss", "restore"])
def test_what_to_leave_out_is_for_trusted_people_to_say(verb: str) -> None:
    for association, answer in (("MEMBER", verb), ("CONTRIBUTOR", "dismiss-not-allowed")):
        actions = asked("issue_comment", comment(f"/scalability-check {verb} value-receiver", association=association))
        assert isinstance(actions, list)
        (reply,) = actions
        assert isinstance(reply, Reply)
        assert reply.answer == answer


def test_a_command_in_a_thread_names_the_thread() -> None:
    payload = review_comment("/scalability-check dismiss", association="OWNER")
    payload["comment"]["in_reply_to_id"] = 31
    actions = asked("pull_request_review_comment", payload)
    assert isinstance(actions, list)
    (reply,) = actions
    assert isinstance(reply, Reply)
    assert (reply.command.thread, reply.words) == (31, ())
