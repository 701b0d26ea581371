"""The application: what this device measures and what it can be told to do. The rest is the agent's."""

import esp32

from xyte.agent import Agent

agent = Agent(version="1.0.0")


@agent.sensor("chip_temperature", every=10, deadband=1)
def chip_temperature():
    """Degrees Celsius. The original ESP32 gives raw Fahrenheit, newer chips Celsius."""
    if hasattr(esp32, "mcu_temperature"):
        return esp32.mcu_temperature()  # pyright: ignore[reportAttributeAccessIssue]
    return (esp32.raw_temperature() - 32) * 5 // 9


@agent.command("say", needs=("text",))
def say(params, progress):
    """Print a text on the console: the smallest command there is."""
    progress("about to speak")
    print(params["text"])
    return "said it"


agent.run()
