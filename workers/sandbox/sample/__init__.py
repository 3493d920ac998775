"""The sample: a small repository of our own, and a pull request that makes the mistakes of the contributors' guide.

base.txt is the repository, head.txt what the pull request changes, fixed.txt what puts the Go code right again. Each is
one text: a line "-- PATH --" before the text of each file. So no tool takes the Go code for ours.
"""

import re
from functools import cache
from pathlib import Path

from ..people import SimulatedRepository
from ..records import Pull
from ..simulated import SimulatedGitHub

FOLDER = Path(__file__).parent
REPOSITORY = "kubernetes-sample/kubernetes"
TITLE = "Honour pod anti-affinity, refresh secrets, clean up unused images"

BODY = """\
**What this does**

- the scheduler looks at every node for each pod, and honours pod anti-affinity
- the image cleanup controller leaves images alone that a pod still uses
- the kubelet refreshes the secrets of its pods once a minute
- built with Go 1.10, ships etcd 3.2.14

```release-note
The scheduler honours pod anti-affinity.
```
"""


@cache
def files(name: str) -> dict[str, str]:
    """Give the files of one of the sample's texts ("base", "head" or "fixed"): path -> content."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    parts = re.split(r"^-- (\S+) --\n", text, flags=re.MULTILINE)
    return {path: content.strip("\n") + "\n" for path, content in zip(parts[1::2], parts[2::2], strict=True)}


def load_sample(github: SimulatedGitHub) -> Pull:
    """Open the sample pull request; give it. Its webhook goes out. "Push the fix" on its page pushes fixed.txt."""
    repository: SimulatedRepository = github.repository(REPOSITORY)
    for login in ("sig-lead", "maintainer"):
        repository.member(login, "MEMBER")
    repository.commit(files("base"), "A small sample", author="maintainer")
    pull = repository.open_pull(files("head"), TITLE, "contributor", body=BODY, branch="anti-affinity")
    github.state.fixes[pull.id] = files("fixed")
    return pull
