import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError
from workers import environment
from workers.command_line import CannotRun, main


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_the_environment_comes_before_the_file(dotenv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv.write_text('PORT=9000\nMODE=shadow\nHOST=""\n# a remark\nWEBHOOK_SECRETS=$HOME\n')
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.setenv("MODE", "")
    monkeypatch.setenv("HOME", "/home/somebody")
    found = environment.variables(dotenv)
    assert (found["PORT"], found["MODE"]) == ("9001", "shadow")
    assert "HOST" not in found
    # A secret with a dollar sign is taken as it stands.
    assert found["WEBHOOK_SECRETS"] == "$HOME"


def test_no_file_is_as_good_as_an_empty_one(dotenv: Path) -> None:
    assert environment.variables(dotenv) == environment.variables(Path("/dev/null"))


def test_a_file_that_cannot_be_read_is_one_sentence(dotenv: Path) -> None:
    dotenv.write_bytes(b"PORT=\xff\n")
    with pytest.raises(CannotRun, match="cannot be read"):
        environment.variables(dotenv)


def test_without_any_queue_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL is not set"):
        environment.redis_url(Settings(data_dir=tmp_path))


@pytest.mark.parametrize("arguments", [["worker", "reviews"], ["serve"], ["shadow"]])
def test_a_service_without_settings_says_what_is_missing(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_APP_ID", "WEBHOOK_SECRETS", "REDIS_URL", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert main(arguments) == 2
    assert "is not set" in capsys.readouterr().err


def test_a_worker_whose_queue_is_away_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_APP_ID", "1")
    monkeypatch.setenv("GITHUB_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----")
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/nothing.sock")
    assert main(["worker", "reviews"]) == 2
    assert "check REDIS_URL" in capsys.readouterr().err


def test_a_queue_that_is_away_is_one_line_of_the_log_and_other_errors_keep_their_trace() -> None:
    code = (
        "import logging\nfrom redis.exceptions import ConnectionError\nfrom workers import environment\n"
        "environment.log()\nfor error in (ConnectionError('refused'), ValueError('odd')):\n"
        "    try:\n        raise error\n    except Exception:\n        logging.getLogger('a').exception('it failed')\n"
        "    logging.getLogger('a').warning('no metrics: %s', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, told, second, *trace, other = done.stderr.splitlines()
    assert first == "E a: it failed (the queue is away: refused)"
    assert told == "W a: no metrics: refused (the queue is away)"
    assert second == "E a: it failed"
    assert (trace[-1], other) == ("ValueError: odd", "W a: no metrics: odd")
