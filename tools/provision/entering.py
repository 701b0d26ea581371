"""Secrets that a person gives: from the environment, a private file, or typed without echo. Never an argument."""

from __future__ import annotations

import getpass
import json
import os
import stat
import sys
from pathlib import Path

from tools.provision.problem import ProvisionError

HARDWARE_KEY = "XYTE_HARDWARE_KEY"
WIFI_KEY = "XYTE_WIFI_KEY"


def hardware_key() -> str:
    """The key of the model or batch, from the Partner Portal. Raises ProvisionError."""
    key = _entered(HARDWARE_KEY, "Hardware key (Partner Portal): ").strip()
    if not key or len(key) > 128 or not key.isascii() or not key.isprintable():
        raise ProvisionError("the hardware key is 1 to 128 plain characters")
    return key


def wifi_key(name: str) -> str:
    """The password of a network, empty for an open one. Raises ProvisionError."""
    key = _entered(WIFI_KEY, f"Password of the network {name} (empty: open): ")
    encoded(key, f"the password of {name}")
    if key and not 8 <= len(key) <= 64:
        raise ProvisionError(f"the password of {name} must have 8 to 64 characters")
    return key


def wifi_file(path: Path) -> list[dict[str, object]]:
    """Networks, best first, as the settings take them: a JSON list of {"ssid": ..., "key": ...}.

    Raises ProvisionError, also when others than the owner may read the file.
    """
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ProvisionError(f"{path} holds passwords and others may read it: chmod 600 {path}")
        networks = json.loads(path.read_text())
    except OSError as error:
        raise ProvisionError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise ProvisionError(f"{path} is not JSON") from None
    if not isinstance(networks, list) or not all(isinstance(n, dict) and n.get("ssid") for n in networks):
        raise ProvisionError(f'{path} is not a list of {{"ssid": ..., "key": ...}}')
    return networks


def encoded(text: str, what: str) -> bytes:
    """In UTF-8. what: is said to be wrong when the text came in as other bytes; raises ProvisionError then."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ProvisionError(f"{what} is not text in UTF-8") from None


def _entered(variable: str, prompt: str) -> str:
    if variable in os.environ:
        return os.environ[variable]
    if not sys.stdin.isatty():
        raise ProvisionError(f"set {variable} in the environment: there is no terminal to ask at")
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise ProvisionError(f"nothing was typed; {variable} in the environment does as well") from None
