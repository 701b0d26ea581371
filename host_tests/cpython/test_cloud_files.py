"""Files: the form, commands with a file, Get Files, telemetry's hint, downloads and what can go wrong with them."""

import json
import random
import re
import ssl
import time

import cloud_bench
import httpx
import pytest
from cloud_bench import REGISTRATION, Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from update_lab import app, fields, save

from tools.cloud import defaults
from tools.cloud.process import CloudFailed, LocalCloud

bench, device = cloud_bench.bench, cloud_bench.device  # fixtures

FORM = {
    "name": "Lamp 1.5.0", "description": "Blinks twice", "file_type": "firmware", "version": "1.5.0",
    "checksum": "sha256:00;size=1", "signature": "c2ln", "notes": "for us", "public_notes": "for all",
}
DATA = random.Random(3).randbytes(200_000)


def upload(bench, data=b"content", filename="lamp.bin", **changes):
    form = {name: value for name, value in (FORM | changes).items() if value is not None}
    return bench.call("POST", "/_cloud/files", data=form, files={"file": (filename, data)})


def uploaded(bench, data=b"content", **changes) -> str:
    answer = upload(bench, data, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


# the form


def test_an_upload_keeps_the_form_and_the_content(bench):
    shown = upload(bench).json()
    assert {name: shown[name] for name in FORM} == FORM
    assert (shown["size"], shown["model_id"], shown["bytes_sent"]) == (7, defaults.MODEL_ID, 0)
    assert bench.call("GET", "/_cloud/files").json() == [shown]
    assert bench.call("GET", f"/_cloud/files/{shown['id']}").json() == shown | {"downloads": []}
    assert bench.call("GET", f"/files/{shown['id']}/blob").content == b"content"


def test_what_may_be_left_out(bench):
    empty = dict.fromkeys(FORM)
    shown = upload(bench, **empty | {"version": "1.0.0"}).json()
    assert (shown["name"], shown["file_type"], shown["checksum"]) == ("lamp.bin", "firmware", None)
    assert [upload(bench, **empty | {"version": "1.0.0"}).json()["name"] for _ in range(2)] == [
        "lamp (2).bin", "lamp (3).bin"]
    assert upload(bench, name="m", file_type="manual", version="second edition").status_code == 201


@pytest.mark.parametrize("changes, reason", [
    ({"version": None}, "semantic version"),
    ({"version": "1.5"}, "semantic version"),
    ({"model_id": "none"}, "model_id names no model"),
    ({"colour": "red"}, "colour is no text field of the form"),
    ({"notes": "x" * 1001}, "notes is longer than 1000 bytes"),
])
def test_a_form_that_is_refused(bench, changes, reason):
    answer = upload(bench, **changes)
    assert answer.status_code == 422 and reason in answer.json()["error"]
    assert bench.call("GET", "/_cloud/files").json() == []


def test_a_name_is_unique(bench):
    uploaded(bench)
    assert upload(bench).json() == {"error": "name has already been taken"}


@pytest.mark.parametrize("options, status", [
    ({"content": b"plain"}, 422),
    ({"json": {"name": "x"}}, 422),
    ({"data": {"file": "text"}}, 422),
    ({"content": b"--b\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=b"}}, 422),
    ({"content": b"--b", "headers": {"content-type": "multipart/form-data"}}, 400),
    ({"content": b"zz", "headers": {"content-type": "multipart/form-data; boundary=b"}}, 400),
])
def test_what_is_no_form(bench, options, status):
    answer = bench.call("POST", "/_cloud/files", **options)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_garbage_in_a_form(bench, body):
    head = {"content-type": "multipart/form-data; boundary=b"}
    for content in (body, b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + body):
        answer = bench.call("POST", "/_cloud/files", content=content, headers=head)
        assert answer.status_code in (201, 400, 422)


def test_other_machines_need_a_key(bench):
    assert bench.call("POST", "/_cloud/files", peer="192.0.2.9").status_code == 401
    assert bench.call("GET", "/_cloud/files", peer="192.0.2.9").status_code == 401


def test_files_outlive_the_process(tmp_path):
    first = Bench(tmp_path)
    file = uploaded(first)
    first.close()
    second = Bench(tmp_path)
    assert second.call("GET", f"/files/{file}/blob").content == b"content"
    second.close()


