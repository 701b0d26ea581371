"""Soil moisture from a capacitive probe on the analogue input GPIO 34.

Every probe differs. Send `calibrate` {"point": "dry"} with the probe in the air and {"point": "wet"} with it in a glass
of water; both are kept in /soil.json, which neither an update nor a deployment touches.
"""

import json
import os

from machine import ADC, Pin

from xyte.agent import Agent

PROBE = 34  # one of 32 to 39: the other analogue inputs do not work while Wi-Fi does
KEPT = "/soil.json"
POINTS = ("dry", "wet")
LEAST_MV = 200  # that dry and wet must be apart

agent = Agent(version="1.0.0")
probe = ADC(Pin(PROBE), atten=ADC.ATTN_11DB)


def load():
    try:
        with open(KEPT) as f:
            return json.load(f)
    except (OSError, ValueError):
        return {}


def save(points):
    """Whole or not at all, also when the power fails now."""
    with open(KEPT + ".new", "w") as f:
        json.dump(points, f)
    os.rename(KEPT + ".new", KEPT)


def judge():
    """A standing fault until both points are known."""
    missing = [point for point in POINTS if point not in calibration]
    agent.fault("not calibrated: send calibrate %s" % " and ".join(missing) if missing else "")


def millivolts():
    """The mean of 16 readings: one alone is off by some ten millivolts."""
    return sum([probe.read_uv() for _ in range(16)]) // 16000


calibration = load()
judge()


@agent.sensor("soil_mv", every=30, deadband=20)
def soil_mv():
    return millivolts()


@agent.sensor("soil_moisture", every=30, deadband=1)
def soil_moisture():
    """Per cent of the way from dry to wet; nothing before both are known."""
    if len(calibration) < len(POINTS):
        return None
    dry, wet = calibration["dry"], calibration["wet"]
    return max(0, min(100, (millivolts() - dry) * 100 // (wet - dry)))


@agent.command("calibrate", needs=("point",))
def calibrate(params, progress):
    point = params["point"]
    if point not in POINTS:
        raise ValueError("'point' must be dry or wet")
    new = dict(calibration)
    new[point] = millivolts()
    if len(new) == len(POINTS) and abs(new["dry"] - new["wet"]) < LEAST_MV:
        raise ValueError("%s is %d mV: too near to the other point, %s" % (point, new[point], new))
    save(new)
    calibration.update(new)
    judge()
    agent.notify()
    return "%s is %d mV" % (point, new[point])


agent.run()
