"""Serves download mode: bytes between the consoles and the ROM's loader, until a reset leads out of it."""

from __future__ import annotations

from collections.abc import Callable

from tools.board.consoles import Consoles
from tools.board.process import readable
from tools.board.rom_loader import RomLoader

_BANNER = (b"ets Jul 29 2019 12:21:46\n\nrst:0x1 (POWERON_RESET),boot:0x3 "
           b"(DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\nwaiting for download\n")
_LOOK_S = 0.05


def serve(loader: RomLoader, consoles: Consoles, over: Callable[[], bool]) -> bool:
    """Until `over()`, a press on EN, or the loader's end. Returns whether EN led into download mode again.

    Raises PowerCut.
    """
    consoles.shown(_BANNER)
    while not over() and not loader.left:
        for fd in readable(consoles.watched(), _LOOK_S):
            if typed := consoles.typed(fd):
                consoles.shown(loader.received(typed), raw=True)
        if button := consoles.button():
            return button == "download"
    return False
