"""What one more report costs on the wire, counted by a listener between device and cloud."""

from dataclasses import dataclass

from host_tests.bench.bench_lab import Lab
from host_tests.e2e.tap import APPLICATION_DATA, Tap

_FEW, _MORE = 4, 5


@dataclass(frozen=True)
class WireCost:
    """Per report. sent, received: bytes of TCP payload. writes: of the device. records: TLS application data sent."""

    sent: float
    received: float
    writes: float
    records: float
    connections: float


def of(name: str, lab: Lab, *, tls: bool) -> WireCost:
    """The difference between a few reports and some more, so that what happens once is left out."""
    few, many = (_counts(name, lab, tls, count) for count in (_FEW, _FEW + _MORE))
    return WireCost(*((more - less) / _MORE for less, more in zip(few, many, strict=True)))


def _counts(name: str, lab: Lab, tls: bool, count: int) -> tuple[int, ...]:
    url = lab.cloud.https if tls else lab.cloud.http
    with Tap(int(url.rpartition(":")[2])) as tap:
        lab.run(name, "count", count, base=f"{url.partition(':')[0]}://localhost:{tap.port}")
        records = tap.records()[APPLICATION_DATA] if tls else 0
        return len(tap.everything()), len(tap.answered), len(tap.pieces), records, len(tap.sent)
