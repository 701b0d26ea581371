"""What the figures that take time must keep: ratios of one run under one interpreter. Bytes have tests of their own."""

from host_tests.bench.figures import SCHEMES, Agent, Reporter
from host_tests.bench.report import OLDER_TLS

TIMES_REQUESTS = 10  # telemetries a second over https, beside `requests`
SHARE_OF_BARE = 0.8  # of a bare loop's update speed, both with a flash as slow as a chip's
RIVAL = "requests"


def misses(reporters: dict[str, Reporter], agent: Agent) -> list[str]:
    """What is slower than promised, a sentence each; empty when all is well."""
    found = []
    ours, theirs = reporters["agent"].per_second, reporters[RIVAL].per_second
    for scheme in [*(name for name, tls in SCHEMES.items() if tls), OLDER_TLS]:
        if ours[scheme] < TIMES_REQUESTS * theirs.get(scheme, 0):
            found.append(f"{scheme}: {ours[scheme]:.0f} telemetries a second, {RIVAL} {theirs[scheme]:.0f}; "
                         f"{TIMES_REQUESTS} times as many are promised")
    for title, speed in agent.updates.items():
        if "flash of" in title and speed.fetch < SHARE_OF_BARE * speed.bare:
            found.append(f"update over {title}: {speed.fetch:.0f} KiB/s, the bare loop {speed.bare:.0f}; "
                         f"{SHARE_OF_BARE:.0%} of it are promised")
    return found
