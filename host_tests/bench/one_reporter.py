"""Runs one reporter on MicroPython and prints one line of JSON with what was measured.

    micropython one_reporter.py NAME PLACE.json memory|speed|count|soak NUMBER

memory: bytes of heap per report, NUMBER of them. speed: reports a second over NUMBER milliseconds. count: just NUMBER
reports. soak: NUMBER reports, with the heap in use noted a hundred times.
"""

import gc
import json
import sys
import time

import micropython

SETTLED = 12  # reports until everything that is kept has been made


def memory(report, count):
    """left: bytes that `count` reports leave on the heap. requested: bytes asked for, also those given back.

    locked: does a report run with a heap that gives nothing?
    """
    for _ in range(SETTLED):
        report()
    gc.collect()
    gc.disable()
    before, total = gc.mem_alloc(), micropython.mem_total()
    for _ in range(count):
        report()
    after, asked = gc.mem_alloc(), micropython.mem_total() - total
    gc.enable()
    left = after - before
    return {"left": left / count, "requested": asked / count, "locked": not left and runs_locked(report)}


def runs_locked(report):
    micropython.heap_lock()
    try:
        report()
        return True
    except MemoryError:
        return False
    finally:
        micropython.heap_unlock()


def speed(report, for_ms):
    for _ in range(SETTLED):
        report()
    count, start = 0, time.ticks_us()
    while time.ticks_diff(time.ticks_us(), start) < for_ms * 1000:
        report()
        count += 1
    return {"per_second": count * 1000000 / time.ticks_diff(time.ticks_us(), start)}


def count(report, number):
    for _ in range(number):
        report()
    return {"count": number}


def soak(report, number):
    for _ in range(SETTLED):
        report()
    report.next_day()
    curve = [0] * 101
    gc.collect()
    curve[0] = gc.mem_alloc()
    for i in range(1, 101):
        for _ in range(number // 100):
            report()
        gc.collect()
        curve[i] = gc.mem_alloc()
    return {"count": number // 100 * 100, "curve": curve}


MEASURES = {"memory": memory, "speed": speed, "count": count, "soak": soak}


def main(name, place, measure, number):
    with open(place) as f:
        place = json.load(f)
    gc.collect()
    before, start = gc.mem_alloc(), time.ticks_us()
    import reporters

    report = reporters.make(name, place)
    report()
    first_ms = time.ticks_diff(time.ticks_us(), start) / 1000
    gc.collect()
    figures = {"resident": gc.mem_alloc() - before, "first_ms": first_ms}
    figures.update(MEASURES[measure](report, int(number)))
    print("figures " + json.dumps(figures))


main(*sys.argv[1:])
