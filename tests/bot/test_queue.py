import pytest
import rq
from redis import Redis, RedisError
from rq.serializers import JSONSerializer

from bot.keys import End
from bot.queue import (
    COMMANDS,
    DEEP,
    MAINTAIN,
    MAINTENANCE,
    QUEUES,
    REVIEWS,
    SECTIONS,
    TURN,
    Queues,
    connect,
)
from bot.review_request import CommandSource, Reply, ReviewRequest
from bot.settings import Secret
from bot.timers import Timers
from bot.triggers import Remembered
from tests.bot.payloads import HEAD, OTHER_HEAD


@pytest.fixture
def queues(redis_connection: Redis) -> Queues:
    return Queues(redis_connection, job_timeout=77)


def source(number: int = 700, author: str = "alice", verb: str = "check") -> CommandSource:
    return CommandSource(kind="issue_comment", id=number, author=author, author_association="NONE", verb=verb)


def push(head: str = HEAD, number: int = 12, **changes: object) -> ReviewRequest:
    return ReviewRequest(
        **{"repository": "octo/kubernetes", "number": number, "head": head, "cause": "opened", **changes}
    )  # type: ignore[arg-type]


def asked(number: int = 700, author: str = "alice", **changes: object) -> list[ReviewRequest | Reply]:
    command = source(number, author)
    heard = Reply(repository="octo/kubernetes", number=12, answer="received", command=command)
    return [heard, push(head="", cause="command", command=command, **changes)]


def words(answer: str, number: int, author: str = "alice") -> Reply:
    command = source(number, author, verb=answer)
    return Reply(repository="octo/kubernetes", number=12, answer=answer, command=command)  # type: ignore[arg-type]


def turns(queues: Queues) -> dict[str, int]:
    return {name: count for name in QUEUES if (count := rq.Queue(name, connection=queues.connection).count)}


def test_a_turn_names_no_pull_request(queues: Queues) -> None:
    [submitted] = queues.submit([push()], "d-1")
    assert (str(submitted.key), submitted.outcome) == ("octo/kubernetes#12", "queued")
    [job] = rq.Queue(REVIEWS, connection=queues.connection, serializer=JSONSerializer).jobs
    assert (job.func_name, job.args, job.kwargs, job.timeout) == (TURN, [REVIEWS], {}, 77)


def test_a_pull_request_that_waits_gets_no_second_turn(queues: Queues) -> None:
    queues.submit([push()], "d-1")
    assert [each.outcome for each in queues.submit([push(OTHER_HEAD)], "d-2")] == ["waiting"]
    assert [each.outcome for each in queues.submit([push(OTHER_HEAD)], "d-2")] == ["duplicate"]
    assert turns(queues) == {REVIEWS: 1}


def test_each_kind_of_work_wakes_its_workers(queues: Queues) -> None:
    queues.submit([push(depth="deep", head="", again="d-1")])
    assert turns(queues) == {DEEP: 1}
    queues.submit([words("help", 1)])
    assert turns(queues) == {DEEP: 1, COMMANDS: 1, REVIEWS: 1}


def test_a_command_is_kept_with_all_that_its_answer_needs(queues: Queues) -> None:
    queues.submit(asked())
    talk = queues.keys.take(SECTIONS[COMMANDS])
    review = queues.keys.take(SECTIONS[COMMANDS])
    assert talk and review
    assert [list(each.commands) for each in (talk, review)] == [
        ["issue_comment-700-check:received"],
        ["issue_comment-700-check"],
    ]


def test_turns_are_never_fewer_than_what_is_due(queues: Queues) -> None:
    for number in range(1, 6):
        queues.submit([push(number=number)])
    queues.connection.delete(f"rq:queue:{REVIEWS}")  # whatever lost them
    queues.wake()
    queues.wake()
    assert turns(queues) == {REVIEWS: 5}
    for number in range(6, Timers().turns + 50):
        queues.submit([push(number=number)])
    queues.connection.delete(f"rq:queue:{REVIEWS}")
    queues.wake()
    assert turns(queues) == {REVIEWS: Timers().turns}


def test_what_is_put_off_gets_its_turn_when_its_time_has_come(redis_connection: Redis) -> None:
    queues = Queues(redis_connection, timers=Timers(lease=30))
    queues.submit([push()])
    redis_connection.delete(f"rq:queue:{REVIEWS}")
    taken = queues.keys.take(SECTIONS[REVIEWS])
    assert taken
    queues.keys.end(taken, End(later=600.0))
    queues.wake()
    assert turns(queues) == {}
    redis_connection.zadd("scalability-bot:keys:later", {taken.key.name: 1.0})
    queues.wake()
    assert turns(queues) == {REVIEWS: 1}


