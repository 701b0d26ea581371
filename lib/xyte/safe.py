"""Safe mode: network and agent without the user's application. boot.py comes here after too many restarts in a row.

The device stays visible (status "error") and obeys commands; `reboot` tries the application again, and so does an hour.
"""

from micropython import const
from xyte.agent import Agent
from xyte.device.chip import Chip

_HOUR_S = const(3600)
_ONE_TRY = const(4)  # one below boot.py's limit: one more boot for the application, and if it fails, back to here


def run(boots):
    """boots: how many restarts in a row brought us here. Does not return, but for Ctrl-C at the console."""
    chip = Chip()
    agent = Agent(chip=chip)
    agent.fault("safe mode: the application restarted %d times in a row" % boots)
    if agent.run(for_s=_HOUR_S):
        chip.boots.clear(to=_ONE_TRY)
        chip.reset()
    raise KeyboardInterrupt  # Ctrl-C: boot.py ends with it, and the REPL comes instead of main.py
