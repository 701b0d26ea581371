"""Labels for boxes and boards: claim QR, serial number, set-up password.

    cli       the command
    folder    where labels are kept
    sheet     A4 pages as PDF      svg   one file a label
    drawing   what is on a label, and where
"""
