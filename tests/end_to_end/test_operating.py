"""What deploy/operating.md tells operators to do, done: secrets change, a backup comes back, GitHub has its own certificates."""

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import BEFORE, FILES, FITS, PATH, Bot, bot_running, eventually
from tests.end_to_end.test_review import check_run
from tests.end_to_end.tls import authority, in_front_of
from workers.sandbox import SimulatedRepository, deliver
from workers.sandbox.keys import generate_key, public_key
from workers.sandbox.records import Pull


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Bot]:
    """A bot whose processes the test ends and starts."""
    with bot_running(tmp_path, queues=("reviews",)) as running:
        yield running


# The same change twice in a second would be the same commit, whose check run is there already.
_CHANGES = itertools.count()


def changed() -> dict[str, str]:
    """A change with one finding, that is no other's."""
    return {PATH: BEFORE + FITS, "README.md": f"Change {next(_CHANGES)}.\n"}


def served(bot: Bot, name: str) -> SimulatedRepository:
    repository = bot.github.repository(f"octo/{name}")
    repository.commit(FILES)
    return repository


def reviewed(repository: SimulatedRepository) -> Pull:
    """Open a pull request, and wait for its review: there is one, with one check run."""
    pull = repository.open_pull(changed())
    check_run(repository, pull)
    assert (len(pull.reviews), len(repository.check_runs(pull))) == (1, 1)
    return pull


def restart_receiver(bot: Bot, **more: str) -> None:
    (receiver,) = (each for each in bot.processes if bot.commands[each.pid] == ("serve",) and each.poll() is None)
    receiver.terminate()
    receiver.wait(20)
    bot.more |= more
    bot.start_receiver()


def test_the_webhooks_secret_changes_without_a_delivery_lost(own: Bot) -> None:
    repository, old, new = served(own, "secret"), own.github.webhook_secret, "the-secret-of-tomorrow"
    restart_receiver(own, WEBHOOK_SECRETS=f"{new},{old}")
    reviewed(repository)
    own.github.state.webhook_secret = new  # on the App's page
    reviewed(repository)
    restart_receiver(own, WEBHOOK_SECRETS=new)
    reviewed(repository)
    assert {each.status_code for each in own.github.delivered() if each.event == "pull_request"} == {202}
    delivery = own.github.delivered()[-1]
    assert deliver(delivery, own.github.webhook_url or "", secret=old) == 401


def test_the_private_key_changes_while_the_workers_run(own: Bot) -> None:
    repository, app = served(own, "key"), own.github.app
    reviewed(repository)
    new = generate_key()
    app.public_keys.append(public_key(new))  # "Generate a private key": both count from now on
    draft = own.data / "private-key.new"
    draft.write_text(new)
    draft.replace(own.data / "private-key.pem")
    reviewed(repository)
    del app.public_keys[0]
    own.github.state.tokens.clear()  # those of before have run out
    reviewed(repository)
    assert "decoded" not in own.log.read_text()


def test_a_backup_comes_back_and_nothing_is_said_twice(own: Bot, tmp_path: Path) -> None:
    repository = served(own, "backup")
    done = reviewed(repository)
    (worker,) = (each for each in own.processes if own.commands[each.pid] == ("worker", "reviews"))
    worker.terminate()
    worker.wait(20)
    waiting = repository.open_pull(changed())
    own.github.delivered()

    redis = own.redis
    redis.config_set("auto-aof-rewrite-percentage", 0)
    eventually(lambda: not redis.info("persistence")["aof_rewrite_in_progress"], "the rewriting")
    shutil.copytree(tmp_path / "redis" / "appendonlydir", tmp_path / "backup")
    redis.config_set("auto-aof-rewrite-percentage", 100)
    counted = redis.hgetall("scalability-bot:counted")
    assert counted

    # Life goes on: what waited is reviewed, and one more comes of which the backup knows nothing.
    own.start_worker("reviews")
    check_run(repository, waiting)
    later = reviewed(repository)
    own.idle()

    own.server.stop()
    shutil.rmtree(tmp_path / "redis" / "appendonlydir")
    shutil.copytree(tmp_path / "backup", tmp_path / "redis" / "appendonlydir")
    own.server.start()
    assert {name: float(value) for name, value in own.redis.hgetall("scalability-bot:counted").items()} == {
        name: float(value) for name, value in counted.items()
    }
    for each in own.processes:
        assert each.poll() is None or own.commands[each.pid] == ("worker", "reviews")
    # A worker may end with its queue's server, at once or when it next asks; who supervises it starts it again.
    for each in own.processes:
        if own.commands[each.pid] == ("worker", "reviews"):
            each.terminate()
            each.wait(20)
    own.start_worker("reviews")
    own.start_worker("maintenance")
    eventually(lambda: own.redis.hget("scalability-bot:served", "last sweep"), "the sweep")
    own.idle()
    after = reviewed(repository)
    for pull in (done, waiting, later, after):
        assert (len(pull.reviews), len(repository.check_runs(pull))) == (1, 1), pull.number


def test_github_enterprise_under_a_certificate_of_its_own(tmp_path: Path) -> None:
    ca, certificate = authority(tmp_path)
    with bot_running(tmp_path, queues=()) as bot:
        plain = bot.github.state.url
        with in_front_of(int(plain.rpartition(":")[2]), certificate) as address:
            bot.github.state.url = address
            bot.more = {
                "GITHUB_API_URL": f"{address}/api/v3",
                "GITHUB_GIT_URL": address,
                "REPOSITORIES": "octo/*",
                "REQUESTS_CA_BUNDLE": str(ca),
                "LOG_FORMAT": "json",
            }
            bot.start_worker("reviews")
            pull = reviewed(served(bot, "enterprise"))
            (comment,) = pull.review_comments
            assert f"{address}/octo/enterprise/blob/" in comment.body or address not in comment.body
            bot.github.state.url = plain
            bot.stop()
        # Each line of the log says which delivery, pull request and job it is about.
        lines = [json.loads(line) for line in bot.log.read_text().splitlines() if line.startswith("{")]
        assert [each for each in lines if each.get("job") and "reviewed" in each["message"]]


def test_the_queues_password_changes_and_what_was_refused_meanwhile_comes_again(tmp_path: Path) -> None:
    with bot_running(tmp_path, queues=("reviews",), timers={"sweep": "3600"}) as bot:
        repository = served(bot, "password")
        reviewed(repository)
        redis = bot.redis
        redis.set("scalability-bot:housekeeping:sweep", 1)  # the delivery itself is to come again
        redis.config_set("requirepass", "new")
        redis.client_kill_filter(_type="normal", skipme=False)
        pull = repository.open_pull(changed())
        assert bot.github.delivered()[-1].status_code == 503
        for worker in (each for each in bot.processes if bot.commands[each.pid] == ("worker", "reviews")):
            worker.terminate()
            worker.wait(60)
        restart_receiver(bot, REDIS_URL=bot.redis_url.replace("unix://", "unix://:new@"))
        bot.start_worker("reviews")
        bot.start_worker("maintenance")
        eventually(lambda: pull.reviews and repository.check_runs(pull), "the review")
        assert (len(pull.reviews), len(repository.check_runs(pull))) == (1, 1)
