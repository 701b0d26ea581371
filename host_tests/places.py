"""Folders for tests, on both interpreters."""

import os

BASE = "/tmp/xyte-tests"


def _make(path):
    try:
        os.mkdir(path)
    except OSError:
        pass


def empty_folder(name):
    """A fresh folder below the system's temporary one. Returns its path, without a slash at the end."""
    path = BASE + "-" + name
    _make(path)
    for found in os.listdir(path):
        os.remove(path + "/" + found)
    return path
