"""All that one running cloud owns, in one object that the calls are given."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tools.cloud.connections import Connections
from tools.cloud.contents import Contents
from tools.cloud.faults import Faults
from tools.cloud.journal import Journal
from tools.cloud.rate_limit import RateLimit
from tools.cloud.records import models, organizations
from tools.cloud.served import Served
from tools.cloud.settings import Settings
from tools.cloud.store import Store

DATABASE = "cloud.sqlite3"


class Cloud:
    """The state behind the calls.

    data: the folder of the database, made when absent. clock: Unix seconds now; tests pass their own.
    file_host: base URL of a listener for downloads alone, "" = there is none. Raises what Store raises.
    """

    def __init__(self, data: Path, clock: Callable[[], float] = time.time) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self.store = Store(data / DATABASE)
        self.settings = Settings(self.store)
        self.connections = Connections()
        self.faults = Faults()
        self.journal = Journal()
        self.rate_limit = RateLimit()
        self.contents = Contents(data / "files")
        self.served = Served()
        self.file_host = ""
        models.seed(self.store)
        organizations.seed(self.store)

    def close(self) -> None:
        self.store.close()
