"""Safe mode: network and agent without the user's application. boot.py comes here when nothing else is left to run.

The device stays visible (status "error") and obeys commands; `reboot` tries the application again, and so does an hour.
"""

from micropython import const
from xyte.agent import Agent
from xyte.device.chip import Chip

_HOUR_S = const(3600)
NO_APPLICATION = "0.0.0"  # the application's version: any is newer, and none runs already; the cloud is not told


def run(reason):
    """reason: what brought us here, for the operator. Does not return, but for Ctrl-C at the console."""
    chip = Chip()
    agent = Agent(NO_APPLICATION, chip=chip)
    agent.fault("safe mode: " + reason)
    if agent.run(for_s=_HOUR_S) is not None:
        chip.clear_boots()
        chip.reset()
    raise KeyboardInterrupt  # Ctrl-C: boot.py ends with it, and the REPL comes instead of main.py
