"""What importing a module costs, and the check of one signature, on MicroPython; prints one line of JSON.

micropython start_cost.py import MODULE | rsa TIMES
"""

import gc
import json
import sys
import time


def of_import(module):
    gc.collect()
    before, start = gc.mem_alloc(), time.ticks_us()
    __import__(module)
    us = time.ticks_diff(time.ticks_us(), start)
    gc.collect()
    return {"ms": us / 1000, "bytes": gc.mem_alloc() - before}


def of_signature(times):
    """RSA-3072, as an update's signature is opened. Its key and its text do not matter to the time."""
    from binascii import b2a_base64

    from xyte.core import signature

    noise = bytes((i * i * 7 + i * 131) % 251 for i in range(383))
    key, mark = b"\xc3" + noise, b2a_base64(b"\x5a" + bytes(reversed(noise))).decode().strip()
    start = time.ticks_us()
    for _ in range(int(times)):
        signature.opened(mark, key)
    return {"ms": time.ticks_diff(time.ticks_us(), start) / 1000 / int(times)}


def main(what, argument):
    print("figures " + json.dumps({"import": of_import, "rsa": of_signature}[what](argument)))


main(*sys.argv[1:])
