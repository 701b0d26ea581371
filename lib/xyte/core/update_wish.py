"""Updates as rules: what a command must say, and which update is welcome."""

from xyte.core.update_rules import APPLICATION, FIRMWARE
from xyte.errors import CommandError


def wanted(params, firmware, application):
    """What an update command asks for: dict with url, version, sha256 (hex), size, kind, signature.

    Or a message when that runs already. params: of the command; checksum has the form
    `sha256:<64 hex>;size=<bytes>;kind=<kind>`, of the unpacked payload: `tools sign` writes it. firmware, application:
    the versions that run. Raises CommandError.
    """
    url, version, checksum = params.get("url"), params.get("version"), params.get("checksum")
    if not isinstance(url, str) or not url:
        raise CommandError("no url: the command must be sent with a file")
    if not isinstance(version, str) or not semver(version):
        raise CommandError("version %r is not a semantic version (1.2.3)" % (version,))
    fields = {"sha256": ""}
    for part in (checksum if isinstance(checksum, str) else "").replace("sha256:", "sha256=").split(";"):
        name, _, value = part.strip().partition("=")
        fields[name] = value
    sha256, kind = fields["sha256"].lower(), fields.get("kind")
    hexadecimal = len(sha256) == 64 and not sha256.strip("0123456789abcdef")
    size = fields.get("size", "")
    if not hexadecimal or not size.isdigit() or not int(size) or kind not in (FIRMWARE, APPLICATION):
        raise CommandError("the file has no usable checksum: write it with `python -m tools sign`")
    running = application if kind == APPLICATION else firmware
    if version == running:
        return "already running " + version
    _refuse_older(version, running, params.get("allow_downgrade") is True)
    return {
        "url": url,
        "version": version,
        "sha256": sha256,
        "size": int(size),
        "kind": kind,
        "signature": params.get("signature") or "",
    }


def semver(text):
    """A version as something that compares (Semantic Versioning 2.0, section 11), or None when it is not one."""
    core, _, pre = text.partition("+")[0].partition("-")
    numbers = core.split(".")
    if len(numbers) != 3 or not all(n.isdigit() for n in numbers):
        return None
    # A pre-release comes before its release; numeric identifiers come before others, and compare as numbers.
    rest = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in pre.split(".")] if pre else [(2, 0, "")]
    return [int(n) for n in numbers], rest


def _refuse_older(version, running, allow_downgrade):
    """Raises CommandError when `version` is older than the running one and nobody said that this is meant."""
    current = semver(running)
    if current and not allow_downgrade and semver(version) < current:  # pyright: ignore[reportOptionalOperand]
        raise CommandError("%s is older than the running %s; send allow_downgrade to mean it" % (version, running))
