"""Modules that the port has built in or frozen and few boards use: in `sys.modules`, loaded at their first use."""

import sys

import wire


class Frozen:
    def __init__(self, name):
        self.name, self.module = name, None

    def __getattr__(self, name):
        if self.module is None:
            self.module = wire.load(self.name)
        return getattr(self.module, name)


def install():
    for name in ("dht", "_onewire", "onewire", "ds18x20"):
        sys.modules[name] = Frozen(name)
