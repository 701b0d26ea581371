"""Short names, in the order in which they are given out."""

import itertools
import string
from collections.abc import Iterator

# Of MicroPython's static_qstr_list (py/makeqstrdata.py), which all firmware has, what means nothing to its protocols.
IN_EVERY_FIRMWARE = (
    "isalpha", "islower", "isspace", "issubclass", "isupper", "lstrip", "popitem", "rindex", "rsplit", "setdefault",
    "divmod", "reverse", "locals", "endswith", "classmethod", "callable", "bytecode", "builtins", "any", "all",
    "abs", "chr", "copy", "dir", "eval", "exec", "hash", "map", "next", "object", "ord", "repr", "round", "stop",
    "sum", "upper", "zip", "sep", "Ellipsis", "GeneratorExit", "IndentationError", "IndexError", "LookupError",
    "NameError", "NoneType", "StopIteration", "SyntaxError", "SystemExit", "TypeError", "ZeroDivisionError",
    "ArithmeticError", "AssertionError", "BaseException", "NotImplementedError", "OverflowError", "MemoryError",
    "RuntimeError", "EOFError", "ImportError",
)


def short_names(prefix: str) -> Iterator[str]:
    """prefix with a, b, ... z, aa, ab, ...; never a keyword."""
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            name = prefix + "".join(letters)
            if name not in ("as", "if", "in", "is", "or", "do"):
                yield name
