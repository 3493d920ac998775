"""MODE=shadow: everything but the writing."""

import json
import subprocess
from pathlib import Path

from tests.end_to_end.conftest import BEFORE, FILES, FITS, PATH, bot_running, eventually
from workers.services import command

WRITES = {"POST", "PATCH", "PUT", "DELETE"}


def test_shadow_writes_nothing_and_keeps_each_review(tmp_path: Path) -> None:
    with bot_running(tmp_path, mode="shadow", queues=("reviews", "commands", "deep")) as bot:
        repository = bot.github.repository("octo/watched")
        repository.commit(FILES)
        pull = repository.open_pull({PATH: BEFORE + FITS})
        comment = repository.comment(pull, "curious", "/scalability-check help")
        repository.label(pull, "scalability/deep-scan")

        def shadow(*options: str) -> str:
            done = subprocess.run(
                command("shadow", *options),
                env=bot.environment(),
                cwd=bot.data,
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stdout

        def kept() -> list[dict[str, object]]:
            return [json.loads(line)["write"] for line in shadow("--format", "json").splitlines()]

        eventually(
            lambda: {"PostReview", "PutCheckRun", "PostReply"} <= {str(write["write"]) for write in kept()},
            "what is kept",
        )
        bot.idle()
        assert (pull.reviews, pull.review_comments, pull.comments[1:], comment.reactions) == ([], [], [], [])
        assert not repository.check_runs(pull)
        written = [
            request
            for request in bot.github.state.requests
            if request.method in WRITES and not request.path.endswith(("access_tokens", "git-upload-pack"))
        ]
        assert written == []
        # A finding is told once, as it would be on GitHub: the deep scan found it too.
        reviews = [write for write in kept() if write["write"] == "PostReview"]
        assert len(reviews) == 1
        text = shadow("--repository", "octo/watched", "--number", "1")
        assert "octo/watched#1" in text
        assert f"{PATH}:" in text
        assert "check run scalability: neutral" in text
        assert shadow("--repository", "octo/other") == ""
