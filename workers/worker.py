"""scalability-bot worker: one process that runs the jobs of one queue.

RQ's worker with what its defaults lack here: it runs two functions and no other, whatever lies in Redis; its jobs end
when it is killed, and what they held is due again within seconds; it looks every second for what has become due; the
maintenance worker also looks after the other queues.
"""

import argparse
import contextlib
import functools
import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import rq
from redis import RedisError
from rq.exceptions import DeserializationError, InvalidJobOperation, NoSuchJobError
from rq.executions import Execution
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from rq.worker import Worker as RQWorker

from bot import ended, logs, metrics
from bot.queue import MAINTAIN, MAINTENANCE, QUEUES, TURN, connect
from bot.settings import Settings, SettingsError
from workers import environment, housekeeping, jobs, limits
from workers.command_line import CannotRun
from workers.equipment import Equipment
from workers.parser import Parser

_log = logging.getLogger(__name__)

# All that a worker ever runs. What lies in Redis under another name, or brings anything along, is refused.
FUNCTIONS: Mapping[str, Callable[..., object]] = {
    TURN: jobs.turn,
    MAINTAIN: housekeeping.maintain,
}


class Refused(Exception):
    """A job that is none of ours."""


class Job(rq.job.Job):
    """A job of which only the name, the arguments and the book-keeping are taken from Redis: nothing in it runs code.

    RQ would import any name that stands there, call back any function when the job ends, and send HTTP requests.
    """

    equipment: Equipment

    def restore(self, raw_data: Any) -> Any:
        """Read the record; NoSuchJobError, which RQ passes over, for one that cannot be read."""
        try:
            super().restore(raw_data)
        except NoSuchJobError:
            raise
        except Exception as error:
            _log.warning("job %s has no readable record and is dropped: %s", self.id, type(error).__name__)
            raise NoSuchJobError(f"{self.id} has no readable record") from error
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks = []
        self.repeats_left = None
        self.group_id = None

    @property
    def func(self) -> Callable[..., object]:
        """The function to run, bound to the worker's equipment; Refused if it is none of FUNCTIONS."""
        name = self.func_name or ""
        if name not in FUNCTIONS or self.instance or self.kwargs or len(self.args) != (name != MAINTAIN):
            raise Refused(f"job {self.id} asks for {name[:100]!r}, which no worker runs")
        return functools.partial(FUNCTIONS[name], self.equipment)


class Queue(rq.Queue):
    """A queue whose lock for maintenance ends soon: RQ's lasts 15 minutes when the worker that holds it is killed."""

    job_class = Job

    def acquire_maintenance_lock(self) -> bool:
        """Say whether this worker may clean up now."""
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=30))


