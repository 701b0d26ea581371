"""What is done to a board over its serial port, whatever URL pyserial opens it by.

    port            open a port, or say why not; lines that a board prints
    repl            MicroPython's raw REPL: run code on the board, move files
    device/         the code that runs on the board for it; script sends it in portions
    paint           colours for a log
    deploy          which files a board must have, which of them it lacks, what is to go
    diagnosis       what a board says of itself, judged; doctor asks for it
    bench           state, update, reset of identity
    combined        MicroPython's .bin taken apart; flasher writes it with esptool
    listen          a board's log, over resets and pulled cables
    *_cli           the commands deploy, doctor, monitor, console, flash
"""
