"""The same telemetry by different means, on MicroPython: the whole agent, and HTTP clients in a bare loop.

Each maker returns a callable without arguments that brings one report to the cloud and looks at the answer.
place: dict with base (URL of the cloud), ca (path), id, key (of a registered device), root (folder with settings).
"""

import time

WARM = (21.5, 21.625, -0.25)  # made once: a float that a sensor returns is the sensor's
TEXT = "door open"


class Clock:
    """Moves only when slept on, so cycles follow each other at once. All its numbers are small ints, as on a chip.

    (The unix port's own time() is a float, or an int too large for 31 bits.)
    """

    ticks_add = staticmethod(time.ticks_add)
    ticks_diff = staticmethod(time.ticks_diff)

    ms = 0  # looked at by FakeChip, which counts in large ints

    def __init__(self):
        self._ticks = self._part = 0
        self._s = 848000000

    def ticks_ms(self):
        return self._ticks

    def after_ms(self, ms):
        return time.ticks_add(self._ticks, ms)

    def left_ms(self, ticks):
        return time.ticks_diff(ticks, self._ticks)

    def sleep_ms(self, ms):
        self._ticks = time.ticks_add(self._ticks, ms)
        self._part += ms
        self._s += self._part // 1000
        self._part %= 1000

    def now_s(self):
        return self._s

    def set_s(self, now_s):
        self._s = now_s


class AgentReporter:
    """The whole agent as it runs on a board, over real sockets; chip services that no telemetry needs are fakes."""

    def __init__(self, place):
        from fakes.chip import FakeChip, FakeKeys
        from xyte.agent import Agent
        from xyte.device.stream import Connector

        class Chip(FakeChip):
            def __init__(self):
                FakeChip.__init__(self, place["root"], Connector(), "PWRON_RESET", "aa", FakeKeys(), Clock())

            def start(self, settings, *more):
                self.connect.ca_files = settings.ca_files

            def ask_network_s(self):
                return self.clock.now_s()

            def feed(self):
                """No watchdog, no count of feedings."""

        self._chip = Chip()
        self.agent = Agent(chip=self._chip)
        self._reads = 0
        add = self.agent.sensor
        add("count")(self._count)
        add("closed", deadband=0)(self._closed)
        add("text")(self._text)
        add("warm")(self._warm)
        add("warm_slow", deadband=0.5)(self._warm)

    def _count(self):
        self._reads += 1
        return self._reads

    def _closed(self):
        return self._reads % 2 == 0

    def _text(self):
        return TEXT

    def _warm(self):
        return WARM[self._reads % 2]

    def next_day(self):
        """The agent asks for the time once a day; the code that does it comes and goes."""
        self._chip.clock.sleep_ms(86400000)
        self()

    def __call__(self):
        accepted = self.agent._cycle.accepted if self.agent._cycle else 0
        for _ in range(200):
            self._chip.clock.sleep_ms(self.agent.step())
            cycle = self.agent._cycle
            if cycle and cycle.accepted > accepted:
                return
            if cycle and cycle.failed:
                break
        raise RuntimeError("the agent does not report")


class Bare:
    """What a main.py without an agent would send: the same values, as a dict that is ready made."""

    def __init__(self, place):
        self.path = "/v1/devices/" + place["id"] + "/telemetry"
        self.headers = {"Authorization": place["key"]}
        self.values = {"uptime_s": 0, "heap_used": 12345, "count": 0, "closed": True, "text": TEXT, "warm": WARM[0]}
        self.body = {"status": "online", "timestamp": "2026-11-22T10:00:00Z", "telemetries": self.values}

    def next(self):
        count = self.values["count"] = self.values["uptime_s"] = self.values["count"] + 1
        self.values["closed"], self.values["warm"] = count % 2 == 0, WARM[count % 2]
        return self.body


def agent(place):
    return AgentReporter(place)


def stock_requests(place):
    """`requests` as frozen in the interpreter: a connection for each call, certificates not verified."""
    import requests

    bare = Bare(place)
    url = place["base"] + bare.path

    def report():
        # A copy: it writes the length of this body into the dict that it is given.
        response = requests.post(url, json=bare.next(), headers=dict(bare.headers))
        if response.status_code != 200 or response.json()["command"]:
            raise RuntimeError(response.status_code)
        response.close()

    return report


def uhttp_client(place):
    """uhttp-client from PyPI: keeps its connection; given a context that verifies."""
    import stand_ins

    stand_ins.install()
    import tls
    from uhttp.client import HttpClient

    context = None
    if place["base"].startswith("https"):
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        with open(place["ca"], "rb") as f:
            context.load_verify_locations(f.read())
    client, bare = HttpClient(place["base"], ssl_context=context), Bare(place)

    def report():
        response = client.post(bare.path, json=bare.next(), headers=bare.headers).wait()
        if response.status != 200 or response.json()["command"]:
            raise RuntimeError(response.status)

    return report


MAKERS = {"agent": agent, "requests": stock_requests, "uhttp-client": uhttp_client}


def make(name, place):
    return MAKERS[name](place)

