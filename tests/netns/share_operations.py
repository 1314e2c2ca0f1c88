# SPDX-License-Identifier: GPL-2.0-or-later
"""
share_operations.py SEED OPERATIONS LINE: the operations of share_random.sh, which has made the hosts and the configurations.
LINE is the user's invitation. The last line of the output is a summary; status 1: something was not as it must be.
"""
import ctypes
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time

T, KNOCKD, SIGNED, MEDDLE_SO = (os.environ[name] for name in ('T', 'KNOCKD', 'SIGNED', 'MEDDLE_SO'))
GATEWAYS = {'a': '10.0.0.1', 'b': '10.0.0.2', 'c': '10.0.0.3'}
CLIENTS = 40
LIMIT = 600 # seconds that the doors allow
IDLE = 4 * 3600 # of a door for port 24, whose accesses have no end; longer than the clocks differ

# Accesses without an end are on the server for 15 minutes; the other accesses are shorter, and tombstones longer.
END_LEASES = '''
local time = redis.call('TIME')
for _, key in ipairs(redis.call('KEYS', '*:g:*')) do
  local left = redis.call('PTTL', key)
  if left > 660000 and left <= 900000 then
    local soon = string.format('%.0f', time[1] * 1000000 + time[2] + 50000)
    redis.call('ZADD', '{knockd:main}:x', soon, string.sub(key, -34))
    redis.call('PEXPIRE', key, 50)
  end
end
'''

CLIENT = '''
import socket, sys, time
for line in sys.stdin:
    source, to, *rest = line.split()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_IP, 15, 1) # IP_FREEBIND
    s.bind((source, 0))
    for word in rest:
        port, payload = word.split(':')
        s.sendto(bytes.fromhex(payload), (to, int(port)))
        time.sleep(0.002)
    print('sent', flush=True)
'''


def inside(host, *command, **options):
    return subprocess.run(['nsenter', '--net=/run/netns/' + host, *command], capture_output=True, text=True, **options)


def process(pid):
    """name, state, parent of a process; None: it has ended"""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as file:
            name, state, parent = re.match(r'\d+ \((.*)\) (\S+) (\d+)', file.read()).groups()
    except OSError:
        return None
    return (name, state, int(parent)) if state != 'Z' else None


