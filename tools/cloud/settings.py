"""The one table of rules that the documents leave open; defaults are the documented or likeliest reading.

"undocumented" in a meaning: no public Xyte page says which it is, so a device must survive every choice.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.cloud.store import Store

Value = bool | int | str


class SettingError(ValueError):
    """A setting does not exist or cannot have that value; the text says which and what it can have."""


@dataclass(frozen=True)
class Setting:
    """One row: `choices` are all values it can have; a number without choices has a `highest`."""

    name: str
    default: Value
    meaning: str
    choices: tuple[Value, ...] = ()
    highest: int = 10**6

    @property
    def type(self) -> str:
        return {bool: "boolean", int: "integer", str: "string"}[type(self.default)]

    def check(self, value: Any) -> Value:
        """`value` itself; raises SettingError when this setting cannot have it."""
        if type(value) is not type(self.default):
            raise SettingError(f"{self.name} must be a {self.type}")
        if self.choices and value not in self.choices:
            raise SettingError(f"{self.name} must be one of: {', '.join(map(str, self.choices))}")
        if isinstance(value, int) and not 0 <= value <= self.highest:
            raise SettingError(f"{self.name} must be from 0 to {self.highest}")
        return value

    def parse(self, text: str) -> Value:
        """The value from its text on a command line; raises SettingError."""
        if self.type == "string":
            return self.check(text)
        try:
            value = json.loads(text)
        except ValueError:
            raise SettingError(f"{self.name} must be a {self.type}, not {text!r}") from None
        return self.check(value)


_REFUSED = (400, 401, 403, 404, 409, 422)

TABLE: tuple[Setting, ...] = (
    # registration
    Setting("register_success_status", 201, "status of a successful registration", (200, 201)),
    Setting("register_wrong_key_status", 404, "hardware key unknown or revoked (undocumented)", _REFUSED),
    Setting(
        "register_missing_field_status",
        422,
        "a required field is absent or has a wrong type (undocumented)",
        _REFUSED,
    ),
    Setting("register_bad_version_status", 422, "firmware_version is not SemVer (undocumented)", _REFUSED),
    Setting("register_taken_status", 422, "identity already registered", _REFUSED),
    Setting("register_requires_semver", True, "model API version 1.0.4: firmware_version must be SemVer"),
    Setting("register_requires_sn", True, "model API version 1.0.2: sn is needed even with a Cloud ID"),
    Setting("register_requires_valid_mac", False, "mac must be six hex bytes"),
    Setting("register_sn_unique", False, "sn alone, not only the pair with mac, is unique within a model"),
    Setting("register_answers_mqtt_url", True, "the answer holds mqtt_hub_url"),
    Setting(
        "hub_url",
        "",
        "hub URL told to devices; {scheme} and {host} stand for what the device called; "
        "empty = the address the device registered at",
    ),
    Setting("hub_url_scheme", True, "hub_url starts with https:// (false: bare host:port)"),
    # telemetry
    Setting("telemetry_success_status", 200, "status of accepted telemetry (undocumented)", (200, 201)),
    Setting("telemetry_too_large_status", 413, "message above 128 KB", (400, 413, 422)),
    Setting("telemetry_requires_status", True, "a message without status is refused with 422"),
    Setting(
        "telemetry_history_time",
        "measured",
        "time of a history row: the message's timestamp or the server's clock (undocumented)",
        ("measured", "received"),
    ),
    Setting("unclaimed_space_data_version", 0, "space_data_version of an unclaimed device"),
    # commands
    Setting(
        "empty_queue",
        "{}",
        "Get Command with nothing queued: 200 {}, 200 null, 204, 404 (undocumented)",
        ("{}", "null", "204", "404"),
    ),
    Setting(
        "command_flag_while_in_progress",
        "stay",
        "the command flag while the head is in progress (undocumented)",
        ("stay", "clear"),
    ),
    Setting(
        "in_progress_blocks_queue",
        True,
        "Get Command returns a command in progress before pending ones (undocumented)",
    ),
    Setting("command_id_type", "string", "command ids towards devices", ("string", "integer")),
    Setting(
        "command_timeout_s",
        600,
        "a command without final status fails after this long; 0 = never (undocumented)",
    ),
    Setting(
        "command_timeout_from",
        "created",
        "the timeout runs from sending or from the first Get Command (undocumented)",
        ("created", "fetched"),
    ),
    Setting(
        "late_done",
        "ignore",
        "final status after the timeout: 200 and stays failed, 200 and counts, or 422 (undocumented)",
        ("ignore", "accept", "refuse"),
    ),
    Setting(
        "update_command_unknown_id", 404, "Update Command with an unknown id (undocumented)", (200, 404, 422)
    ),
    Setting(
        "update_command_finished_id",
        200,
        "Update Command for a finished command, which stays as it is (undocumented)",
        (200, 404, 422),
    ),
    Setting(
        "update_command_cancelled_id",
        404,
        "Update Command for a cancelled command (undocumented)",
        (200, 404, 422),
    ),
    Setting(
        "update_command_answer",
        "echo",
        "body of Update Command: id, status, message; {}; or success (undocumented)",
        ("echo", "{}", "success"),
    ),
    Setting(
        "cancel_in_progress", False, "operators may cancel a command in progress, else 422 (undocumented)"
    ),
    Setting(
        "cancelled_status_name",
        "cancelled",
        "status that operators see on a cancelled command (undocumented)",
    ),
    # files
    Setting(
        "file_host",
        "",
        "base URL of downloads told to devices; {scheme} and {host} as in hub_url; "
        "empty = the file host of --files, else the address the device called",
    ),
    Setting("files_have_checksum", True, "newer pages: files and commands carry checksum and signature"),
    Setting(
        "download_etag",
        "strong",
        "ETag of downloads; a range under If-Range is served for a strong one only (undocumented)",
        ("strong", "weak", "none"),
    ),
    Setting("download_bytes_per_s", 0, "downloads are no faster than this; 0 = as fast as it goes", highest=10**9),
    # the device itself
    Setting("update_device_per_hour", 10, "Update Device calls in an hour before 429; 0 = no limit"),
    Setting("update_device_rejects_unknown", True, "model API version 1.0.6: an unknown field gives 400"),
    Setting("update_device_answer", "success", "body of Update Device", ("success", "{}", "204")),
    Setting("deleted_status", 401, "any call by a deleted device (undocumented)", (401, 403, 404)),
    Setting(
        "device_id_in_answers",
        "documented",
        "device_id in Get Command only, in no answer, or in all",
        ("documented", "none", "all"),
    ),
    # limits and connections
    Setting("rate_limit_per_30s", 0, "calls of one device in 30 s before 429; 0 = no limit (undocumented)"),
    Setting("retry_after_s", 0, "Retry-After on 429; 0 = no such header (undocumented)"),
    Setting("keep_alive_s", 600, "an idle connection is closed after this long"),
)

BY_NAME = {setting.name: setting for setting in TABLE}


def find(name: str) -> Setting:
    """The table's row; raises SettingError for a name it does not hold."""
    try:
        return BY_NAME[name]
    except KeyError:
        raise SettingError(f"unknown setting {name!r}; GET /_cloud/settings lists them") from None


