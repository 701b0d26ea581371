"""What a call of either API brings to its handler, whoever it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from tools.cloud.settings import Settings
from tools.cloud.state import Cloud
from tools.cloud.store import Store


@dataclass
class Call:
    """body: as it came. now: Unix seconds."""

    cloud: Cloud
    request: Request
    body: bytes
    now: float

    @property
    def store(self) -> Store:
        return self.cloud.store

    @property
    def settings(self) -> Settings:
        return self.cloud.settings
