"""The command itself: start, ready line, certificates, stop, restart."""

import concurrent.futures
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys

import httpx
import pytest
from cloud_bench import REGISTRATION
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tools import ROOT
from tools.cloud.process import CloudFailed, LocalCloud


def register(cloud, **fields):
    context = ssl.create_default_context(cafile=cloud.ca)
    with httpx.Client(base_url=cloud.https, verify=context, trust_env=False) as client:
        return client.post("/v1/devices", json=REGISTRATION | fields)


def test_a_cloud_from_first_start_to_restart(tmp_path):
    with LocalCloud(tmp_path, settings={"register_success_status": 200}) as cloud:
        assert register(cloud).status_code == 200
        device_id = cloud.devices()[0]["id"]
        sent = cloud.send_command(device_id, "reboot", {"in_s": 1})
        assert (sent["status"], sent["parameters"]) == ("pending", {"in_s": 1})
        urls, ca = (cloud.http, cloud.https), cloud.ca.read_bytes()
        cloud.restart()
        assert (cloud.http, cloud.https) == urls
        assert cloud.ca.read_bytes() == ca
        assert cloud.device(device_id)["id"] == device_id
        cloud.kill()
        cloud.start()
        assert cloud.command(sent)["status"] == "pending"
        assert cloud.cancel_command(sent)["status"] == "cancelled"
        assert cloud.settings()["register_success_status"] == 200
        cloud.delete_device(device_id)
        assert cloud.devices() == []
        with pytest.raises(CloudFailed, match="404 .*Device not found"):
            cloud.device(device_id)
    assert re.fullmatch(r"(ready http=\S+ https=\S+ ca=\S+\n){3}", cloud.log.read_text())


def test_the_certificates(tmp_path):
    with LocalCloud(tmp_path, certificate="good") as cloud:
        assert register(cloud).status_code == 201
        for host in ("127.0.0.1", "[::1]") if socket.has_ipv6 else ("127.0.0.1",):
            context = ssl.create_default_context(cafile=cloud.ca)
            url = f"https://{host}:{cloud.https.rpartition(':')[2]}/"
            assert httpx.get(url, verify=context, trust_env=False).status_code == 404
        for kind, reason in (
            ("wrong-ca", "unable to get local issuer certificate"),
            ("expired", "has expired"),
            ("wrong-name", "Hostname mismatch"),
        ):
            cloud.restart(certificate=kind)
            with pytest.raises(httpx.ConnectError, match=reason):
                register(cloud)
            assert cloud.requests() == []
        cloud.restart(certificate="good", tls_max="1.2")
        address = ("127.0.0.1", int(cloud.https.rpartition(":")[2]))
        with socket.create_connection(address) as plain:
            context = ssl.create_default_context(cafile=cloud.ca)
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                assert tls.version() == "TLSv1.2"
    folder = tmp_path / "tls"
    for path in folder.glob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    certificate = x509.load_pem_x509_certificate((folder / "good.pem").read_bytes())
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert len(list(folder.glob("*.key"))) == 6


def test_a_busy_port_and_a_busy_folder(tmp_path):
    with LocalCloud(tmp_path / "one") as cloud:
        port = cloud.http.rpartition(":")[2]
        with pytest.raises(CloudFailed, match=f"port {port} is busy; choose another with --http"):
            LocalCloud(tmp_path / "two", http=int(port))
        with pytest.raises(CloudFailed, match="another cloud runs on"):
            LocalCloud(tmp_path / "one")


@pytest.mark.parametrize(
    "words, message",
    [
        (["--set", "empty_queue=5"], "empty_queue must be one of"),
        (["--set", "nonsense"], "not of the form name=value"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["--data", "/proc/nothing"], "/proc/nothing"),
    ],
)
def test_what_cannot_start_says_why(tmp_path, words, message):
    command = [
        sys.executable,
        "-m",
        "tools",
        "cloud",
        "--data",
        str(tmp_path),
        "--http",
        "0",
        "--https",
        "0",
        *words,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_with_connections_open(tmp_path, number):
    cloud = LocalCloud(tmp_path, verbose=True)
    with socket.create_connection(("127.0.0.1", int(cloud.http.rpartition(":")[2]))) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 404 ")
        cloud.stop(number)
    assert "http #1 GET / 404\n" in cloud.log.read_text()


def test_another_name_of_this_machine_goes_into_new_certificates(tmp_path):
    with LocalCloud(tmp_path, host="0.0.0.0", name="127.0.0.2") as cloud:
        assert cloud.https.startswith("https://127.0.0.2:")
        verified = ssl.create_default_context(cafile=cloud.ca)
        assert httpx.get(cloud.https, verify=verified, trust_env=False).status_code == 404
    with pytest.raises(CloudFailed, match="not good for board.example: choose a new --data"):
        LocalCloud(tmp_path, name="board.example")


def test_many_boards_at_once(tmp_path):
    with LocalCloud(tmp_path) as cloud, concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: register(cloud, sn=str(n % 12)).status_code, range(24)))
        assert sorted(answers) == [201] * 12 + [422] * 12
        assert len(cloud.devices()) == 12
    assert cloud.log.read_text().count("\n") == 1


def test_waiting(tmp_path):
    cloud = LocalCloud.__new__(LocalCloud)  # wait_for needs no process
    answers = iter([0, [], "found"])
    assert cloud.wait_for(lambda: next(answers), timeout=5) == "found"
    with pytest.raises(TimeoutError, match="the moon did not happen in 0.1 s"):
        cloud.wait_for(lambda: {}[0], timeout=0.1, what="the moon")
