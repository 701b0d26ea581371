"""Must show 4: no byte of a key goes to a server that is not proven, and the log says which check failed."""

from collections.abc import Iterator

import pytest
from rig import Powered, found, identity, make_board, the_device
from tap import APPLICATION_DATA, Tap

from tools.cloud import defaults
from tools.cloud.process import LocalCloud

REASONS = {
    "wrong-ca": "not trusted, nothing was sent: certificate of localhost not accepted: .*not correctly signed",
    "wrong-name": "not trusted, nothing was sent: certificate of localhost not accepted: .*does not match",
    "expired": "not trusted, nothing was sent: certificate of localhost not accepted: .*expired",
}
HARDWARE_KEY = defaults.HARDWARE_KEY.encode()
kinds = pytest.mark.parametrize("kind", REASONS)


@pytest.fixture
def cloud(own_cloud):
    return own_cloud


@pytest.fixture
def tap(cloud: LocalCloud) -> Iterator[Tap]:
    """What every connection to the cloud goes through."""
    with Tap(int(cloud.https.rpartition(":")[2])) as tap:
        yield tap


@pytest.fixture
def board(tmp_path, cloud, tap):
    return make_board(tmp_path / "board", cloud, entry_url=f"https://localhost:{tap.port}")


@kinds
def test_no_hardware_key_to_an_entry_with_a_bad_certificate(board, cloud, tap, kind):
    cloud.restart(certificate=kind)
    with Powered(board) as run:
        run.wait(REASONS[kind], times=2)
    assert len(tap.sent) >= 2 and all(tap.sent)
    assert APPLICATION_DATA not in tap.records() and HARDWARE_KEY not in tap.everything()
    assert cloud.requests() == []


@kinds
def test_no_access_key_to_a_hub_with_a_bad_certificate(board, cloud, tap, kind):
    with Powered(board) as run:
        run.reports()
    assert APPLICATION_DATA in tap.records()  # so it would have been seen
    kept = identity(board)
    cloud.restart(certificate=kind)
    tap.sent.clear()
    with Powered(board) as run:
        run.wait(REASONS[kind], times=2)
    assert len(tap.sent) >= 2 and all(tap.sent)
    assert APPLICATION_DATA not in tap.records() and kept["access_key"].encode() not in tap.everything()
    assert cloud.requests() == []
    cloud.restart(certificate="good")
    with Powered(board) as run:
        run.reports()
    assert identity(board) == kept and the_device(cloud)["id"] == kept["id"]


def test_no_access_key_in_the_clear(board, cloud):
    """A hub_url that is plain http to no development host: not even a connection is made."""
    with Tap() as eavesdropper:
        cloud.settings(hub_url=f"http://127.0.0.1:{eavesdropper.port}")
        with Powered(board) as run:
            run.wait("is plain http, and its host is not in 'development_hosts'", times=2)
        assert eavesdropper.sent == []
    assert not found("accepted", run.lines)


def test_no_hardware_key_in_the_clear(tmp_path, cloud):
    with Tap() as eavesdropper:
        board = make_board(tmp_path / "plain", cloud, entry_url=f"http://127.0.0.1:{eavesdropper.port}",
                           settings={"development_hosts": []})
        with Powered(board) as run:
            run.wait("'entry_url': .* is plain http, and its host is not in 'development_hosts'", times=2)
        assert eavesdropper.sent == []
