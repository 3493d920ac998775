"""Two versions of the bot on one Redis: an upgrade and a rollback, tried before a release.

    .venv/bin/python -m tests.benchmarks.upgrade --from REVISION

Checks REVISION out beside this tree, which has its .venv, and runs both with the packages there, against the simulated
GitHub. First the old version alone; then pull requests wait for a worker while the new version's processes begin beside
the old ones; then the new one alone; then back to the old one, with what the new one left in Redis. At each step pull
requests are opened, pushed to and commented on, and in the end each head has one completed check run, each pull request one
answer to each command, and no comment stands twice. Says what is not so, and the lines of the log that tell of errors.
"""

import argparse
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bot.markers import markers
from bot.queue import QUEUES
from tests.end_to_end.conftest import BEFORE, FILES, FITS, FITS_BETTER, PATH, Bot, bot_running, eventually
from workers.sandbox.records import Pull

ROOT = Path(__file__).parents[2]
# Seconds for what takes a few on a machine that does nothing else.
PATIENCE = 900.0


@dataclass
class Trial:
    """A bot of two versions, and all that was asked of it."""

    bot: Bot
    old: Path
    pulls: list[Pull] = field(default_factory=list)

    def import_from(self, root: Path) -> None:
        """Have what is started from now on be the version that lies in a folder."""
        self.bot.python = str(root / ".venv" / "bin" / "python")

    def start(self, root: Path, *arguments: str) -> "subprocess.Popen[bytes]":
        self.import_from(root)
        process = self.bot.start(*arguments)
        self.bot.commands[process.pid] = (root.name, *arguments)
        return process

    def start_all(self, root: Path, *queues: str) -> None:
        for queue in queues or QUEUES:
            self.start(root, "worker", queue)

    def start_receiver(self, root: Path) -> None:
        self.end(None, "serve")
        self.import_from(root)
        self.bot.start_receiver()

    def end(self, root: Path | None, *command: str) -> None:
        """End the processes of a version (or of both) that run a command, as a roll-out does."""
        for process in self.bot.processes:
            known = self.bot.commands.get(process.pid, ())
            if process.poll() is None and (root is None or known[0] == root.name) and command == known[-len(command) :]:
                process.terminate()
                process.wait(240)

    def ask(self, number: int, what: str) -> None:
        """Open pull requests; push to the first of them and ask for its review."""
        repository = self.bot.github.repository("octo/upgraded")
        opened = [repository.open_pull({PATH: BEFORE + FITS}, f"{what} {index}") for index in range(number)]
        repository.push(opened[0], {PATH: BEFORE + FITS_BETTER})
        repository.comment(opened[-1], f"asker-{what}", "/scalability-check")
        self.pulls += opened
        self.bot.github.delivered()

    def settle(self, what: str) -> None:
        repository = self.bot.github.repository("octo/upgraded")

        def done() -> bool:
            return all(
                any(run.status == "completed" for run in repository.check_runs(pull, "scalability"))
                for pull in self.pulls
            )

        try:
            eventually(done, f"all reviews ({what})", PATIENCE)
            self.bot.idle(PATIENCE)
        except AssertionError:
            print("\n".join(self.bot.log.read_text().splitlines()[-40:]))
            raise
        print(f"{what}: {len(self.pulls)} pull requests reviewed", flush=True)

    def wrong(self) -> list[str]:
        found = []
        repository = self.bot.github.repository("octo/upgraded")
        for pull in self.pulls:
            runs = [run.status for run in repository.check_runs(pull, "scalability")]
            if runs != ["completed"]:
                found.append(f"#{pull.number}: check runs {runs}")
            places = Counter((comment.path, comment.original.line) for comment in pull.review_comments)
            found += [f"#{pull.number}: {count} comments at {place}" for place, count in places.items() if count > 1]
            bodies = [each.body for each in pull.reviews] + [each.body for each in pull.comments]
            answers = Counter(words for body in bodies for words in markers(body) if words[0] == "answer")
            found += [f"#{pull.number}: answered {count} times" for count in answers.values() if count > 1]
        return found

    def delivered(self) -> bool:
        """Say whether each event arrived, if need be in a later attempt: a receiver was away while another began."""
        deliveries = self.bot.github.delivered()
        return {each.guid for each in deliveries} == {each.guid for each in deliveries if each.status_code == 202}


def _environment(root: Path, packages: str) -> None:
    """Make a virtual environment whose processes, and those that they start, take the old version and our packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / ".venv")], check=True)
    (folder,) = (root / ".venv" / "lib").glob("python*/site-packages")
    (folder / "old.pth").write_text(
        "\n".join(filter(None, (str(root), sysconfig.get_path("purelib"), packages))) + "\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="revision", required=True)
    parser.add_argument("--packages", default="", help="a folder with packages that only the old version needs")
    parser.add_argument(
        "--apart", action="store_true", help="end the old workers before the new ones begin; no way back"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        old = Path(name, "old")
        archive = subprocess.run(
            ["git", "-C", str(ROOT), "archive", options.revision], capture_output=True, check=True
        ).stdout
        old.mkdir()
        subprocess.run(["tar", "-x", "-C", str(old)], input=archive, check=True)
        _environment(old, options.packages)
        with bot_running(Path(name), queues=(), quiet=True) as bot:
            trial = Trial(bot, old)
            bot.github.repository("octo/upgraded").commit(FILES)
            trial.start_receiver(old)
            trial.start_all(old)
            trial.ask(4, "old")
            trial.settle("the old version alone")

            trial.end(old, "worker", "reviews")
            trial.ask(6, "waiting")
            if options.apart:
                for queue in QUEUES:
                    trial.end(old, "worker", queue)
            else:
                trial.start(old, "worker", "reviews")
            trial.start_all(ROOT)
            trial.start_receiver(ROOT)
            trial.ask(6, "both")
            trial.settle("the new version beside the old one, with jobs of that waiting")

            for queue in QUEUES:
                trial.end(old, "worker", queue)
            trial.ask(4, "new")
            trial.settle("the new version alone")

            if not options.apart:
                for queue in QUEUES:
                    trial.end(ROOT, "worker", queue)
                trial.ask(4, "back")
                trial.start_receiver(old)
                trial.start_all(old)
                trial.settle("back to the old version, with jobs of the new one waiting")
            eventually(trial.delivered, "the deliveries that no receiver took to be asked for again", PATIENCE)
            wrong = trial.wrong()
            log = bot.log.read_text().splitlines()
        errors = [line for line in log if line.startswith(("E ", "C ")) or "Error" in line or "Traceback" in line]
    for line in [*wrong, *errors]:
        print(line[:300])
    print(f"{len(wrong)} things wrong, {len(errors)} lines of errors")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
