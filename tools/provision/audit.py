"""The audit log: a line of JSON saying how it went with each board that got a row; so a run can be repeated.

The last line about a board counts. A file beside the log has the boards whose settings are being changed: what a power
cut leaves there becomes a line that says `interrupted`.

No secrets are in it: no keys, no passwords. The Cloud ID is, since the label can be printed again from it; the file is
for its owner only.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.provision.problem import ProvisionError

DONE, FAILED = "done", "failed"
_START = b'{"time": "'  # of each line
_KEYS = ("mac", "sn", "cloud_id", "name", "sub_model", "port", "firmware", "agent", "reason")


def _entry(result: str, about: dict[str, str]) -> dict[str, str]:
    unknown = about.keys() - set(_KEYS)
    assert not unknown, f"not for the log: {unknown}"
    entry = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "result": result}
    return entry | {key: about[key] for key in _KEYS if about.get(key)}


def _line(entry: dict[str, str]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


class AuditLog:
    """The log in a file, held by one run at a time. Raises ProvisionError: in use, or not a log."""

    def __init__(self, path: Path):
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+", encoding="utf-8")
        self._lock = threading.Lock()
        self._begun_path, self._begun = path.with_name(path.name + ".begun"), {}
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.entries = self._read()
            self._take_over()
        except BlockingIOError:
            self._file.close()
            raise ProvisionError(f"another run uses {path}: wait for it, or give this one its own --log") from None
        except ProvisionError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._file.close()

    def begin(self, **about: str) -> None:
        """A board's settings change from here on; `write` ends that. about: as for `write`; mac is needed."""
        with self._lock:
            self._begun[about["mac"]] = _entry(FAILED, about | {"reason": "interrupted"})
            self._keep_begun()

    def write(self, result: str, **about: str) -> None:
        """Add a board's line. about: any of mac, sn, cloud_id, name, sub_model, port, firmware, agent, reason."""
        with self._lock:
            self._add(_entry(result, about))
            if self._begun.pop(about.get("mac"), None):
                self._keep_begun()

    def _add(self, entry: dict[str, str]) -> None:
        self.entries.append(entry)
        self._file.write(_line(entry))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _keep_begun(self) -> None:
        """As a whole: an earlier state or this one is there, whenever the power goes."""
        if not self._begun:
            return self._begun_path.unlink(missing_ok=True)
        new = self._begun_path.with_name(self._begun_path.name + ".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(map(_line, self._begun.values()))
            file.flush()
            os.fsync(file.fileno())
        return new.replace(self._begun_path)

    def _take_over(self) -> None:
        """What a run that is no more has left unfinished."""
        if self._begun_path.exists():
            for number, line in enumerate(self._begun_path.read_text(encoding="utf-8").splitlines(), 1):
                self._add(self._entry(number, line))
            self._begun_path.unlink()

    def latest(self, key: str, value: str, result: str = "") -> dict[str, str]:
        """The last line about this `sn` or `mac`, or the last one with this result; empty when there is none."""
        return next((entry for entry in reversed(self.entries)
                     if entry.get(key) == value and result in ("", entry["result"])), {})

    def _read(self) -> list[dict[str, str]]:
        """The lines; one that a power cut left without an end is dropped, so that the next one starts afresh.

        Nothing is dropped from a file that is no log of ours.
        """
        data = self._file.buffer.read()
        whole, torn = data[: (end := data.rfind(b"\n") + 1)], data[end:]
        try:
            lines = whole.decode().splitlines()
        except UnicodeDecodeError:
            raise ProvisionError(f"{self._path}: not an audit log") from None
        entries = [self._entry(number, line) for number, line in enumerate(lines, 1)]
        if torn and torn[: len(_START)] != _START[: len(torn)]:
            raise ProvisionError(f"{self._path}, line {len(lines) + 1}: not a line of an audit log")
        self._file.truncate(len(whole))
        return entries

    def _entry(self, number: int, line: str) -> dict[str, str]:
        try:
            entry = json.loads(line)
            if entry["result"] in (DONE, FAILED):
                return entry
        except (ValueError, KeyError, TypeError):
            pass
        raise ProvisionError(f"{self._path}, line {number}: not a line of an audit log")
