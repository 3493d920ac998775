import pathlib

import pytest

from tests.command_line.repository import Repository


@pytest.fixture
def repository(tmp_path: pathlib.Path) -> Repository:
    (tmp_path / "repository").mkdir()
    return Repository(tmp_path / "repository")
