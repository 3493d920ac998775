import pytest
from prometheus_client import generate_latest
from redis import Redis

from bot.metrics import COUNTED_KEY, Metrics, count
from bot.queue import Queues, connect
from bot.review_request import ReviewRequest
from bot.settings import Secret
from tests.bot.payloads import HEAD


def page(connection: Redis) -> list[str]:
    return generate_latest(Metrics.of(Queues(connection)).registry).decode().splitlines()


def test_what_jobs_counted_is_told(redis_connection: Redis) -> None:
    count(redis_connection, "jobs", queue="reviews", outcome="posted")
    count(redis_connection, "jobs", queue="reviews", outcome="posted")
    count(redis_connection, "job_seconds", 2.5, queue="reviews")
    count(redis_connection, "redeliveries")
    lines = page(redis_connection)
    assert 'scalability_bot_jobs_total{outcome="posted",queue="reviews"} 2.0' in lines
    assert 'scalability_bot_job_seconds_total{queue="reviews"} 2.5' in lines
    assert "scalability_bot_redeliveries_total 1.0" in lines


def test_labels_are_plain_words_and_all_others_are_one(redis_connection: Redis) -> None:
    for number in range(50):
        count(redis_connection, "jobs", queue="reviews", outcome=f"Error: 'x{number}' \n")
    assert redis_connection.hlen(COUNTED_KEY) == 1
    assert 'scalability_bot_jobs_total{outcome="other",queue="reviews"} 50.0' in page(redis_connection)


def test_a_counter_must_be_known(redis_connection: Redis) -> None:
    with pytest.raises(KeyError):
        count(redis_connection, "whatever")
    with pytest.raises(KeyError):
        count(redis_connection, "jobs", queue="reviews")


def test_the_queues_are_told(redis_connection: Redis) -> None:
    Queues(redis_connection).submit([ReviewRequest(repository="octo/kubernetes", number=1, head=HEAD, cause="opened")])
    lines = page(redis_connection)
    assert "scalability_bot_redis_up 1.0" in lines
    assert 'scalability_bot_pull_requests{kind="normal",state="due"} 1.0' in lines
    assert 'scalability_bot_pull_requests{kind="deep",state="later"} 0.0' in lines
    assert any(line.startswith('scalability_bot_oldest_seconds{kind="normal"}') for line in lines)
    assert "scalability_bot_turns_failed 0.0" in lines


def test_events_that_nobody_expected_share_a_label(redis_connection: Redis) -> None:
    metrics = Metrics.of(Queues(redis_connection))
    metrics.delivered("pull_request", "queued")
    metrics.delivered("made-up-1", "ignored")
    metrics.delivered("made-up-2", "ignored")
    lines = generate_latest(metrics.registry).decode().splitlines()
    assert 'scalability_bot_deliveries_total{event="pull_request",outcome="queued"} 1.0' in lines
    assert 'scalability_bot_deliveries_total{event="other",outcome="ignored"} 2.0' in lines


def test_without_the_queues_server_the_receivers_own_metrics_are_told() -> None:
    lines = page(connect(Secret("unix:///nonexistent/redis.sock"), timeout=0.1))
    assert "scalability_bot_redis_up 0.0" in lines
    assert any(line.startswith("scalability_bot_enqueue_seconds_count") for line in lines)
