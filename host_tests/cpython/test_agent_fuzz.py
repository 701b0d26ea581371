"""A whole agent against a cloud that answers anything to anything. It keeps running, and keeps its identity.

The rules: no exception leaves `step`, no exchange outlives its deadline, an identity changes only after three 401 or
six 404, and what was learned before the garbage works again after it.
"""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.cloud import FakeCloud
from fakes.desk import SETTINGS, Desk, identity
from fakes.server import response

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2**70, 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries({}, optional={
        "command": st.one_of(st.just(True), VALUES),
        "id": st.one_of(TEXT, st.integers(), VALUES), "name": st.one_of(st.sampled_from(["act", "reboot", ""]), VALUES),
        "status": st.one_of(st.sampled_from(["pending", "in_progress"]), VALUES), "parameters": VALUES,
        "latest_fw_file_id": st.one_of(st.just("f1"), VALUES), "url": VALUES, "checksum": VALUES, "version": VALUES,
        "access_key": VALUES, "hub_url": VALUES, "error": VALUES,
    }).map(lambda value: json.dumps(value).encode()),
    st.integers(0, 3000).map(lambda count: b"[" * count),
    st.integers(300, 20000).map(lambda count: b'{"x":"' + b"y" * count + b'"}'),
)
FIELDS = st.lists(st.tuples(
    st.sampled_from(["Retry-After", "Date", "Connection", "Transfer-Encoding", "Content-Length", "X"]),
    st.one_of(st.sampled_from(["0", "7", "99999999", "close", "chunked", "Fri, 31 Dec 9999 23:59:59 GMT"]),
              st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)),
), max_size=3)
HARMLESS = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 403, 409, 422, 429, 500, 503])
SEMIVALID = st.builds(response, HARMLESS, BODIES, FIELDS, st.booleans())
# Cut anywhere, and only then perhaps a hang-up: silence must end at the deadline.
TORN = st.tuples(SEMIVALID, st.integers(0, 200)).map(lambda pair: pair[0][:pair[1]])
ANSWER = st.one_of(SEMIVALID, TORN, st.binary(max_size=80), st.none(), st.just("right"))
ANSWERS = st.lists(ANSWER, min_size=1, max_size=8)


class Garbling(FakeCloud):
    """Gives the answers of a list in turn, round and round, while `garbage` is set; "right" is the right one."""

    def __init__(self):
        FakeCloud.__init__(self)
        self.garbage, self.turn = [], 0

    def __call__(self, method, path, headers, body):
        right = FakeCloud.__call__(self, method, path, headers, body)
        if not self.garbage:
            return right
        self.turn += 1
        said = self.garbage[self.turn % len(self.garbage)]
        return right if said == "right" else said


def prepared(ran: list):
    def prepare(agent):
        @agent.command("act")
        def act(params, progress):
            ran.append(params)
            progress("on it")

    return prepare


def steps(desk: Desk, for_s: int):
    """Run by `step` alone, so that whatever escapes it is seen. A commanded restart is allowed to happen."""
    end_ms = desk.clock.ms + for_s * 1000
    if not desk.agent:
        desk.start()
    while desk.clock.ms < end_ms:
        before = desk.clock.ms
        wait = desk.agent.step()
        # Telemetry, or a drain of eight commands with a few calls each, 30 s the call and one silent resend.
        assert desk.clock.ms - before <= 30 * 31000
        desk.clock.sleep_ms(max(1, wait))


@given(ANSWERS)
@settings(deadline=None, max_examples=180, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_garbage_never_costs_the_identity(garbage):
    ran = []
    desk = Desk("fuzz", Garbling(), prepared(ran), dict(SETTINGS, follow_latest=True))
    steps(desk, 15)
    assert identity(desk) == "d1"
    desk.chip.reset = lambda: None  # a reboot that garbage asked for: the board "does not restart"
    desk.cloud.garbage = garbage
    steps(desk, 400)
    assert identity(desk) == "d1", "nothing in here may cost the identity"
    desk.cloud.garbage = []
    before = len(desk.cloud.telemetries)
    waited_s = 0
    while len(desk.cloud.telemetries) == before:
        steps(desk, 60)
        waited_s += 60
        assert waited_s <= 3600 + 600, "longer than any Retry-After that is believed, and a pause"
    assert desk.boots == 1
    assert desk.cloud.registrations == 1


@given(ANSWERS)
@settings(deadline=None, max_examples=110, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_garbage_at_registration(garbage):
    desk = Desk("fuzz", Garbling(), prepared([]))
    desk.cloud.garbage = garbage
    steps(desk, 400)
    assert desk.cloud.registrations <= 1 and desk.boots == 1
