"""Kinds of option that several commands have."""

from __future__ import annotations

import argparse
import json


def setting(text: str) -> tuple[str, object]:
    """KEY=VALUE; VALUE is JSON, or else a text. For argparse's `type`."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def tcp_port(text: str) -> int:
    """A port of this machine to listen on. For argparse's `type`."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no TCP port: 1 to 65535, or 0 for a free one")
    return int(text)
