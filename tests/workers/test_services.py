import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.queue import QUEUES
from bot.settings import SettingsError
from tests.end_to_end.conftest import free_ports
from workers.sandbox import State, keeping
from workers.sandbox.keys import generate_key
from workers.services import Program, plan

SECRETS = ("the-key-itself", "a-hook-secret", "a-redis-password")


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as given:
        yield given


@pytest.fixture
def usual(tmp_path: Path) -> dict[str, str]:
    port, metrics, sandbox = free_ports(3)
    return {
        "DATA_DIR": str(tmp_path / "data"),
        "PORT": str(port),
        "METRICS_PORT": str(metrics),
        "SANDBOX_PORT": str(sandbox),
    }


@pytest.fixture
def credentials(tmp_path: Path) -> dict[str, str]:
    key = tmp_path / "key.pem"
    key.write_text(generate_key())
    return {
        "GITHUB_APP_ID": "4711",
        "GITHUB_PRIVATE_KEY_FILE": str(key),
        "WEBHOOK_SECRETS": "a-hook-secret",
        "REPOSITORIES": "kubernetes/*",
    }


def by_name(programs: list[Program]) -> dict[str, Program]:
    return {program.name: program for program in programs}


def test_without_credentials_there_is_the_sandbox(usual: dict[str, str], stack: contextlib.ExitStack) -> None:
    programs = plan(usual, stack)
    assert [program.name for program in programs] == [
        "redis",
        "github",
        "receiver",
        "commands",
        "reviews",
        "reviews-2",
        "deep",
        "maintenance",
    ]
    assert [program.stage for program in programs] == [0, 1, 2, 3, 3, 3, 3, 3]
    found = by_name(programs)
    assert found["reviews"].environment["GITHUB_API_URL"] == f"http://127.0.0.1:{usual['SANDBOX_PORT']}/api/v3"
    assert found["reviews"].environment["REDIS_URL"].startswith("unix://")
    assert found["reviews"].environment["PUBLIC_URL"] == f"http://127.0.0.1:{usual['PORT']}", "checks lead to reports"
    assert Path(found["reviews"].environment["GITHUB_PRIVATE_KEY_FILE"]).stat().st_mode & 0o777 == 0o600


def test_with_credentials_there_is_github(
    usual: dict[str, str], credentials: dict[str, str], stack: contextlib.ExitStack, redis_url: str
) -> None:
    programs = plan({**usual, **credentials, "REDIS_URL": redis_url}, stack)
    names = ["receiver", "commands", "reviews", "reviews-2", "deep", "maintenance"]
    assert [program.name for program in programs] == names
    assert "GITHUB_API_URL" not in programs[0].environment


@pytest.mark.parametrize(("workers", "names"), [("1", ["reviews"]), ("3", ["reviews", "reviews-2", "reviews-3"])])
def test_workers_says_how_many_processes_serve_the_queue_of_reviews(
    usual: dict[str, str], stack: contextlib.ExitStack, workers: str, names: list[str]
) -> None:
    programs = plan({**usual, "WORKERS": workers}, stack)
    reviewing = [program for program in programs if program.arguments[-2:] == ["worker", "reviews"]]
    assert [program.name for program in reviewing] == names
    # One process serves one queue, and of the others there is one each.
    others = [program.arguments[-1] for program in programs if "worker" in program.arguments[-2:]]
    assert sorted(set(others)) == sorted(QUEUES)
    assert len(others) == len(QUEUES) - 1 + int(workers)


def test_each_is_told_what_it_needs_and_no_more(
    usual: dict[str, str], credentials: dict[str, str], stack: contextlib.ExitStack
) -> None:
    given = {
        **usual,
        **credentials,
        "GITHUB_PRIVATE_KEY": "PRIVATE KEY the-key-itself",
        "AWS_SECRET_ACCESS_KEY": "other",
    }
    del given["GITHUB_PRIVATE_KEY_FILE"]
    found = by_name(plan(given, stack))
    key, hooks = "GITHUB_PRIVATE_KEY", "WEBHOOK_SECRETS"
    assert key in found["reviews"].environment
    assert hooks not in found["reviews"].environment
    assert hooks in found["receiver"].environment
    assert key not in found["receiver"].environment
    assert not {key, hooks, "REDIS_URL"} & found["redis"].environment.keys()
    for program in found.values():
        assert "AWS_SECRET_ACCESS_KEY" not in program.environment
        assert not any(secret in word for secret in SECRETS for word in [*program.arguments, repr(program)])


