"""Opens serial ports, with errors that say what to do."""

from __future__ import annotations

import argparse
import errno
import re

import serial
import serial.tools.list_ports

BAUD = 115200
_TIMEOUT_S = 5
_OS_SAYS = re.compile(r"(?:\[Errno -?\d+\] |\(\d+, ')([A-Z][^':\])]+)")


class PortError(Exception):
    """There is no board to talk to at this port; the text says why, and what may help."""


def add_port(parser: argparse.ArgumentParser) -> None:
    """The option that every command here has."""
    parser.add_argument("--port", required=True, metavar="P",
                        help="serial port: /dev/ttyUSB0, COM3, rfc2217://host:port, socket://host:port")


def open_port(port: str, timeout_s: float = _TIMEOUT_S) -> serial.SerialBase:
    """The open port. timeout_s: of a read. Raises PortError."""
    try:
        return serial.serial_for_url(port, BAUD, timeout=timeout_s, exclusive=True)
    except (OSError, ValueError) as error:
        raise PortError(f"{port} cannot be opened: {reason(error)}\n{_advice(port)}") from error


def reason(error: Exception) -> str:
    """The short part of pyserial's long texts."""
    text, number = str(error), getattr(error, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        return "permission denied (Linux: add yourself to the group dialout)"
    if number in (errno.EBUSY, errno.EAGAIN):
        return "another program has it open"
    if "NoneType" in text or "debug|info" in text or "out of range" in text:  # pyserial trips over its own text
        return "the URL needs a port number, as in socket://host:7001"
    if "RFC2217" in text or "REQUESTED" in text:
        return "what answers there does not speak RFC 2217; for bare bytes the URL begins with socket://"
    if os_says := _OS_SAYS.findall(text):
        return os_says[-1].replace("Inappropriate ioctl for device", "this is no serial port")
    return text.rpartition(": ")[2].strip("'\"()[] ") or "no port of a known kind"


def _advice(port: str) -> str:
    if "://" in port:
        return "Is the other side running, and does the port number match?"
    found = sorted(entry.device for entry in serial.tools.list_ports.comports() if entry.vid is not None)
    if found:
        return f"USB serial ports on this machine: {', '.join(found)}"
    return "There is no USB serial port on this machine: is the board plugged in, with a cable that carries data?"
