"""The log: levels, and secrets that never reach a line."""

import builtins

from xyte import log
from xyte.core.settings_rules import LEVELS
from xyte.services.secrecy import hide


def printed(call):
    """What a call prints, as one text."""
    lines, real = [], builtins.print
    builtins.print = lambda *words: lines.append(" ".join([str(word) for word in words]))
    try:
        call()
    finally:
        builtins.print = real
    return "\n".join(lines)


def test_levels():
    for level, letters in (("debug", "DIWE"), ("info", "IWE"), ("warning", "WE"), ("error", "E")):
        log.configure(LEVELS.index(level), None)

        def all_of_them():
            log.debug("a", "t")
            log.info("a", "t")
            log.warning("a", "t")
            log.error("a", "t")

        lines = printed(all_of_them).split("\n")
        assert "".join([line.split()[1] for line in lines]) == letters
    log.configure(log.INFO, None)


def test_secrets_are_hidden_even_inside_each_other():
    hide("s3cret")
    hide("s3cret-and-more")
    hide("")
    hide(None)
    text = printed(lambda: log.error("a", "x s3cret-and-more y s3cret z s3crets3cret"))
    assert "s3cret" not in text and "more" not in text and "x *** y *** z ******" in text


def test_what_is_kept_for_a_person_is_short():
    for i in range(6):
        printed(lambda: log.warning("a", "%d " % i + "x" * 5000))  # noqa: B023 - used at once
    assert [text[0] for text in log.recent] == list("2345") and all(len(text) == 200 for text in log.recent)


def test_time_stamp():
    log.configure(log.INFO, lambda: 61234)
    assert printed(lambda: log.info("area", "text")) == "     61.234 I area: text"
    log.configure(log.INFO, None)
