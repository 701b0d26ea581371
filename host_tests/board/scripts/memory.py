"""Both heaps, Python's and ESP-IDF's, from a bare prompt over Wi-Fi to a TLS session and back. Needs link.py before it.

INFO lines are figures in bytes: Python's heap used and free, ESP-IDF's free, its largest free block, its lowest free
since the start. On the virtual board ESP-IDF's are made up.
"""

import gc
import socket

import esp32


def figures(when):
    gc.collect()
    heaps = esp32.idf_heap_info(esp32.HEAP_DATA)
    got = (gc.mem_alloc(), gc.mem_free(), sum([heap[1] for heap in heaps]), max([heap[2] for heap in heaps]),
           sum([heap[3] for heap in heaps]))
    info(when, "Python used %d, free %d; IDF free %d, largest %d, lowest %d" % got)
    return got


def session():
    """One verified session, open for the time of a look at the heaps."""
    plain = socket.socket()
    plain.settimeout(15)
    try:
        plain.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
        secure = context_with(CA).wrap_socket(plain, server_hostname=HOST)
        secure.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = bytes(secure.read(5))
        figures("in a TLS session")
        return answer
    finally:
        plain.close()


def main():
    before = figures("at the prompt")
    heaps = esp32.idf_heap_info(esp32.HEAP_DATA)
    check("a region is four numbers", [type(value) for value in heaps[0]], [int] * 4)
    holds("the largest block is free", all(heap[2] <= heap[1] <= heap[0] for heap in heaps), heaps)
    why_not = online()
    if why_not:
        skip("with a connection", why_not)
        return
    figures("with Wi-Fi")
    set_clock(NOW)
    check("a first session", session(), b"HTTP/")
    once = figures("after a TLS session")
    for _ in range(3):
        session()
    after = figures("after four")
    holds("sessions leave nothing on Python's heap", after[0] - once[0] <= 256, (once[0], after[0]))
    holds("nor on ESP-IDF's", once[2] - after[2] <= 2048, (once[2], after[2]))
    holds("the prompt has lost little", after[0] - before[0] < 16384, (before[0], after[0]))


main()
