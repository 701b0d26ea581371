"""Must show 3: a board registered once keeps its id over restarts, a wiped NVS, a wiped file system."""

from rig import MAIN, RUN, Powered, found, identity, the_device, troubles


def register(board, cloud):
    """First boot; returns the identity, of which both copies are on flash."""
    with Powered(board) as run:
        run.reports(2)
    assert troubles(run.lines) == []
    kept = identity(board)
    assert the_device(cloud)["id"] == kept["id"]
    return kept


def test_id_kept_over_three_restarts(board, cloud):
    kept = register(board, cloud)
    for _ in range(3):
        with Powered(board) as run:
            run.reports()
        assert identity(board) == kept
        assert found("registered as " + kept["id"], run.lines) and troubles(run.lines) == []
    assert the_device(cloud)["id"] == kept["id"]
    assert len([r for r in cloud.requests() if r["path"] == "/v1/devices"]) == 1


def test_id_kept_over_a_wiped_nvs(board, cloud):
    kept = register(board, cloud)
    board.wipe("nvs")
    with Powered(board) as run:
        run.wait("NVS copy restored from the other")
        run.reports()
    assert identity(board) == kept
    assert the_device(cloud)["id"] == kept["id"]


def test_id_kept_over_a_wiped_file_system(board, cloud):
    """Safe mode needs neither main.py nor any file but those it restores: settings and CA come from their spares."""
    kept = register(board, cloud)
    board.wipe("files")
    with Powered(board) as run:
        run.wait("file copy restored from the other")
        run.reports(2)
        assert run.count("--- boot ") == 1
    assert identity(board) == kept
    device = the_device(cloud)
    assert (device["id"], device["state"]["status"]) == (kept["id"], "error")
    assert "safe mode: no main.py" in device["message"]
    assert board.read_file("/ca/0.pem") == cloud.ca.read_bytes()
    board.write_file("/main.py", (MAIN + RUN).encode())
    with Powered(board) as run:
        run.reports()
    assert the_device(cloud)["state"]["status"] == "online"
