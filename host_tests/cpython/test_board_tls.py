"""Certificates are judged by the board's clock, on both interpreters."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from board_lab import I386, make_board, run_to_prompt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from test_board_virtual import printed

MAIN = """
import network, ntptime, socket, time, tls
w = network.WLAN()
w.active(True)
w.connect("virtual-ap", "virtual-key")
while not w.isconnected(): time.sleep_ms(10)
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
with open("/ca.pem") as f:
    context.load_verify_locations(f.read())
def attempt():
    s = socket.socket()
    s.connect(socket.getaddrinfo("127.0.0.1", PORT)[0][-1])
    try:
        context.wrap_socket(s, server_hostname="localhost")
        print("accepted")
    except ValueError as error:
        print("refused:", str(error).replace("\\n", " "))
    s.close()
attempt()
ntptime.settime()
attempt()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A TLS server on loopback that shakes hands and hangs up; gives its port and its certificate."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (folder / "cert.pem").write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1], certificate.decode()


def serve(listener, context):
    while True:
        try:
            connection = listener.accept()[0]
        except OSError:
            return
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()


@pytest.mark.parametrize("arch", ["native", I386])
@pytest.mark.parametrize("offset_days, second", [(0, "accepted"), (60, "refused"), (-60, "refused")])
def test_handshake(tmp_path, server, arch, offset_days, second):
    port, certificate = server
    board = make_board(tmp_path / "b", main=MAIN.replace("PORT", str(port)), files={"/ca.pem": certificate},
                       arch=arch, ntp_offset_s=offset_days * 86400)
    lines = printed(run_to_prompt(board))
    assert lines[0].startswith("refused: ") and "future" in lines[0]
    assert lines[1].startswith(second)
    if offset_days > 0:
        assert "expired" in lines[1]
