"""No text that a pull request brings along stops its review, or another's: what cannot be read is said in the check run."""

import pytest

from bot.check_runs import ExternalId
from bot.configuration import LONGEST
from tests.end_to_end.conftest import BEFORE, FITS, PATH, Bot
from tests.end_to_end.test_review import check_run
from workers.sandbox import SimulatedRepository

AT = ".github/scalability.yaml"
CONFIGURATIONS = {
    "a number as key": "1: 2\n",
    "a date as key": "2026-01-01: x\n",
    "5,000 digits": f"cap: 0x{'f' * 5_000}\n",
    "a tag": "!!bool x\n",
    "a tag that runs code": "!!python/object/apply:os.system ['true']\n",
    "nested": "[" * (LONGEST // 2),
    "60 kB of nesting": "a: " + "{b: [" * 12_000,
    "aliases": "a: &a [x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]\n" for n in range(20)),
    "no UTF-8": "cap: \x00\x01\n",
}  # fmt: skip
FILES = {
    "a folder 600 deep": {f"{'d/' * 600}deep.go": "package d\n"},
    "20 MB of short lines": {"notes.txt": "x\n" * 10_000_000},
    "a chain of constants": {"chain/a.go": "package a\n\nconst a0 = 1\n"
                             + "".join(f"const a{n + 1} = (a{n}&a{n})&(a{n}&a{n})\n" for n in range(13))
                             + "\ntype T struct{ x [a13]int }\n"},
    "loops within loops": {"nested/a.go": "package a\n\nfunc f() {\n" + "for {\n" * 480 + "}\n" * 480 + "}\n"},
}  # fmt: skip


@pytest.mark.parametrize("text", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_configuration_stops_no_review(bot: Bot, text: str, request: pytest.FixtureRequest) -> None:
    name = "".join(filter(str.isalnum, request.node.callspec.id))
    repository = bot.github.repository(f"octo/configured-{name}".lower())
    repository.commit({"go.mod": "module k8s.io/kubernetes\n\ngo 1.21\n", PATH: BEFORE})
    # In the pull request that brings it, and in all others once it is on the base branch.
    bringing = repository.open_pull({PATH: BEFORE + FITS, AT: text})
    run = check_run(repository, bringing)
    assert "scalability.yaml" in (run.summary or "")
    repository.commit({AT: text})
    pull = repository.open_pull({PATH: BEFORE + FITS})
    assert "scalability.yaml" in (check_run(repository, pull).summary or "")
    bot.idle()
    for each in (bringing, pull):
        [run] = repository.check_runs(each)
        identity = ExternalId.read(run.external_id or "")
        assert identity is not None
        assert (identity.state, run.conclusion, len(each.review_comments)) == ("done", "neutral", 1)


@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
def test_a_file_is_left_out_alone(bot: Bot, repository: SimulatedRepository, files: dict[str, str]) -> None:
    pull = repository.open_pull({PATH: BEFORE + FITS, **files})
    run = check_run(repository, pull)
    bot.idle()
    assert ExternalId.read(run.external_id or "").state == "done"  # type: ignore[union-attr]
    assert (run.conclusion, len(pull.review_comments)) == ("neutral", 1)
