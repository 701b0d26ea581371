"""What CPython lacks of MicroPython: the module `micropython`, and json.loads of any buffer."""

import json


def const(value):
    return value


def _loads(data, **options):
    return _of_cpython(bytes(data) if isinstance(data, memoryview) else data, **options)


_of_cpython, json.loads = json.loads, _loads
