import datetime
import threading
from typing import Any

import pytest
import rq
from redis import Redis, RedisError
from rq.job import Job
from rq.serializers import JSONSerializer

from bot.queue import COMMANDS, DEEP, FOUR_DAYS, MAINTAIN, MAINTENANCE, QUEUES, REPLY, REVIEW, REVIEWS, Queues, connect
from bot.review_request import CommandSource, Reply, ReviewRequest
from bot.settings import Secret
from bot.triggers import Drop, Remembered
from tests.bot.payloads import HEAD, OTHER_HEAD


@pytest.fixture
def queues(redis_connection: Redis) -> Queues:
    return Queues(redis_connection, job_timeout=77)


def source(number: int = 700, author: str = "alice", **more: Any) -> CommandSource:
    return CommandSource(kind="issue_comment", id=number, author=author, author_association="NONE", **more)


def push(head: str = HEAD, at: str = "2026-11-20T10:00:00Z", **changes: Any) -> ReviewRequest:
    fields = {"repository": "octo/kubernetes", "number": 12, "head": head, "cause": "synchronize", "updated_at": at}
    return ReviewRequest(**{**fields, **changes})


def asked(number: int = 700, author: str = "alice", **changes: Any) -> ReviewRequest:
    return push(head="", cause="command", command=source(number, author), **changes)


def close(at: str = "2026-11-20T11:00:00Z") -> Drop:
    return Drop(repository="octo/kubernetes", number=12, updated_at=at)


def ids(queues: Queues) -> dict[str, list[str]]:
    found = {name: rq.Queue(name, connection=queues.connection).get_job_ids() for name in QUEUES}
    return {name: jobs for name, jobs in found.items() if jobs}


def job(queues: Queues, job_id: str) -> Job:
    return Job.fetch(job_id, connection=queues.connection, serializer=JSONSerializer)


def test_a_job_carries_plain_data_to_a_function_named_by_a_string(queues: Queues) -> None:
    request = push(installation=99)
    submitted = queues.submit(request)
    assert (submitted.queue, submitted.outcome, submitted.job_id) == (REVIEWS, "queued", request.job_id)
    made = job(queues, request.job_id)
    assert (made.func_name, made.args, made.kwargs) == (REVIEW, [request.to_json()], {})
    assert ReviewRequest.from_json(made.args[0]) == request
    assert made.timeout == 77
    assert made.description == request.job_id  # RQ logs it: nothing of a comment's text


def test_a_job_is_retried_and_remembered_for_four_days(queues: Queues) -> None:
    for request in (push(), asked(), Reply(repository="a/b", number=1, answer="help", command=source(1))):
        made = job(queues, queues.submit(request).job_id)
        assert made.retries_left is not None and made.retries_left >= 3
        assert made.retry_intervals and made.retry_intervals == sorted(made.retry_intervals)
        assert made.result_ttl == made.failure_ttl == FOUR_DAYS
        assert queues.connection.ttl(made.key) == -1  # while it waits it never expires


def test_work_goes_to_its_queue(queues: Queues) -> None:
    queues.submit(push())
    queues.submit(asked())
    queues.submit(push(head="", cause="rerequested", delivery="d-3"))
    queues.submit(push(head="", depth="deep", cause="label", delivery="d-1"))
    queues.submit(push(head="", depth="deep", cause="command", command=source(5)))
    queues.submit(Reply(repository="octo/kubernetes", number=12, answer="help", command=source(6)))
    queues.enqueue(MAINTENANCE, MAINTAIN, None, "maintain-1")
    assert {name: len(jobs) for name, jobs in ids(queues).items()} == {REVIEWS: 1, COMMANDS: 3, DEEP: 2, MAINTENANCE: 1}


def test_the_same_again_is_harmless_while_it_waits_and_after_it_ran(queues: Queues) -> None:
    queues.submit(push())
    assert queues.submit(push()).outcome == "duplicate"
    queues.connection.delete(f"rq:queue:{REVIEWS}")  # a worker took it
    assert queues.submit(push()).outcome == "duplicate"
    assert ids(queues) == {}


def test_of_many_at_once_one_is_queued(redis_url: str) -> None:
    start = threading.Barrier(8)
    outcomes: list[str] = []

    def deliver() -> None:
        queues = Queues(connect(Secret(redis_url)))
        start.wait()
        outcomes.append(queues.submit(push()).outcome)
        queues.connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate"] * 7 + ["queued"]


