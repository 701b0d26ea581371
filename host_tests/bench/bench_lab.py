"""Where reporters run: a local cloud in a process of its own, MicroPython in another, and folders for both."""

import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tools import ROOT, build, interpreter
from tools.cloud import defaults
from tools.cloud.process import LocalCloud

HERE = Path(__file__).resolve().parent
REPORTERS = ("agent", "requests", "uhttp-client")
ROOMY = "256wK"
_RUN_S = 500  # a soak on a busy machine; everything else takes seconds
_numbers = itertools.count(1)


class BenchFailed(Exception):
    """A reporter did not run to its end; the text is what it printed."""


def agent_as_mpy(folder: Path) -> Path:
    """The agent and the other clients compiled, as they would lie on a board."""
    import uhttp.client  # where pip has put it

    build.compile_tree(build.AGENT, folder / "xyte")
    build.compile_file(Path(uhttp.client.__file__), folder / "uhttp" / "client.mpy", "client.py")
    return folder


class Lab:
    """modules: folder of compiled modules, see `agent_as_mpy`. folder: for what the devices keep.

    small: the interpreter to measure memory with.
    """

    small = "native" if os.environ.get("NO_I386") else "i386"

    def __init__(self, cloud: LocalCloud, modules: Path, folder: Path) -> None:
        self.cloud, self._modules, self._folder = cloud, modules, folder

    def run(self, name: str, measure: str, number: int, *, tls: bool = False, arch: str = "native",
            base: str = "", heap: str = ROOMY) -> dict[str, Any]:
        """Run a new device with this reporter. base: URL to use in place of the cloud's own. Raises BenchFailed."""
        base = base or (self.cloud.https if tls else self.cloud.http)
        place = self._place(base.replace("127.0.0.1", "localhost"))
        return self.script("one_reporter.py", name, str(place), measure, str(number), arch=arch, heap=heap)

    def script(self, script: str, *words: str, arch: str = "native", heap: str = ROOMY,
               source: bool = False) -> dict[str, Any]:
        """Run one of this folder's scripts on MicroPython; the figures that it prints. Raises BenchFailed.

        source: with the agent's .py files in place of what was compiled.
        """
        agent = ROOT / "lib" if source else self._modules
        path = [*map(str, (agent, HERE, HERE.parent, HERE.parent / "shims")), ".frozen"]
        done = subprocess.run([*interpreter.find(arch), "-X", f"heapsize={heap}", str(HERE / script), *words],
                              check=False, cwd=ROOT, env={"MICROPYPATH": ":".join(path)}, timeout=_RUN_S,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in done.stdout.splitlines():
            if line.startswith("figures "):
                return json.loads(line.removeprefix("figures "))
        raise BenchFailed(f"{script} {words} {arch} {heap}: {done.stdout[-2000:]}")

    def _place(self, base: str) -> Path:
        """Settings for a new agent, a registered device for those that cannot register by themselves; in a file."""
        number = next(_numbers)
        root = self._folder / f"device{number}"
        root.mkdir()
        settings = {"hardware_key": defaults.HARDWARE_KEY, "entry_url": base, "sn": f"BENCH-{number}",
                    "development_hosts": ["localhost"], "ca_files": ["/ca.pem"], "telemetry_interval_s": 1}
        (root / "ca.pem").write_bytes(self.cloud.ca.read_bytes())
        (root / "settings.json").write_text(json.dumps(settings))
        body = {"hardware_key": defaults.HARDWARE_KEY, "sn": f"BARE-{number}", "firmware_version": "1.0.0",
                "mac": f"02:00:00:00:{number // 256:02x}:{number % 256:02x}"}
        device = httpx.post(f"{self.cloud.http}/v1/devices", json=body, trust_env=False).json()
        place = root / "place.json"
        place.write_text(json.dumps({"base": base, "ca": str(self.cloud.ca), "root": str(root), "id": device["id"],
                                     "key": device["access_key"]}))
        return place


@contextmanager
def lab(folder: Path, tls_max: str = "1.3") -> Iterator[Lab]:
    """A lab with a cloud that speaks TLS up to this version."""
    modules = folder / "modules"
    if not modules.exists():
        agent_as_mpy(modules)
    with LocalCloud(folder / f"cloud-{tls_max}", tls_max=tls_max) as cloud:
        devices = folder / f"devices-{tls_max}"
        devices.mkdir()
        yield Lab(cloud, modules, devices)
