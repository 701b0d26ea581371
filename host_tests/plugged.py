"""A virtual board on a serial cable: runs in a thread of its own from `with` to the end of the block."""

import threading
import time
from collections.abc import Callable
from typing import Any, Self

from tools.board.serial_port import SerialPort
from tools.board.virtual import VirtualBoard


class Plugged:
    """board: to run; serial_port: TCP port, 0 for a free one; options: as VirtualBoard.run. lines: its log so far.

    Raises at the end what the run raised.
    """

    def __init__(self, board: VirtualBoard, serial_port: int = 0, **options: Any) -> None:
        self.board, self.lines = board, []
        self.serial = SerialPort(serial_port)
        self._options = options
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    @property
    def url(self) -> str:
        return self.serial.url

    @property
    def rfc2217_url(self) -> str:
        return self.serial.rfc2217_url

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.board.stop()
        self._thread.join()
        self.serial.close()
        if self._failure:
            raise self._failure

    def wait(self, text: str, since: int = 0, seconds: float = 20) -> str:
        """The first line of the log, from line `since` on, that holds `text`. Fails when there is none in time."""
        return self.wait_for(lambda: next((line for line in self.lines[since:] if text in line), ""), text, seconds)

    def wait_for(self, condition: Callable[[], Any], what: str = "", seconds: float = 20) -> Any:
        """What `condition()` returns once it is true."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert self._thread.is_alive() and time.monotonic() < end, f"{what}: not in\n" + "\n".join(self.lines)
            time.sleep(0.01)
        return found

    def _run(self) -> None:
        try:
            self.board.run(serial=self.serial, on_line=self.lines.append, **self._options)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._failure = error
