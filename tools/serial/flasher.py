"""Writes a combined image to a chip in download mode, with esptool's own functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import serial
from esptool import FatalError
from esptool.cmds import attach_flash, detect_chip, detect_flash_size, read_flash, reset_chip, run_stub, write_flash
from esptool.loader import ESPLoader
from esptool.util import flash_size_bytes
from serial import rfc2217

from tools.board import layout
from tools.serial.combined import Combined, moved
from tools.serial.port import PortError, open_port, reason

_ATTEMPTS = 4


class _Remote(rfc2217.Serial):
    """How long to wait is no matter of the other side; pyserial has it set up its line anew each time, for 100 ms."""

    timeout = property(lambda self: self._timeout, lambda self, seconds: setattr(self, "_timeout", seconds))


class FlashError(Exception):
    """The chip is not the one, or did not take it; the text says what to do."""


class HalfWrittenError(FlashError):
    """What is on the flash now does not start."""


def has_buttons(port: str) -> bool:
    """Can EN and BOOT be pressed by way of this port's DTR and RTS? A raw socket has no such lines."""
    return not port.startswith("socket:")


@contextmanager
def in_download_mode(port: str, baud: int) -> Iterator[ESPLoader]:
    """A chip whose flash is attached, reset at the end unless it is half written. Raises PortError, FlashError."""
    buttons = has_buttons(port)
    open_port(port).close()  # says why not; esptool takes a port that is not there for one in use
    try:
        link = _Remote(port) if port.startswith("rfc2217:") else port
        chip = detect_chip(link, connect_mode="default-reset" if buttons else "no-reset", connect_attempts=_ATTEMPTS)
    except (FatalError, serial.SerialException, OSError, ValueError) as error:
        hint = ("Hold BOOT while pressing EN, then try again." if buttons else
                "This port has no DTR and RTS: hold BOOT while pressing EN (a virtual board: `board run --download`).")
        raise PortError(f"{port}: no chip in download mode ({_why(error)}). {hint}") from None
    reset = buttons
    try:
        chip = run_stub(chip)
        if buttons and baud > ESPLoader.ESP_ROM_BAUD:
            chip.change_baud(baud)
        attach_flash(chip)
        yield chip
    except HalfWrittenError:
        reset = False
        raise
    except (FatalError, serial.SerialException) as error:
        raise FlashError(f"{port}: {_why(error)}") from None
    finally:
        with suppress(FatalError, OSError):
            if reset:
                reset_chip(chip, "hard-reset")
        chip._port.close()  # esptool offers no other way


def _why(error: Exception) -> str:
    """esptool's texts are long, and advise what is not to be had here."""
    return str(error).partition("\n")[0] if isinstance(error, FatalError) else reason(error)


def check(chip: ESPLoader, image: Combined, erase: bool) -> None:
    """Is this the chip and the flash for `image`, and does what is kept stay in its place? Raises FlashError."""
    name = chip.CHIP_NAME.lower().replace("-", "")
    if name != image.chip:
        raise FlashError(f"the file is for {image.chip}, the chip is an {chip.CHIP_NAME}")
    size = flash_size_bytes(detect_flash_size(chip))
    if size and image.end > size:
        raise FlashError(f"the file is for {image.end // 1048576} MiB of flash, the chip has {size // 1048576}")
    if erase:
        return
    table = read_flash(chip, layout.TABLE_ADDRESS, layout.TABLE_SIZE, output=None)
    if lost := moved(table, image):
        raise FlashError(f"another partition table is on the chip: {' and '.join(lost)} would lie elsewhere and be "
                         "lost. With --erase the whole flash is erased first; the board must then be provisioned anew")


def write(chip: ESPLoader, image: Combined, erase: bool, say: Callable[[str], None]) -> None:
    """Erase if asked for, write each part, let the chip compare its MD5. Raises HalfWrittenError, also for Ctrl-C."""
    for part in image.parts:
        say(f"  {part}")
    try:
        write_flash(chip, [(part.address, part.data) for part in image.parts], erase_all=erase)
    except (FatalError, OSError, KeyboardInterrupt) as error:
        why = "interrupted" if isinstance(error, KeyboardInterrupt) else _why(error)
        raise HalfWrittenError(f"half written ({why}): run it again") from None