def test_deleting_drops_the_content_with_its_last_file(bench, tmp_path):
    one, two = uploaded(bench), uploaded(bench, name="the same")
    for file, left in ((one, 1), (two, 0)):
        assert bench.call("DELETE", f"/_cloud/files/{file}").status_code == 200
        assert bench.call("GET", f"/files/{file}/blob").status_code == 404
        assert len(list((tmp_path / "files").iterdir())) == left
    for method, path in (("GET", ""), ("DELETE", ""), ("PUT", "/blob"), ("DELETE", "/downloads")):
        assert bench.call(method, f"/_cloud/files/{one}{path}").status_code == 404


def test_replacing_the_content_changes_the_etag_and_not_the_form(bench):
    file = uploaded(bench)
    before = bench.call("GET", f"/_cloud/files/{file}").json()
    after = bench.call("PUT", f"/_cloud/files/{file}/blob", content=b"other").json()
    assert {name: after[name] for name in FORM} == FORM
    assert (after["size"], after["etag"] != before["etag"]) == (5, True)
    answer = bench.call("GET", f"/files/{file}/blob")
    assert (answer.content, answer.headers["etag"]) == (b"other", f'"{after["etag"]}"')


def test_the_journal_holds_no_contents(bench):
    upload(bench, b"very private bytes")
    entry = bench.call("GET", "/_cloud/requests?all=1").json()[0]
    assert re.fullmatch(r"\(a form of \d+ bytes\)", entry["body"])


# what devices and operators are told


def send_update(device, file, **extra):
    body = {"name": "update_firmware", "file_id": file, "extra_params": extra}
    return device.bench.operator("POST", f"devices/{device.id}/commands", json=body)


def test_a_command_with_a_file(bench, device):
    file = uploaded(bench)
    sent = send_update(device, file, allow_downgrade=True).json()
    url = f"http://cloud.test/files/{file}/blob"
    told = {"url": url, "version": "1.5.0", "checksum": FORM["checksum"], "signature": "c2ln", "allow_downgrade": True}
    assert (sent["file_id"], sent["parameters"]) == (file, told)
    assert device.call("GET", "/command").json()["parameters"] == told
    assert device.command(sent)["parameters"] == told


def test_a_file_without_checksum_and_a_parameter_of_the_same_name(bench, device):
    file = uploaded(bench, checksum=None, signature=None)
    send_update(device, file, version="9.9.9", url="http://elsewhere.test/x")
    told = device.call("GET", "/command").json()["parameters"]
    assert told == {"url": "http://elsewhere.test/x", "version": "9.9.9", "checksum": None, "signature": None}


def test_older_pages_know_no_checksum(bench, device):
    bench.set(files_have_checksum=False)
    file = uploaded(bench)
    send_update(device, file)
    assert set(device.call("GET", "/command").json()["parameters"]) == {"url", "version"}
    assert not {"checksum", "signature"} & set(device.call("GET", f"/files/{file}").json())


@pytest.mark.parametrize("template, base", [
    ("https://files.test:99/", "https://files.test:99"),
    ("http://{host}", "http://cloud.test"),
    ("{scheme}://cdn.{host}/a", "http://cdn.cloud.test/a"),
])
def test_files_live_where_the_settings_say(bench, device, template, base):
    bench.set(file_host=template)
    file = uploaded(bench)
    send_update(device, file)
    assert device.call("GET", "/command").json()["parameters"]["url"] == f"{base}/files/{file}/blob"
    assert device.call("GET", f"/files/{file}").json()["url"] == f"{base}/files/{file}/blob"


def test_a_file_of_another_model(bench, device):
    model = bench.call("POST", "/_cloud/models", json={"name": "Pump"}).json()["id"]
    file = uploaded(bench, model_id=model)
    for wrong in (file, "no-such-file"):
        answer = send_update(device, wrong)
        assert (answer.status_code, "file_id" in answer.json()["error"]) == (422, True)
    assert device.call("GET", "/files").json() == []
    assert device.call("GET", f"/files/{file}").status_code == 404


def test_get_files_and_get_file(bench, device):
    file = uploaded(bench)
    expected = {
        "id": file, "name": "Lamp 1.5.0", "url": f"http://cloud.test/files/{file}/blob", "desc": "Blinks twice",
        "file_type": "firmware", "version": "1.5.0", "created_at": "2030-03-17T17:46:40.000Z",
        "public_notes": "for all", "checksum": FORM["checksum"], "signature": "c2ln",
    }
    assert device.call("GET", "/files").json() == [expected]
    assert device.call("GET", f"/files/{file}").json() == expected
    assert bench.call("GET", f"/v1/devices/{device.id}/files").status_code == 401