def test_a_newer_push_takes_the_place_of_a_waiting_review(queues: Queues) -> None:
    other = push(number=121)  # its number begins alike
    queues.submit(other)
    queues.submit(push())
    newer = push(OTHER_HEAD, at="2026-11-20T10:05:00Z")
    assert queues.submit(newer).outcome == "queued"
    assert ids(queues) == {REVIEWS: [other.job_id, newer.job_id]}
    assert not queues.connection.exists(Job.key_for(push().job_id))


def test_a_push_leaves_alone_what_runs_and_what_people_asked_for(queues: Queues) -> None:
    deep, command = push(head="", depth="deep", cause="label", delivery="d-1"), asked()
    for request in (push(), deep, command):
        queues.submit(request)
    queues.connection.lpop(f"rq:queue:{REVIEWS}")  # a worker took it
    newer = push(OTHER_HEAD, at="2026-11-20T10:05:00Z")
    queues.submit(newer)
    assert ids(queues) == {REVIEWS: [newer.job_id], DEEP: [deep.job_id], COMMANDS: [command.job_id]}
    assert queues.connection.exists(Job.key_for(push().job_id))


def test_a_push_also_drops_a_review_that_waits_for_its_retry(queues: Queues) -> None:
    at = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    queues.enqueue(REVIEWS, REVIEW, push().to_json(), push().job_id, at=at)
    registry = "rq:scheduled:reviews"
    assert queues.connection.zcard(registry) == 1
    queues.submit(push(OTHER_HEAD, at="2026-11-20T10:05:00Z"))
    assert queues.connection.zcard(registry) == 0


def test_a_push_that_was_delivered_late_does_not_take_the_newer_ones_place(queues: Queues) -> None:
    newer = push(OTHER_HEAD, at="2026-11-20T10:05:00Z")
    queues.submit(newer)
    assert queues.submit(push()).outcome == "late"
    assert ids(queues) == {REVIEWS: [newer.job_id]}
    # What is late is not remembered as done: the same head may come back by another push.
    assert queues.submit(push(at="2026-11-20T10:10:00Z")).outcome == "queued"
    assert ids(queues) == {REVIEWS: [push().job_id]}


def test_without_a_time_a_review_is_taken_as_new(queues: Queues) -> None:
    queues.submit(push())
    assert queues.submit(push(OTHER_HEAD, at="")).outcome == "queued"
    assert len(ids(queues)[REVIEWS]) == 1


def test_closing_drops_all_waiting_reviews_and_tells_who_asked(queues: Queues) -> None:
    reply = Reply(repository="octo/kubernetes", number=12, answer="help", command=source(6))
    deep = push(head="", depth="deep", cause="command", command=source(5, "bob"))
    for request in (push(), asked(), deep, reply, push(number=13)):
        queues.submit(request)
    assert queues.drop(close()) == 3
    left = ids(queues)
    assert left.pop(REVIEWS) == [push(number=13).job_id]
    assert set(left) == {COMMANDS}
    answers = [Reply.from_json(job(queues, each).args[0]) for each in left[COMMANDS]]
    told = {(each.answer, each.command.author) for each in answers}
    assert told == {("help", "alice"), ("closed", "alice"), ("closed", "bob")}


def test_what_was_dropped_can_be_asked_for_again(queues: Queues) -> None:
    queues.submit(push())
    queues.drop(close())
    assert queues.submit(push(at="2026-11-20T12:00:00Z")).outcome == "queued"


def test_a_close_that_was_delivered_late_drops_nothing(queues: Queues) -> None:
    reopened = push(at="2026-11-20T12:00:00Z", cause="reopened", delivery="d-2")
    queues.submit(reopened)
    assert queues.drop(close()) == 0
    assert ids(queues) == {REVIEWS: [reopened.job_id]}


def test_a_push_from_before_the_close_is_late(queues: Queues) -> None:
    queues.drop(close())
    assert queues.submit(push()).outcome == "late"
    assert ids(queues) == {}


