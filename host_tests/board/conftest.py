"""Fixtures for a board on a serial port: the one that --port names, or a virtual one, with this machine's cloud."""

import json
import os
from collections.abc import Iterator

import pytest
from target import Secret, Target, again

from plugged import Plugged
from tools.board.virtual import VirtualBoard
from tools.cloud.process import LocalCloud
from tools.serial.port import PortError, open_port
from tools.serial.repl import Repl, connect

_TARGET = pytest.StashKey[Target]()


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The board. A virtual one has nothing on it but firmware and the settings of its Wi-Fi."""
    port = request.config.getoption("--port")
    if port:
        _must_open(port)
        request.config.stash[_TARGET] = Target(port, None, request.config.getoption("--write-spare"))
        yield request.config.stash[_TARGET]
        with again(request.config.stash[_TARGET]) as repl:
            repl.restart()  # its own program, if there is one, has stood still
        return
    board = VirtualBoard.create_stock(tmp_path_factory.mktemp("target") / "board")
    board.run(20, until=lambda line: line.startswith("MicroPython v"))  # formats its file system
    networks = [{"ssid": name, "key": key} for name, key in board.settings.networks]
    board.write_file("/settings.json", json.dumps({"wifi": networks}).encode())
    with Plugged(board) as plugged:
        request.config.stash[_TARGET] = Target(plugged.url, plugged, True)
        yield request.config.stash[_TARGET]


@pytest.fixture
def repl(target: Target) -> Iterator[Repl]:
    """The board at its prompt, its program stopped."""
    with connect(target.port) as repl:
        yield repl


@pytest.fixture(scope="session")
def networks(request: pytest.FixtureRequest) -> list[dict[str, str]]:
    """Of --wifi, as the setting `wifi` has them; none when the board knows some itself."""
    name = request.config.getoption("--wifi")
    return [{"ssid": name, "key": Secret(os.environ.get("XYTE_WIFI_KEY", ""))}] if name else []


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
    with LocalCloud(tmp_path_factory.mktemp("board_cloud") / "data", **far) as cloud:
        yield cloud


def _must_open(port: str) -> None:
    """One message, instead of one for each test."""
    try:
        open_port(port).close()
    except PortError as error:
        pytest.exit(str(error), returncode=2)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Of a real board all that it has told, of a virtual one what does not hold; then the counts."""
    target = config.stash.get(_TARGET, None)
    if target is None:
        return
    for name, verdicts in target.verdicts.items():
        if verdicts.failed or target.plugged is None:
            terminalreporter.section(f"{name} on the board")
            for line in verdicts.lines():
                terminalreporter.write_line(line)
    passed, failed, skipped = (sum(len(getattr(verdicts, kind)) for verdicts in target.verdicts.values())
                               for kind in ("passed", "failed", "skipped"))
    terminalreporter.write_line(f"facts on the board: {passed} passed, {failed} failed, {skipped} skipped")
