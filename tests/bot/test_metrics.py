import pytest
from prometheus_client import generate_latest
from redis import Redis

from analyzers.analysis.report import Skipped
from bot.metrics import COUNTED_KEY, Metrics, count, observe, why
from bot.queue import Queues, connect
from bot.review_request import ReviewRequest
from bot.settings import Secret
from tests.bot.payloads import HEAD
from workers.trees import too_large


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


@pytest.mark.parametrize(
    ("path", "reason", "word"),
    [
        ("a.txt", too_large(20_000_000), "large"),
        ("a.go", "it is nested too deeply", "deep"),
        ("a.go", "its content (abc) is missing from this clone: fetch it to have it analysed", "missing"),
        ("", "the analysis took longer than 240 s", "failed"),
        ("a.go", "who knows", "other"),
    ],
)
def test_what_was_left_out_is_counted_by_reason(redis_connection: Redis, path: str, reason: str, word: str) -> None:
    count(redis_connection, "skipped_files", reason=why(Skipped(path, reason)))
    assert f'scalability_bot_skipped_files_total{{reason="{word}"}} 1.0' in page(redis_connection)


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


def test_a_histogram_of_the_workers_is_told(redis_connection: Redis) -> None:
    for seconds in (4, 12, 12.5, 4000):
        observe(redis_connection, "webhook_to_review_seconds", seconds, depth="normal")
    lines = page(redis_connection)
    name = "scalability_bot_webhook_to_review_seconds"
    assert f'{name}_bucket{{depth="normal",le="5"}} 1.0' in lines
    assert f'{name}_bucket{{depth="normal",le="20"}} 3.0' in lines
    assert f'{name}_bucket{{depth="normal",le="3600"}} 3.0' in lines
    assert f'{name}_bucket{{depth="normal",le="+Inf"}} 4.0' in lines
    assert f'{name}_count{{depth="normal"}} 4.0' in lines and f'{name}_sum{{depth="normal"}} 4028.5' in lines


def test_what_is_left_of_the_budget_is_told(redis_connection: Redis) -> None:
    assert "scalability_bot_budget_left 500.0" in page(redis_connection)
