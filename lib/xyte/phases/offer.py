"""A newer file that the cloud tells of with telemetry: taken without a command, by the same phases and rules.

What it is refused for stands for an hour at least, then up to a day longer with each refusal; another file, and a
restart of the board, have a new try. A download that a restart interrupted goes on when the file is offered again.

state.offer: [id of the file, failures, ticks until which it rests].
"""

from micropython import const
from xyte import log, phase
from xyte.core import backoff
from xyte.core.values import clip

_LEAST_MS = const(3600000)  # no Retry-After is believed beyond that either
_CAP_MS = const(86400000)


def hear(state, reply):
    """reply: to a telemetry."""
    from xyte.core import answers  # here, as for `ask`: an update needs the room

    file = answers.newest_file(reply)
    if not file:
        state.offer = None
    elif not state.offer or state.offer[0] != file:
        state.offer = [file, 0, state.chip.clock.ticks_ms()]


def take(state):
    """It is time. When it goes well the board restarts."""
    offer = state.offer
    try:
        params = phase.call("xyte.phases.offer", "ask", state)
        outcome = phase.call("xyte.phases.update", "update", state, params, None)
    except Exception as e:  # nobody waits for an answer: whatever it is must not end in a boot loop
        outcome = e
    refused(state, offer[0], offer[1], outcome)


def refused(state, file, failures, reason):
    """It was not taken. file: its id. failures: how many refusals there were before this one."""
    state.last_update = clip("the newest file is not taken: %s" % reason)
    log.warning("update", state.last_update)
    wait = _LEAST_MS + backoff.after_failure_ms(failures, _LEAST_MS, _CAP_MS, state.chip.below)
    state.offer = [file, failures + 1, state.chip.clock.after_ms(wait)]


def ask(state):
    """Get File: what the cloud knows of it, as a command's parameters: url, version, checksum, signature."""
    from xyte.core import answers
    from xyte.services.calls import content, get, refusal

    response = get(state.cloud, "/files/" + state.offer[0])
    if response.status_code != 200:
        raise refusal(response)
    return answers.members(content(response))
