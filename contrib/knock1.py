#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Signed knocks (knock1) in Python, independent of the C code: needs PyNaCl (Debian: python3-nacl).

    knock1.py send 'knock1:...' [--key FILE] [OPTIONS]   send one knock
    knock1.py pack 'knock1:...' [--key FILE] [OPTIONS]   print it in hexadecimal
    knock1.py open FILE HEX                              open it with the server's key and print what is in it
    knock1.py invite FILE HOST:PORT/DOOR                 print the line for a user

FILE is OpenSSH's unencrypted private key (ssh-keygen -t ed25519), for open and invite the file of knockd --keygen.
src/signed/knock1.h describes the packet.
"""

import argparse
import base64
import hashlib
import ipaddress
import json
import os
import random
import socket
import struct
import sys
import time

import nacl.bindings as na

LEN = 184
NAMESPACE = b"knock@knockd-nft"
ACTIONS = ["open", "close", "probe"]
PROTOS = {"tcp": 6, "udp": 17}
BOUND, OTHER, TOTP = 1, 2, 4


def blake(data, size, key=b""):
    return hashlib.blake2b(data, digest_size=size, key=key).digest()


def siphash24(key, data):
    mask = (1 << 64) - 1
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotl(x, b):
        return (x << b | x >> (64 - b)) & mask

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & mask
            v[1] = rotl(v[1], 13) ^ v[0]
            v[0] = rotl(v[0], 32)
            v[2] = (v[2] + v[3]) & mask
            v[3] = rotl(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & mask
            v[3] = rotl(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & mask
            v[1] = rotl(v[1], 17) ^ v[2]
            v[2] = rotl(v[2], 32)

    data += bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", data):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return struct.pack("<Q", v[0] ^ v[1] ^ v[2] ^ v[3])


def chacha20(key, nonce, size):
    """The first bytes of the stream, with the original 64-bit nonce and counter 0."""
    words = list(struct.unpack("<16I", b"expand 32-byte k" + key + bytes(8) + nonce))
    x = words[:]

    def quarter(a, b, c, d):
        for i, j, k, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[i] = (x[i] + x[j]) & 0xFFFFFFFF
            t = x[k] ^ x[i]
            x[k] = (t << n | t >> (32 - n)) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, words)))[:size]


class Site:
    """A server as its clients know it."""

    def __init__(self, public, site):
        self.public, self.site = public, site
        self.tag_key = blake(b"knock1 tag" + public, 16, site)
        self.mask_key = blake(b"knock1 mask" + public, 32, site)

    def mask(self, wire):
        stream = chacha20(self.mask_key, wire[32:40], 32)
        return bytes(a ^ b for a, b in zip(wire[:32], stream)) + wire[32:]

    def seal(self, plain, ephemeral=None):
        ephemeral = ephemeral or os.urandom(32)
        public = na.crypto_scalarmult_base(ephemeral)
        nonce = blake(public + self.public, 24)
        wire = self.mask(public + na.crypto_box(plain, nonce, self.public, ephemeral))
        return wire + siphash24(self.tag_key, wire)

    def open(self, wire, secret):
        if len(wire) < LEN or siphash24(self.tag_key, wire[:176]) != wire[176:184]:
            raise ValueError("the tag is wrong")
        return na.crypto_box_seal_open(self.mask(wire[:176]), self.public, secret)


def string(data):
    return struct.pack(">I", len(data)) + data


def take(data):
    size = struct.unpack(">I", data[:4])[0]
    return data[4 : 4 + size], data[4 + size :]


def message(server, statement):
    return b"knock1" + server + statement


def signed_data(server, statement):
    digest = hashlib.sha512(message(server, statement)).digest()
    return b"SSHSIG" + string(NAMESPACE) + string(b"") + string(b"sha512") + string(digest)


def read_secret(path):
    """The seed and the public half of an unencrypted OpenSSH key, as 64 bytes."""
    with open(path, encoding="ascii") as file:
        data = base64.b64decode("".join(line for line in file if not line.startswith("-")))
    magic = b"openssh-key-v1\0"
    if not data.startswith(magic):
        raise ValueError("not OpenSSH's private key")
    cipher, rest = take(data[len(magic) :])
    if cipher != b"none":
        raise ValueError("the key is encrypted")
    rest = take(take(rest)[1])[1][4:]
    section = take(take(rest)[1])[0][8:]
    kind, section = take(section)
    if kind != b"ssh-ed25519":
        raise ValueError("not an ssh-ed25519 key")
    return take(take(section)[1])[0]


def read_server(path):
    with open(path, encoding="ascii") as file:
        line = [line for line in file if line.strip() and not line.startswith("#")][0]
    both = base64.b64decode(line.split()[1])
    return both[:32], Site(na.crypto_scalarmult_base(both[:32]), both[32:])


def parse_invitation(text):
    keys, place = text.removeprefix("knock1:").split("@", 1)
    both = base64.urlsafe_b64decode(keys + "==")
    place, door = place.split("/", 1)
    host, port = place.rsplit(":", 1)
    return Site(both[:32], both[32:]), host.strip("[]"), port, door


def pack_address(text):
    if not text:
        return bytes(16)
    ip = ipaddress.ip_address(text)
    return ip.packed if ip.version == 6 else bytes(10) + b"\xff\xff" + ip.packed


def make_statement(door, args):
    proto, port = 0, 0
    if args.port:
        word = (args.port + ":tcp").split(":")
        port, proto = int(word[0]), PROTOS[word[1]]
    flags = OTHER if args.other_address else BOUND if args.address else 0
    flags |= TOTP if args.totp else 0
    counter = args.counter or time.time_ns() // 1000
    return (
        struct.pack(">BBBBHHQ", 1, ACTIONS.index(args.action), flags, proto, port, 0, counter)
        + blake(door.encode(), 16)[:8]
        + struct.pack(">II", args.seconds, int(args.totp or 0))
        + pack_address(args.address or args.other_address)
    )


def make_plain(site, statement, secret):
    signature = na.crypto_sign(signed_data(site.public, statement), secret)[:64]
    return blake(secret[32:], 16)[:8] + statement + signature + bytes(8)


def make_wire(args):
    site, host, port, door = parse_invitation(args.invitation)
    secret = read_secret(os.path.expanduser(args.key))
    first, _, last = port.partition("-")
    wire = site.seal(make_plain(site, make_statement(door, args), secret))
    return wire + os.urandom(random.randint(0, 64)), host, random.randint(int(first), int(last or first))


def describe(site, plain):
    statement = plain[8:56]
    version, action, flags, proto, port, _, counter = struct.unpack(">BBBBHHQ", statement[:16])
    return {
        "key_id": plain[:8].hex(),
        "version": version,
        "action": ACTIONS[action],
        "flags": flags,
        "proto": proto,
        "port": port,
        "counter": counter,
        "door": statement[16:24].hex(),
        "seconds": struct.unpack(">I", statement[24:28])[0],
        "totp": struct.unpack(">I", statement[28:32])[0],
        "address": statement[32:].hex(),
        "message": message(site.public, statement).hex(),
        "signature": plain[56:120].hex(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("send", "pack"):
        sub = commands.add_parser(name)
        sub.add_argument("invitation")
        sub.add_argument("--key", default="~/.ssh/id_ed25519")
        sub.add_argument("--action", choices=ACTIONS, default="open")
        sub.add_argument("--seconds", type=int, default=0)
        sub.add_argument("--port")
        sub.add_argument("--totp", help="six digits of an authenticator app")
        sub.add_argument("--address")
        sub.add_argument("--other-address")
        sub.add_argument("--counter", type=int, help="instead of the clock, in microseconds")
        sub.add_argument("--copies", type=int, default=1, help="send the same packet so often")
    sub = commands.add_parser("open")
    sub.add_argument("file")
    sub.add_argument("hex")
    sub = commands.add_parser("invite")
    sub.add_argument("file")
    sub.add_argument("place")
    args = parser.parse_args()

    if args.command == "open":
        secret, site = read_server(args.file)
        print(json.dumps(describe(site, site.open(bytes.fromhex(args.hex), secret))))
    elif args.command == "invite":
        _, site = read_server(args.file)
        keys = base64.urlsafe_b64encode(site.public + site.site).decode().rstrip("=")
        print(f"knock1:{keys}@{args.place}")
    else:
        wire, host, port = make_wire(args)
        if args.command == "pack":
            print(wire.hex())
            return
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            for _ in range(args.copies):
                sock.sendto(wire, (host, port))


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError, IndexError) as error:
        sys.exit(f"knock1.py: {error}")
