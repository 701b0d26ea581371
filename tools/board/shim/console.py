"""The prompt of a board: a plain one for the console, or one that waits for ever where nobody types."""

import sys
import time


def run(names, soft_reset):
    """Never returns. names: the globals of `__main__`."""
    print("MicroPython v%d.%d.%d on %s; virtual ESP32\nType \"help()\" for more information."
          % (sys.implementation[1][:3] + (sys.platform,)))
    while True:
        try:
            prompt(names)
        except SystemExit:
            soft_reset()
        except KeyboardInterrupt:
            print()
        except BaseException as error:
            sys.print_exception(error)


def prompt(names):
    print(">>> ", end="")
    source = sys.stdin.readline()
    while not source:  # nobody is there
        time.sleep(3600)
    if source.rstrip().endswith(":"):
        line = source
        while line.strip():
            print("... ", end="")
            line = sys.stdin.readline()
            source += line
    try:
        code = compile(source, "<stdin>", "eval")
    except SyntaxError:
        exec(source, names)
        return
    value = eval(code, names)
    if value is not None:
        print(repr(value))