def test_telemetry_tells_of_the_newest_firmware_above_the_devices(bench, device):
    def told():
        answer = device.telemetry().json()
        return answer["latest_fw_version"], answer["latest_fw_file_id"]

    assert told() == (None, None)
    ids = {version: uploaded(bench, name=version, version=version)
           for version in ("1.3.0", "1.10.0-rc.1", "1.9.0", "1.4.0")}  # the device runs 1.4.0
    uploaded(bench, name="manual", file_type="manual", version="7.0.0")
    assert told() == ("1.10.0-rc.1", ids["1.10.0-rc.1"])
    device.call("PUT", json={"firmware_version": "1.10.0-alpha"})
    assert told() == ("1.10.0-rc.1", ids["1.10.0-rc.1"])
    device.call("PUT", json={"firmware_version": "1.10.0"})
    assert told() == (None, None)
    bench.call("DELETE", f"/_cloud/files/{ids['1.10.0-rc.1']}")
    device.call("PUT", json={"firmware_version": "1.0.0"})
    assert told() == ("1.9.0", ids["1.9.0"])


def test_a_version_that_is_none_is_compared_with_nothing(bench):
    bench.set(register_requires_semver=False)
    uploaded(bench)
    assert bench.register(firmware_version="summer").telemetry().json()["latest_fw_version"] is None


# downloads


