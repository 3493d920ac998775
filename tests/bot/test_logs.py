"""Logs: lines for people, objects for machines, which say what they are about."""

import json
import subprocess
import sys

SCRIPT = """
import logging
from bot import logs
logs.configure({form!r})
log = logging.getLogger("bot.test")
log.info("before")
with logs.about(delivery="d-1", job=""):
    with logs.about(job="review-1", pull_request="octo/kubernetes#7"):
        log.warning("it was %s\\nand went on", "seen")
    try:
        raise ValueError("x")
    except ValueError:
        log.exception("went wrong")
"""


def said(form: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(form=form)], capture_output=True, text=True, check=True)
    return done.stderr.splitlines()


def test_an_object_a_line_says_what_it_is_about() -> None:
    before, seen, wrong = map(json.loads, said("json"))
    assert before.keys() == {"time", "level", "logger", "message"} and before["message"] == "before"
    assert (seen["level"], seen["logger"], seen["message"]) == ("WARNING", "bot.test", "it was seen\nand went on")
    assert (seen["delivery"], seen["job"], seen["pull_request"]) == ("d-1", "review-1", "octo/kubernetes#7")
    assert "job" not in wrong and wrong["delivery"] == "d-1" and "ValueError: x" in wrong["exc_info"]


def test_text_is_short() -> None:
    assert said("text")[:2] == ["I bot.test: before", "W bot.test: it was seen"]
