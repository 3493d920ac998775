import functools
import json
import os
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rq
from redis import Redis
from rq.job import Job as PlainJob
from rq.job import JobStatus, Retry
from rq.serializers import JSONSerializer

from bot import ended
from bot.queue import MAINTAIN, QUEUES, TURN, Queues
from bot.review_request import ReviewRequest
from bot.settings import Settings
from bot.timers import Timers
from tests.end_to_end.conftest import eventually
from workers.equipment import Equipment
from workers.parser import Parser
from workers.worker import FUNCTIONS, Job, Queue, Refused, Worker

CALLED = Path(os.environ.get("TMPDIR", "/tmp")) / f"called-{os.getpid()}"


def touch(*_: Any) -> None:
    """What an intruder would like to have run."""
    CALLED.write_text("called")


@pytest.fixture(autouse=True)
def not_called() -> Iterator[None]:
    CALLED.unlink(missing_ok=True)
    yield
    called = CALLED.exists()
    CALLED.unlink(missing_ok=True)
    assert not called


@pytest.fixture
def make_worker(redis_connection: Redis) -> Iterator[Callable[..., Worker]]:
    parser = Parser(timeout=60, memory_mb=2048)

    def make(queue: str = "reviews", timers: Timers | None = None) -> Worker:
        settings = Settings(app_id=1, redis_url=Settings().redis_url, timers=timers or Timers(monitoring=1, tick=0.1))
        return Worker(queue, Equipment(settings, redis_connection, parser))

    yield make
    parser.close()


def enqueue(connection: Redis, function: str, *arguments: Any, queue: str = "reviews", **options: Any) -> PlainJob:
    plain = rq.Queue(queue, connection=connection, serializer=JSONSerializer)
    return plain.enqueue(function, *arguments, retry=Retry(max=3, interval=[10]), **options)


def burst(worker: Worker) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # RQ takes over the signals of the process that works.
        patch.setattr(worker, "_install_signal_handlers", lambda: None)
        worker.work(burst=True, logging_level="CRITICAL")


def status(job: PlainJob) -> JobStatus:
    return job.get_status(refresh=True)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("os.system", [f"touch {CALLED}"]),
        ("tests.workers.test_worker.touch", []),
        ("builtins.eval", ["1"]),
        ("workers.jobs.set_aside", [{}]),
        (TURN, []),
        (TURN, [{}, {}]),
        (MAINTAIN, [{}]),
        ("", []),
    ],
)
def test_it_refuses_all_but_two_functions(
    make_worker: Callable[..., Worker], redis_connection: Redis, function: str, arguments: list[Any]
) -> None:
    job = enqueue(redis_connection, function or "x", *arguments)
    if not function:
        redis_connection.hset(job.key, "data", zlib.compress(json.dumps([None, None, [], {}]).encode()))
    burst(make_worker())
    assert status(job) == JobStatus.FAILED
    queue = rq.Queue("reviews", connection=redis_connection, serializer=JSONSerializer)
    assert job.id in queue.failed_job_registry
    assert not queue.intermediate_queue.get_job_ids()
    assert not queue.scheduled_job_registry.get_job_ids()
    assert job.worker_name is None or PlainJob.fetch(job.id, redis_connection, JSONSerializer).started_at is None


@pytest.mark.parametrize("instance", ["an object", {"a": 1}])
def test_it_refuses_methods_of_objects(
    make_worker: Callable[..., Worker], redis_connection: Redis, instance: Any
) -> None:
    job = enqueue(redis_connection, TURN, {})
    redis_connection.hset(job.key, "data", zlib.compress(json.dumps([TURN, instance, [{}], {}]).encode()))
    burst(make_worker())
    assert status(job) == JobStatus.FAILED


def test_a_name_on_the_list_is_no_way_to_another(redis_connection: Redis) -> None:
    for name in (TURN, MAINTAIN):
        arguments: tuple[Any, ...] = () if name == MAINTAIN else ({},)
        job = Job.create(name, arguments, connection=redis_connection, serializer=JSONSerializer)
        assert isinstance(job, Job)
        job.equipment = Equipment(Settings(), redis_connection, Parser(timeout=1, memory_mb=1))
        assert isinstance(job.func, functools.partial)
        assert job.func.func is FUNCTIONS[name]
    other = Job.create("workers.jobs.post", ({},), connection=redis_connection, serializer=JSONSerializer)
    with pytest.raises(Refused, match="which no worker runs"):
        _ = other.func


