"""`network` with the station of MicroPython's ESP32 port, over a fake clock: its states, its stale codes, its errors.

What is on the air is a dict: name -> (key or "", reason to fail with or 0, dBm). Read in ports/esp32/network_wlan.c:
a reason stays until the next success; disconnect() leaves "idle" behind; it takes effect a moment later; connect()
and config() raise while an attempt runs; left to itself the driver tries again for ever.
"""

_JOIN_MS = 1500
_MISS_MS = 2500
_LEAVE_MS = 30


class Radio:
    """The module. air: see above. joins: names in the order that connect() was called with them.

    powers: with how many dBm, each time.
    """

    def __init__(self, clock, air):
        self.clock, self.air = clock, air
        self.joins, self.powers, self.scans, self.renewals = [], [], 0, 0
        self.dhcp_ms = 0  # from joined to an address
        self.others = []  # rows of scan() beside those of `air`
        self.hidden = ()  # names of `air` that scan() does not give
        self.name, self.dns = None, "192.168.1.1"
        self.station = Station(self)
        self.WLAN = _Kind(self.station)

    def hostname(self, name):
        self.name = name

    def ipconfig(self, dns):
        self.dns = dns


class _Kind:
    IF_STA, IF_AP = 0, 1

    def __init__(self, station):
        self._station = station

    def __call__(self, interface):
        assert interface == self.IF_STA
        return self._station


class Station:
    def __init__(self, radio):
        self._radio = radio
        self._on = self._joined = self._has_address = self._leaving = False
        self._wanted = self._static = None
        self._reason = self._due = self._address_due = 0
        self.bssid = None  # of the last connect()
        self._reconnects = -1
        self.cycles = 0
        self.power = 20

    def _now(self):
        return self._radio.clock.ms

    def _advance(self):
        if self._leaving and self._now() >= self._due:
            self._leaving, self._reason = False, 8
            self._joined, self._wanted = False, None
        if self._joined and self._wanted not in self._radio.air:
            self._joined, self._reason = False, 200
            self._again()
        if self._wanted and not self._joined and self._now() >= self._due:
            key, fault, _ = self._radio.air.get(self._wanted, ("", 201, 0))
            reason = fault or (15 if key != self._key else 0)
            self._joined, self._address_due = not reason, self._now() + self._radio.dhcp_ms
            if reason:
                self._reason = reason
                self._again()
        has_address = self._joined and self._now() >= self._address_due
        if has_address and not self._has_address:
            self._reason = 0
        self._has_address = has_address

    def _again(self):
        self._due = self._now() + _MISS_MS
        if self._reconnects >= 0:
            self._wanted = None

    def active(self, on=None):
        self._advance()
        if on is not None and on != self._on:
            self._on = on
            self.cycles += not on
            if not on:
                self.power = 20
                self._joined = self._has_address = False
                self._wanted = None
        return self._on

    def connect(self, ssid, key=None, *, bssid=None):
        self._advance()
        if not self._on:
            raise OSError("Wifi Not Started")
        if self._wanted or self._leaving:
            raise OSError("Wifi Internal State Error")
        self._wanted, self._key, self.bssid = ssid, key or "", bssid
        self._radio.joins.append(ssid)
        self._radio.powers.append(self.power)
        self._due = self._now() + (_JOIN_MS if ssid in self._radio.air else _MISS_MS)

    def disconnect(self):
        self._advance()
        if not self._on:
            raise OSError("Wifi Not Started")
        if self._wanted:
            self._leaving, self._due = True, self._now() + _LEAVE_MS

    def isconnected(self):
        self._advance()
        return self._has_address

    def status(self, what=None):
        self._advance()
        if what == "rssi":
            if not self._joined:
                raise OSError("Wifi Not Connected")
            return self._radio.air[self._wanted][2]
        if self._has_address:
            return 1010
        if self._reason in (201, 210, 211, 212, 202):
            return self._reason
        if self._reason == 8:
            return 1000
        return 1001 if self._wanted else self._reason or 1000

    def config(self, reconnects=None, txpower=None):
        self._advance()
        if txpower is not None:
            if not self._on:
                raise OSError("Wifi Not Started")
            self.power = txpower
        if self._wanted:
            raise OSError("Wifi Internal State Error")
        if reconnects is not None:
            self._reconnects = reconnects

    def ifconfig(self, four=None):
        if four is None:
            return self._static or ("192.168.1.7", "255.255.255.0", "192.168.1.1", self._radio.dns)
        self._static = four

    def ipconfig(self, dhcp4):
        if dhcp4:
            self._radio.renewals += 1
            self._static = None

    def scan(self):
        self._advance()
        if not self._on:
            raise OSError("STA must be active")
        self._radio.scans += 1
        self._radio.clock.sleep_ms(2000)
        if self._wanted and not self._has_address:
            return []
        air = self._radio.air
        rows = []
        for name in air:
            shown = b"" if name in self._radio.hidden else name.encode()
            rows.append((shown, b"\2\0\0\0\0\1", 6, air[name][2], 3 if air[name][0] else 0, False))
        return rows + self._radio.others
