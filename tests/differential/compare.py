"""compare.py -- when two replies are the same: byte for byte, except for what
can not be equal on two servers, and for the published differences."""
import fnmatch
import re

from generator import NAMES
from wire import decode, elements

TOLERANCE_MS = 5000
# Absolute times that the generator writes lie in here, and must come back exactly.
FAR_SECONDS = range(4_100_000_000, 5_000_000_000)


def near(tolerance, unit):
    """Times: those that the servers took from their clocks may differ."""
    def same(words, a, b):
        if not (isinstance(a, int) and isinstance(b, int)):
            return False
        exact = unit and (a // unit in FAR_SECONDS or b // unit in FAR_SECONDS)
        return a >= 0 and b >= 0 and not exact and abs(a - b) <= tolerance
    return same


def both_int(words, a, b):
    return isinstance(a, int) and isinstance(b, int) and a > 0 and b > 0


def small(words, a, b):
    """References that the server itself holds for a moment are no matter."""
    return both_int(words, a, b) and max(a, b) < 1000


def as_set(words, a, b):
    return isinstance(a, list) and isinstance(b, list) and sorted(a) == sorted(b)


def scan_page(words, a, b):
    """One page of an iteration: nothing but its shape, unless it is all."""
    if not all(isinstance(reply, list) and len(reply) == 2 and
               isinstance(reply[1], list) for reply in (a, b)):
        return False
    if b'1000000' in words and words[1] == b'0':
        return a[0] == b[0] == b'0' and set(a[1]) == set(b[1])
    return a[0].isdigit() and b[0].isdigit()


def both_blobs(words, a, b):
    """RANDOMKEY: that it is a member is seen by @random."""
    return b'$-1\r\n' not in (a, b)


def clock(words, a, b):
    return (len(a) == len(b) == 2 and a[1].isdigit() and b[1].isdigit() and
            abs(int(a[0]) - int(b[0])) * 1000 <= TOLERANCE_MS)


def hello(words, a, b):
    """All but the id, in the same order."""
    at = a.index(b'id') + 1
    return both_int(words, a[at], b[at]) and a[:at] + a[at + 1:] == b[:at] + b[at + 1:]


# Options of which a server has one value that the other need not have.
CONFIG = frozenset(b'''maxclients timeout tcp-keepalive requirepass databases
    maxmemory maxmemory-policy proto-max-bulk-len slowlog-log-slower-than
    slowlog-max-len loglevel hz appendfsync save
    client-query-buffer-limit'''.split())


def config(words, a, b):
    def known(reply):
        return {k: v for k, v in zip(reply[::2], reply[1::2]) if k in CONFIG}
    return isinstance(a, list) and isinstance(b, list) and known(a) == known(b)


# What tools read (clients.md) has to be there in both, with the same value
# where that is no measurement.
INFO_NAMES = frozenset(b'''redis_version redis_mode os arch_bits process_id
    run_id tcp_port uptime_in_seconds uptime_in_days hz connected_clients
    blocked_clients maxclients used_memory used_memory_human used_memory_rss
    used_memory_peak maxmemory maxmemory_human maxmemory_policy
    mem_fragmentation_ratio loading aof_enabled aof_last_write_status
    total_connections_received total_commands_processed
    instantaneous_ops_per_sec rejected_connections expired_keys evicted_keys
    keyspace_hits keyspace_misses role connected_slaves master_repl_offset
    used_cpu_sys used_cpu_user cluster_enabled'''.split())
INFO_VALUES = frozenset(b'''redis_version redis_mode arch_bits hz
    connected_clients blocked_clients maxclients maxmemory maxmemory_human
    maxmemory_policy loading rejected_connections evicted_keys role
    connected_slaves cluster_enabled'''.split())


def info(words, a, b):
    def fields(text):
        found = {}
        for line in text.split(b'\r\n'):
            name, _, value = line.partition(b':')
            if re.fullmatch(rb'db\d+', name):
                found[name] = value.partition(b',avg_ttl')[0]
            elif name in INFO_NAMES:
                found[name] = value if name in INFO_VALUES else b''
        return found
    return fields(a) == fields(b)


def client_list(words, a, b):
    def clients(text):
        wanted = (b'name', b'db', b'multi', b'cmd', b'user', b'resp', b'flags')
        lines = [dict(part.partition(b'=')[::2] for part in line.split(b' '))
                 for line in text.split(b'\n') if line.strip()]
        lines.sort(key=lambda line: int(line[b'id']))
        return [[line.get(name) for name in wanted] for line in lines]
    return clients(a) == clients(b)


def slowlog(words, a, b):
    def told(entries):
        return [(entry[3], entry[5]) for entry in entries]
    return isinstance(a, list) and isinstance(b, list) and told(a) == told(b)


def command_names(words, a, b):
    """COMMAND LIST and COMMAND DOCS: the names that we have."""
    def ours(reply):
        names = [x[0] if isinstance(x, list) else x for x in reply]
        return {n for n in names if isinstance(n, bytes) and n.upper() in NAMES}
    return isinstance(a, list) and isinstance(b, list) and ours(a) == ours(b)


def command_info(words, a, b):
    """Name, arity, flags as a set, and where the keys are."""
    def main(entry):
        if not isinstance(entry, list):
            return entry
        return [entry[0], entry[1], sorted(entry[2])] + entry[3:6]
    if len(words) <= 2:  # all, in an order that Redis shuffles
        a, b = (sorted(entry for entry in reply if entry[0].upper() in NAMES)
                for reply in (a, b))
    return [main(entry) for entry in a] == [main(entry) for entry in b]


def help_text(words, a, b):
    """We have fewer subcommands than Redis, so only the first line is equal."""
    return isinstance(a, list) and isinstance(b, list) and a[0] == b[0]


KINDS = {
    'KEYS': as_set, 'SCAN': scan_page, 'RANDOMKEY': both_blobs, 'TIME': clock,
    'TTL': near(TOLERANCE_MS // 1000, 0), 'PTTL': near(TOLERANCE_MS, 0),
    'EXPIRETIME': near(TOLERANCE_MS // 1000, 1),
    'PEXPIRETIME': near(TOLERANCE_MS, 1000),
    'LASTSAVE': both_int, 'OBJECT REFCOUNT': small, 'MEMORY USAGE': both_int, 'CLIENT ID': both_int,
    'OBJECT IDLETIME': near(TOLERANCE_MS // 1000, 0), 'HELLO': hello,
    'CONFIG GET': config, 'INFO': info, 'CLIENT LIST': client_list,
    'CLIENT INFO': client_list, 'SLOWLOG GET': slowlog,
    'COMMAND': command_info, 'COMMAND LIST': command_names,
    'COMMAND DOCS': command_names, 'COMMAND INFO': command_info,
    'COMMAND COUNT': both_int,
}


def printable(data):
    """One word as a script and the list of differences show it."""
    text = ''.join(chr(c) if 32 < c < 127 and c not in b'"\\' else
                   '\\x%02x' % c for c in data)
    return text if text and not text.startswith('#') else '"%s"' % text


def show(words):
    return ' '.join(map(printable, words))


class Difference(Exception):
    def __init__(self, line, redis, ours):
        super().__init__(line, redis, ours)
        self.client, self.words = line
        self.redis, self.ours = redis, ours

    def name(self):
        return subject(self.words)

    def __str__(self):
        return '%s %s\n  redis: %.600s\n  ours:  %.600s' % (
            self.client, show(self.words)[:600], self.redis, self.ours)


def subject(words):
    """The command, and the subcommand if it has some: 'CLIENT ID'."""
    words = inline_words(words)
    name = words[0].upper().decode('latin-1')
    if name in ('CLIENT', 'CONFIG', 'COMMAND', 'OBJECT', 'MEMORY', 'SLOWLOG',
                'LATENCY') and len(words) > 1:
        name += ' ' + words[1].upper().decode('latin-1')
    return name


def inline_words(words):
    if words[0] != b'@inline':
        return words
    return words[1].replace(b'"', b' ').split() or [b'-']


class Published:
    """differences.txt: blocks of 'name: value' lines, one block a difference."""

    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            text = re.sub(r'(?m)^#.*\n', '', file.read())
        self.entries = [
            dict(line.split(': ', 1) for line in
                 re.sub(r'\n +', ' ', block.strip()).split('\n'))
            for block in re.split(r'\n\s*\n', text) if block.strip()]
        self.seen = {}

    def has(self, words, redis, ours):
        texts = [show(inline_words(words)), repr(redis)[2:-1], repr(ours)[2:-1]]
        for entry in self.entries:
            if all(fnmatch.fnmatchcase(text.upper(), entry[name].upper())
                   for name, text in zip(('command', 'redis', 'ours'), texts)):
                self.seen[entry['command']] = self.seen.get(entry['command'], 0) + 1
                return True
        return False

    def document(self):
        rows = ['| command | redis-server 7.0.15 | Redis-Lite | why |',
                '|---|---|---|---|']
        rows += ['| `%s` | `%s` | `%s` | %s |' % tuple(
            entry[name].replace('|', '\\|')
            for name in ('command', 'redis', 'ours', 'reason'))
                 for entry in self.entries]
        return '\n'.join(rows) + '\n'


def compare(words, redis, ours, queued, published):
    """The raw replies to 'words', of which EXEC ran 'queued': None if they are
    the same, or else what differs, as (words, redis, ours)."""
    if redis == ours:
        return None
    name = subject(words)
    if name == 'EXEC' and redis[:1] == ours[:1] == b'*':
        pair = elements(redis), elements(ours)
        if len(pair[0]) == len(pair[1]) == len(queued):
            found = (compare(command, x, y, [], published)
                     for command, x, y in zip(queued, *pair))
            return next(filter(None, found), None)
    kind = help_text if name.endswith(' HELP') else KINDS.get(name)
    # An error, a null and a simple string have no two forms.
    if kind and redis[:1] == ours[:1] and redis[:1] not in b'-_+':
        try:
            if kind(words, decode(redis), decode(ours)):
                return None
        except (IndexError, KeyError, TypeError, ValueError):
            pass  # not of the shape that it should have
    return None if published.has(words, redis, ours) else (words, redis, ours)