class Gateway:
    def __init__(self, name):
        self.name, self.process, self.cut = name, None, False
        self.dir = f'{T}/{name}'
        self.meddle = f'{self.dir}/meddle'
        self.clock = 0
        self.set_clock(0)
        self.start()

    def set_clock(self, ms):
        self.clock = ms
        with open(self.meddle, 'r+b' if os.path.exists(self.meddle) else 'wb') as file:
            file.write(b'%12d%12d%12d%12d%12d%12d%12d' % (ms, 0, 0, 0, 0, 0, 0))

    def start(self):
        self.log = open(f'{self.dir}/log', 'ab')
        before = self.starts()
        self.process = subprocess.Popen(
            ['nsenter', '--net=/run/netns/' + self.name, 'unshare', '--uts', 'sh', '-c',
             'hostname "$1"; shift; exec "$@"', '-', self.name, 'env',
             'LD_PRELOAD=' + MEDDLE_SO, 'MEDDLE=' + self.meddle, KNOCKD, '-v', '-c', f'{self.dir}/knockd.conf'],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        until = time.time() + 20
        while self.starts() == before and self.process.poll() is None and time.time() < until:
            time.sleep(0.02)
        assert self.process.poll() is None, f'{self.name} does not start'

    def text(self):
        with open(f'{self.dir}/log', encoding='utf-8', errors='replace') as file:
            return file.read()

    def starts(self):
        return self.text().count('starting up') if os.path.exists(f'{self.dir}/log') else 0

    def children(self):
        found = {pid: process(pid) for pid in os.listdir('/proc') if pid.isdigit()}
        return {about[0]: int(pid) for pid, about in found.items() if about and about[2] == self.process.pid}

    def end(self, sig):
        children = self.children().values()
        self.process.send_signal(sig)
        self.process.wait(20)
        until = time.time() + 20
        while any(map(process, children)): # an engine whose parent was killed has the group until it notices
            assert time.time() < until, f'{self.name} leaves processes'
            time.sleep(0.02)

    def ask(self, request):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(f'{self.dir}/control.sock')
            s.sendall(request.encode() + b'\n')
            answer = b''
            while True:
                answer += s.recv(65536)
                lines = [json.loads(line) for line in answer.split(b'\n')[:-1]]
                if lines and ('done' in lines[-1] or 'error' in lines[-1]):
                    return lines

    def elements(self):
        """(set, address, port) -> seconds left"""
        found = {}
        for table, name in (('filter', 'ok'), ('knockd', 'open4')):
            out = inside(self.name, 'nft', '-j', 'list', 'set', 'inet', table, name).stdout
            for item in json.loads(out)['nftables']:
                for element in item.get('set', {}).get('elem', []):
                    element = element['elem']
                    key = element['val']
                    key = tuple(key['concat']) if isinstance(key, dict) else key
                    found[name, str(key)] = element['expires']
        return found


class World:
    def __init__(self, seed, line):
        self.random = random.Random(seed)
        self.line = line
        self.redis = None
        self.start_redis()
        self.gateways = [Gateway(name) for name in GATEWAYS]
        self.client = subprocess.Popen(['nsenter', '--net=/run/netns/client', sys.executable, '-c', CLIENT],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.signed = 0
        self.later = [] # signed knocks to repeat: source, hexadecimal
        self.counts = {}

    def start_redis(self):
        self.redis = subprocess.Popen(
            ['redis-server', '--port', '6379', '--bind', '10.0.0.254', '--protected-mode', 'no', '--dir', T,
             '--save', '', '--appendonly', 'no'], stdout=subprocess.DEVNULL)
        while subprocess.run(['redis-cli', '-h', '10.0.0.254', 'ping'], capture_output=True, text=True,
                             check=False).stdout != 'PONG\n':
            time.sleep(0.05)

    def send(self, source, gateway, *packets):
        print(source, GATEWAYS[gateway.name], *packets, file=self.client.stdin, flush=True)
        assert self.client.stdout.readline() == 'sent\n'

    def some_client(self):
        return f'10.9.0.{self.random.randrange(1, CLIENTS)}'

    # --- operations

    def knock(self, gateway):
        self.send(self.some_client(), gateway, '7000:', '8000:')

    def knock_plain(self, gateway):
        self.send(self.some_client(), gateway, '7001:', '8001:')

    def knock_idle(self, gateway):
        self.send(self.some_client(), gateway, '7002:', '8002:')

    def knock_signed(self, gateway):
        self.signed += 1
        source = f'10.9.{1 + self.signed // 250}.{1 + self.signed % 250}'
        packet = subprocess.run([SIGNED, 'pack', self.line, f'{T}/alice'], capture_output=True, text=True,
                                check=True).stdout.strip()
        self.send(source, gateway, '62201:' + packet)
        self.later.append((source, packet))

    def repeat_signed(self, gateway):
        if self.later:
            source, packet = self.random.choice(self.later[-5:])
            self.send(source, gateway, '62201:' + packet)

    def revoke(self, gateway):
        gateway.ask('revoke ' + self.some_client())

    def revoke_door(self, gateway):
        gateway.ask('revoke --door ' + self.random.choice(['ssh', 'door', 'plain', 'idle']))

    def extend(self, gateway):
        gateway.ask(f'extend {self.some_client()} -{self.random.randrange(1, 60)}s')

    def grant(self, gateway):
        gateway.ask(f'grant {self.some_client()} --door {self.random.choice(["door", "plain", "idle"])}')

    def delete_by_hand(self, gateway):
        there = [key for name, key in gateway.elements() if name == 'ok']
        if there:
            inside(gateway.name, 'nft', 'delete element inet filter ok { %s }' % self.random.choice(there))

    def reload(self, gateway):
        gateway.process.send_signal(signal.SIGHUP)

    def partition(self, gateway):
        if not gateway.cut:
            gateway.cut = True
            inside(gateway.name, 'ip', 'route', 'add', 'blackhole', '10.0.0.254/32')

    def heal_partition(self, gateway):
        if gateway.cut:
            gateway.cut = False
            inside(gateway.name, 'ip', 'route', 'del', 'blackhole', '10.0.0.254/32')

    def step_clock(self, gateway):
        gateway.set_clock(self.random.choice([-3600000, -5000, 0, 0, 5000, 3600000]))

    def restart(self, gateway):
        gateway.end(signal.SIGTERM)
        gateway.start()

    def kill_gateway(self, gateway):
        gateway.end(signal.SIGKILL)
        gateway.start()

    def kill_courier(self, gateway):
        pid = gateway.children().get('knockd-courier')
        if pid:
            os.kill(pid, signal.SIGKILL)

    def kill_redis(self, _):
        self.redis.kill()
        self.redis.wait()
        time.sleep(self.random.random())
        self.start_redis()

    def flush_redis(self, _):
        subprocess.run(['redis-cli', '-h', '10.0.0.254', 'flushall'], capture_output=True, check=True)

    def end_leases(self, _):
        """as if no gateway had renewed an access without an end"""
        subprocess.run(['redis-cli', '-h', '10.0.0.254', 'eval', END_LEASES, '0'], capture_output=True, check=True)

    def stop_redis(self, _):
        self.redis.send_signal(signal.SIGSTOP)
        time.sleep(self.random.choice([0.1, 0.4, 4]))
        self.redis.send_signal(signal.SIGCONT)

    def wait(self, _):
        time.sleep(self.random.random() / 2)

    def calm(self, gateway):
        """Without faults, claims have answers."""
        for other in self.gateways:
            self.heal_partition(other)
        until = time.time() + 15
        while time.time() < until and not all(other.ask('peers')[0]['settled'] for other in self.gateways):
            time.sleep(0.1)
        for _ in range(5):
            self.knock_signed(gateway)
            self.repeat_signed(self.random.choice(self.gateways))

    OPERATIONS = {
        'knock': 20, 'knock_plain': 8, 'knock_idle': 8, 'knock_signed': 10, 'repeat_signed': 12, 'revoke': 8,
        'revoke_door': 1, 'extend': 5, 'grant': 4, 'delete_by_hand': 4, 'reload': 1, 'partition': 2, 'heal_partition': 4,
        'step_clock': 2, 'restart': 1, 'kill_gateway': 1, 'kill_courier': 1, 'kill_redis': 0.5, 'flush_redis': 1,
        'end_leases': 2, 'stop_redis': 0.3, 'wait': 3, 'calm': 1,
    }

    def operate(self):
        name, = self.random.choices(list(self.OPERATIONS), self.OPERATIONS.values())
        gateway = self.random.choice(self.gateways)
        print(f'{time.monotonic():.3f} {name} {gateway.name}', flush=True)
        self.counts[name] = self.counts.get(name, 0) + 1
        getattr(self, name)(gateway)

    # --- what must be

    def heal(self):
        for gateway in self.gateways:
            gateway.set_clock(0)
            self.heal_partition(gateway)
        until = time.time() + 30
        while time.time() < until:
            states = [gateway.ask('peers')[0] for gateway in self.gateways]
            if all(state['up'] and state['synced'] for state in states):
                return
            time.sleep(0.1)
        raise AssertionError('not connected: ' + str(states))

    def sync(self):
        before = [gateway.ask('stats')[0]['share_resyncs'] for gateway in self.gateways]
        for gateway in self.gateways:
            gateway.ask('peers --sync')
        until = time.time() + 10
        while time.time() < until and any(gateway.ask('stats')[0]['share_resyncs'] <= n
                                          for gateway, n in zip(self.gateways, before)):
            time.sleep(0.05)
        time.sleep(0.3)

    def check_equal(self):
        until = time.time() + 30
        while True:
            self.sync()
            sets = [gateway.elements() for gateway in self.gateways]
            keys = [set(elements) for elements in sets]
            if keys[0] == keys[1] == keys[2]:
                break
            if time.time() > until:
                lacks = [f'{one.name} lacks {sorted(set.union(*keys) - key)}' for one, key in zip(self.gateways, keys)]
                raise AssertionError('\n'.join(lacks))
        for elements in sets:
            for key, left in elements.items():
                assert left <= (IDLE if key[1].endswith(', 24)') else LIMIT), f'{key} lasts for {left} s'
        return len(keys[0])

    def check_signed(self):
        accepted = {}
        for gateway in self.gateways:
            for source in re.findall(r'^(\S+): ssh: OPEN SESAME$', gateway.text(), re.M):
                accepted.setdefault(source, []).append(gateway.name)
        twice = {source: names for source, names in accepted.items() if len(names) > 1}
        assert not twice, f'a signed knock has opened twice: {twice}'
        return len(accepted)

    def end(self):
        for gateway in self.gateways:
            if gateway.process.poll() is None:
                gateway.end(signal.SIGKILL)
        self.redis.kill()
        self.redis.wait()
        self.client.kill()


def main():
    seed, operations, line = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    ctypes.CDLL(None).prctl(1, signal.SIGKILL) # PR_SET_PDEATHSIG
    world = World(seed, line)
    try:
        for _ in range(operations):
            world.operate()
        world.heal()
        accesses = world.check_equal()
        print(f'{accesses} accesses on each, {world.check_signed()} of {world.signed} signed knocks')
    except AssertionError as error:
        for gateway in world.gateways:
            print(f'--- {gateway.name}')
            print('\n'.join([text for text in gateway.text().splitlines() if 'control: ' not in text][-25:]))
            print(json.dumps(gateway.ask('stats')[0]), json.dumps(gateway.ask('peers')))
        print(error)
        return 1
    finally:
        world.end()
    return 0


sys.exit(main())
