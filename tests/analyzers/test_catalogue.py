"""Every rule is documented, its documentation is true, and every fixture holds."""

import pathlib
import subprocess
import sys

import pytest

from analyzers import catalogue
from tests import harness


@pytest.mark.parametrize(
    ("rule", "path"), [pytest.param(rule, path, id=f"{rule}/{path.stem}") for rule, path in harness.fixtures()]
)
def test_fixture(rule: str, path: pathlib.Path) -> None:
    assert rule in catalogue.names(), f"{path} stands in a folder that is no rule's name"
    harness.check(harness.load(path.read_text()), rule)


@pytest.mark.parametrize("rule", catalogue.names())
def test_documentation(rule: str) -> None:
    documentation = catalogue.documentation(rule)
    assert "should" not in documentation.title
    example = harness.load(documentation.example)
    if documentation.flagged_only:
        assert any(each.analyzer == rule for each in example.report(rule).diagnostics), "the example is not flagged"
        return
    assert not [each.message for each in example.report(rule).diagnostics], "the remedy is flagged"
    undone = example.reversed().report(rule).diagnostics
    assert any(each.analyzer == rule for each in undone), "the mistake is not flagged"


@pytest.mark.parametrize("rule", catalogue.names())
def test_every_rule_has_fixtures_of_both_kinds(rule: str) -> None:
    loaded = [harness.load(path.read_text()) for name, path in harness.fixtures() if name == rule]
    assert any(fixture.wants for fixture in loaded), f"no fixture of {rule} is flagged"
    assert any(not fixture.wants for fixture in loaded), f"no fixture of {rule} is silent"


def test_a_former_name_stands_for_the_rules_that_were_part_of_it() -> None:
    assert "hot-alloc" in catalogue.known()
    assert "hot-alloc" not in catalogue.names()
    assert set(catalogue.meant("hot-alloc")) == {
        name for name in catalogue.names() if "hot-alloc" in catalogue.documentation(name).formerly
    }
    assert catalogue.meant("critical-path")[0] == "critical-path"
    assert {each.name for each in catalogue.load(["hot-alloc"])} == set(catalogue.meant("hot-alloc"))
    ignored = {each.name for each in catalogue.load(ignored=["critical-path"]) if each.ignored}
    assert ignored == set(catalogue.meant("critical-path"))
    with pytest.raises(catalogue.UnknownRule):
        catalogue.load(ignored=["hot-allocs"])


def test_reading_documentation_loads_no_parser() -> None:
    program = (
        "import sys; from analyzers import catalogue; [catalogue.documentation(name) for name in catalogue.names()]; "
        "sys.exit('tree_sitter' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
