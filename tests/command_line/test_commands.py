"""The command line as a whole: every command explains itself, and a mistyped one is answered with the nearest."""

import subprocess

import pytest

from tests.command_line.repository import PROGRAM
from workers.command_line import COMMANDS, SUMMARIES, counted


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0, done.stderr
    assert f"usage: scalability-bot {command}" in done.stdout
    assert "example" in done.stdout, "no example"
    assert SUMMARIES[command] in " ".join(run("--help").stdout.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("chek",), "there is no command 'chek': did you mean check?"),
        (("xyzzy",), "there is no command 'xyzzy': the commands are check, rules, "),
        (("explain", "explicit-lst"), "there is no rule 'explicit-lst': did you mean explicit-list?"),
        (("explain", "xyzzy"), "there is no rule 'xyzzy': `scalability-bot rules` lists them"),
    ],
)
def test_what_is_mistyped_is_asked_about(arguments: tuple[str, ...], sentence: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"scalability-bot: {sentence}")


def test_numbers_agree_with_their_nouns() -> None:
    assert [counted(number, "file") for number in (0, 1, 2, 1234)] == ["0 files", "1 file", "2 files", "1,234 files"]
