"""Fixtures of more than one module."""

from pathlib import Path

import pytest
from board_lab import run_to_prompt

from tools.board.virtual import VirtualBoard


@pytest.fixture(scope="module")
def started_stock(tmp_path_factory: pytest.TempPathFactory) -> VirtualBoard:
    """A board with stock firmware that has been started once, so that its file system is there."""
    board = VirtualBoard.create_stock(tmp_path_factory.mktemp("stock") / "b")
    run_to_prompt(board)
    return board


@pytest.fixture
def board(started_stock: VirtualBoard, tmp_path: Path) -> VirtualBoard:
    """A copy of it."""
    return started_stock.copy(tmp_path / "b")
