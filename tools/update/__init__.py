"""Updates on the host's side: make a payload, sign it, say what a board would make of it.

    payload         the bytes: canonical tar, gzip with a small window
    application     main and lib of an application as a payload (firmware comes from tools.build)
    describe        what a payload is: kind, version, chip, size, digest
    form            the fields of the cloud's file form, checksum among them
    signing         keys, the signed text, signatures
    verdict         what a board would say to a payload and its form fields
    *_cli           the commands build, keys, sign and verify
"""
