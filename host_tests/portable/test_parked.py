"""An identity that was given up, and the cloud takes no new registration: was it wrong to refuse it?"""

from fakes.cloud import REGISTER, TELEMETRY
from fakes.desk import SETTINGS, Desk
from fakes.server import response

NOT_AUTHORIZED = response(401, {"error": "Not authorized"})


def refused(status):
    """A device whose registration is answered so, after a quarter of an hour in which the hub knew nobody."""
    one = Desk("parked", settings=dict(SETTINGS, telemetry_interval_s=60))
    one.run(130)
    one.cloud.says[REGISTER] = response(status, {"error": "Mac has already been taken" if status == 422 else "revoked"})
    one.cloud.says[TELEMETRY] = NOT_AUTHORIZED
    one.run(900)
    return one


def told_after_the_hub_is_well(one):
    """How many telemetries it takes in twenty minutes."""
    del one.cloud.says[TELEMETRY]
    before = len(one.cloud.telemetries)
    one.run(1200)
    return len(one.cloud.telemetries) - before


def test_it_is_used_again_once_the_hub_is_well():
    for status in (401, 403, 404, 422):
        one = refused(status)
        assert told_after_the_hub_is_well(one) > 3, status
        one.start()
        one.run(130)
        assert one.agent._state.identity["access_key"] == "secret-key-1" and not one.agent._state.unsaved, status


def test_a_cloud_in_trouble_says_nothing_about_it():
    for status in (408, 429, 500, 503):
        assert told_after_the_hub_is_well(refused(status)) == 0, status


def test_going_to_and_fro_wears_no_flash():
    one = refused(403)
    one.run(1800)
    writes = one.keys.writes
    one.cloud.calls.clear()
    one.run(2 * 3600)
    assert one.keys.writes == writes
    assert one.cloud.count(REGISTER) > 3