def test_callbacks_in_redis_are_not_called(make_worker: Callable[..., Worker], redis_connection: Redis) -> None:
    # An empty object is no review request: the job fails, and its callback would be due.
    job = enqueue(redis_connection, TURN, {})
    name = "tests.workers.test_worker.touch"
    for kind in ("success", "failure", "stopped"):
        redis_connection.hset(job.key, f"{kind}_callback_name", name)
    redis_connection.hset(job.key, "retries_left", 0)
    burst(make_worker())
    assert status(job) == JobStatus.FAILED


def test_web_addresses_in_redis_are_not_asked(make_worker: Callable[..., Worker], redis_connection: Redis) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hook = [{"url": f"http://127.0.0.1:{listening.getsockname()[1]}/", "job_status": "failed", "timeout": 1}]
        for function in (TURN, "os.system"):
            job = enqueue(redis_connection, function, {})
            redis_connection.hset(job.key, mapping={"webhooks": json.dumps(hook), "retries_left": 0})
        burst(make_worker())
        assert status(job) == JobStatus.FAILED
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize(
    "fields",
    [
        {"data": b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94."},
        {"data": b"[1"},
        {"timeout": b"soon"},
        {"retry_intervals": b"[["},
        {"status": b"dancing"},
        {"origin": b"\xff\xfe"},
    ],
)
def test_records_that_cannot_be_read_stop_no_worker(
    make_worker: Callable[..., Worker], redis_connection: Redis, fields: dict[Any, Any]
) -> None:
    broken = enqueue(redis_connection, TURN, {})
    redis_connection.hset(broken.key, mapping=fields)
    good = enqueue(redis_connection, TURN, {})
    burst(make_worker())
    # It was tried (it is no review request), so the worker got past the broken one.
    assert status(good) == JobStatus.SCHEDULED


def test_what_a_killed_worker_held_gets_another_turn_within_seconds(
    make_worker: Callable[..., Worker], redis_connection: Redis
) -> None:
    queues = Queues(redis_connection, timers=Timers(lease=0.2))
    queues.submit([ReviewRequest(repository="octo/kubernetes", number=1, head="a" * 40, cause="opened")])
    redis_connection.delete("rq:queue:reviews")  # a worker took the turn
    taken = queues.keys.take(["normal"])
    assert taken  # and the key, and was killed
    worker = make_worker("maintenance", Timers(lease=0.2, monitoring=1, tick=0.1))

    def again() -> int:
        worker.heartbeat()
        return int(redis_connection.llen("rq:queue:reviews"))

    assert eventually(again, "another turn", 15) == 1
    assert not queues.keys.keep(taken)


def test_by_default_that_is_within_fifteen_seconds() -> None:
    timers = Timers()
    assert timers.lease + 2 * timers.tick <= 12


def test_a_worker_killed_while_it_cleaned_holds_up_nobody_for_long(redis_connection: Redis) -> None:
    queue = Queue("reviews", connection=redis_connection)
    assert queue.acquire_maintenance_lock()
    assert not queue.acquire_maintenance_lock()
    assert 0 < redis_connection.ttl(queue.registry_cleaning_key) <= 30


def test_the_maintenance_worker_tends_all_queues_and_the_others_their_own(make_worker: Callable[..., Worker]) -> None:
    assert [queue.name for queue in make_worker("maintenance")._tended] == list(QUEUES)
    assert [queue.name for queue in make_worker("deep")._tended] == ["deep"]


def test_signs_of_life_are_short(make_worker: Callable[..., Worker], redis_connection: Redis) -> None:
    worker = make_worker("reviews", Timers(monitoring=4, tick=0.7))
    assert worker.get_heartbeat_ttl(enqueue(redis_connection, TURN, {})) == 12
    assert worker.dequeue_timeout == 0.7


def test_the_maintenance_worker_submits_its_housekeeping(
    make_worker: Callable[..., Worker], redis_connection: Redis
) -> None:
    for queue in ("reviews", "maintenance", "maintenance"):
        make_worker(queue).run_maintenance_tasks()
    assert redis_connection.llen("rq:queue:maintenance") == 1


def test_a_turn_that_crashes_is_noted_for_the_operator(
    make_worker: Callable[..., Worker], redis_connection: Redis
) -> None:
    job = enqueue(redis_connection, TURN, {})
    burst(make_worker())
    (noted,) = ended.read(redis_connection)
    assert (noted.job, noted.queue, noted.outcome) == (job.id, "reviews", "crashed")
