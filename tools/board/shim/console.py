"""The board's prompt, with raw and raw-paste mode. Behaviour and protocol: MicroPython's `shared/runtime/pyexec.c`.

Raw mode, for programs: source up to Ctrl-D, the answer is OK, what it prints, EOT, the exception, EOT, and > when the
next may come. Raw paste, asked for with Ctrl-E A Ctrl-A, lets the sender know how much it may send.
"""

import io
import sys

import wire

import micropython
from micropython import const

_RAW_MODE = const(44)  # in the control block
_IN_PROGRAM = const(45)
_WINDOW = const(128)  # half the chip's buffer

_in = sys.stdin.buffer
_out = sys.stdout.buffer
_byte = bytearray(1)
_TOO_LONG = b"raise MemoryError #"
_OPEN = "([{"
_CLOSE = ")]}"


def run(names, soft_reset):
    """Never returns. names: the globals of `__main__`."""
    while True:
        try:
            if wire.control[_RAW_MODE]:
                raw(names)
            else:
                friendly(names)
        except SystemExit:
            soft_reset()
        except BaseException as error:  # a Ctrl-C that came as the program ended
            quiet()
            tell(error)


def tell(error):
    """Print the exception without this module's own part of the way to it."""
    text = io.StringIO()
    sys.print_exception(error, text)
    for line in text.getvalue().split("\n")[:-1]:
        if not line.startswith('  File "console.py"'):
            print(line)


def read():
    while not _in.readinto(_byte):
        pass
    return _byte[0]


def execute(source, names, mode, eof=b""):
    """Run source; eof: what ends its output, and then the exception's. SystemExit passes, as both."""
    try:
        micropython.kbd_intr(3)
        wire.control[_IN_PROGRAM] = 1
        exec(compile(source, "<stdin>", mode), names)
        quiet()
        _out.write(eof)
    except BaseException as error:
        quiet()
        _out.write(eof)
        if isinstance(error, SystemExit):
            _out.write(eof)
            raise
        tell(error)
    _out.write(eof)


def quiet():
    wire.control[_IN_PROGRAM] = 0
    micropython.kbd_intr(-1)


def raw(names):
    """Until Ctrl-B; Ctrl-D without source is a soft reset."""
    _out.write(b"raw REPL; CTRL-B to exit\r\n>")
    source = bytearray()
    while True:
        key = read()
        if key == 1:
            if bytes(source) == b"\x05A":
                paste(names)
                _out.write(b">")
            else:
                _out.write(b"R\x00>" if source[:1] == b"\x05" else b"raw REPL; CTRL-B to exit\r\n>")
            source = bytearray()
        elif key == 2:
            _out.write(b"\r\n")
            wire.control[_RAW_MODE] = 0
            return
        elif key == 3:
            source = bytearray()
        elif key == 4:
            _out.write(b"OK")
            if not source:
                _out.write(b"\r\n")
                raise SystemExit
            execute(bytes(source), names, "exec", b"\x04")
            source = bytearray()
            _out.write(b">")
        else:
            source = added(source, key)


def added(source, key):
    """The source with one byte more; what does not fit into memory becomes a MemoryError when it is run."""
    try:
        source.append(key)
        return source
    except MemoryError:
        return bytearray(_TOO_LONG)


def paste(names):
    """Raw paste: an announced window at a time, until Ctrl-D."""
    _out.write(b"R\x01\x80\x00\x01")
    source = bytearray()
    left = _WINDOW
    while True:
        key = read()
        if key == 3 or key == 4:
            break
        source = added(source, key)
        left -= 1
        if not left:
            _out.write(b"\x01")
            left = _WINDOW
    _out.write(b"\x04")
    if key == 4:
        execute(bytes(source), names, "exec", b"\x04")
    else:
        _out.write(b"\x04KeyboardInterrupt: \r\n\x04")


def friendly(names):
    """Until Ctrl-A; Ctrl-D is a soft reset."""
    print("MicroPython v%d.%d.%d on %s; virtual ESP32\nType \"help()\" for more information."
          % (sys.implementation[1][:3] + (sys.platform,)))
    while True:
        source = ""
        while True:
            key, line = read_line("... " if source else ">>> ")
            if key:
                break
            source += line + "\n"
            if not unfinished(source, line):
                break
        if not key:
            if source.strip():
                execute(source, names, "single")
        elif key == 5:
            paste_by_hand(names)
        elif key != 3:
            print()
            wire.control[_RAW_MODE] = key == 1
            if key == 4:
                raise SystemExit
            return


def read_line(prompt):
    """A control key that ends the line, or 0; and the line. Echoes."""
    _out.write(prompt)
    line = bytearray()
    while True:
        key = read()
        if key == 13:  # LF is nothing: many a terminal sends CR LF
            print()
            return 0, str(line, "utf8")
        if key == 3 or key < 6 and not line:
            if key == 3:
                print()
            return key, ""
        if key == 8 or key == 127:
            if line:
                line = line[:-1]
                _out.write(b"\x08 \x08")
        elif key == 27:  # of an arrow, say: there is no cursor to move
            if read() in b"[O":
                while read() < 64:
                    pass
        elif key >= 32 or key == 9:
            line.append(key)
            _out.write(_byte)


def unfinished(source, line):
    """Does the prompt wait for more? In an open bracket, and in a block until an empty line."""
    depth = 0
    for ch in source:
        depth += (ch in _OPEN) - (ch in _CLOSE)
    if depth > 0 or line.endswith("\\"):
        return True
    first = source.split("\n", 1)[0].rstrip()
    return (first.endswith(":") or first.startswith("@")) and bool(line.strip())


def paste_by_hand(names):
    """Ctrl-E: take everything up to Ctrl-D as it is."""
    print("\npaste mode; Ctrl-C to cancel, Ctrl-D to finish")
    source = bytearray()
    while True:
        key = read()
        if key == 3 or key == 4:
            break
        source.append(10 if key == 13 else key)
        _out.write(b"\r\n" if key == 13 else _byte)
    print()
    if key == 4:
        execute(bytes(source), names, "exec")
