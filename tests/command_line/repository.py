"""What the tests of the command line share: a small repository, and the change in it that must be found."""

import json
import os
import pathlib
import subprocess
import sys

GOOD = """package controller

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

type Controller struct {
	client kubernetes.Interface
}

func (c *Controller) sync(ctx context.Context) error {
	return nil
}
"""
BAD = GOOD.replace(
    "	return nil", '	_, err := c.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})\n	return err'
).replace("import (", 'import (\n	"context"\n')
PROGRAM = pathlib.Path(sys.executable).with_name("scalability-bot")
PATH = "pkg/controller/foo/controller.go"


class Repository:
    program = (str(PROGRAM),)

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(PATH, GOOD)
        self.commit("first")

    def git(self, *arguments: str) -> str:
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for role in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{role}_NAME": "a", f"GIT_{role}_EMAIL": "a@example.com"}
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def check(
        self, *arguments: str, patch: str | None = None, cwd: pathlib.Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.program, "check", *arguments],
            cwd=cwd or self.folder,
            input=patch,
            capture_output=True,
            text=True,
            check=False,
        )


def places(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str, int, bool]]:
    assert done.returncode in {0, 1}, done.stderr
    return [
        (each["analyzer"], each["path"], each["line"], each["inline"])
        for each in json.loads(done.stdout)["diagnostics"]
    ]


LINE = BAD.split("\n").index('	_, err := c.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})') + 1
FOUND = [("explicit-list", PATH, LINE, True)]
