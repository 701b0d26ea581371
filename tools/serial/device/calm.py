# Runs first on a stopped board, with few names and little memory: both may be short. The watchdog waits ten
# minutes, the soft reset that follows is no failed start, and what it will change is told: reset cause, bytes in use.
import gc

import esp32  # noqa: F401 - no other chip's firmware has it
import machine

machine.WDT(timeout=600000)
_m = machine.RTC().memory()
if _m[:2] == b"XB":
    machine.RTC().memory(b"XB\0\xff" + _m[4:])
gc.collect()
print(machine.reset_cause(), gc.mem_alloc())
