"""README.md is true: its catalogue is the rules' own, its commands and files exist."""

import pathlib
import re

import pytest

from analyzers.analysis.configuration import DEFAULT_CAP
from bot.budget import AN_HOUR
from bot.queue import COMMANDS_AN_HOUR
from bot.settings import Settings
from workers.analysis import TIMEOUT
from workers.check import FORMATS
from workers.command_line import COMMANDS
from workers.rules import table

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_catalogue_is_the_rules_own() -> None:
    assert table() in README, "README.md's table is not what `scalability-bot rules --format markdown` prints"


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
        f"One person has {COMMANDS_AN_HOUR} commands an hour",
        f"at most {AN_HOUR} pieces of content an hour",
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
