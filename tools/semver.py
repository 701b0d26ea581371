"""Versions as Semantic Versioning 2.0.0 has them: what is one, and which comes before which."""

import re

# https://semver.org, "Is there a suggested regular expression": with all groups named here by their order.
_FORM = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?",
    re.ASCII,
)
_RELEASE = (1,)  # after every pre-release of the same numbers


def is_semver(text: str) -> bool:
    return _FORM.fullmatch(text) is not None


def precedence(text: str) -> tuple:
    """A key to compare versions by (section 11); what follows a + does not count. Raises ValueError.

    Pre-releases come before their release; in them numbers compare as numbers and come before words.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a semantic version (1.2.3)")
    numbers = tuple(map(int, match.group(1, 2, 3)))
    if match[4] is None:
        return numbers, _RELEASE
    parts = tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in match[4].split("."))
    return numbers, (0, parts)
