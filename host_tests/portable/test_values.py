"""What the cloud takes as a telemetry value, to the last bit."""

from xyte.core import values


def refused(value):
    try:
        values.check(value)
    except ValueError as e:
        assert str(e)
        return True
    return False


def test_good_values():
    for value in (None, True, False, 0, -1, 2**31 - 1, -(2**31), 0.0, -1.5, 3.4e38, "", "x" * 1000, "\u00e9" * 500):
        assert not refused(value), value


def test_bad_values():
    inf = float("inf")
    for value in (
        2**31,
        -(2**31) - 1,
        inf,
        -inf,
        inf - inf,
        3.5e38,
        -1e300,
        "x" * 1001,
        "\u00e9" * 501,
        "\U0001f600" * 251,
    ):
        assert refused(value), value
    for value in ([], {}, (), b"x", object(), values):
        assert refused(value), value


def test_clip_copies_no_more_than_it_keeps():
    class Long(str):
        def encode(self):
            raise AssertionError("the whole of it")

    assert values.clip(Long("x" * 5000), 100) == "x" * 100


def test_clip_never_cuts_a_character():
    for text in ("", "abc", "\u00e9\u00e8", "\u20ac" * 5, "\U0001f600x\U0001f600"):
        data = text.encode()
        for limit in range(len(data) + 3):
            cut = values.clip(text, limit)
            assert text.startswith(cut)
            assert len(cut.encode()) <= limit
            if cut != text:
                assert len(text[: len(cut) + 1].encode()) > limit, "more would have fitted"
