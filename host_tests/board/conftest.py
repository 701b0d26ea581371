"""Fixtures for a board on a serial port: the one that --port names, or a virtual one, with this machine's cloud."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from verdicts import Verdicts, run_script

from plugged import Plugged
from tools.board.virtual import VirtualBoard
from tools.cloud.process import LocalCloud
from tools.serial.repl import Repl, connect

_summary: dict[str, Verdicts] = {}


@dataclass
class Target:
    """port: URL. plugged: the virtual board behind it, None for a chip. write_spare: may the other slot be erased?"""

    port: str
    plugged: Plugged | None
    write_spare: bool

    def script(self, repl: Repl, name: str, **names: object) -> Verdicts:
        """Run a script, keep its verdicts for the summary, fail when a fact does not hold."""
        verdicts = run_script(repl, name, **names)
        _summary[name] = verdicts
        verdicts.must_hold()
        return verdicts


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The board. A virtual one has nothing on it but firmware and the settings of its Wi-Fi."""
    port = request.config.getoption("--port")
    if port:
        yield Target(port, None, request.config.getoption("--write-spare"))
        return
    board = VirtualBoard.create_stock(tmp_path_factory.mktemp("target") / "board")
    board.run(20, until=lambda line: line.startswith("MicroPython v"))  # formats its file system
    networks = [{"ssid": name, "key": key} for name, key in board.settings.networks]
    board.write_file("/settings.json", json.dumps({"wifi": networks}).encode())
    with Plugged(board) as plugged:
        yield Target(plugged.url, plugged, True)


@pytest.fixture
def repl(target: Target) -> Iterator[Repl]:
    """The board at its prompt, its program stopped."""
    with connect(target.port) as repl:
        yield repl


@pytest.fixture(scope="session")
def host(request: pytest.FixtureRequest) -> str:
    """This machine, as the board finds it; "" when nobody has said so."""
    named = request.config.getoption("--cloud")
    return named or ("" if request.config.getoption("--port") else "localhost")


@pytest.fixture(scope="session")
def board_cloud(host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud that the board can reach. Skips where nobody has said how."""
    if not host:
        pytest.skip("--cloud must say how the board finds this machine")
    far = {} if host == "localhost" else {"host": "0.0.0.0", "name": host}
    with LocalCloud(Path(tmp_path_factory.mktemp("board_cloud")) / "data", **far) as cloud:
        yield cloud


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The facts of each script, and with --port all that the board has told."""
    counts: Counter[str] = Counter()
    for name, verdicts in _summary.items():
        counts.update(passed=len(verdicts.passed), failed=len(verdicts.failed), skipped=len(verdicts.skipped))
        if config.getoption("--port") or verdicts.failed:
            terminalreporter.section(f"{name} on the board")
            for title, lines in (("FAIL", verdicts.failed), ("SKIP", verdicts.skipped), ("INFO", verdicts.told)):
                for line in lines:
                    terminalreporter.write_line(f"{title} {line}")
    if counts:
        terminalreporter.write_line(f"facts on the board: {counts['passed']} passed, {counts['failed']} failed, "
                                    f"{counts['skipped']} skipped")