def test_the_sandbox_is_told_nothing_of_real_credentials(usual: dict[str, str], stack: contextlib.ExitStack) -> None:
    found = by_name(plan({**usual, "WEBHOOK_SECRETS": "a-hook-secret"}, stack))
    assert not [name for name in found["github"].environment if name.startswith(("GITHUB", "WEBHOOK", "REDIS"))]
    # Those of the sandbox itself take the place of what was set.
    assert found["receiver"].environment["WEBHOOK_SECRETS"] != "a-hook-secret"


def test_the_sandbox_is_written_to_unless_told_otherwise(usual: dict[str, str], stack: contextlib.ExitStack) -> None:
    assert by_name(plan(usual, stack))["reviews"].environment["MODE"] == "post"
    assert by_name(plan({**usual, "MODE": "shadow"}, stack))["reviews"].environment["MODE"] == "shadow"


def test_a_relative_key_is_found_from_the_data_folder(
    usual: dict[str, str],
    credentials: dict[str, str],
    stack: contextlib.ExitStack,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    found = by_name(plan({**usual, **credentials, "GITHUB_PRIVATE_KEY_FILE": "key.pem", "DATA_DIR": "data"}, stack))
    assert found["reviews"].environment["GITHUB_PRIVATE_KEY_FILE"] == str(tmp_path / "key.pem")
    assert found["reviews"].environment["DATA_DIR"] == str(tmp_path / "data")


def test_a_deep_folder_has_its_socket_elsewhere(
    usual: dict[str, str], tmp_path: Path, stack: contextlib.ExitStack
) -> None:
    usual["DATA_DIR"] = str(tmp_path / ("deep" * 30))
    url = by_name(plan(usual, stack))["deep"].environment["REDIS_URL"]
    assert len(url) < 107
    folder = Path(url.removeprefix("unix://")).parent
    assert folder.is_dir()
    stack.close()
    assert not folder.exists()


@pytest.mark.parametrize("name", ["PORT", "METRICS_PORT", "SANDBOX_PORT"])
def test_a_port_that_is_taken_is_one_sentence(usual: dict[str, str], stack: contextlib.ExitStack, name: str) -> None:
    with socket.create_server(("127.0.0.1", int(usual[name]))), pytest.raises(SettingsError) as error:
        plan(usual, stack)
    assert str(error.value) == f"port {usual[name]} on 127.0.0.1 is taken: end what listens there or set {name}."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"GITHUB_APP_ID": "4711"}, "GITHUB_PRIVATE_KEY_FILE is not set"),
        ({"GITHUB_PRIVATE_KEY_FILE": "key.pem"}, "GITHUB_APP_ID is not set"),
        ({"GITHUB_APP_ID": "4711", "GITHUB_PRIVATE_KEY_FILE": "/nowhere.pem"}, "cannot be read"),
        ({"SANDBOX_PORT": "many"}, "SANDBOX_PORT cannot be used"),
        ({"REDIS_URL": "redis://:a-redis-password@127.0.0.1:1"}, "the queue cannot be reached"),
    ],
)
def test_what_cannot_work_is_one_sentence(
    usual: dict[str, str], stack: contextlib.ExitStack, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as error:
        plan({**usual, **changes}, stack)
    assert not any(secret in str(error.value) for secret in SECRETS)


@pytest.mark.parametrize("missing", ["WEBHOOK_SECRETS", "REPOSITORIES"])
def test_what_is_missing_for_github_is_said_at_once(
    usual: dict[str, str], credentials: dict[str, str], stack: contextlib.ExitStack, missing: str
) -> None:
    del credentials[missing]
    with pytest.raises(SettingsError, match=f"{missing} is not set"):
        plan({**usual, **credentials}, stack)


def test_no_git_is_one_sentence(
    usual: dict[str, str], stack: contextlib.ExitStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="apt install git"):
        plan(usual, stack)


def test_what_was_remembered_is_as_old_as_the_sandboxs_records(
    usual: dict[str, str], stack: contextlib.ExitStack
) -> None:
    old = Path(usual["DATA_DIR"], "sandbox", "redis", "appendonlydir")
    old.mkdir(parents=True)
    kept = Path(usual["DATA_DIR"], "redis", "appendonlydir")
    kept.mkdir(parents=True)
    plan(usual, stack)
    assert not old.exists()
    assert kept.exists()
    assert [each.name for each in Path(usual["DATA_DIR"], "sandbox", "redis").iterdir()] == ["valkey.conf"]

    old.mkdir()
    folder = Path(usual["DATA_DIR"], "sandbox")
    state = State(folder / "repositories")
    keeping.keep(state, folder)
    plan(usual, stack)
    assert old.exists()
