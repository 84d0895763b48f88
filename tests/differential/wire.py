"""wire.py -- the bytes of requests and replies, and the servers that take them."""
import os
import re
import shutil
import socket
import subprocess
import time

PATIENCE = 30  # seconds until a server that says nothing counts as stuck
LINES = frozenset(b'+-:_#,(')
BLOBS = frozenset(b'$=!')
ARRAYS = frozenset(b'*~>')


class Broken(Exception):
    """A server that is not there, says nothing, or speaks no RESP."""
    replies = []  # those that came before


def request(words):
    return b'*%d\r\n' % len(words) + b''.join(
        [b'$%d\r\n%b\r\n' % (len(word), word) for word in words])


def reply_end(buf, at):
    """Where the reply that starts at 'at' ends; -1 if it is not all here."""
    end = buf.find(b'\r\n', at) + 2
    if end < 2:
        return -1
    kind = buf[at]
    if kind in LINES:
        return end
    count = int(buf[at + 1:end - 2])
    if kind in BLOBS:
        end += count + 2 if count >= 0 else 0
        return end if end <= len(buf) else -1
    if kind not in ARRAYS and kind != 37:
        raise Broken('no RESP: %r' % bytes(buf[at:at + 80]))
    for _ in range(count * 2 if kind == 37 else count):
        end = reply_end(buf, end)
        if end < 0:
            return -1
    return end


def elements(raw):
    """The bytes of each element of an array, a set, or a map (two a field)."""
    at, found = raw.index(b'\r\n') + 2, []
    while at < len(raw):
        end = reply_end(raw, at)
        found.append(raw[at:end])
        at = end
    return found


def decode(raw):
    """Blobs as bytes, integers as int, arrays as lists; the rest stays raw."""
    kind = raw[:1]
    if kind == b':':
        return int(raw[1:])
    if kind in b'$=' and raw[1:2] != b'-':
        text = raw[raw.index(b'\r\n') + 2:-2]
        return text if kind == b'$' else text[4:]
    if kind in b'*~%>' and raw[1:2] != b'-':
        return [decode(element) for element in elements(raw)]
    return raw


class Connection:
    def __init__(self, port, asks_id=True):
        self.socket = socket.create_connection(('127.0.0.1', port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address = b'%s:%d' % (b'127.0.0.1', self.socket.getsockname()[1])
        self.buf = bytearray()
        if not asks_id:
            return
        self.send(request([b'CLIENT', b'ID']))
        self.id = self.read(1)[0][1:-2]  # of no use if it needs a password

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # whoever reads will see it

    def receive(self):
        try:
            data = self.socket.recv(1 << 18)
        except socket.timeout:
            raise Broken('no reply in %d s' % PATIENCE) from None
        except OSError:
            data = b''
        if not data:
            raise Broken('closed the connection')
        self.buf += data

    def read(self, count):
        """The exact bytes of each of the next replies."""
        replies, at = [], 0
        while len(replies) < count:
            end = reply_end(self.buf, at)
            if end < 0:
                try:
                    self.receive()
                except Broken as broken:
                    broken.replies = replies
                    raise
                continue
            replies.append(bytes(self.buf[at:end]))
            at = end
        del self.buf[:at]
        return replies

    def ask(self, *commands):
        self.send(b''.join([request(words) for words in commands]))
        return self.read(len(commands))

    def read_all(self):
        """What comes until the server closes, which it has to do."""
        try:
            while True:
                self.receive()
        except Broken as broken:
            self.socket.close()
            return bytes(self.buf) + b' (%s)' % str(broken).encode()


class Server:
    """One server, redis-server or ours, in a directory of its own."""

    def __init__(self, program, directory, log=None, keeps_log=True):
        self.program, self.directory = program, directory
        self.is_redis = b'Redis server v=' in version(program)
        self.keeps_log = keeps_log
        os.makedirs(directory)
        if log:
            shutil.copy(log, os.path.join(directory, 'appendonly.aof'))
        self.start()

    def start(self):
        output = os.path.join(self.directory, 'output')
        with open(output, 'wb') as log:
            self.process = subprocess.Popen(
                [self.program] + self.arguments(), cwd=self.directory,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ready = re.compile(rb'Ready to accept conn' if self.is_redis
                           else rb'listening on 127\.0\.0\.1:(\d+)')
        for _ in range(PATIENCE * 500):
            with open(output, 'rb') as log:
                text = log.read()
            found = ready.search(text)
            if found or self.process.poll() is not None:
                break
            time.sleep(0.002)
        if not found:
            self.stop()
            raise Broken('does not start: %s' % text.decode(errors='replace'))
        if not self.is_redis:
            self.port = int(found[1])
        self.clients = {}
        self.admin = Connection(self.port)

    def arguments(self):
        if not self.is_redis:
            return ['--address', '127.0.0.1:0', '--aofPath', 'appendonly.aof']
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        return ['--port', str(self.port), '--bind', '127.0.0.1', '--save', '',
                '--appendonly', 'yes' if self.keeps_log else 'no',
                '--enable-debug-command', 'yes']

    def log(self):
        """The file that holds every change since the first start."""
        name = ('appendonlydir/appendonly.aof.1.incr.aof' if self.is_redis
                else 'appendonly.aof')
        return os.path.join(self.directory, name)

    def client(self, number):
        if number not in self.clients:
            self.clients[number] = Connection(self.port)
        return self.clients[number]

    def stop(self):
        for connection in getattr(self, 'clients', {}).values():
            connection.socket.close()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def version(program):
    return subprocess.run([program, '--version'], capture_output=True,
                          check=True).stdout
