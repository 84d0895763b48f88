#!/usr/bin/env python3
"""differential.py -- the same random commands to redis-server 7.0 and to ours:
every reply has to be the same, and so have the data at the end, in memory, after
a restart from our log, and in a redis-server that loads our log.

A difference is shrunk to a short script, of lines like
    CLIENT COMMAND ARGUMENT...
in which a command with '@' is one of the harness (see Pair), and an argument
@id2, @addr2, @ms+40 is client 2's id or address, or a time soon from now.
What is the same is in compare.py, what is sent in generator.py."""
import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time

import wire
from compare import FAR_SECONDS, TOLERANCE_MS, Difference, Published, compare, printable, show
from generator import CLIENTS, TURN, Generator
from wire import Broken, Server, decode, request, version

ROUND = 50_000  # commands until both servers start anew
SHRINK_SECONDS = 180
END = [(0, [word]) for word in (b'@state', b'@reload', b'@interop')]


class Pair:
    """Both servers, and what the lines of a script do with them."""

    def __init__(self, options, published, plant=None):
        self.published, self.plant, self.queued = published, plant, {}
        self.options = options
        self.directory = tempfile.mkdtemp(prefix='differential-')
        self.servers = []
        try:
            self.servers.append(Server(options.redis, self.directory + '/redis', keeps_log=False))
            self.servers.append(Server(options.ours, self.directory + '/ours'))
        except Broken:
            self.stop()
            raise

    def stop(self):
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def play(self, lines):
        at = 0
        while at < len(lines):
            client, words = lines[at]
            if is_own(words):
                act = getattr(self, 'do_' + words[0][1:].decode())
                redis, ours = [act(server, client, words) for server in self.servers]
                if redis != ours:
                    raise Difference(lines[at], redis, ours)
                at += 1
                continue
            end = at + 1
            while (end < len(lines) and end - at < 2 * TURN and lines[end][0] == client
                   and not is_own(lines[end][1])):
                end += 1
            self.batch(client, lines[at:end])
            at = end

    def batch(self, client, lines):
        """One client's commands, sent at once."""
        data = b''.join([words[1] if words[0] == b'@inline' else request(words)
                         for _, words in lines])
        connections = [server.client(client) for server in self.servers]
        for server, connection in zip(self.servers, connections):
            connection.send(data if b'@' not in data else self.fill(server, lines))
        replies = []
        for connection in connections:
            try:
                replies.append(connection.read(len(lines)))
            except Broken as broken:
                replies.append(broken.replies + [str(broken).encode()])
        self.judge(lines, replies, self.queued.setdefault(client, []))

    def judge(self, lines, replies, queued):
        for (client, words), redis, ours in zip(lines, *replies):
            if self.plant:
                ours = self.plant(words, ours)
            if redis == ours:
                if redis == b'+QUEUED\r\n':
                    queued.append(words)
                elif redis == b'+OK\r\n' and words[0].upper() == b'MULTI':
                    queued.clear()
                continue
            found = compare(words, redis, ours, queued, self.published)
            if found:
                raise Difference((client, found[0]), *found[1:])
        if len(replies[0]) < len(lines):
            raise Difference(lines[len(replies[0]) - 1], replies[0][-1], replies[1][-1])

    def fill(self, server, lines):
        """The request with what differs between servers, or from now on."""
        now = int(time.time() * 1000)

        def value(word):
            found = re.fullmatch(rb'@(id|addr|ms\+)(\d+)', word)
            if not found:
                return word
            if found[1] == b'ms+':
                return b'%d' % (now + int(found[2]))
            client = server.client(int(found[2]))
            return client.id if found[1] == b'id' else client.address
        return b''.join([words[1] if words[0] == b'@inline' else
                         request([value(word) for word in words]) for _, words in lines])

    # One function for each word with '@', called for each server.

    def do_wait(self, server, client, words):
        if server is self.servers[0]:
            time.sleep(int(words[1]) / 1000)

    def do_last(self, server, client, words):
        """Bytes after which the server has to close."""
        connection = server.client(client)
        connection.send(words[1])
        return self.do_gone(server, client, words)

    def do_gone(self, server, client, words):
        return server.clients.pop(client).read_all() if client in server.clients else None

    def do_scan(self, server, client, words):
        """A whole iteration, while keys come and go."""
        connection, found, cursor, pages = server.client(client), set(), b'0', 0
        temporary = [b'temporary:%d' % n for n in range(40)]
        while pages == 0 or cursor != b'0':
            raw = connection.ask([b'SCAN', cursor] + words[1:])[0]
            page = decode(raw)
            if not isinstance(page, list) or pages > 10_000:
                return raw
            cursor = page[0]
            found.update(page[1])
            if pages < len(temporary):
                connection.ask([b'SET', temporary[pages], b'x'])
            pages += 1
        connection.ask([b'DEL'] + temporary)
        return sorted(found - set(temporary))

    def do_random(self, server, client, words):
        """RANDOMKEY names a key that is there."""
        connection = server.client(client)
        raw = connection.ask([b'RANDOMKEY'])[0]
        if raw[:1] != b'$' or raw[:2] == b'$-':
            return raw
        return connection.ask([b'EXISTS', decode(raw)])

    def do_state(self, server, client, words):
        state = read_state(server)
        if server is self.servers[0]:
            self.state = state
            return None
        self.must_match((client, words), self.state, state, TOLERANCE_MS)

    def do_reload(self, server, client, words):
        """What our log holds is what the memory held."""
        if server is self.servers[0]:
            return
        before = read_state(server)
        server.stop()
        if self.plant and client == -1:
            os.truncate(server.log(), os.path.getsize(server.log()) - 1)
        server.start()
        self.must_match((client, words), before, read_state(server), 0)

    def do_interop(self, server, client, words):
        """redis-server 7.0 loads our log, and finds the same in it."""
        if server is self.servers[0]:
            return
        before = read_state(server)
        other = Server(self.options.redis, tempfile.mktemp(dir=self.directory), server.log())
        try:
            self.must_match((client, words), read_state(other), before, 0)
        finally:
            other.stop()

    def must_match(self, line, a, b, tolerance):
        for name in sorted(set(a) | set(b), key=str):
            x, y = a.get(name), b.get(name)
            if x != y and not (
                    isinstance(x, tuple) and isinstance(y, tuple) and x[0] == y[0] and
                    x[1] // 1000 not in FAR_SECONDS and abs(x[1] - y[1]) <= tolerance
                    and min(x[1], y[1]) > 0):
                raise Difference(line, (name, x), (name, y))


