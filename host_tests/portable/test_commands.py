"""The tables of what becomes of a command, swept in full."""

from xyte.core import commands
from xyte.core.outcome import DONE, FAILED, REFUSE, REPORT, RUN, STARTED
from xyte.errors import CommandError


def command(ident="c1", name="say", status="pending", parameters=None):
    return {"id": ident, "name": name, "status": status, "parameters": parameters or {}}


def test_decide():
    mine, older, other = "boot2", "boot1", "c0"
    for ident, phase, boot, status, want in (
        (None, "", "", "pending", RUN),
        (None, "", "", "in_progress", REFUSE),
        (None, "", "", None, RUN),
        (other, DONE, mine, "pending", RUN),
        (other, DONE, mine, "in_progress", REFUSE),
        (other, STARTED, older, "pending", RUN),
        (other, STARTED, mine, "in_progress", REFUSE),
        ("c1", STARTED, mine, "pending", RUN),
        ("c1", STARTED, mine, "in_progress", RUN),
        ("c1", STARTED, older, "pending", REPORT),
        ("c1", STARTED, older, "in_progress", REPORT),
        ("c1", DONE, mine, "pending", REPORT),
        ("c1", DONE, mine, "in_progress", REPORT),
        ("c1", DONE, older, "pending", REPORT),
        ("c1", FAILED, older, "in_progress", REPORT),
        ("c1", FAILED, mine, "pending", REPORT),
    ):
        journal = {"id": ident, "phase": phase, "boot": boot} if ident else None
        assert commands.decide(command(status=status), journal, mine) == want, (ident, phase, boot, status)


def test_check():
    known = {"say": ("text", "loud"), "reboot": ()}
    commands.check(command(parameters={"text": "", "loud": False}), known)
    for bad, words in (
        (command(name="sing"), ("unknown command 'sing'", "reboot, say")),
        (command(name=""), ("unknown",)),
        (command(), ("missing parameter: text, loud",)),
        (command(parameters={"text": None, "loud": 1}), ("missing parameter: text",)),
        (command(name="reboot", parameters=[1]), ("parameters must be an object",)),
    ):
        try:
            commands.check(bad, known)
        except CommandError as e:
            for word in words:
                assert word in str(e), str(e)
        else:
            raise AssertionError(bad)


def test_a_name_as_long_as_a_page_is_refused_in_few_words():
    try:
        commands.check(command(name="n" * 20000), {"say": ()})
    except CommandError as e:
        assert len(str(e)) < 200 and "this device knows: say" in str(e)
    else:
        raise AssertionError


def test_judge():
    known = {"say": ("text",)}
    good = command(parameters={"text": "x"})
    ended = {"id": "c1", "phase": DONE, "boot": "b", "reported": True}
    assert commands.judge(good, ended, known, "b") == (REPORT, ended)
    assert commands.judge(good, None, known, "b") == (RUN, commands.entry(good, "b"))
    for bad, words in ((command(), "missing parameter"), (command(status="in_progress"), "no record of its start")):
        choice, entry = commands.judge(bad, None, known, "b")
        assert choice == REFUSE and entry["phase"] == FAILED and words in entry["message"]


def test_entry():
    a = commands.entry(command(parameters={"x": 1}), "b")
    b = commands.entry(command(parameters={"x": 2}), "b")
    assert a["args"] != b["args"] and len(a["args"]) == 16
    assert (a["id"], a["phase"], a["boot"], a["reported"]) == ("c1", STARTED, "b", False)
    assert len(commands.entry(command(name="n" * 5000), "b")["name"]) == 100


def test_parameters_nested_too_deep_are_no_reason_to_die():
    deep = []
    for _ in range(3000):
        deep = [deep]
    assert commands.entry({"id": 1, "name": "n", "status": "pending", "parameters": {"p": deep}}, "b")["id"] == 1
