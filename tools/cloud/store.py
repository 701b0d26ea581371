"""The only module that opens the database: one SQLite file, write-ahead log, numbered migrations.

The server is one thread and no handler awaits inside a transaction, so one connection is enough and
every transaction is atomic towards all other calls.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

    CREATE TABLE models (
        id TEXT PRIMARY KEY, name TEXT NOT NULL,
        authentication TEXT NOT NULL CHECK (authentication IN ('mac_sn', 'cloud_id')),
        short_code TEXT NOT NULL, offline_minutes INTEGER NOT NULL,
        commands TEXT  -- JSON list of {name, friendly_name, timeout_s}; NULL = any name
    );
    CREATE TABLE hardware_keys (
        number INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, hint TEXT NOT NULL,
        model_id TEXT NOT NULL REFERENCES models (id), note TEXT NOT NULL,
        created_at REAL NOT NULL, revoked_at REAL
    );

    CREATE TABLE organizations (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE operator_keys (
        digest TEXT PRIMARY KEY, hint TEXT NOT NULL,
        organization_id INTEGER NOT NULL REFERENCES organizations (id), created_at REAL NOT NULL
    );
    CREATE TABLE spaces (
        id INTEGER PRIMARY KEY, organization_id INTEGER NOT NULL REFERENCES organizations (id),
        full_path TEXT NOT NULL
    );

    CREATE TABLE devices (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, access_digest TEXT NOT NULL,
        model_id TEXT NOT NULL REFERENCES models (id),
        sn TEXT, mac TEXT, mac_key TEXT, cloud_id TEXT,
        name TEXT, firmware_version TEXT NOT NULL, sub_model TEXT, host_address TEXT, parent_id TEXT,
        details TEXT, created_at REAL NOT NULL, last_seen_at REAL,
        status TEXT, message TEXT, state TEXT NOT NULL DEFAULT '{}',
        config_version INTEGER NOT NULL DEFAULT 0, info_version INTEGER NOT NULL DEFAULT 0,
        space_data_version INTEGER NOT NULL DEFAULT 0,
        applied_config_version TEXT, applied_space_version TEXT,
        organization_id INTEGER REFERENCES organizations (id), space_id INTEGER REFERENCES spaces (id)
    );
    CREATE INDEX devices_by_identity ON devices (model_id, sn);
    CREATE INDEX devices_by_cloud_id ON devices (model_id, cloud_id);
    CREATE TABLE deleted_devices (id TEXT PRIMARY KEY, deleted_at REAL NOT NULL);
    CREATE TABLE device_updates (
        device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE, at REAL NOT NULL
    );
    CREATE INDEX device_updates_by_device ON device_updates (device_id, at);

    CREATE TABLE commands (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
        name TEXT NOT NULL, friendly_name TEXT NOT NULL, parameters TEXT NOT NULL, file_id TEXT,
        status TEXT NOT NULL CHECK (status IN ('pending', 'in_progress', 'done', 'failed', 'cancelled')),
        message TEXT, timed_out INTEGER NOT NULL DEFAULT 0, timeout_s INTEGER NOT NULL,
        created_at REAL NOT NULL, fetched_at REAL, updated_at REAL NOT NULL
    );
    CREATE INDEX commands_by_device ON commands (device_id, status);

    CREATE TABLE histories (
        number INTEGER PRIMARY KEY, device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
        state TEXT NOT NULL, created_at REAL NOT NULL
    );
    CREATE INDEX histories_by_device ON histories (device_id);
    CREATE INDEX histories_by_time ON histories (created_at);
    """,
    """
    CREATE TABLE files (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        model_id TEXT NOT NULL REFERENCES models (id),
        name TEXT NOT NULL UNIQUE, description TEXT, file_type TEXT NOT NULL, version TEXT,
        checksum TEXT, signature TEXT, notes TEXT, public_notes TEXT,
        digest TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, created_at REAL NOT NULL
    );
    """,
)


class Store:
    """The database of one data folder.

    path: the SQLite file, made when absent. Raises sqlite3.Error when it cannot be used, and ValueError
    when a newer version of this program wrote it.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        # NORMAL with a write-ahead log loses nothing when the process dies, only when the machine does.
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._migrate(path)

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self._db.execute(sql, values)]

    def row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """The first row, or None."""
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else dict(row)

    def run(self, sql: str, *values: Any) -> int:
        """Execute; returns how many rows it touched."""
        return self._db.execute(sql, values).rowcount

    def insert(self, table: str, row: dict[str, Any]) -> int:
        """Insert `row` by its column names; returns its number. Names come from code, never from requests."""
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
        return self._db.execute(sql, tuple(row.values())).lastrowid or 0

    def update(self, table: str, key: str, key_value: Any, changes: dict[str, Any]) -> None:
        """Set `changes` where `key` is `key_value`; none is fine. Names come from code, as in insert."""
        if changes:
            columns = ", ".join(f"{name} = ?" for name in changes)
            self.run(f"UPDATE {table} SET {columns} WHERE {key} = ?", *changes.values(), key_value)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another transaction it joins that one."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()

    def _migrate(self, path: Path) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(_MIGRATIONS):
            raise ValueError(f"{path} was written by a newer version of this program; use another folder")
        for number, script in enumerate(_MIGRATIONS[version:], version + 1):
            self._db.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
