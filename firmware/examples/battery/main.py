"""A battery node: wakes, measures, now and then reports, sleeps. Battery on GPIO 35, through two equal resistors.

Most wakes do not touch the radio and last a fraction of a second. What they measured waits in RTC memory, which deep
sleep keeps and a power loss does not; its first four bytes are boot.py's. Commands and updates wait for the next
report.
"""

import struct
import time

import machine
from machine import ADC, RTC, Pin

BATTERY = 35
DIVIDER = 2
SLEEP_S = 300
REPORT_EVERY = 12  # wakes: once an hour
PATIENCE_S = 60  # for one report; then it sleeps, and tries again at the next wake
TRIAL_S = 400  # after a start that is no waking: more than the trial of an update lasts
EMPTY_MV = 3300  # below this it only sleeps: a lithium cell must not be drained
AWAKE_S = 10  # after a start that is no waking, before all else: deploy and the other tools cannot reach a sleeper

_HEAD = 4
_STATE = "<2sHHHH"  # mark, wakes since the last report, lowest and highest of them in mV, reports missed


def recall():
    """[wakes, lowest, highest, missed] since the last report."""
    kept = machine.RTC().memory()
    if len(kept) == _HEAD + struct.calcsize(_STATE):
        mark, wakes, lowest, highest, missed = struct.unpack_from(_STATE, kept, _HEAD)
        if mark == b"BN":
            return [wakes, lowest, highest, missed]
    return [0, 65535, 0, 0]


def remember(state):
    head = (RTC().memory() + b"\0\0\0\0")[:_HEAD]
    RTC().memory(head + struct.pack(_STATE, b"BN", *state))


def battery_mv():
    probe = ADC(Pin(BATTERY), atten=ADC.ATTN_11DB)
    return sum([probe.read_uv() for _ in range(8)]) // 8000 * DIVIDER


def report(state, now_mv, woken):
    """One report, with all that the cloud then asks for. How many got through, None after Ctrl-C.

    A start that is no waking from sleep may be a new version on trial: the chip must not sleep before that is confirmed
    or gone.
    """
    from xyte.agent import Agent  # here: most wakes do without it

    agent = Agent(version="1.0.0")
    for name, value in (("battery_mv", now_mv), ("battery_lowest_mv", state[1]), ("battery_highest_mv", state[2]),
                        ("reports_missed", state[3])):
        agent.sensor(name)(lambda value=value: value)
    return agent.run(for_s=PATIENCE_S if woken else TRIAL_S, reports=1)


def main():
    woken = machine.reset_cause() == machine.DEEPSLEEP_RESET
    if not woken:
        from xyte import log

        log.info("battery", "awake for %d s, Ctrl-C keeps it so" % AWAKE_S)
        time.sleep(AWAKE_S)
    now_mv = battery_mv()
    state = recall()
    state[0] += 1
    state[1], state[2] = min(state[1], now_mv), max(state[2], now_mv)
    if (state[0] >= REPORT_EVERY or not woken) and now_mv >= EMPTY_MV:
        done = report(state, now_mv, woken)
        if done is None:
            return  # somebody is at the console
        state = [0, 65535, 0, 0] if done else state[:3] + [min(state[3] + 1, 65535)]
    remember(state)
    machine.deepsleep(SLEEP_S * 1000)


main()
