"""Fixtures of the end-to-end tests: real cloud processes, real boards."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rig import make_board
from update_bench import Bench, make_updatable

from tools.board.virtual import VirtualBoard
from tools.cloud.process import LocalCloud


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """One that a test may stop and restart, and that keeps its files."""
    with LocalCloud(tmp_path / "cloud") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def shared_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One for a module."""
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def cloud(shared_cloud: LocalCloud) -> LocalCloud:
    """That one, with nothing left of the last test but files."""
    shared_cloud.faults([])
    shared_cloud.settings(**dict.fromkeys(shared_cloud.settings()))
    for device in shared_cloud.devices():
        shared_cloud.delete_device(device["id"])
    shared_cloud.control.delete("requests").raise_for_status()
    return shared_cloud


@pytest.fixture
def board(tmp_path: Path, cloud: LocalCloud) -> VirtualBoard:
    """Fresh from the factory, for that cloud."""
    return make_board(tmp_path / "board", cloud)


@pytest.fixture
def make_bench(tmp_path: Path, cloud: LocalCloud) -> Callable[..., Bench]:
    """Makes the board of a test, which takes signed updates, at that cloud. Arguments: see `make_updatable`."""
    def make(**more: Any) -> Bench:
        return Bench(tmp_path, cloud, make_updatable(tmp_path / "board", cloud, **more))

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
