"""README.md is true: its catalogue is the rules' own, its commands and files exist."""

import pathlib
import re

import pytest

from analyzers.analysis.configuration import DEFAULT_CAP
from bot import comments
from bot.links import Links
from bot.settings import Settings
from tests import harness
from workers.analysis import TIMEOUT
from workers.check import FORMATS
from workers.command_line import COMMANDS
from workers.rules import table

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_catalogue_is_the_rules_own() -> None:
    wanted, there = table().splitlines(), README.splitlines()
    missing = [row for row in wanted if row not in there]
    stale = [row for row in there if row.startswith("| `") and row not in wanted]
    advice = "README.md's table is what `scalability-bot rules --format markdown` prints"
    assert not missing, "\n".join([f"{advice}. Add:", *missing])
    assert not stale, "\n".join([f"{advice}. Take out:", *stale])
    assert table() in README, f"{advice}, in its order"


def test_its_commands_and_targets_exist() -> None:
    named = set(re.findall(r"scalability-bot ([a-z]+)", README))
    assert named <= {*COMMANDS, "run"}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", README)) <= targets


def test_its_limits_are_those_of_the_code() -> None:
    limits = README[README.index("## Limits") :]
    settings = Settings.from_environment({})
    for sentence in (
        f"At most {DEFAULT_CAP} comments stand",
        f"One person is given {settings.timers.commands} reviews an hour",
        f"at most {settings.timers.writes_an_hour} pieces of content an hour",
        f"at most {settings.job_timeout:.0f} seconds and {settings.job_memory_mb:,} MiB",
        f"takes git longer than {TIMEOUT:.0f} seconds",
    ):
        assert sentence in limits, sentence


def test_formats_are_all_documented() -> None:
    for name in FORMATS:
        assert name == "text" or f"`{name}`" in README or f"--format {name}" in README, name


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_files_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text()
    for path in re.findall(r"\b(?:tests|bot|analyzers|workers|deploy)/[\w./-]*\w", text):
        placeholder = any(word in path for word in ("my_rule", "my-rule", "RULE"))
        assert placeholder or (ROOT / path).exists(), path


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_its_sample_is_a_comment_of_the_bot_s() -> None:
    fixture = harness.load((harness.TESTDATA / "periodic-api-call" / "guide_2017.diff").read_text())
    found = fixture.report().diagnostics[0]
    written = comments.unfolded(comments.comment(found, Links("o/r", "f" * 40, "https://github.com")))
    shown = "\n".join(line[1:].strip() for line in README.splitlines() if line.startswith(">"))
    assert re.sub(r"\s+", " ", shown) == re.sub(r"\s+", " ", re.sub(r"\[(`[^`]+`)\]\([^)]*\)", r"\1", written))
