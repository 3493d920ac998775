"""What reaches the receiver and is no delivery of GitHub's: each gets its answer, and nothing is queued."""

import http.client
import json

from tests.end_to_end.conftest import BEFORE, FITS, PATH, Bot
from workers.sandbox import SimulatedRepository, deliver


def post(bot: Bot, body: bytes, headers: dict[str, str], method: str = "POST") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", bot.port, timeout=10)
    try:
        connection.request(method, "/webhook", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_each_bad_input_gets_its_answer(bot: Bot, repository: SimulatedRepository) -> None:
    bot.github.webhook_url, receiver = None, bot.github.webhook_url
    try:
        pull = repository.open_pull({PATH: BEFORE + FITS})
        delivery = bot.github.delivered()[-1]
        assert receiver
        assert deliver(delivery, receiver, secret="another-secret") == 401
        good = dict(delivery.headers)
        unsigned = {name: value for name, value in good.items() if not name.startswith("X-Hub-Signature")}
        assert post(bot, delivery.body, unsigned) == 401
        assert post(bot, delivery.body + b" ", good) == 401
        assert post(bot, delivery.body, {**good, "Content-Type": "text/plain"}) == 415
        assert post(bot, b"", {**good, "Content-Length": str(26 << 20)}) == 413
        assert post(bot, b"", good, "GET") == 405
        delivery.body = b"{"
        assert deliver(delivery, receiver, secret=bot.github.webhook_secret) == 400
        delivery.body = json.dumps({"action": "opened"}).encode()
        assert deliver(delivery, receiver, secret=bot.github.webhook_secret) in {202, 400}
        bot.idle()
        assert (pull.reviews, repository.check_runs(pull)) == ([], [])
    finally:
        bot.github.webhook_url = receiver
