#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""doors.py DIRECTORY CONF KNOCKS

Doors of published configurations (DIRECTORY/*.conf) for mode upgrade: CONF gets them as they are written, but for the name
and cmd_timeout, which is 2; KNOCKS gets a line for each: how many commands it runs, then the ports as words for knock.

It takes doors whose commands are of the programs that mode upgrade records, and of which no port is in another door: with
0.8 an attempt ends where ours may begin a second one (COMPATIBILITY in knockd.conf(5)).
"""
import glob
import os
import re
import sys

DOORS = 10
PROGRAMS = ('iptables', 'ip6tables', 'firewall-cmd', 'ufw')
KEYS = ('sequence', 'seq_timeout', 'tcpflags', 'command', 'start_command', 'cmd_timeout', 'stop_command')


def sections(path):
    """(name, {key: value}, lines) of each section, as knockd 0.8 reads it."""
    found = []
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            line = line.strip()
            if re.fullmatch(r'\[.*\]', line):
                found.append((line[1:-1], {}, []))
            elif found and line and not line.startswith('#'):
                key, _, value = (part.strip() for part in line.partition('='))
                found[-1][1][key.lower()] = value
                found[-1][2].append(line)
    return found


def commands(door):
    return [door[key] for key in ('command', 'start_command', 'stop_command') if key in door]


def is_recorded(command):
    words = command.split()
    return words and os.path.basename(words[0]) in PROGRAMS and not re.search(r'[;&|`$<>%](?!IP%)', command.replace('%IP%', ''))


def hits(door):
    """The sequence as words for knock, or None."""
    words = [word.strip() for word in door.get('sequence', '').split(',')]
    if not all(re.fullmatch(r'[1-9][0-9]{0,4}(:(tcp|udp))?', word) and int(word.split(':')[0]) < 65536 for word in words):
        return None
    return words


def fits(door, used):
    words = hits(door)
    if not words or len(words) < 2 or set(door) - set(KEYS) or door.get('tcpflags', 'syn') != 'syn' or int(door.get('seq_timeout', 25)) < 5:
        return False
    if not commands(door) or not all(is_recorded(command) for command in commands(door)):
        return False
    ports = [word.split(':')[0] for word in words]
    return len(set(ports)) == len(ports) and not used & set(ports)


def main():
    directory, conf, knocks = sys.argv[1:4]
    used, n = set(), 0
    with open(conf, 'w', encoding='utf-8') as doors, open(knocks, 'w', encoding='utf-8') as lines:
        for path in sorted(glob.glob(f'{directory}/*.conf')):
            for name, door, text in sections(path):
                if n == DOORS or name == 'options' or not fits(door, used):
                    continue
                used |= {word.split(':')[0] for word in hits(door)}
                n += 1
                doors.write(f'\n[{name}-{os.path.basename(path)[:-5]}]\n')
                doors.writelines('\t' + re.sub(r'(?i)^(cmd_timeout\s*=).*', r'\1 2', line) + '\n' for line in text)
                lines.write(f'{len(commands(door))} {" ".join(hits(door))}\n')


main()
