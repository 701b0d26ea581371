"""Faults on demand, seen from a socket: what a board would meet on the wire."""

import errno
import select
import socket
import ssl
import time

import cloud_bench
import pytest
from cloud_bench import REGISTRATION

process = cloud_bench.process  # a fixture


class Board:
    """A device on one TCP or TLS connection of its own, byte by byte."""

    def __init__(self, cloud, tls: bool) -> None:
        self.cloud, self.tls = cloud, tls
        self.stream = None
        body = b'{"sn":"%d",' % time.monotonic_ns()
        for name in ("hardware_key", "mac", "firmware_version"):
            body += f'"{name}":"{REGISTRATION[name]}",'.encode()
        answer = self.exchange(b"POST /v1/devices", body[:-1] + b"}").split(b'"')
        self.id, self.key = answer[answer.index(b"id") + 2], answer[answer.index(b"access_key") + 2]

    def connect(self):
        host, port = "127.0.0.1", int((self.cloud.https if self.tls else self.cloud.http).rpartition(":")[2])
        stream = socket.create_connection((host, port), timeout=5)
        if self.tls:
            stream = ssl.create_default_context(cafile=self.cloud.ca).wrap_socket(
                stream, server_hostname="localhost"
            )
        return stream

    def send(self, head: bytes, body: bytes, headers: bytes = b"") -> None:
        self.stream = self.stream or self.connect()
        self.stream.sendall(
            head
            + b" HTTP/1.1\r\nHost: localhost\r\n"
            + headers
            + b"Content-Length: %d\r\n\r\n" % len(body)
            + body
        )

    def read(self) -> bytes:
        """Until an answer with a length or with chunks is whole, or the connection ends."""
        data = b""
        while piece := self.stream.recv(4096):
            data += piece
            head, end, body = data.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if end and (body.endswith(b"0\r\n\r\n") or length and len(body) == int(length)):
                break
        return data

    def exchange(self, head: bytes, body: bytes, headers: bytes = b"") -> bytes:
        self.send(head, body, headers)
        return self.read()

    def send_telemetry(self) -> None:
        path = b"POST /v1/devices/%s/telemetry" % self.id
        self.send(path, b'{"status":"online"}', b"Authorization: %s\r\n" % self.key)

    def telemetry(self) -> bytes:
        self.send_telemetry()
        return self.read()

    def at_end(self) -> bool:
        """Whether the server has ended the connection."""
        return self.stream.recv(1) == b""

    def was_reset(self) -> bool:
        """Whether a TCP reset comes next; asked of the socket, as Python's TLS shows it as an end."""
        select.select([self.stream], [], [], 5)
        return self.stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET

    def hang_up(self) -> None:
        """The next request opens a new connection."""
        if self.stream:
            self.stream.close()
        self.stream = None


@pytest.fixture(params=["http", "https"])
def board(request, process):
    process.settings(**dict.fromkeys(process.settings()))
    board = Board(process, request.param == "https")
    yield board
    process.faults([])
    board.hang_up()


