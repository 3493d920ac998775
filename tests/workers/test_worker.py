import functools
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
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

from bot import ended, logs
from bot.queue import MAINTAIN, QUEUES, REPLY, REVIEW
from bot.settings import Settings
from workers.jobs import Equipment
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

    def make(queue: str = "reviews", monitoring: int = 1) -> Worker:
        settings = Settings(app_id=1, redis_url=Settings().redis_url)
        return Worker(queue, Equipment(settings, redis_connection, parser), monitoring)

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
        (REVIEW, []),
        (REVIEW, [{}, {}]),
        (MAINTAIN, [{}]),
        ("", []),
    ],
)
def test_it_refuses_all_but_three_functions(
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
    job = enqueue(redis_connection, REVIEW, {})
    redis_connection.hset(job.key, "data", zlib.compress(json.dumps([REVIEW, instance, [{}], {}]).encode()))
    burst(make_worker())
    assert status(job) == JobStatus.FAILED


def test_a_name_on_the_list_is_no_way_to_another(redis_connection: Redis) -> None:
    for name in (REVIEW, REPLY, MAINTAIN):
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
    job = enqueue(redis_connection, REVIEW, {})
    name = "tests.workers.test_worker.touch"
    for kind in ("success", "failure", "stopped"):
        redis_connection.hset(job.key, f"{kind}_callback_name", name)
    redis_connection.hset(job.key, "retries_left", 0)
    burst(make_worker())
    assert status(job) == JobStatus.FAILED


def test_web_addresses_in_redis_are_not_asked(make_worker: Callable[..., Worker], redis_connection: Redis) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hook = [{"url": f"http://127.0.0.1:{listening.getsockname()[1]}/", "job_status": "failed", "timeout": 1}]
        for function in (REVIEW, "os.system"):
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
    broken = enqueue(redis_connection, REVIEW, {})
    redis_connection.hset(broken.key, mapping=fields)
    good = enqueue(redis_connection, REVIEW, {})
    burst(make_worker())
    # It was tried (it is no review request), so the worker got past the broken one.
    assert status(good) == JobStatus.SCHEDULED


def test_a_failed_job_is_tried_again_later_and_for_good_is_told(
    make_worker: Callable[..., Worker], redis_connection: Redis
) -> None:
    job = enqueue(redis_connection, REVIEW, {})
    burst(make_worker())
    assert status(job) == JobStatus.SCHEDULED
    assert not Queue("maintenance", connection=redis_connection, serializer=JSONSerializer).get_job_ids()
    redis_connection.hset(job.key, "retries_left", 0)
    registry = rq.Queue("reviews", connection=redis_connection, serializer=JSONSerializer).scheduled_job_registry
    registry.remove(job)
    redis_connection.rpush("rq:queue:reviews", job.id)
    burst(make_worker())
    assert status(job) == JobStatus.FAILED
    waiting = Queue("maintenance", connection=redis_connection, serializer=JSONSerializer).get_job_ids()
    assert waiting == [f"maintain-{job.id}"]


def test_a_killed_worker_s_job_is_taken_up_again_at_once(
    make_worker: Callable[..., Worker], redis_connection: Redis
) -> None:
    # As a worker that was killed leaves it: started, and its last sign of life is over.
    job = enqueue(redis_connection, REVIEW, {})
    redis_connection.lrem("rq:queue:reviews", 1, job.id)
    redis_connection.hset(job.key, mapping={"status": "started", "worker_name": "gone"})
    redis_connection.zadd("rq:wip:reviews", {f"{job.id}:execution": time.time() - 1})
    worker = make_worker("maintenance")
    worker.clean_registries()
    # Not in ten seconds, which are for work that failed.
    assert redis_connection.lrange("rq:queue:reviews", 0, -1) == [job.id.encode()]
    assert int(redis_connection.hget(job.key, "retries_left") or 0) == 2


def test_a_worker_killed_while_it_cleaned_holds_up_nobody_for_long(redis_connection: Redis) -> None:
    queue = Queue("reviews", connection=redis_connection)
    assert queue.acquire_maintenance_lock()
    assert not queue.acquire_maintenance_lock()
    assert 0 < redis_connection.ttl(queue.registry_cleaning_key) <= 30


def test_the_maintenance_worker_tends_all_queues_and_the_others_their_own(make_worker: Callable[..., Worker]) -> None:
    assert [queue.name for queue in make_worker("maintenance")._tended] == list(QUEUES)
    assert [queue.name for queue in make_worker("deep")._tended] == ["deep"]


def test_signs_of_life_are_short(make_worker: Callable[..., Worker], redis_connection: Redis) -> None:
    worker = make_worker(monitoring=4)
    assert worker.get_heartbeat_ttl(enqueue(redis_connection, REVIEW, {})) == 12
    assert worker.dequeue_timeout == 4


def test_the_scheduler_ends_with_its_worker(redis_url: str, redis_connection: Redis, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from redis import Redis\n"
        "from bot.settings import Settings\n"
        "from workers.jobs import Equipment\n"
        "from workers.parser import Parser\n"
        "from workers.worker import Worker\n"
        "equipment = Equipment(Settings(app_id=1), Redis.from_url(sys.argv[1]), Parser(timeout=1, memory_mb=1))\n"
        "worker = Worker('maintenance', equipment, 1)\n"
        "worker._start_scheduler()\n"
        "print(worker.scheduler._process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, redis_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout
        scheduler = os.pidfd_open(int(worker.stdout.readline()))
        locks = [f"rq:scheduler-lock:{name}" for name in QUEUES]
        assert redis_connection.exists(*locks) == len(QUEUES)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        os.set_blocking(scheduler, True)
        import select

        poll = select.poll()
        poll.register(scheduler, select.POLLIN)
        assert poll.poll(20_000), "the scheduler outlived its worker"
        os.close(scheduler)


def test_a_jobs_log_says_what_it_is_about_and_the_page_how_it_ended(
    make_worker: Callable[..., Worker], redis_connection: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue(
        redis_connection, REVIEW, {"repository": "octo/kubernetes", "number": 7, "delivery": "d-1"}, job_id="review-1"
    )
    told: list[logging.LogRecord] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record)

    handler = Keeping()
    handler.addFilter(logs._add)
    logger = logging.getLogger("workers.worker")
    logger.addHandler(handler)
    caplog.set_level(logging.INFO, "workers.worker")
    try:
        make_worker().work(burst=True)
    finally:
        logger.removeHandler(handler)
    (line,) = [record for record in told if record.getMessage().startswith("review-1 ")]
    about = {name: getattr(line, name) for name in ("job", "pull_request", "delivery")}
    assert about == {"job": "review-1", "pull_request": "octo/kubernetes#7", "delivery": "d-1"}
    (noted,) = ended.read(redis_connection)
    assert (noted.job, noted.queue, noted.outcome) == ("review-1", "reviews", "retried")
