"""Code that is wanted once in a while: it is imported for the time of one call, and gone from the heap after it.

A board has room for the code of its steady work, and beside it for that of one phase: start-up, registration, a
command, the download of an update, its check. So the steady parts hold no reference to a phase's modules and call them
by name. What a phase finds out stays as plain data, in State and on flash; an object of its own classes would keep
their code alive. A phase may call another one: what the inner one brought in goes when it ends.
"""

import gc
import sys


def call(module, function, *args):
    """Call `function` of `module` (its full name), and let go of every module that this was the first to import."""
    before = tuple(sys.modules)  # a set would take more of the heap, once for each call that is under way
    try:
        return getattr(__import__(module, None, None, (function,)), function)(*args)
    finally:  # perhaps after a MemoryError: it is done without a list
        name = _newcomer(before)
        while name:
            forget(name)
            name = _newcomer(before)
        gc.collect()


def _newcomer(before):
    for name in sys.modules:
        if name.startswith("xyte.") and name not in before:
            return name
    return None


def forget(*names):
    """Let go of modules: with the last object of theirs the memory is free. One that is not loaded is fine."""
    for name in names:
        if sys.modules.pop(name, None):
            package, _, leaf = name.rpartition(".")
            package = sys.modules.get(package)
            if package:
                delattr(package, leaf)