def whole(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 200 OK\r\n") and b'"latest_fw_file_id":null}' in answer


def test_without_faults_one_connection_serves_all(board, process):
    assert all(whole(board.telemetry()) for _ in range(3))
    last = process.requests(limit=3)
    assert len({entry["connection"] for entry in last}) == 1
    assert {entry["listener"] for entry in last} == {"https" if board.tls else "http"}


def test_answers_are_not_held_back(board):
    board.telemetry()
    took = []
    for _ in range(100):
        start = time.monotonic()
        assert whole(board.telemetry())
        took.append(time.monotonic() - start)
    assert sorted(took)[30] < 0.03  # Nagle's algorithm against delayed acknowledgements: 0.044 s nearly each


def test_status(board, process):
    process.faults(
        [
            {"action": "status", "status": 429, "headers": {"Retry-After": "7"}, "body": {"error": "slow"}},
            {"action": "status", "body": "<html>", "headers": {"Content-Type": "text/html"}},
            {"action": "status", "status": 204},
        ]
    )
    answer = board.telemetry()
    assert answer.startswith(b"HTTP/1.1 429 ") and b"retry-after: 7\r\n" in answer
    assert answer.endswith(b'{"error": "slow"}')
    assert board.telemetry().endswith(b"\r\n\r\n<html>")
    board.send(b"GET /v1/devices/%s" % board.id, b"", b"Authorization: %s\r\n" % board.key)
    assert board.stream.recv(4096).startswith(b"HTTP/1.1 204 ")
    assert whole(board.telemetry())


def test_close(board, process):
    process.faults([{"action": "close", "match": {"method": "POST", "path": "/telemetry"}}])
    assert board.telemetry() == b""
    entry = process.requests()[-1]
    assert (entry["fault"], entry["status"]) == ("close", None)
    board.hang_up()
    assert whole(board.telemetry())
    assert process.requests()[-1]["connection"] != entry["connection"]


def test_close_with_a_reset(board, process):
    process.faults([{"action": "close", "reset": True}])
    board.send_telemetry()
    assert board.was_reset()


@pytest.mark.parametrize("perform", [False, True])
def test_an_answer_is_lost_after_the_call_was_performed_or_not(board, process, perform):
    process.faults([{"action": "close", "perform": perform}])
    assert board.telemetry() == b""
    board.hang_up()
    device = next(device for device in process.devices() if device["id"] == board.id.decode())
    assert device["state"] == ({"status": "online"} if perform else {})


@pytest.mark.parametrize("reset", [False, True])
def test_close_after_the_answer_makes_the_connection_stale(board, process, reset):
    process.faults([{"action": "close_after", "reset": reset}])
    answer = board.telemetry()
    assert whole(answer)
    assert b"connection: close" not in answer.lower()
    assert board.was_reset() is reset
    assert reset or board.at_end()


def test_delay(board, process):
    process.faults([{"action": "delay", "delay_ms": 300}])
    start = time.monotonic()
    assert whole(board.telemetry())
    assert time.monotonic() - start > 0.29


def test_raw_bytes(board, process):
    process.faults([{"action": "raw", "text": "SSH-2.0\r\n"}, {"action": "raw", "base64": "AP8A"}])
    assert board.telemetry() == b"SSH-2.0\r\n"
    board.hang_up()
    assert board.telemetry() == b"\x00\xff\x00"
    board.hang_up()


def test_truncate(board, process):
    process.faults(
        [{"action": "truncate"}, {"action": "truncate", "send": 3}, {"action": "truncate", "send": 0}]
    )
    for expected in (None, 3, 0):
        head, _, body = board.telemetry().partition(b"\r\n\r\n")
        promised = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert len(body) == (promised // 2 if expected is None else expected)
        board.hang_up()


def test_a_truncated_answer_can_hang_before_the_end(board, process):
    process.faults([{"action": "truncate", "hold_ms": 300}])
    start = time.monotonic()
    assert not whole(board.telemetry())
    assert time.monotonic() - start > 0.29


def test_chunked(board, process):
    process.faults([{"action": "chunked", "size": 100}])
    head, _, body = board.telemetry().partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower() and b"content-length" not in head
    assert body.startswith(b'64\r\n{"success":true,') and body.endswith(b"\r\n0\r\n\r\n")
    assert whole(board.telemetry())


def test_drip(board, process):
    process.faults([{"action": "drip", "size": 40, "every_ms": 20}])
    start = time.monotonic()
    answer = board.telemetry()
    assert whole(answer)
    assert time.monotonic() - start > len(answer) / 40 * 0.02 * 0.9


def test_drip_survives_a_client_that_gives_up(board, process):
    process.faults([{"action": "drip", "size": 1, "every_ms": 5}])
    board.send(b"GET /v1/devices/%s" % board.id, b"", b"Authorization: %s\r\n" % board.key)
    board.stream.recv(5)
    board.hang_up()
    assert whole(board.telemetry())


def test_counting_and_matching(board, process):
    process.faults(
        [
            {"action": "status", "match": {"path_regex": "/command$"}, "count": -1},
            {"action": "status", "match": {"method": "post", "path": "/telemetry"}, "skip": 1, "count": 2},
        ]
    )
    statuses = [board.telemetry().split()[1] for _ in range(5)]
    assert statuses == [b"200", b"503", b"503", b"200", b"200"]
    command = (b"GET /v1/devices/%s/command" % board.id, b"", b"Authorization: %s\r\n" % board.key)
    assert [board.exchange(*command).split()[1] for _ in range(3)] == [b"503"] * 3
    assert [rule["count"] for rule in process.faults_left()] == [-1, 0]


def test_closing_idle_connections(board, process):
    board.telemetry()
    assert process.close_connections() >= 1
    assert board.at_end()
    board.hang_up()
    assert whole(board.telemetry())


def test_keep_alive_follows_the_setting(board, process):
    process.settings(keep_alive_s=1)
    board.telemetry()
    start = time.monotonic()
    assert board.at_end()
    assert 0.5 < time.monotonic() - start < 4.5


def test_operators_and_the_panel_are_never_spoilt(board, process):
    process.faults([{"action": "close", "count": -1}])
    assert process.operator.get("info").status_code == 200
    assert process.control.get("settings").status_code == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_json(board, request_bytes):
    board.hang_up()
    board.stream = board.connect()
    board.stream.sendall(request_bytes)
    answer = board.read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'{"error":"' in answer
    assert board.at_end()


def test_an_old_client_without_keep_alive(board):
    board.hang_up()
    board.stream = board.connect()
    board.stream.sendall(b"GET /v1/devices/%s HTTP/1.0\r\nAuthorization: %s\r\n\r\n" % (board.id, board.key))
    assert board.read().startswith(b"HTTP/1.1 200 ")
    assert board.at_end()
