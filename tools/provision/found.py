"""A board as it is found at its serial port, before anything is done to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tools.provision.problem import ProvisionError
from tools.serial.repl import Repl

SCRIPT = "provisioning"  # of tools/serial/device


@dataclass(frozen=True)
class Found:
    """mac: `aa:bb:cc:dd:ee:ff`. agent: its version, empty without one. registered: it has an identity, in use or
    parked. kept: what its settings say of the device: sn, cloud_id, name, setup_password.
    """

    firmware: str
    agent: str
    mac: str
    registered: bool
    kept: dict[str, str] = field(repr=False)


def ask(board: Repl) -> Found:
    """Raises ProvisionError when the answer is no board's; what the REPL raises."""
    try:
        return Found(**board.call(SCRIPT, "found"))
    except TypeError:
        raise ProvisionError("the board's answer makes no sense: is this its console?") from None
