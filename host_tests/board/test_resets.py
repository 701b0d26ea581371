"""What a reset leaves, and what the board says was its cause. Sources: MicroPython ports/esp32/modmachine.c, main.c."""

import time

import pytest
from managed import press_en
from target import Target, again, has_our_boot

from tools import build
from tools.serial.repl import connect

MARK = """
import machine, esp32
rtc = machine.RTC()
rtc.memory((rtc.memory() + b"\\0\\0\\0\\0")[:4] + b"marked")  # the first four bytes are boot.py's
nvs = esp32.NVS("xyte-test")
nvs.set_i32("n", 1234)
nvs.commit()
"""
STATE = """
import machine, esp32
nvs = esp32.NVS("xyte-test")
print(machine.reset_cause(), machine.RTC().memory()[4:] == b"marked", nvs.get_i32("n"), machine.wake_reason())
nvs.erase_key("n")
machine.RTC().memory(machine.RTC().memory()[:4])
"""
HARD, WATCHDOG, DEEP_SLEEP, SOFT = 2, 3, 4, 5
NO_WAKING, TIMER = 0, 4
STOCK_BOOT = "# This file is executed on every boot"


@pytest.mark.parametrize("how, cause, woken_by, quiet_s", [
    ("machine.reset()", HARD, NO_WAKING, 0),
    ("machine.soft_reset()", SOFT, NO_WAKING, 0),
    ("machine.deepsleep(1000)", DEEP_SLEEP, TIMER, 1.5),
    ("machine.WDT(timeout=1000)\nwhile True: pass", WATCHDOG, NO_WAKING, 1.5),
    ("machine.WDT(timeout=2000)\nmachine.soft_reset()", WATCHDOG, NO_WAKING, 3),
], ids=["reset", "soft reset", "deep sleep", "watchdog", "watchdog across a soft reset"])
def test_a_reset_keeps_rtc_memory_and_nvs_and_tells_its_cause(target, how, cause, woken_by, quiet_s):
    with connect(target.port) as repl:
        if cause == WATCHDOG and "soft_reset" in how and has_our_boot(repl):
            pytest.skip("the boot.py of this board arms the watchdog anew")
        repl.run(MARK)
        repl.start(how)
    time.sleep(quiet_s)  # with the port closed: one on the chip's own USB may come back under another name
    with again(target) as repl:
        told = repl.run(STATE).split()
    assert told[:3] == [str(cause), "True", "1234"]
    if cause == DEEP_SLEEP:
        assert told[3] == str(woken_by)


def test_boot_chooses_the_folder_that_main_is_taken_from(target):
    """Only on a board without a program: its boot.py is put aside meanwhile."""
    with connect(target.port) as repl:
        if has_our_boot(repl):
            pytest.skip("the boot.py of this board chooses the folder itself")
        boot = repl.read("/boot.py") or b""
        if repl.read("/main.py") is not None or (boot and STOCK_BOOT not in boot.decode()):
            pytest.skip("there is a program on this board")
        for name in ("a", "b"):
            repl.run(f"import os\nos.mkdir('/xyte-{name}')")
            repl.write(f"/xyte-{name}/main.py", f"with open('told', 'w') as f:\n f.write('{name}')\n".encode())
    try:
        assert [told_by_main(target, name) for name in ("a", "b")] == [b"a", b"b"]
    finally:
        with again(target) as repl:
            repl.write("/boot.py", boot)
            repl.run("import os\nos.chdir('/')")
            for place in ("/xyte-a", "/xyte-b"):
                repl.run(f"for n in os.listdir({place!r}): os.remove({place!r} + '/' + n)\nos.rmdir({place!r})")


def told_by_main(target: Target, name: str) -> bytes | None:
    """Let boot.py enter a folder, restart, and read what main.py has written to the folder it found itself in."""
    with again(target) as repl:
        repl.write("/boot.py", f"import os\nos.chdir('/xyte-{name}')\n".encode())
        repl.restart()
    time.sleep(1)
    with again(target) as repl:
        return repl.read(f"/xyte-{name}/told")


class OnBoard:
    """What has_our_boot asks of a board. agent: path of the agent on it; boot: /boot.py."""

    def __init__(self, agent, boot):
        self.agent, self.boot = agent, boot

    def call(self, name, function):
        return {"agent": self.agent and (self.agent, "1.0.0")}

    def read(self, path):
        return self.boot


@pytest.mark.parametrize("agent, boot, ours", [
    (None, None, False),
    (None, STOCK_BOOT.encode(), False),
    ("/lib/xyte/__init__.mpy", STOCK_BOOT.encode(), False),
    ("/lib/xyte/__init__.mpy", build.BOOT.read_bytes(), True),
    ("xyte/__init__.py", None, True),  # frozen
], ids=["nothing", "stock", "agent alone", "deployed", "frozen"])
def test_our_boot_is_known(agent, boot, ours):
    assert has_our_boot(OnBoard(agent, boot)) == ours


def test_a_press_that_restarts_nothing_is_told(target):
    if target.plugged is None:
        pytest.skip("a board may have any kind of port")
    assert press_en(target.plugged.rfc2217_url)
    assert not press_en(target.plugged.url), "a port that carries bytes only"
