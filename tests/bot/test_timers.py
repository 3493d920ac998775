import dataclasses
import re
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError
from bot.timers import Timers

ROOT = Path(__file__).parents[2]


def test_without_a_word_each_has_its_real_value() -> None:
    assert Timers.parse("") == Timers() == Settings.from_environment({}).timers
    promised = {
        "request": 10.0,
        "lease": 10.0,
        "retries": (10.0, 60.0, 300.0, 1800.0),
        "commands": 3,
        "look_end": 600.0,
        "writes_a_minute": 80,
        "writes_an_hour": 500,
        "writes_apart": 1.0,
        "notifying_apart": 3.0,
        "edits": 10,
        "sweep": 300.0,
        "deep_scan": 600.0,
        "restart_longest": 30.0,
    }
    assert {name: getattr(Timers(), name) for name in promised} == promised


def test_each_is_used() -> None:
    """What is set and read nowhere would be a promise that nobody keeps."""
    sources = [
        path for folder in ("bot", "workers") for path in (ROOT / folder).rglob("*.py") if path.name != "timers.py"
    ]
    used = set(re.findall(r"timers\.([a-z_]+)", "".join(path.read_text() for path in sources)))
    assert {field.name for field in dataclasses.fields(Timers)} - used == set()


def test_some_are_changed_and_the_others_stay() -> None:
    changed = Settings.from_environment({"TIMERS": "sweep=600, retries=1/2.5, commands=9,"}).timers
    assert changed == dataclasses.replace(Timers(), sweep=600.0, retries=(1.0, 2.5), commands=9)
    assert isinstance(changed.commands, int)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sweeps=600", "'sweeps' is none of request, idle"),
        ("sweep", "write name=value"),
        ("sweep=soon", "write sweep as a number of seconds"),
        ("sweep=-1", "write sweep as a number of seconds"),
        ("sweep=nan", "write sweep as a number of seconds"),
        ("commands=1.5", "write commands as a whole number"),
        ("retries=1,2", "'2' is none of"),
    ],
)
def test_what_is_wrong_is_named(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match="TIMERS cannot be used") as error:
        Settings.from_environment({"TIMERS": text})
    assert sentence in str(error.value)


@pytest.mark.parametrize(("text", "resolve"), [("1", True), ("0", False), ("", False)])
def test_threads_are_resolved_only_where_it_is_said(text: str, resolve: bool) -> None:
    assert Settings.from_environment({"RESOLVE_THREADS": text}).resolve_threads is resolve


def test_anything_else_is_no_answer() -> None:
    with pytest.raises(SettingsError, match="RESOLVE_THREADS"):
        Settings.from_environment({"RESOLVE_THREADS": "maybe"})
