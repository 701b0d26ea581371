# Runs first on a stopped board: the watchdog of boot.py waits a day, and the memory of the program comes back.
import gc
import sys

import machine

machine.WDT(timeout=86400000)
try:
    _f.close()
except (NameError, OSError):
    pass
for _name in list(globals()):
    if _name[0] != "_" and _name not in ("gc", "sys"):
        del globals()[_name]
for _name in list(sys.modules):
    if _name == "xyte" or _name.startswith("xyte."):
        del sys.modules[_name]
gc.collect()