def test_three_reviews_an_hour_are_run_then_one_is_told_then_silence(queues: Queues) -> None:
    allowed = [queues.limited(asked(number)) for number in range(1, 7)]
    assert [[type(each).__name__ for each in answer] for answer in allowed[:3]] == [["ReviewRequest", "Reply"]] * 3
    [told] = allowed[3]
    assert isinstance(told, Reply)
    assert (told.answer, told.command.id) == ("too-many", 4)
    assert allowed[4:] == [[], []]
    assert len(queues.limited(asked(9, author="bob"))) == 2


def test_a_command_that_is_delivered_again_counts_once(queues: Queues) -> None:
    for number in (1, 1, 1, 2, 3, 1):
        assert len(queues.limited(asked(number))) == 2
    told = [queues.limited(asked(4)) for _ in range(3)]
    assert told[0] == told[1] == told[2]
    assert [isinstance(each, Reply) for each in told[0]] == [True]


def test_people_have_room_again_as_the_hour_passes(queues: Queues) -> None:
    for number in range(1, 5):
        queues.limited(asked(number))
    key = "scalability-bot:commands:alice"
    assert 0 < queues.connection.ttl(key) <= 3600
    queues.connection.zincrby(key, -3601, source(1).key)  # their first command was an hour ago
    assert len(queues.limited(asked(5))) == 2
    assert len(queues.limited(asked(6))) != 2


def test_the_case_of_a_login_makes_no_other_person(queues: Queues) -> None:
    for number in range(1, 4):
        queues.limited(asked(number, author="Alice"))
    assert len(queues.limited(asked(4, author="alice"))) == 1


def test_words_and_deep_scans_do_not_count_against_the_three(queues: Queues) -> None:
    for number, answer in enumerate(("help", "explain", "unknown", "deep-not-allowed", "dismiss", "restore") * 2):
        assert queues.limited([words(answer, number)]) == [words(answer, number)]
    deep = [words("received", 50), push(head="", depth="deep", command=source(50, verb="deep"))]
    for _ in range(9):
        assert len(queues.limited(deep)) == 2
    assert len(queues.limited(asked(60))) == 2


def test_nobody_makes_the_bot_talk_without_end(queues: Queues) -> None:
    answered = [number for number in range(60) if queues.limited([words("help", number)])]
    assert len(answered) == Timers().words


def test_automatic_reviews_are_never_limited(queues: Queues) -> None:
    for number in range(1, 10):
        assert queues.limited([push(number=number)]) == [push(number=number)]


def test_maintenance_is_enqueued_once_in_its_time(queues: Queues) -> None:
    assert queues.enqueue_once(MAINTAIN, "this", timeout=60, kept=60)
    assert not queues.enqueue_once(MAINTAIN, "this", timeout=60, kept=60)
    assert queues.enqueue_once(MAINTAIN, "that", timeout=60, kept=60)
    assert turns(queues) == {MAINTENANCE: 2}


def test_what_workers_note_reaches_the_receiver(queues: Queues) -> None:
    assert queues.remembered("octo/kubernetes", 12) == Remembered()
    queues.remember_label("Octo/kubernetes", "sig/scalability")
    queues.remember_mention("octo/kubernetes", 12)
    assert queues.remembered("octo/Kubernetes", 12) == Remembered(label="sig/scalability", just_mentioned=True)
    assert queues.remembered("octo/kubernetes", 13) == Remembered(label="sig/scalability")


def test_how_the_work_stands(queues: Queues) -> None:
    queues.submit([push(), push(number=13)])
    taken = queues.keys.take(SECTIONS[REVIEWS])
    assert taken
    queues.keys.end(taken, End(later=600.0))
    standing = {each.kind: each for each in queues.waiting()}
    assert (standing["normal"].due, standing["normal"].later, standing["deep"].due) == (1, 1, 0)
    assert standing["normal"].oldest_seconds >= 0


def test_a_server_that_restarted_is_found_again(redis_url: str) -> None:
    queues = Queues(connect(Secret(redis_url), timeout=5))
    queues.submit([push()])
    with Redis.from_url(redis_url) as admin:
        admin.script_flush()
        admin.client_kill_filter(_type="normal", skipme=True)
    assert [each.outcome for each in queues.submit([push(number=13)])] == ["queued"]
    queues.connection.close()


def test_a_server_that_is_away_is_an_error_of_redis() -> None:
    queues = Queues(connect(Secret("unix:///nonexistent/redis.sock"), timeout=0.1))
    with pytest.raises(RedisError):
        queues.submit([push()])
