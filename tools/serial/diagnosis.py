"""What a board says of itself, judged: OK, WARN or FAIL, and what to do. Facts in, findings out; no board in here.

The facts are what the functions of device/state.py and device/reach.py return, by their names.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

OK, WARN, FAIL = "OK", "WARN", "FAIL"

_CAUSES = {1: "power-on", 2: "hard reset", 3: "watchdog", 4: "deep sleep", 5: "soft reset"}
_STATES = {0: "NEW", 1: "PENDING_VERIFY", 2: "VALID", 3: "INVALID", 4: "ABORTED", 0xFFFFFFFF: "UNDEFINED"}
_ERASED = 0xFFFFFFFF
_HANDSHAKE_BYTES = 45 * 1024  # what a TLS handshake takes of the IDF's heap, and in one piece
_PIECE_BYTES = 17 * 1024
_WEAK_DBM = -80
_HOUR_S = 3600
_REASONS = {  # of `WLAN.status()`, beside the port's names some of wifi_err_reason_t
    15: "wrong password", 202: "wrong password", 203: "refused", 204: "wrong password, or too far away",
    210: "another kind of security than the password is for", 1001: "no address in time", 1010: "connected"}
_STOCK = "the download `ESP32_GENERIC-OTA`, or an image of firmware/"


@dataclass(frozen=True)
class Finding:
    """One line of the report. advice: what to do, when there is something to do."""

    check: str
    verdict: str
    text: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def firmware(facts: dict[str, Any]) -> Finding:
    text = f"MicroPython {'.'.join(map(str, facts['version']))}, {facts['machine']}"
    if not facts["tls"] or facts["version"] < (1, 23):
        return Finding("firmware", FAIL, text, "too old for the agent: `tools flash` with 1.25 or later")
    if facts["version"] < (1, 25):
        return Finding("firmware", WARN, text, "the agent is tested with 1.25 and later")
    return Finding("firmware", OK, text)


def chip(facts: dict[str, Any]) -> Finding:
    flash = f"{facts['flash'] // 1048576} MiB flash" if facts["flash"] else "flash size not known"
    cause = _CAUSES.get(facts["reset_cause"], "?")
    text = f"mac {facts['mac']}, {flash}, {facts['hz'] // 1000000} MHz, started by {cause}"
    if facts["reset_cause"] == 3:
        return Finding("chip", WARN, text, "the watchdog had to reset it: look at the log (`tools monitor`)")
    return Finding("chip", OK, text)


def partitions(facts: dict[str, Any]) -> Finding:
    names = ", ".join(f"{row[4]} {row[3] // 1024} K" for row in sorted(facts["rows"], key=lambda row: row[2]))
    if facts["spare"] is None:
        return Finding("partitions", WARN, names, f"one app partition: firmware cannot be updated. Flash {_STOCK}")
    return Finding("partitions", OK, names)


def rollback(facts: dict[str, Any]) -> Finding:
    """A bootloader with rollback has turned an otadata record to a state; one without never does."""
    running, boot = facts["running"], facts["boot"]
    states = [_STATES.get(state, hex(state)) for sequence, state in facts["records"] if sequence != _ERASED]
    text = f"runs {running}" + (f" ({facts['project']} {facts['version']})" if facts["version"] else "")
    text += f", next start {boot}, records {', '.join(states) or 'none'}"
    if facts["spare"] is None:
        return Finding("rollback", WARN, text, "no second app partition, nothing to roll back to")
    if "PENDING_VERIFY" in states:
        return Finding("rollback", WARN, text, "an update is on trial: a reset before it is confirmed takes it back")
    if running != boot:
        return Finding("rollback", WARN, text, "an update waits for a restart")
    if states and set(states) <= {"UNDEFINED"}:
        return Finding("rollback", WARN, text, "the bootloader seems to have no rollback: flash it anew")
    return Finding("rollback", OK, text)


def slots(facts: dict[str, Any]) -> Finding:
    name = ("the root", "/slot_a", "/slot_b")[facts["slot"]]
    versions = [f"{slot} {facts[slot]}" for slot in ("/slot_a", "/slot_b") if facts[slot]]
    text = f"{name} runs" + (f"; {', '.join(versions)}" if versions else "")
    missing = [path for path in ("/boot.py", "/main.py") if path not in facts["files"]]
    if facts["boots"] > 5:
        return Finding("application", FAIL, text, f"{facts['boots']} starts without health: look at the log, then "
                       "`tools deploy` or an update")
    if facts["trial"]:
        return Finding("application", WARN, text, "an application update is on trial")
    if "/main.py" in missing:
        return Finding("application", FAIL, text + "; no /main.py", "`tools deploy`")
    return Finding("application", OK, text)


def agent(facts: tuple[str, str] | None) -> Finding:
    if not facts:
        return Finding("agent", FAIL, "not there", "`tools deploy`")
    where = "in the firmware" if in_firmware(facts[1]) else f"files in {facts[1].rpartition('/xyte/')[0]}"
    return Finding("agent", OK, f"{facts[0]}, {where}")


def in_firmware(file: str) -> bool:
    """Is this module, by its __file__, one that the firmware brings?"""
    return not file.startswith(("/lib/", "/slot_"))


def heaps(facts: dict[str, Any]) -> Finding:
    program = "?" if facts["program"] is None else facts["program"] // 1024
    text = (f"Python: the program used {program} K, {facts['free'] // 1024} K are free without it; "
            f"IDF: {facts['idf_free'] // 1024} K free, largest piece {facts['idf_largest'] // 1024} K")
    if facts["idf_free"] < _HANDSHAKE_BYTES or facts["idf_largest"] < _PIECE_BYTES:
        return Finding("memory", WARN, text, f"a TLS handshake wants {_HANDSHAKE_BYTES // 1024} K, "
                       f"{_PIECE_BYTES // 1024} K of it in one piece: free some, or use a board with PSRAM")
    return Finding("memory", OK, text)


def stores(facts: dict[str, Any]) -> Finding:
    text = f"NVS and files keep what they are given; {facts['free'] // 1024} of {facts['size'] // 1024} K free"
    broken = [name for name in ("nvs", "files") if not facts[name]]
    if broken:
        return Finding("stores", FAIL, f"{' and '.join(broken)} do not keep what they are given",
                       "erase the flash (`tools flash --erase`); if that does not help, it is worn out")
    if facts["free"] < 65536:
        return Finding("stores", WARN, text, "an application update wants 64 K")
    return Finding("stores", OK, text)


def identity(facts: dict[str, Any]) -> Finding:
    whole = [name for name, good in facts["copies"].items() if good]
    if not whole:
        return Finding("identity", WARN, "none: the board has not registered yet",
                       "see below; when all of that is well, `tools monitor` shows what the cloud says of it")
    if not facts["id"]:
        return Finding("identity", WARN, "given up after the cloud refused it", "was the device deleted in the cloud?")
    text = f"device {masked(facts['id'])}, kept in {' and '.join(whole)}"
    if len(whole) < 2:
        return Finding("identity", WARN, text, "one copy is missing; the agent restores it at its next start")
    return Finding("identity", OK, text)


def settings(facts: dict[str, Any]) -> Finding:
    if facts["fault"]:
        return Finding("settings", FAIL, facts["fault"], "correct /settings.json, or `tools provision`")
    return Finding("settings", OK, f"entry {facts.get('entry_url', 'https://entry.xyte.io')}, "
                   f"sn {facts.get('sn') or facts.get('mac') or 'from the MAC'}, {len(facts['networks'])} networks")


def certificates(files: dict[str, bytes | None], now: datetime.datetime) -> list[Finding]:
    """files: path -> bytes. now: UTC."""
    return [_certificate(path, data, now) for path, data in files.items()]


def _certificate(path: str, data: bytes | None, now: datetime.datetime) -> Finding:
    try:
        found = x509.load_pem_x509_certificates(data or b"") if b"-----BEGIN" in (data or b"") else [
            x509.load_der_x509_certificate(data or b"")]
    except ValueError:
        return Finding("ca", FAIL, f"{path} is not there or no certificate", "write it again, PEM or DER")
    last = min(certificate.not_valid_after_utc for certificate in found)
    text = f"{path}: {found[0].subject.rfc4514_string()}, until {last:%Y-%m-%d}"
    if last < now:
        return Finding("ca", FAIL, text, "expired: give the board the host's new CA")
    if last < now + datetime.timedelta(days=180):
        return Finding("ca", WARN, text, "expires within half a year")
    return Finding("ca", OK, text)


def wifi(facts: dict[str, Any]) -> Finding:
    tried = [f"{name}: {_radio(heard, status)}" for name, heard, status in facts["tried"]]
    if facts["up"]:
        text = f"address {facts['address']}, {facts['rssi']} dBm"
        if facts["rssi"] < _WEAK_DBM:
            return Finding("wifi", WARN, text, "a weak signal: move board, antenna or access point")
        return Finding("wifi", OK, text)
    return Finding("wifi", FAIL, "; ".join(tried) or "no network is known",
                   "2.4 GHz only: is the name right, to the letter, the password, the distance? "
                   "`tools provision --even-registered` writes others")


def own_link(facts: dict[str, Any]) -> Finding:
    """Of an application that brings its link."""
    if facts["address"]:
        return Finding("link", OK, f"Ethernet, address {facts['address']}")
    if facts["lan"]:
        return Finding("link", FAIL, "Ethernet, without an address", "the cable, at both ends? Is there DHCP?")
    return Finding("link", WARN, "main.py brings it (`link=`), and is stopped: nothing was asked that needs it",
                   "the log says how it goes: `tools monitor`")


def _radio(heard: bool, status: object) -> str:
    if status == 201 or not heard:
        return "not on the air"
    return _REASONS.get(status, f"reason {status}") if isinstance(status, int) else str(status)


def clock(facts: dict[str, Any], now_s: float) -> Finding:
    """now_s: the host's, seconds since 1970."""
    off = abs(facts["after"] - now_s)
    if facts["fault"]:
        text = f"no time by NTP ({facts['fault']})"
        if off < _HOUR_S:
            return Finding("clock", WARN, f"{text}, and right all the same: {off:.0f} s off this computer's",
                           "the cloud tells it after each power loss; better open UDP port 123 to pool.ntp.org")
        return Finding("clock", FAIL, text, "open UDP port 123 to pool.ntp.org: until the cloud has told the time, "
                       "certificates are judged by the date of the agent's build")
    text = f"by NTP, {off:.0f} s off this computer's; {facts['before'] - facts['after']:+} s before"
    return Finding("clock", OK if off < _HOUR_S else WARN, text, "" if off < _HOUR_S else "which of both is wrong?")


