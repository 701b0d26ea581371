"""Any board, nothing wired to it: the chip's temperature, its memory, the BOOT button, a relay (or the board's LED).

The button reports at once, out of its interrupt. Command `relay`: {"on": true} or {"on": false}.
"""

import esp32
from machine import Pin

from xyte.agent import Agent

BUTTON = 0  # BOOT on most boards; it pulls the pin to ground
RELAY = 2  # the LED on many boards

agent = Agent(version="1.0.0")
relay = Pin(RELAY, Pin.OUT, value=0)
button = Pin(BUTTON, Pin.IN, Pin.PULL_UP)
presses = 0


def pressed(pin):
    """Runs in the interrupt: count and ask for a report, nothing that takes time or memory."""
    global presses
    presses += 1
    agent.notify()


button.irq(pressed, Pin.IRQ_FALLING)


@agent.sensor("chip_temperature", every=10, deadband=1)
def chip_temperature():
    """Degrees Celsius. The original ESP32 gives raw Fahrenheit, newer chips Celsius."""
    if hasattr(esp32, "mcu_temperature"):
        return esp32.mcu_temperature()  # pyright: ignore[reportAttributeAccessIssue]
    return (esp32.raw_temperature() - 32) * 5 // 9


@agent.sensor("largest_block", every=60)
def largest_block():
    """Bytes of the largest free block outside Python's heap: what TLS and Wi-Fi live on."""
    return max([heap[2] for heap in esp32.idf_heap_info(esp32.HEAP_DATA)])


@agent.sensor("button_presses", deadband=0)
def button_presses():
    return presses


@agent.sensor("relay", deadband=0)
def relay_state():
    return bool(relay.value())


@agent.command("relay", needs=("on",))
def set_relay(params, progress):
    if not isinstance(params["on"], bool):
        raise TypeError("'on' must be true or false")
    relay.value(params["on"])
    agent.notify()
    return "relay is %s" % ("on" if params["on"] else "off")


agent.run()
