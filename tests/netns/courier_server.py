#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hostile PORT MODE: a server that a courier must survive. It answers what MODE needs in order to get that far, and prints
nothing. MODE is a name in the table below."""

import os
import random
import socket
import sys
import threading
import time

SHA = b"$40\r\n" + b"0123456789" * 4 + b"\r\n"


def bulk(data):
    return b"$%d\r\n%s\r\n" % (len(data), data)


def array(*items):
    return b"*%d\r\n" % len(items) + b"".join(items)


MEMBER = bulk(b"g:" + b"0123456789abcdef" * 2)


class Gone(Exception):
    pass


class Client:
    """A connection, from which whole commands are read."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        while b"\r\n" not in self.data:
            self.more()
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.data += data

    def command(self):
        words = []
        for _ in range(int(self.line()[1:])):
            size = int(self.line()[1:])
            while len(self.data) < size + 2:
                self.more()
            words.append(self.data[:size])
            self.data = self.data[size + 2 :]
        return words

    def for_ever(self, data):
        while True:
            self.send(data)


# --- a server in order, of which modes change single answers


def sane(words):
    name = words[0].upper()
    if name == b"AUTH":
        return b"+OK\r\n"
    if name == b"ROLE":
        return array(bulk(b"master"), b":0\r\n", array())
    if name == b"SCRIPT":
        return SHA
    if name == b"SUBSCRIBE":
        return array(bulk(b"subscribe"), bulk(words[1]), b":1\r\n")
    if name == b"ZRANGEBYSCORE":
        return array()
    if name == b"MGET":
        return array(*[b"$-1\r\n"] * (len(words) - 1))
    if name == b"TIME":
        return array(bulk(b"1795794320"), bulk(b"0"))
    if name == b"EVALSHA":
        return b":1\r\n"
    return None


def serve(client, answers):
    subscribed = False
    while True:
        words = client.command()
        name = words[0].upper()
        if name in answers:
            answer = answers[name](client, words)
        elif name == b"PING":
            answer = array(bulk(b"pong"), bulk(b"")) if subscribed else b"+PONG\r\n"
        else:
            answer = sane(words)
        subscribed = subscribed or name == b"SUBSCRIBE"
        client.send(answer)


def full_index(score):
    def answer(client, words):
        return array(*[MEMBER, bulk(score())] * 256)

    return answer


def flood_events(client, words):
    client.send(sane(words))
    event = array(bulk(b"message"), bulk(words[1]), bulk(os.urandom(216)))
    client.for_ever(event * 100)


scores = iter(range(1, 1 << 62))

MODES = {
    "random": lambda c: c.for_ever(random.randbytes(4096)),
    "http": lambda c: c.for_ever(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    "line": lambda c: c.for_ever(b"+" + b"x" * 65536),
    "string": lambda c: (c.send(b"$1000000000\r\n"), c.for_ever(b"x" * 65536)),
    "array": lambda c: (c.send(b"*1000000000\r\n"), c.for_ever(b"$-1\r\n" * 10000)),
    "nested": lambda c: c.for_ever(b"*1000\r\n" * 7 + b":1\r\n" * 10000),
    "unsolicited": lambda c: c.for_ever(b"+OK\r\n" * 1000),
    "mute": lambda c: time.sleep(1000),
    "closed": lambda c: None,
    "echo": lambda c: serve(c, {b"AUTH": lambda c, w: b"-ERR unknown command AUTH " + b" ".join(w[1:]) + b"\r\n"}),
    "echo_later": lambda c: serve(c, {b"ROLE": lambda c, w: b"-ERR s3cret-word \x1b[31m\r\n"}),
    "sha": lambda c: serve(c, {b"SCRIPT": lambda c, w: bulk(b"../" * 13 + b"x")}),
    "time": lambda c: serve(c, {b"TIME": lambda c, w: array(bulk(b"-1"), b"*0\r\n")}),
    "noscript": lambda c: serve(c, {b"EVALSHA": lambda c, w: b"-NOSCRIPT No\r\n"}),
    "late": lambda c: serve(c, {b"EVALSHA": lambda c, w: (time.sleep(0.1), b":1\r\n")[1]}),
    "answer": lambda c: serve(c, {b"EVALSHA": lambda c, w: b":4\r\n"}),
    "moved": lambda c: serve(c, {b"MGET": lambda c, w: b"-MOVED 1 127.0.0.1:7001\r\n"}),
    "moved_here": lambda c: serve(c, {b"MGET": lambda c, w: b"-MOVED 1 :7000\r\n"}),
    "moved_bad": lambda c: serve(c, {b"MGET": lambda c, w: b"-MOVED\r\n"}),
    "index_same": lambda c: serve(c, {b"ZRANGEBYSCORE": full_index(lambda: b"7")}),
    "index_endless": lambda c: serve(c, {b"ZRANGEBYSCORE": full_index(lambda: b"%d" % next(scores))}),
    "index_score": lambda c: serve(c, {b"ZRANGEBYSCORE": full_index(lambda: b"1\r\nFLUSHALL")}),
    "values": lambda c: serve(
        c,
        {
            b"ZRANGEBYSCORE": lambda c, w: array(bulk(b"g:" + b"0" * 32), bulk(b"1")),
            b"MGET": lambda c, w: array(*[bulk(b"x")] * 1000),
        },
    ),
    "events": lambda c: serve(c, {b"SUBSCRIBE": flood_events}),
}


def handle(sock, mode):
    try:
        MODES[mode](Client(sock))
    except (Gone, OSError, ValueError, IndexError):
        pass
    sock.close()


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(100)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=handle, args=(sock, sys.argv[2]), daemon=True).start()


main()