class Worker(RQWorker):
    """A worker of one queue."""

    job_class = Job
    queue_class = Queue

    def __init__(self, queue: str, equipment: Equipment) -> None:
        # A class of its own for each worker: RQ makes jobs from the class alone, and they need the equipment.
        class EquippedJob(Job):
            pass

        EquippedJob.equipment = equipment
        self.job_class = EquippedJob
        self._equipment = equipment  # RQ asks for its times while it is made
        timers = equipment.settings.timers
        super().__init__(
            [queue],
            connection=equipment.redis,
            serializer=JSONSerializer,
            worker_ttl=15 + timers.monitoring,
            maintenance_interval=timers.monitoring,
            job_monitoring_interval=timers.monitoring,
            log_job_description=False,
        )
        self.log_result_lifespan = False
        self.max_connection_wait_time = timers.reconnect
        # Who maintains sees to all queues: their own workers may be busy for minutes, or gone.
        names = QUEUES if queue == MAINTENANCE else (queue,)
        self._tended = [
            self.queue_class(each, connection=equipment.redis, serializer=JSONSerializer, job_class=self.job_class)
            for each in names
        ]

    @property
    def dequeue_timeout(self) -> float:  # type: ignore[override] # RQ hands it to Redis, which takes fractions
        """For how long to wait for work at a time; between two waits it looks for what has become due."""
        return max(0.01, self._equipment.settings.timers.tick)

    @property
    def connection_timeout(self) -> int:
        """For how long to wait for Redis."""
        return int(self.dequeue_timeout) + 10

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Give a sign of life, and have what has become due meanwhile get its turn."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None:
            self._equipment.queues.wake()

    def get_heartbeat_ttl(self, job: rq.job.Job, working_time: float = 0.0) -> int:
        """Give for how long a running job counts as alive without a sign."""
        return 3 * int(self.job_monitoring_interval)

    def clean_registries(self) -> None:
        """Take up the jobs of killed workers, and forget what is old."""
        own, self.queues = self.queues, list(self._tended)
        try:
            super().clean_registries()  # type: ignore[no-untyped-call]
        finally:
            self.queues = own

    def run_maintenance_tasks(self) -> None:
        """Clean up; the maintenance worker also submits the housekeeping of this minute."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        if self.queues[0].name == MAINTENANCE:
            housekeeping.submit(self._equipment)

    def execute_job(self, job: rq.job.Job, queue: rq.Queue) -> None:
        """Run a job in a process of its own, with a parser process that is up; refuse what is none of ours before that."""
        started = time.monotonic()
        try:
            _ = job.func
        except (Refused, DeserializationError) as error:
            self._refuse(job, queue, error)
        else:
            self._equipment.parser.start()
            super().execute_job(job, queue)
        with contextlib.suppress(RedisError), logs.about(job=job.id):
            self._tell(job, queue, time.monotonic() - started)

    def main_work_horse(self, job: rq.job.Job, queue: rq.Queue) -> None:
        """Begin the process of one job: it ends when this worker does, so that a job taken up again runs once."""
        limits.die_with_parent(self._worker_pid)
        super().main_work_horse(job, queue)

    def perform_job(self, job: rq.job.Job, queue: rq.Queue, execution: Execution) -> bool:
        """Run a job in its process; what is logged meanwhile says which job it is about."""
        with logs.about(job=job.id):
            return super().perform_job(job, queue, execution)

    def fork_work_horse(self, job: rq.job.Job, queue: rq.Queue) -> None:
        """Fork the process of one job."""
        self._worker_pid = os.getpid()
        super().fork_work_horse(job, queue)

    def _refuse(self, job: rq.job.Job, queue: rq.Queue, error: Exception) -> None:
        self.log.error("%s", error)
        job.retries_left = None
        super().handle_job_failure(job, queue, exc_string=str(error))
        queue.intermediate_queue.remove(job.id)

    def _tell(self, job: rq.job.Job, queue: rq.Queue, seconds: float) -> None:
        """Log and count how a job ended."""
        try:
            status = job.get_status()
        except InvalidJobOperation:
            status = JobStatus.FINISHED  # its record has expired
        result = job.return_value(refresh=True) if status == JobStatus.FINISHED else status.value
        level = logging.DEBUG if result == jobs.NOTHING else logging.INFO
        _log.log(level, "%s in %.1f s: %s", queue.name, seconds, result)
        if status == JobStatus.FAILED:
            # The key, if there was one, is taken up again; what ends by itself is told by the turn (workers.jobs).
            ended.note(self.connection, job.id, queue.name, "crashed", seconds)
            metrics.count(self.connection, "jobs", queue=queue.name, outcome="failed")
        metrics.count(self.connection, "job_seconds", seconds, queue=queue.name)


def work(queue: str, settings: Settings) -> None:
    """Run the jobs of one queue until a signal ends the process. SettingsError if a setting is missing."""
    settings.require_identity()
    settings.require_redis()
    _ = (
        settings.token() if settings.has_token else settings.private_key()
    )  # Whether it can be read, before the first job says that it cannot
    limits.give_up_privileges()
    limits.hide()
    connection = connect(settings.redis_url)
    parser = Parser(timeout=settings.analysis_timeout, memory_mb=settings.job_memory_mb)
    parser.start()
    try:
        worker = Worker(queue, Equipment(settings, connection, parser))
        # RQ's own news are of interest when something is wrong; Worker tells the rest in a line a job.
        worker.work(logging_level="WARNING")
    finally:
        parser.close()


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "worker",
        help="start one worker",
        description=__doc__,
        epilog="examples:\n  scalability-bot worker reviews\n  scalability-bot worker maintenance   one of these is enough",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("queue", choices=QUEUES, help="whose jobs to run")


def main(args: argparse.Namespace) -> int:
    """Work until told to end."""
    environment.log()
    try:
        work(args.queue, environment.settings())
    except SettingsError as error:
        raise CannotRun(str(error).removesuffix(".")) from error
    except RedisError as error:
        raise CannotRun(f"the queue cannot be reached ({str(error).removesuffix('.')}): check REDIS_URL") from error
    return 0