def test_three_commands_an_hour_are_run_then_one_is_told_then_silence(queues: Queues) -> None:
    requests = [asked(number) for number in range(1, 7)]
    allowed = [queues.limited(request) for request in requests]
    assert allowed[:3] == requests[:3]
    told = allowed[3]
    assert isinstance(told, Reply)
    assert (told.answer, told.command.id) == ("too-many", 4)
    assert allowed[4:] == [None, None]
    assert queues.limited(asked(9, author="bob")) == asked(9, author="bob")


def test_a_command_that_is_delivered_again_counts_once(queues: Queues) -> None:
    for _ in range(5):
        assert queues.limited(asked(1)) == asked(1)
    assert queues.limited(asked(2)) == asked(2)
    assert queues.limited(asked(3)) == asked(3)
    assert queues.limited(asked(1)) == asked(1)
    told = [queues.limited(asked(4)) for _ in range(3)]
    assert told[0] == told[1] == told[2]
    assert isinstance(told[0], Reply)


def test_people_have_room_again_as_the_hour_passes(queues: Queues) -> None:
    for number in range(1, 5):
        queues.limited(asked(number))
    # Their first command was an hour ago.
    key = "scalability-bot:commands:alice"
    assert 0 < queues.connection.ttl(key) <= 3600
    queues.connection.zincrby(key, -3601, asked(1).job_id)
    assert queues.limited(asked(5)) == asked(5)
    assert queues.limited(asked(6)) != asked(6)


def test_the_case_of_a_login_makes_no_other_person(queues: Queues) -> None:
    for number in range(1, 4):
        queues.limited(asked(number, author="Alice"))
    assert queues.limited(asked(4, author="alice")) != asked(4, author="alice")


def test_deep_scans_of_trusted_people_are_not_counted_but_refused_ones_are(queues: Queues) -> None:
    deep = push(head="", depth="deep", cause="command", command=source(5))
    for _ in range(9):
        assert queues.limited(deep) == deep
    refused = [
        Reply(repository="octo/kubernetes", number=12, answer="deep-not-allowed", command=source(number))
        for number in range(10, 16)
    ]
    answers = [reply.answer for each in refused if isinstance(reply := queues.limited(each), Reply)]
    assert answers == ["deep-not-allowed"] * 3 + ["too-many"]


def test_automatic_reviews_are_never_limited(queues: Queues) -> None:
    for number in range(1, 10):
        assert queues.limited(push(number=number)) == push(number=number)


def test_what_workers_note_reaches_the_receiver(queues: Queues) -> None:
    assert queues.remembered("octo/kubernetes", 12) == Remembered()
    queues.remember_label("Octo/kubernetes", "sig/scalability")
    queues.remember_mention("octo/kubernetes", 12)
    assert queues.remembered("octo/Kubernetes", 12) == Remembered(label="sig/scalability", just_mentioned=True)
    assert queues.remembered("octo/kubernetes", 13) == Remembered(label="sig/scalability")


def test_how_the_queues_stand(queues: Queues) -> None:
    queues.submit(push())
    queues.submit(push(number=13))
    key = Job.key_for(push().job_id)
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=10)
    queues.connection.hset(key, "enqueued_at", long_ago.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    standing = {each.queue: each for each in queues.waiting()}
    assert set(standing) == set(QUEUES)
    assert standing[REVIEWS].waiting == 2
    assert standing[REVIEWS].oldest_seconds >= 600
    assert standing[DEEP].waiting == standing[DEEP].oldest_seconds == 0


def test_a_server_that_restarted_is_found_again(redis_url: str) -> None:
    queues = Queues(connect(Secret(redis_url), timeout=5))
    queues.submit(push())
    with Redis.from_url(redis_url) as admin:
        admin.script_flush()
        admin.client_kill_filter(_type="normal", skipme=True)
    assert queues.submit(push(number=13)).outcome == "queued"
    queues.connection.close()


def test_a_server_that_is_away_is_an_error_of_redis() -> None:
    queues = Queues(connect(Secret("unix:///nonexistent/redis.sock"), timeout=0.1))
    with pytest.raises(RedisError):
        queues.submit(push())


def test_replies_name_the_workers_function(queues: Queues) -> None:
    reply = Reply(repository="octo/kubernetes", number=12, answer="help", command=source(6))
    assert job(queues, queues.submit(reply).job_id).func_name == REPLY