def host_of(url: str) -> tuple[str, int, bool]:
    """Host, port, and whether it is https. Xyte's static-certificate hub may come as a bare name."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    secure = parts.scheme != "http"
    return parts.hostname or "", parts.port or (443 if secure else 80), secure


def resolved(name: str, host: str, answer: tuple | str) -> Finding:
    """answer: an address as the port gives it (address, port), the unix port's (sockaddr), or what was wrong."""
    if isinstance(answer, str):
        return Finding(f"dns {name}", FAIL, f"{host}: {answer}",
                       "does the network's DNS know the name? Is there a way to the Internet?")
    address = answer[0] if isinstance(answer[0], str) else ".".join(map(str, answer[4:8]))
    return Finding(f"dns {name}", OK, f"{host} is {address}")


def reached(name: str, url: str, answer: int | str | None) -> Finding:
    """answer: milliseconds of a verified handshake, None for a plain connection that was made, or what was wrong."""
    if isinstance(answer, int):
        return Finding(f"tls {name}", OK, f"{url} verified in {answer} ms")
    if answer is None:
        return Finding(f"tls {name}", WARN, f"{url} answers, without TLS", "for development only")
    advice = "is the CA the one that signed this host's certificate, the name the one in it, the clock right?"
    if answer.startswith("OSError"):
        advice = "does something listen there, is the port right, and open in the firewall?"
    return Finding(f"tls {name}", FAIL, f"{url}: {' '.join(answer.split())}", advice)


def masked(text: str) -> str:
    """Enough to recognise it."""
    return text if len(text) <= 8 else f"{text[:4]}…{text[-4:]}"