def fetch(bench, file, wanted=None, method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return bench.call(method, f"/files/{file}/blob", headers=named | ({"range": wanted} if wanted else {}))


@pytest.mark.parametrize("wanted, expected", [
    ("bytes=0-0", (0, 1)), ("bytes=2-4", (2, 5)), ("bytes=5-", (5, 10)), ("bytes=-3", (7, 10)),
    ("bytes=-99", (0, 10)), ("bytes=8-99", (8, 10)), ("bytes= 1-2 ", (1, 3)),
    ("bytes=4-2", None), ("bytes=", None), ("bytes=-", None), ("bytes=0-1,3-4", None), ("lines=1-2", None),
    ("bytes=a-b", None),
])
def test_ranges(bench, wanted, expected):
    file = uploaded(bench, b"0123456789")
    answer = fetch(bench, file, wanted)
    start, end = expected or (0, 10)
    assert answer.content == b"0123456789"[start:end]
    assert answer.status_code == (206 if expected else 200)
    assert answer.headers.get("content-range") == (f"bytes {start}-{end - 1}/10" if expected else None)
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999-"])
def test_a_range_behind_the_end(bench, wanted):
    file = uploaded(bench, b"0123456789")
    answer = fetch(bench, file, wanted)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")
    assert fetch(bench, uploaded(bench, b"", name="empty"), "bytes=0-").status_code == 416


@pytest.mark.parametrize("setting, serves_part", [("strong", True), ("weak", False), ("none", False)])
def test_if_range(bench, setting, serves_part):
    bench.set(download_etag=setting)
    file = uploaded(bench)
    etag = fetch(bench, file).headers.get("etag", "")
    assert etag.startswith({"strong": '"', "weak": 'W/"', "none": ""}[setting]) and bool(etag) == (setting != "none")
    assert fetch(bench, file, "bytes=1-2", if_range=etag or '"x"').status_code == (206 if serves_part else 200)
    assert fetch(bench, file, "bytes=1-2", if_range='"other"').status_code == 200
    assert fetch(bench, file, "bytes=1-2", if_range="Sat, 01 Jan 2022 00:00:00 GMT").status_code == 200


def test_head(bench):
    file = uploaded(bench)
    answer = fetch(bench, file, "bytes=1-3", "HEAD")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (206, b"", "3")
    assert bench.call("GET", f"/_cloud/files/{file}").json()["bytes_sent"] == 0


def test_downloads_are_counted(bench):
    file = uploaded(bench, DATA)
    fetch(bench, file)
    fetch(bench, file, "bytes=100-199")
    fetch(bench, file, "bytes=900000-")
    shown = bench.call("GET", f"/_cloud/files/{file}").json()
    rows = [(row["range"], row["status"], row["bytes_sent"]) for row in shown["downloads"]]
    assert rows[:2] == [(None, 200, len(DATA)), ("bytes=100-199", 206, 100)]
    assert rows[2][:2] == ("bytes=900000-", 416)
    bench.call("DELETE", f"/_cloud/files/{file}/downloads")
    shown = bench.call("GET", f"/_cloud/files/{file}").json()
    assert (shown["bytes_sent"], shown["downloads"]) == (0, [])


def test_a_download_of_nothing(bench):
    assert fetch(bench, "no-such-file").json() == {"error": "File not found"}
    assert bench.call("GET", "/files/x").status_code == 404


# on the wire


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A real process with a file host, and one file of 200,000 bytes."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), files=0) as cloud:
        yield cloud


@pytest.fixture
def client(cloud):
    """What a board would be: verified TLS, keep-alive, no redirects on its own."""
    cloud.settings(**dict.fromkeys(cloud.settings()))
    context = ssl.create_default_context(cafile=cloud.ca)
    with httpx.Client(verify=context, trust_env=False, timeout=10) as client:
        yield client
    cloud.faults([])


@pytest.fixture
def file(cloud, tmp_path):
    file = cloud.upload(save(tmp_path / "lamp.bin", DATA), {"version": "1.5.0"})
    yield file
    cloud.delete_file(file)


def got(client, url, wanted=None, **headers):
    """(status, bytes that came, whether all that was promised came, headers)."""
    more = {"range": wanted} if wanted else {}
    body = b""
    with client.stream("GET", url, headers=more | headers) as answer:
        try:
            for piece in answer.iter_raw():
                body += piece
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return answer.status_code, body, False, answer.headers
    return answer.status_code, body, True, answer.headers


def test_an_update_from_sign_to_download(cloud, client, tmp_path):
    """The way of a payload through the cloud: sidecar file, form, command, another host, and no key there."""
    path = save(tmp_path / "app.tar", app())
    (tmp_path / "app.tar.json").write_text(json.dumps(fields(app())))
    registered = client.post(f"{cloud.https}/v1/devices", json=REGISTRATION).json()
    key = {"Authorization": registered["access_key"]}
    file = cloud.upload(path)
    sent = cloud.send_update(registered["id"], file, allow_downgrade=True)
    told = client.get(f"{cloud.https}/v1/devices/{registered['id']}/command", headers=key).json()["parameters"]
    assert told == {"url": f"{cloud.files}/files/{file}/blob", "allow_downgrade": True} | {
        name: fields(app())[name] for name in ("version", "checksum", "signature")}
    assert cloud.command(sent)["parameters"] == told
    assert cloud.files.startswith("https://127.0.0.1:") and cloud.https.startswith("https://localhost:")
    assert got(client, told["url"])[1] == app()
    entry = cloud.requests()[-1]
    assert (entry["listener"], entry["sent"], entry["status"]) == ("files", len(app()), 200)
    assert "authorization" not in entry["headers"]
    client.get(told["url"], headers=key)  # a board that does what it must not is seen doing it
    assert cloud.requests()[-1]["headers"]["authorization"] == registered["access_key"][:4] + "…"


def test_the_file_host_serves_nothing_else(cloud, client):
    assert client.post(f"{cloud.files}/v1/devices", json=REGISTRATION).status_code == 404
    assert client.get(f"{cloud.files}/_cloud/settings").status_code == 404


def test_resuming_by_ranges_of_64_kib(cloud, client, file):
    url, body = f"{cloud.https}/files/{file}/blob", b""
    while len(body) < len(DATA):
        body += got(client, url, f"bytes={len(body)}-{len(body) + 65535}")[1]
    shown = cloud.file(file)
    assert body == DATA and shown["bytes_sent"] == len(DATA)
    assert [row["bytes_sent"] for row in shown["downloads"]] == [65536, 65536, 65536, len(DATA) - 3 * 65536]
    assert len({row["connection"] for row in shown["downloads"]}) == 1


@pytest.mark.parametrize("at", [0, 1, 16384, 100_000])
def test_cut_at_a_byte(cloud, client, file, at):
    cloud.faults([{"action": "cut", "at": at, "count": 2}])
    url = f"{cloud.files}/files/{file}/blob"
    for wanted, start in ((None, 0), ("bytes=50000-", 50_000)):
        _, body, whole, headers = got(client, url, wanted)
        assert (body, whole) == (DATA[start : start + at], False)
        assert headers["content-length"] == str(len(DATA) - start)
    assert [row["bytes_sent"] for row in cloud.file(file)["downloads"]] == [at, at]
    assert got(client, url)[:3] == (200, DATA, True)


def test_cut_with_a_reset_and_behind_the_end(cloud, client, file):
    url = f"{cloud.files}/files/{file}/blob"
    cloud.faults([{"action": "cut", "at": 500, "reset": True, "hold_ms": 200}, {"action": "cut", "at": 10**7}])
    start = time.monotonic()
    assert got(client, url)[2] is False
    assert time.monotonic() - start > 0.19
    assert got(client, url)[:3] == (200, DATA, True)


def cuts(cloud, client, file, seed):
    """Fetch the file through twenty random cuts; the numbers of bytes each download got."""
    cloud.forget_downloads(file)
    cloud.faults([{"action": "cut", "count": 20, "within": 9000, "seed": seed}])
    body = b""
    while len(body) < len(DATA):
        body += got(client, f"{cloud.files}/files/{file}/blob", f"bytes={len(body)}-")[1]
    assert body == DATA
    return [row["bytes_sent"] for row in cloud.file(file)["downloads"]]


def test_random_cuts_are_the_same_for_the_same_seed(cloud, client, file):
    first = cuts(cloud, client, file, 7)
    assert len(first) == 21 and sum(first) == len(DATA)
    assert max(first[:20]) <= 9000 and len(set(first[:20])) > 10
    assert cuts(cloud, client, file, 7) == first
    assert cuts(cloud, client, file, 8) != first


def test_ignore_range(cloud, client, file):
    cloud.faults([{"action": "ignore_range", "count": -1}])
    status, body, _, headers = got(client, f"{cloud.https}/files/{file}/blob", "bytes=1000-1999")
    assert (status, body, "content-range" in headers) == (200, DATA, False)


@pytest.mark.parametrize("by, told, header", [
    (16, "moved", "bytes 1016-1999/200000"), (-1, "moved", "bytes 999-1999/200000"),
    (16, "kept", "bytes 1000-1983/200000"), (16, "absent", None),
])
def test_wrong_range(cloud, client, file, by, told, header):
    cloud.faults([{"action": "wrong_range", "by": by, "content_range": told}])
    status, body, whole, headers = got(client, f"{cloud.https}/files/{file}/blob", "bytes=1000-1999")
    assert (status, body, whole) == (206, DATA[1000 + by : 2000], True)
    assert headers.get("content-range") == header


def test_wrong_range_of_a_whole_file(cloud, client, file):
    cloud.faults([{"action": "wrong_range", "content_range": "kept"}])
    status, body, _, headers = got(client, f"{cloud.https}/files/{file}/blob")
    assert (status, body, headers["content-range"]) == (206, DATA[16:], "bytes 0-199983/200000")


@pytest.mark.parametrize("by", [1, -1, 5000])
def test_wrong_length(cloud, client, file, by):
    cloud.faults([{"action": "wrong_length", "by": by}])
    _, body, whole, headers = got(client, f"{cloud.files}/files/{file}/blob")
    assert headers["content-length"] == str(len(DATA) + by)
    assert body == DATA[: len(DATA) + min(by, 0)] and whole is (by < 0)
    assert cloud.file(file)["bytes_sent"] == len(DATA)


def test_redirects_to_another_host_and_in_a_chain(cloud, client, file):
    path = f"/files/{file}/blob"
    cloud.faults([{"action": "redirect", "to": cloud.files, "count": 2}, {"action": "redirect", "status": 307}])
    url = cloud.https + path
    for location in (f"{cloud.files}{path}?hop=1", f"{cloud.files}{path}?hop=2", f"{path}?hop=3"):
        answer = client.get(url, headers={"range": "bytes=0-9"})
        assert answer.is_redirect and answer.headers["location"] == location
        url = str(answer.next_request.url)
    assert got(client, url, "bytes=0-9")[1] == DATA[:10]
    assert [entry["listener"] for entry in cloud.requests(limit=4)] == ["https", "files", "files", "files"]


def test_a_page_instead_of_the_file(cloud, client, file):
    """The rule that the README gives."""
    cloud.faults([{"action": "status", "status": 200, "body": "<html>", "headers": {"Content-Type": "text/html"},
                   "match": {"path": "/files/"}}])
    status, body, _, headers = got(client, f"{cloud.files}/files/{file}/blob", "bytes=5-")
    assert (status, body, headers["content-type"]) == (200, b"<html>", "text/html")


def test_chunked(cloud, client, file):
    cloud.faults([{"action": "chunked", "size": 1000, "match": {"path": "/files/"}}])
    status, body, whole, headers = got(client, f"{cloud.files}/files/{file}/blob", "bytes=10-20009")
    assert (status, body, whole) == (206, DATA[10:20010], True)
    assert headers["transfer-encoding"] == "chunked" and "content-length" not in headers
    assert headers["content-range"] == "bytes 10-20009/200000"
    assert cloud.file(file)["bytes_sent"] == 20_000


@pytest.mark.parametrize("action, sent", [
    ({"action": "truncate", "send": 700}, 700),
    ({"action": "drip", "size": 90_000, "every_ms": 1}, len(DATA)),
])
def test_other_faults_are_counted_too(cloud, client, file, action, sent):
    cloud.faults([action | {"match": {"path": "/files/"}}])
    assert len(got(client, f"{cloud.files}/files/{file}/blob")[1]) == sent
    assert cloud.file(file)["bytes_sent"] == sent


def test_slow_and_cut(cloud, client, file):
    cloud.settings(download_bytes_per_s=100_000)
    cloud.faults([{"action": "cut", "at": 20_000}])
    start = time.monotonic()
    assert got(client, f"{cloud.files}/files/{file}/blob")[1] == DATA[:20_000]
    assert 0.1 < time.monotonic() - start < 15


def test_a_client_that_hangs_up_stops_the_counting(cloud, client, file):
    cloud.settings(download_bytes_per_s=50_000)
    with client.stream("GET", f"{cloud.files}/files/{file}/blob") as answer:
        next(answer.iter_raw(1000))
    client.close()
    time.sleep(0.5)
    sent = cloud.file(file)["bytes_sent"]
    assert 1000 <= sent < 50_000
    time.sleep(0.3)
    assert cloud.file(file)["bytes_sent"] == sent


@pytest.mark.parametrize("keep_etag", [False, True])
def test_the_file_changes_between_two_requests(cloud, client, file, tmp_path, keep_etag):
    """A server that lies about its ETag serves a mixed file; only the digest of the whole can tell."""
    other = DATA[::-1]
    newer = cloud.upload(save(tmp_path / "newer.bin", other), {"version": "1.6.0"})
    url = f"{cloud.files}/files/{file}/blob"
    cloud.faults([{"action": "cut", "at": 1000}, {"action": "change_file", "to": newer, "keep_etag": keep_etag}])
    etag = got(client, url)[3]["etag"]
    status, body, _, headers = got(client, url, "bytes=1000-", **{"if-range": etag})
    assert (status, body) == ((206, other[1000:]) if keep_etag else (200, other))
    assert (headers["etag"] == etag) is keep_etag
    assert got(client, url)[1] == other
    assert cloud.file(file)["version"] == "1.5.0"
    cloud.delete_file(newer)
    assert got(client, url)[1] == other


def test_replace_from_python(cloud, client, file, tmp_path):
    cloud.replace_file(file, save(tmp_path / "x", b"other"))
    assert got(client, f"{cloud.https}/files/{file}/blob")[1] == b"other"
    with pytest.raises(CloudFailed, match="File not found"):
        cloud.file("no-such-file")


def test_rules_for_downloads_leave_other_calls_alone(cloud, client):
    rules = cloud.faults([{"action": "redirect", "to": cloud.files}, {"action": "cut", "match": {"path": "/v1/"}}])
    assert [rule["match"] for rule in rules] == [{"path": "/files/"}, {"path": "/v1/"}]
    cloud.faults(rules[:1])
    assert client.get(f"{cloud.https}/v1/devices/x").status_code == 401
    assert cloud.faults_left() == rules[:1]


@pytest.mark.parametrize("rule", [
    {"action": "redirect", "to": "127.0.0.1"}, {"action": "redirect", "to": "https://a b"},
    {"action": "redirect", "to": "https://a\r\nX: y"}, {"action": "change_file"},
    {"action": "wrong_range", "content_range": "lost"}, {"action": "wrong_range", "by": -2},
    {"action": "cut", "at": "1"},
])
def test_a_bad_rule(bench, rule):
    assert bench.call("PUT", "/_cloud/faults", json=[rule]).status_code == 422


def test_the_file_host_keeps_its_port(tmp_path):
    with LocalCloud(tmp_path, files=0) as cloud:
        files = cloud.files
        cloud.restart()
        assert cloud.files == files
        ready = re.findall(r"^ready http=\S+ https=\S+ files=(\S+) ca=\S+$", cloud.log.read_text(), re.MULTILINE)
        assert ready == [files, files]
