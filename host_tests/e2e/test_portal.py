"""The set-up portal over plain HTTP: a phone sets a real board up, and others do not."""

import json
import socket
from contextlib import suppress

import pytest
from phone import ADDRESS, PASSWORD, RIGHT, WRONG, Phone, board_to_set_up
from rig import Powered, told, troubles

HOME = {"ssid": "HomeNet", "key": RIGHT}
SPARE = {"ssid": "Elsewhere", "key": "other-key-1"}


def known(board):
    return json.loads(board.read_file("/settings.json"))["wifi"]


def test_from_the_box_to_the_cloud(tmp_path, cloud):
    board = board_to_set_up(tmp_path / "board", cloud, settings={"tx_power_dbm": 8.5})
    with Powered(board) as run:
        run.wait("portal: open")
        name, key, security = board.hotspot()
        assert name.startswith("Pump 7-") and (key, security) == (PASSWORD, 3)  # WPA2
        phone = Phone(board)
        page = phone.get().text
        assert "HomeNet" in page and "Barn &amp; &lt;Yard&gt;" in page and "<Yard>" not in page
        assert json.loads(board.read_file("/settings.json"))["sn"] in page
        assert phone.join("HomeNet", WRONG) == "HomeNet: wrong password. Nothing was changed."
        assert known(board) == []
        assert phone.join("Nowhere", RIGHT).startswith("Nowhere: not found")
        assert phone.join("HomeNet", RIGHT).startswith("Connected to HomeNet.")
        run.wait("portal: closed")
        run.reports(2)
        assert board.hotspot() is None
    assert known(board) == [HOME]
    assert told(cloud, "answer") == [42]
    text = "\n".join(run.lines)
    assert RIGHT not in text and WRONG not in text and PASSWORD not in text
    with Powered(board) as run:  # and it is still so after a restart
        run.reports()
        assert not run.count("portal") and troubles(run.lines) == []


def test_wrong_password_costs_no_known_network(tmp_path, cloud):
    board = board_to_set_up(tmp_path / "board", cloud, settings={"wifi": [SPARE], "setup_after_s": 10})
    with Powered(board) as run:
        run.wait("portal: open")
        phone = Phone(board)
        assert "Elsewhere: not found" in phone.get().text  # among the last errors
        assert "wrong password" in phone.join("HomeNet", WRONG)
        assert known(board) == [SPARE]
        assert "Connected" in phone.join("HomeNet", RIGHT)
        run.wait("accepted")
    assert known(board) == [HOME, SPARE]


def test_only_its_own_page_can_set_it_up(tmp_path, cloud):
    board = board_to_set_up(tmp_path / "board", cloud)
    with Powered(board) as run:
        run.wait("portal: open")
        phone = Phone(board)
        page = phone.get()
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        choice = {"ssid": "HomeNet", "key": RIGHT}
        for fields, headers in (({**choice, "token": "0" * 16}, {}), (choice, {"Origin": "http://evil.test"}),
                                (choice, {"Host": "evil.test"}), (choice, {"Origin": "null"})):
            answer = phone.post("/join", fields, **headers)
            assert answer.status_code in (302, 403), (fields, headers)
        assert 'http-equiv="refresh"' not in phone.get().text and not run.count("trying")
        assert phone.post("/join", choice, Origin=f"http://{ADDRESS}").status_code == 303
        assert "Connected" in phone.outcome()
        run.wait("accepted")


def test_every_way_leads_to_the_page(tmp_path, cloud):
    board = board_to_set_up(tmp_path / "board", cloud)
    with Powered(board) as run:
        run.wait("portal: open")
        phone = Phone(board)
        assert phone.look_up("connectivitycheck.example.com") == ADDRESS
        for path in ("/generate_204", "/hotspot-detect.html", "/"):
            answer = phone.get(path, host="captive.example.com")
            assert (answer.status_code, answer.headers["location"]) == (302, f"http://{ADDRESS}/")
        assert phone.get("/favicon.ico").status_code == 404
        assert phone.get().status_code == 200


@pytest.mark.parametrize("request_bytes", [
    b"", b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
    b"POST /join HTTP/1.1\r\nHost: 4.3.2.1\r\nContent-Length: 99999\r\n\r\nx",
    b"POST /join HTTP/1.1\r\nHost: 4.3.2.1\r\nContent-Length: -1\r\n\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
    (b"POST /join HTTP/1.1\r\nHost: 4.3.2.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 12\r\n\r\ntoken=%zz&a="),
])
def test_nonsense_does_no_harm(open_portal, request_bytes):
    board, phone = open_portal
    with socket.create_connection(("127.0.0.1", board.portal_ports[0])) as browser:
        browser.settimeout(10)
        browser.sendall(request_bytes)
        with suppress(OSError):  # the rest of a request that is too long is not read: reset, perhaps already
            browser.shutdown(socket.SHUT_WR)
            while browser.recv(4096):
                pass
    assert phone.get().status_code == 200


@pytest.fixture(scope="module")
def open_portal(tmp_path_factory, shared_cloud):
    """One board for many strange visitors; it must live through all of them in one boot."""
    board = board_to_set_up(tmp_path_factory.mktemp("portal") / "board", shared_cloud)
    with Powered(board) as run:
        run.wait("portal: open")
        yield board, Phone(board)
        assert run.count("--- boot") == 1