def is_own(words):
    return words[0][:1] == b'@' and words[0] != b'@inline'


def read_state(server):
    """{(database, key): (value, time of expiry)}, and the count of each database."""
    state = {}
    for database in range(16):
        _, size, raw = server.admin.ask([b'SELECT', b'%d' % database], [b'DBSIZE'],
                                        [b'KEYS', b'*'])
        state[database] = size
        keys = decode(raw)
        if keys:
            replies = server.admin.ask(*[[name, key] for key in keys
                                         for name in (b'GET', b'PEXPIRETIME')])
            for key, value, expires in zip(keys, replies[::2], replies[1::2]):
                state[database, key] = value, decode(expires)
    return state


def attempt(options, published, lines, plant=None):
    """The difference that these lines make on fresh servers, or None."""
    pair = Pair(options, published, plant)
    try:
        pair.play(lines)
    except Difference as difference:
        return difference
    finally:
        pair.stop()
    return None


def shrink(options, published, history, difference, plant=None):
    """The fewest lines that still make a difference with the same command, or
    all of them if they do not make it again."""
    deadline = time.monotonic() + SHRINK_SECONDS
    wire.PATIENCE = 5

    def fails(lines):
        found = attempt(options, published, lines, plant)
        return found is not None and found.name() == difference.name()

    for length in (100, 1000, 10_000, len(history)):
        lines = history[-length:]
        if fails(lines):
            break
    else:
        return history, False
    size = max(len(lines) // 2, 1)
    while size and time.monotonic() < deadline:
        at, before = 0, len(lines)
        while at < len(lines) and time.monotonic() < deadline:
            fewer = lines[:at] + lines[at + size:]
            if fails(fewer):
                lines = fewer
            else:
                at += size
        if size > 1 or len(lines) == before:
            size //= 2
    return lines, True


def write_script(path, lines, seed):
    with open(path, 'w', encoding='ascii') as file:
        file.write('# seed %s\n' % seed)
        for client, words in lines:
            file.write('%d %s\n' % (client, show(words)))


def read_script(path):
    lines = []
    with open(path, encoding='ascii') as file:
        for text in file:
            if text.strip() and not text.startswith('#'):
                client, *words = text.split()
                lines.append((int(client), [read_word(word) for word in words]))
    return lines


def read_word(text):
    """What printable() wrote; quotes around a word are for the eye."""
    if text[0] == text[-1] == '"':
        text = text[1:-1]
    return re.sub(rb'\\x([0-9a-f]{2})', lambda found: bytes([int(found[1], 16)]),
                  text.encode())


class Progress:
    def __init__(self, total):
        self.total, self.started, self.told = total, time.monotonic(), 0.0
        self.every = 1 if sys.stderr.isatty() else 20

    def show(self, done):
        spent = time.monotonic() - self.started
        if spent - self.told < self.every and done < self.total:
            return
        self.told = spent
        left = int(spent / done * max(self.total - done, 0))
        print('%s%d of %d commands, %d a second, %d:%02d left%s' % (
            '\r' if self.every == 1 else '', done, self.total, done / spent,
            left // 60, left % 60, '  ' if self.every == 1 else ''),
            file=sys.stderr, end='' if self.every == 1 else '\n', flush=True)


def run_round(options, published, seed, count, tell, plant=None):
    """(commands sent, difference or None, all lines)."""
    only = options.commands and options.commands.upper().encode().split(b',')
    generator = Generator(seed, only)
    history = generator.setup()
    pair = Pair(options, published, plant)
    try:
        pair.play(history)
        while len(history) < count:
            lines = generator.turn()
            history += lines
            pair.play(lines)
            tell(len(history))
        if not options.commands:
            history += END
            pair.play(END)
    except Difference as difference:
        return difference, history
    finally:
        pair.stop()
    return None, history


def run(options, published):
    progress, done, found = Progress(options.count), 0, 0
    seed = options.seed
    while done < options.count:
        count = min(ROUND, options.count - done)
        difference, history = run_round(options, published, seed, count,
                                        lambda n: progress.show(done + n))
        done += len(history)
        if difference:
            found += 1
            report(options, published, seed, difference, history)
            if found == options.limit:
                break
        seed += 1
    print('%d commands in %d s, from seed %d; %d difference%s' % (
        done, time.monotonic() - progress.started, options.seed, found, 's' * (found != 1)))
    for command, times in sorted(published.seen.items()):
        print('  %d times the published one of %s' % (times, command))
    return 1 if found else 0


def report(options, published, seed, difference, history):
    print('\nDIFFERENCE after %d commands of seed %d:\n%s' % (len(history), seed, difference))
    print('shrinking ...', flush=True)
    lines, again = shrink(options, published, history, difference)
    path = os.path.join(options.scripts, 'differential-%d.txt' % seed)
    write_script(path, lines, seed)
    if not again:
        print('not seen again on fresh servers: a race, or a moment?')
    for client, words in lines[:30]:
        print('  %d %s' % (client, show(words)[:200]))
    print('%d lines; replay: python3 %s --ours %s --script %s' % (
        len(lines), os.path.relpath(__file__), options.ours, path), flush=True)


def self_test(options, published):
    """redis-server is no different from itself, and what is planted is found."""
    options.ours = options.redis
    quiet = lambda n: None
    difference, _ = run_round(options, published, options.seed, 20_000, quiet)
    assert difference is None, difference

    def plant(words, reply):
        return reply.replace(b'Hello', b'hello') if words[0].upper() == b'GET' else reply
    difference, history = run_round(options, published, options.seed, 20_000, quiet, plant)
    assert difference, 'the planted reply was not found'
    lines, again = shrink(options, published, history, difference, plant)
    assert again and len(lines) <= 6, lines
    path = os.path.join(options.scripts, 'self-test.txt')
    write_script(path, lines, options.seed)
    assert read_script(path) == lines, 'a script reads as it was written'
    os.remove(path)
    assert attempt(options, published, lines, plant), 'a script can be replayed'
    every = bytes(range(256))
    assert read_word(printable(every)) == every and read_word(printable(b'')) == b''
    lost = attempt(options, published, [(0, [b'SET', b'k', b'v']), (-1, [b'@reload'])], plant)
    assert lost and lost.name() == '@RELOAD', 'a log that lacks its end was not found'
    print('ok: no difference from itself; a planted one was shrunk to %d lines; '
          'a torn log was found' % len(lines))
    return 0


def document(published, path):
    """Does the document hold the published list?"""
    with open(path, encoding='utf-8') as file:
        if published.document() in file.read():
            return 0
    print('%s lacks this table, or has an old one:\n\n%s' % (path, published.document()))
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--ours', default='build/part3-database/redis-lite', metavar='PROGRAM')
    parser.add_argument('--redis', default='redis-server', metavar='PROGRAM')
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('--count', type=int, default=1_000_000)
    parser.add_argument('--limit', type=int, default=1, help='stop after so many differences')
    parser.add_argument('--scripts', default='.', help='where shrunk scripts are left')
    parser.add_argument('--script', help='replay this one instead')
    parser.add_argument('--published', metavar='FILE', help='another list than differences.txt',
                        default=os.path.join(os.path.dirname(__file__), 'differences.txt'))
    parser.add_argument('--commands', metavar='NAME,...',
                        help='send only these (and do not compare the data)')
    parser.add_argument('--self-test', action='store_true', help='test the tester')
    parser.add_argument('--check-document', metavar='FILE',
                        help='check only that FILE shows the published differences')
    options = parser.parse_args()
    published = Published(options.published)
    if options.check_document:
        return document(published, options.check_document)
    options.redis = shutil.which(options.redis) or options.redis
    options.ours = os.path.abspath(options.ours)
    if not os.path.exists(options.redis) or b'v=7.0.' not in version(options.redis):
        print('%s: check-differential needs redis-server 7.0' %
              ('FAILED' if os.environ.get('CI') else 'skipped'))
        return 1 if os.environ.get('CI') else 0
    if options.self_test:
        return self_test(options, published)
    if options.script:
        difference = attempt(options, published, read_script(options.script))
        print(difference or 'no difference')
        return 1 if difference else 0
    return run(options, published)


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and leave nothing behind
    sys.exit(main())