def parse_assignment(text: str) -> tuple[str, Value]:
    """name=value from a command line as (name, value); raises SettingError."""
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingError(f"{text!r} is not of the form name=value")
    return name, find(name).parse(value)


class Settings:
    """The values now in force: read often, so kept in memory; written through to the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._values = {setting.name: setting.default for setting in TABLE}
        for row in store.rows("SELECT name, value FROM settings"):
            with contextlib.suppress(SettingError):  # another version of this program wrote it: not known here
                self._values[row["name"]] = find(row["name"]).check(json.loads(row["value"]))

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def all(self) -> dict[str, Value]:
        return dict(self._values)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Set all of `changes` or none; null puts a default back. Raises SettingError."""
        checked = {
            name: find(name).default if value is None else find(name).check(value)
            for name, value in changes.items()
        }
        with self._store.transaction():
            for name, value in checked.items():
                self._store.run(
                    "INSERT OR REPLACE INTO settings VALUES (?, ?)",
                    name,
                    json.dumps(value),
                )
        self._values.update(checked)


def describe(settings: Settings) -> list[dict[str, Any]]:
    """The whole table with the values in force, for people."""
    return [
        {
            "name": row.name,
            "value": settings[row.name],
            "default": row.default,
            "type": row.type,
            "choices": list(row.choices),
            "meaning": row.meaning,
        }
        for row in TABLE
    ]
