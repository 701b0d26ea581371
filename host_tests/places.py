"""Folders for tests, on both interpreters."""

import os
from binascii import hexlify

BASE = "/tmp/xyte-tests-" + hexlify(os.urandom(4)).decode()  # several processes test at the same time
_made = set()


def empty_folder(name):
    """A fresh folder below the system's temporary one. Returns its path, without a slash at the end."""
    path = BASE + "-" + name
    if path not in _made:
        os.mkdir(path)
        _made.add(path)
    _clear(path)
    return path


def remove_all():
    """At the end of a process: leave nothing behind."""
    while _made:
        path = _made.pop()
        _clear(path)
        os.rmdir(path)


def _clear(path):
    for found in os.listdir(path):
        os.remove(path + "/" + found)
