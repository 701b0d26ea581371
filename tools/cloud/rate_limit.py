"""Calls per device in a sliding window; kept in memory, as forgetting it at a restart harms nobody."""

from __future__ import annotations

from collections import defaultdict, deque

WINDOW_S = 30  # Xyte counts over 30-second windows; the limit itself depends on the plan


class RateLimit:
    def __init__(self) -> None:
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def allows(self, device_id: str, limit: int, now: float) -> bool:
        """Count a call at Unix time `now`; False when it is one too many. Refused calls are not counted.

        limit: calls in 30 s; 0 = any number.
        """
        if not limit:
            self._calls.pop(device_id, None)
            return True
        calls = self._calls[device_id]
        while calls and calls[0] <= now - WINDOW_S:
            calls.popleft()
        if len(calls) >= limit:
            return False
        calls.append(now)
        return True
