"""generator.py -- random commands from a seed: valid, edge and nonsense.

Two servers never read the same clock, so no reply may depend on a moment:
- relative expiries are hours, absolute ones long past or far away, and each
  EXPIRE .. GT has a time of its own, an hour from all others (see 'unique');
- expiries that are to be seen come from expiry_turn(), which waits them out."""
import random

CLIENTS = 6
TURN = 80  # commands of one client, sent at once

# weight, command, arguments. A word in capitals is sent as it is, one in small
# letters names a maker below; '?' is none or one of it, '*' none to three,
# '+' one to four.
SHAPES = '''
60 GET key
30 SET key value
40 SET key value setoption*
 8 SETEX key seconds value
 8 PSETEX key milliseconds value
12 SETNX key value
10 GETSET key value
10 GETDEL key
14 GETEX key getexoption?
 3 GETEX key getexoption*
12 MGET key+
12 MSET pair+
 8 MSETNX pair+
20 APPEND key value
12 STRLEN key
16 INCR key
10 DECR key
14 INCRBY key integer
10 DECRBY key integer
20 INCRBYFLOAT key float
16 GETRANGE key index index
14 SETRANGE key offset value
14 SETBIT key bit onoff
10 GETBIT key bit
 8 BITCOUNT key
10 BITCOUNT key index index unit?
12 DEL key+
 8 UNLINK key+
12 EXISTS key+
 6 TOUCH key+
10 TYPE key
 6 KEYS pattern
 6 SCAN 0 scanoption* COUNT 1000000
 3 SCAN cursor scanoption*
 4 RANDOMKEY
12 RENAME key key
 8 RENAMENX key key
12 COPY key key copyoption*
10 MOVE key database
 6 DBSIZE
 1 FLUSHDB flushoption?
 6 OBJECT ENCODING key
 3 OBJECT REFCOUNT key
 3 OBJECT IDLETIME key
 2 OBJECT FREQ key
 1 OBJECT HELP
12 EXPIRE key seconds
 8 EXPIRE key unique expireoption+
12 PEXPIRE key milliseconds
 8 PEXPIRE key unique_ms expireoption+
12 EXPIREAT key at expireoption*
12 PEXPIREAT key at_ms expireoption*
10 EXPIRETIME key
10 PEXPIRETIME key
12 TTL key
12 PTTL key
12 PERSIST key
 6 PING
 4 PING value
 6 ECHO value
 6 SELECT database
 1 AUTH value
 1 AUTH user value
 6 HELLO protocol hellooption*
 2 HELLO
 2 RESET
 2 CLIENT ID
 2 CLIENT INFO
 2 CLIENT LIST
 1 CLIENT LIST TYPE clienttype
 1 CLIENT LIST ID clientid+
 3 CLIENT GETNAME
 3 CLIENT SETNAME name
 1 CLIENT NO-EVICT onoff_word
 1 CLIENT KILL value
 1 CLIENT KILL killfilter killoption
 1 CLIENT HELP
 1 CLIENT nonsense value?
20 MULTI
18 EXEC
 3 DISCARD
10 WATCH key+
 3 UNWATCH
 2 INFO section*
 2 CONFIG GET option+
 2 CONFIG SET setting
 1 CONFIG SET setting setting
 1 CONFIG SET harmless nonsense
 1 CONFIG RESETSTAT
 1 CONFIG HELP
 1 COMMAND
 1 COMMAND COUNT
 2 COMMAND INFO command+
 1 COMMAND DOCS command+
 1 COMMAND LIST
 1 COMMAND LIST FILTERBY filter value
 3 COMMAND GETKEYS call
 1 COMMAND HELP
 2 TIME
 1 LASTSAVE
 1 ROLE
 4 MEMORY USAGE key samples?
 1 MEMORY HELP
 1 SLOWLOG LEN
 1 SLOWLOG GET integer?
 1 SLOWLOG RESET
 1 SLOWLOG HELP
 1 LATENCY LATEST
 1 LATENCY HISTORY value
 1 LATENCY RESET value*
 1 LATENCY HELP
 3 nonsense value*
'''

KEYS = [b'k%c' % c for c in range(97, 117)] + [
    b'counter', b'float', b'bits', b'session:1', b'session:2', b'user:1:name',
    b'Key', b'', b' ', b'a b', b'k*', b'k[a]', b'k?', b'a\\b', b'"q"', b'\x00',
    b'bin\x00\r\n\xff\xfe', b'\xc3\xa9t\xc3\xa9', b'long' * 60, b'{tag}x']
VALUES = [
    b'', b'0', b'1', b'-1', b'10', b'123', b'-0', b'00', b'+1', b' 1', b'1 ',
    b'1.5', b'-2.25', b'1e3', b'3.0', b'0.1', b'nan', b'inf', b'-inf', b'0x10',
    b'1e308', b'9223372036854775807', b'-9223372036854775808', b'10000',
    b'9223372036854775808', b'9223372036854775806', b'123456789012345678901',
    b'hello', b'Hello World', b'a\r\nb', b'\x00', b'\xff\x00\x80binary', b'$-1',
    b'*1\r\n$4\r\nPING\r\n', b'x' * 43, b'x' * 44, b'x' * 45, b'ab' * 100,
    b'foobar', b'"quoted"', b"it's", b'big' * 1000]
# No number here may be a moment until the end of the run, in seconds or
# milliseconds, absolute or not, nor a length that could be allocated.
NONSENSE = [
    b'', b'-1', b'0', b'x', b'nan', b'9223372036854775807', b'NX', b'1.5', b'-',
    b'9223372036854775808', b'-9223372036854775808', b'4102444800000', b'GET',
    b'18446744073709551616', b'\x00', b'\r\n', b'a b', b'COUNT', b'1e1', b'**']
INTEGERS = [b'0', b'1', b'-1', b'2', b'7', b'10', b'100', b'-100', b'4294967296',
            b'9223372036854775807', b'-9223372036854775808', b'-9223372036854775807',
            b'9223372036854775808', b'abc', b'', b'1.0', b' 5', b'+5', b'05', b'-0']
FLOATS = [b'0', b'1', b'-1', b'0.1', b'0.2', b'1.5', b'-2.75', b'3.0e3', b'1e-7',
          b'1e17', b'5e-324', b'1.7976931348623157e308', b'1e400', b'inf', b'-inf',
          b'nan', b'abc', b'', b' 1', b'1 ', b'+1', b'0x1p3', b'.5', b'5.', b'1e',
          b'123456789.123456789', b'-0', b'1e20', b'99999999999999999', b'infinity']
SECONDS = [b'20000', b'30000', b'40000', b'86400', b'1000000', b'0', b'-1',
           b'-9223372036854775808', b'9223372036854775807', b'9223372036854775',
           b'9000000000000000', b'abc', b'', b'1.5']
MILLISECONDS = [b'20000000', b'30000000', b'40000000', b'86400000', b'0', b'-1',
                b'-9223372036854775808', b'9223372036854775807', b'abc', b'']
AT = [b'1', b'1000000000', b'4102444800', b'4102444801', b'4500000000', b'0',
      b'-1', b'4999999999', b'9223372036854775807', b'abc', b'9223372036854775']
AT_MS = [b'1', b'1000000000000', b'4102444800000', b'4102444800001', b'0', b'-1',
         b'4500000000123', b'9223372036854775807', b'-9223372036854775808', b'1.5']


def words_of(text):
    return [word.encode() for word in text.split()]


COMMANDS = sorted({line.split()[1] for line in SHAPES.strip().split('\n')} -
                  {'nonsense'})
NAMES = frozenset(words_of(' '.join(COMMANDS) + ' FLUSHALL QUIT MONITOR DEBUG SHUTDOWN'))
PATTERNS = words_of(r'* k* k? *:* session:? [a-m]* k[a-e] k[^a-e] k[e-a] \* k\* k[ '
                    r'k[] k[a k\ ? ??? *a* **a**b** *[^k]* k[a\]] [[-^]* user:*:name '
                    r'K* nosuch x*x*x*x*y')
DATABASES = words_of('0 0 0 1 1 2 2 15 16 -1 x 9223372036854775808 01')
SECTIONS = words_of('server clients memory persistence stats replication cpu keyspace '
                    'all default everything nosuch Keyspace')
OPTIONS = words_of('maxclients timeout tcp-keepalive requirepass databases maxmemory '
                   'maxmemory-policy proto-max-bulk-len slowlog-* loglevel hz save '
                   'appendfsync max* TIMEOUT nosuch * [hl]* client-query-buffer-limit')
SETTINGS = [words_of(line) for line in '''timeout 0;timeout 100000;timeout -1
    timeout x;tcp-keepalive 300;tcp-keepalive 0;slowlog-max-len 128;hz 10;hz x
    slowlog-max-len 64;slowlog-max-len -1;loglevel notice;loglevel warning
    loglevel loud;maxmemory 0;maxmemory x;maxmemory 1gb;maxmemory-policy noeviction
    maxmemory-policy x;databases 4;nosuch 1;TIMEOUT 0;appendfsync everysec
    appendfsync never'''.replace('\n', ';').split(';')]
# What ends with the connection closed, whatever is said.
LAST_WORDS = [
    b'*1\r\n$4\r\nQUIT\r\n', b'QUIT\r\n', b'*1\r\n$-5\r\n', b'*1\r\n$x\r\n',
    b'*x\r\n', b'*2147483648\r\n', b'*1\r\nPING\r\n', b'*1\r\n:4\r\n', b'*\r\n\r\n',
    b'*1\r\n$536870913\r\n', b'GET "unbalanced\r\n', b"SET 'a'b c\r\n", b'PING "\r\n',
    b'POST / HTTP/1.1\r\n', b'GET /\r\nHost: x\r\n\r\n', b'*2\r\n$4\r\nECHO\r\n!1\r\n',
    b'a' * 65537, b'*' + b'1' * 65536, b'*1\r\n$' + b'1' * 65536, b'*3\r\n$99999999999\r\n',
    b'PING\r\nQUIT\r\nPING\r\n']
INLINE = [b'PING\r\n', b'ping\n', b'\r\n\r\nPING\r\n', b'*0\r\nPING\r\n', b'  PING  \r\n',
          b'*-1\r\nPING\r\n', b'ECHO "a\\x00\\n\\"b"\r\n', b"ECHO 'a\\'b\\n'\r\n",
          b'SET ka "in line"\r\n', b'GET ka\r\n', b'ECHO\r\n', b'nosuch a b\r\n',
          b'ECHO ""\r\n', b'ECHO a\tb\r\n', b'STRLEN "k\\x61"\r\n']


def pick(*choices):
    """A maker of one of these; each choice is a word, or a list of words."""
    lists = [c if isinstance(c, list) else [c] for c in choices]
    return lambda g: lists[int(g.rnd() * len(lists))]


def expand(text):
    """A maker of one of the alternatives, in which small letters name makers."""
    shapes = []

    def make(g):
        if not shapes:  # the first time, as the makers are all there by now
            shapes.extend(map(parse, text.split(' | ')))
        return g.fill(shapes[int(g.rnd() * len(shapes))])
    return make


def make_unique(g):
    g.uniques += 1
    return [b'%d' % (105_000 + 10_000 * g.uniques)]


MAKERS = {
    'key': lambda g: [KEYS[int(g.rnd() * g.rnd() * len(KEYS))]],
    'value': pick(*VALUES),
    'pair': lambda g: MAKERS['key'](g) + MAKERS['value'](g),
    'integer': pick(*INTEGERS),
    'float': pick(*FLOATS),
    'index': pick(*words_of('0 1 2 3 5 -1 -2 -5 100 -100 9223372036854775807 '
                            '-9223372036854775808 abc')),
    'offset': pick(*words_of('0 0 1 2 5 10 43 100 5000 -1 536870912 '
                             '4294967296 9223372036854775807 abc')),
    'bit': pick(*words_of('0 1 2 7 8 9 63 100 1000 40000 -1 4294967296 abc '
                          '9223372036854775807')),
    'onoff': pick(b'0', b'1', b'0', b'1', b'2', b'-1', b'x'),
    'onoff_word': pick(b'on', b'OFF', b'x'),
    'unit': pick(b'BYTE', b'BIT', b'bit', b'x'),
    'seconds': pick(*SECONDS), 'milliseconds': pick(*MILLISECONDS),
    'at': pick(*AT), 'at_ms': pick(*AT_MS),
    # SET takes a time long past, and keeps the key until somebody looks.
    'ahead': pick(*AT[2:]), 'ahead_ms': pick(*AT_MS[2:]),
    'unique': make_unique,
    'unique_ms': lambda g: [make_unique(g)[0] + b'000'],
    'pattern': pick(*PATTERNS), 'database': pick(*DATABASES),
    'cursor': pick(*words_of('0 0 1 7 x -1 18446744073709551615 18446744073709551616')),
    'protocol': pick(*words_of('2 2 2 3 3 3 4 1 x -1')),
    'user': pick(b'default', b'default', b'nobody'),
    'name': pick(b'', b'me', b'worker-1', b'two words', b'new\nline', b'\xff', b'!~'),
    'libinfo': pick(b'LIB-NAME', b'lib-ver', b'LIB-X'),
    'clienttype': pick(*words_of('normal NORMAL pubsub replica master x')),
    'clientid': lambda g: [b'@id%d' % int(g.rnd() * CLIENTS)],
    'section': pick(*SECTIONS), 'option': pick(*OPTIONS), 'setting': pick(*SETTINGS),
    'harmless': pick(*words_of('timeout tcp-keepalive slowlog-max-len hz loglevel maxmemory-policy '
                               'databases nosuch')),
    'filter': pick(*words_of('PATTERN PATTERN ACLCAT MODULE X')),
    'command': lambda g: [COMMANDS[int(g.rnd() * len(COMMANDS))].encode()],
    'nonsense': lambda g: [NONSENSE[int(g.rnd() * len(NONSENSE))]],
    'setoption': expand('NX | XX | GET | KEEPTTL | EX seconds | PX milliseconds | '
                        'EXAT ahead | PXAT ahead_ms | NX | GET | nonsense'),
    'getexoption': expand('PERSIST | EX seconds | PX milliseconds | EXAT at | '
                          'PXAT at_ms | nonsense'),
    'expireoption': expand('NX | XX | GT | LT | GT | LT | nonsense'),
    'scanoption': expand('MATCH pattern | TYPE string | TYPE list | COUNT integer | '
                         'TYPE x | nonsense'),
    'copyoption': expand('REPLACE | DB database | nonsense'),
    'flushoption': expand('ASYNC | SYNC | nonsense'),
    'hellooption': expand('SETNAME name | AUTH user value | nonsense'),
    # Without a filter, SKIPME would be a filter for all.
    'killfilter': expand('ID 999999 | ADDR 1.2.3.4:5 | TYPE pubsub | USER nobody | LADDR x'),
    'killoption': expand('ID 999999 | ADDR 1.2.3.4:5 | TYPE pubsub | SKIPME yes | SKIPME x | '
                         'ID x | MAXAGE 1 | nonsense'),
    'samples': expand('SAMPLES 0 | SAMPLES 5 | SAMPLES -1 | nonsense'),
    'call': expand('GET key | MGET key+ | MSET pair+ | SET key value | PING | nonsense | '
                   'RENAME key key | OBJECT ENCODING key | GET | COPY key key | '
                   'MEMORY USAGE key | MOVE key database | MSET key'),
}
COUNTS = {'?': (0, 1), '*': (0, 3), '+': (1, 4)}


def parse(text):
    """A shape: words to send, and (maker's name, fewest, most)."""
    shape = []
    for part in text.split():
        least, most = COUNTS.get(part[-1], (1, 1))
        name = part.rstrip('?*+')
        shape.append((name, least, most) if name in MAKERS else part.encode())
    return shape


def weighted():
    shapes = []
    for line in SHAPES.strip().split('\n'):
        weight, _, text = line.strip().partition(' ')
        shape = parse(text)
        assert not any(type(part) is bytes and part.islower() for part in shape), text
        shapes += [shape] * int(weight)
    return shapes


class Generator:
    def __init__(self, seed, only=None):
        self.rnd = random.Random(seed).random
        self.shapes = [shape for shape in weighted() if not only or shape[0] in only]
        self.only = only
        self.uniques = 0
        self.shorts = 0
        self.multi = set()  # clients that may be in a transaction

    def below(self, n):
        return int(self.rnd() * n)

    def fill(self, shape):
        words = []
        for part in shape:
            if type(part) is bytes:
                words.append(part)
                continue
            name, least, most = part
            for _ in range(least if least == most else
                           least + self.below(most - least + 1)):
                words += MAKERS[name](self)
        return words

    def command(self):
        words = self.fill(self.shapes[self.below(len(self.shapes))])
        # A setting of nonsense could be one that Redis takes for a number.
        if self.rnd() < 0.12 and words[:2] != [b'CONFIG', b'SET']:
            words = self.spoil(words)
        return words

    def spoil(self, words):
        """In other letters, an argument less, more, or another one."""
        at, how = self.below(len(words)), self.below(8)
        if how < 4:
            words[0] = words[0].lower() if how < 2 else words[0].title()
            words[1:] = [w.lower() if w.isalpha() and w not in KEYS else w
                         for w in words[1:]]
        elif how == 4 and len(words) > 1:
            del words[max(at, 1)]
        elif how == 5:
            words.insert(at + 1, MAKERS['nonsense'](self)[0])
        elif how == 6 and at > 0:
            words[at] = MAKERS['nonsense'](self)[0]
        else:
            words = words[:2]
        return words

    def setup(self):
        """What makes a measurement of one machine no matter of the replies."""
        return [] if self.only else [(0, words_of('CONFIG SET slowlog-log-slower-than -1'))] + [
            (n, words_of('SELECT %d' % (n // 2))) for n in range(CLIENTS)]

    def turn(self):
        """What one client sends next, as lines (client, words)."""
        client = self.below(CLIENTS)
        choice = self.rnd()
        if client not in self.multi and not self.only:
            if choice < 0.03:
                return self.expiry_turn(client)
            if choice < 0.04:
                return self.last_turn(client)
            if choice < 0.045:
                return self.kill_turn(client)
            if choice < 0.05:
                return self.full_turn(client)
            if choice < 0.053:
                return self.password_turn(client)
            if choice < 0.056:
                return self.slowlog_turn(client)
            if choice < 0.10:
                return [(client, [b'@scan', b'COUNT', b'%d' % (1 + self.below(20))] +
                         (self.rnd() < 0.3) * [b'MATCH', MAKERS['pattern'](self)[0]])]
            if choice < 0.11:
                return [(client, [b'@random'])]
            if choice < 0.112:
                return [(client, [b'@state'])]
            if choice < 0.115:
                return [(client, [b'FLUSHALL'] + MAKERS['flushoption'](self))]
        lines = []
        for _ in range(self.below(TURN * 2) + 1):
            if self.rnd() < 0.01 and not self.only:
                words = [b'@inline', INLINE[self.below(len(INLINE))]]
            else:
                words = self.command()
            lines.append((client, words))
            if len(words) == 1:
                self.note(client, words[0].upper())
        return lines

    def note(self, client, name):
        if name == b'MULTI':
            self.multi.add(client)
        elif name in (b'EXEC', b'DISCARD', b'RESET'):
            self.multi.discard(client)

    def some(self, text, client, count):
        shapes = [parse(part) for part in text.split(' | ')]
        return [(client, self.fill(shapes[self.below(len(shapes))]))
                for _ in range(count)]

    def expiry_turn(self, client):
        """Keys that expire soon; nobody looks at them before they surely have,
        and whoever looks first must find them gone. EXISTS then takes them out
        of what DBSIZE counts."""
        lines, keys = [], []
        for _ in range(1 + self.below(4)):
            self.shorts += 1
            key = b'short%d' % (self.shorts % 10)
            if key not in keys:
                keys.append(key)
                lines += [(client, [b'DEL', key])]
        for key in keys:
            ms, s = b'%d' % (1 + self.below(30)), [b'SET', key, MAKERS['value'](self)[0]]
            lines += [(client, words) for words in (
                [s + [b'PX', ms]], [s, [b'PEXPIRE', key, ms]], [[b'PSETEX', key, ms, s[2]]],
                [s + [b'PXAT', b'@ms+' + ms]], [s, [b'PEXPIREAT', key, b'@ms+' + ms]],
                [s, [b'GETEX', key, b'PX', ms]], [s + [b'EXAT', b'1']])[self.below(7)]]
        watch = self.rnd() < 0.3
        if watch:  # time enough to be there when it is watched
            lines += [(client, [b'SET', b'watched', b'1', b'PX', b'300']),
                      (client, [b'WATCH', b'watched']), (client, [b'@wait', b'350'])]
        else:
            lines += [(client, [b'@wait', b'60'])]
        touches = ('GET K | SET K value | SET K value KEEPTTL | SET K value XX GET | INCR K | '
                   'APPEND K value | GETSET K value | TTL K | PEXPIRETIME K | PERSIST K | '
                   'STRLEN K | RENAME K key | RENAME key K | RENAMENX key K | COPY K key | '
                   'COPY key K | MOVE K database | EXPIRE K 20000 NX | EXISTS K K | DEL K | '
                   'KEYS short* | TYPE K | SETNX K value | GETDEL K | MSETNX K value key value | '
                   'SETRANGE K 3 x | SETBIT K 3 1 | OBJECT ENCODING K | TOUCH K | MGET K key | '
                   'UNLINK K | SCAN 0 COUNT 1000000 | INCRBYFLOAT K 1.5 | GETEX K PERSIST')
        if watch:
            lines += [(client, [word]) for word in (b'MULTI', b'PING', b'EXEC')]
        lines += [(client, [keys[self.below(len(keys))] if w == b'K' else w for w in words])
                  for _, words in self.some(touches, client, 4)]
        return lines + [(client, [b'EXISTS', b'watched'] + keys)]

    def last_turn(self, client):
        # In a transaction, Redis 7.0 would not queue CLIENT SETINFO, and we would.
        return self.some('GET key | SET key value | CLIENT SETINFO libinfo value', client, 3) + [
            (client, [b'@last', LAST_WORDS[self.below(len(LAST_WORDS))]])]

    def kill_turn(self, client):
        victim = self.below(CLIENTS)
        kill = [words_of(text % {'v': victim}) for text in (
            'CLIENT KILL ID @id%(v)d SKIPME no', 'CLIENT KILL @addr%(v)d',
            'CLIENT KILL ADDR @addr%(v)d TYPE normal SKIPME NO')][self.below(3)]
        self.multi.discard(victim)
        return [(client, kill), (victim, [b'@gone'])]

    def full_turn(self, client):
        """With maxmemory exceeded, what needs memory is refused."""
        texts = [' '.join(line.split()[1:]) for line in SHAPES.strip().split('\n')]
        texts = [t for t in texts if t.split()[0] in (
            'GET', 'SET', 'APPEND', 'INCR', 'DEL', 'RENAME', 'COPY', 'MSET', 'GETDEL', 'EXPIRE',
            'PERSIST', 'SETRANGE', 'SETBIT', 'GETEX', 'MOVE', 'TTL', 'STRLEN', 'PING', 'SETNX')]
        return ([(client, words_of('CONFIG SET maxmemory 1'))] +
                self.some(' | '.join(texts), client, 8) +
                [(client, [b'MULTI'])] + self.some('SET key value | GET key', client, 2) +
                [(client, [b'EXEC']), (client, words_of('CONFIG SET maxmemory 0'))])

    def password_turn(self, client):
        other = (client + 1) % CLIENTS
        self.multi.discard(other)
        return [(client, words_of('CONFIG SET requirepass secret')),
                (other, [b'@last', b'*1\r\n$4\r\nQUIT\r\n'])] + self.some(
            'GET key | PING | AUTH wrong | AUTH default wrong | AUTH nobody secret | HELLO 3 | '
            'HELLO 3 AUTH default wrong | NOSUCH | SET key | MULTI | RESET | CONFIG GET hz | '
            'HELLO 2 AUTH default secret SETNAME x', other, 5) + [
            (other, words_of('AUTH secret')), (other, words_of('AUTH default secret')),
            (other, [b'DISCARD']), (other, words_of('GET ka')), (other, [b'RESET']),
            (other, words_of('GET ka')), (client, words_of('CONFIG SET requirepass')+[b'']),
            (other, words_of('GET ka')), (other, [b'RESET']), (other, words_of('GET ka'))]

    def slowlog_turn(self, client):
        return ([(client, words_of('CONFIG SET slowlog-log-slower-than 0')),
                 (client, words_of('SLOWLOG RESET'))] +
                self.some('GET key | SET key value | MSET pair+ | GET | INCR key', client, 6) +
                [(client, words_of(text)) for text in (
                    'CONFIG SET slowlog-log-slower-than -1', 'SLOWLOG LEN', 'SLOWLOG GET',
                    'SLOWLOG GET 2', 'SLOWLOG GET -1', 'SLOWLOG GET 100', 'SLOWLOG RESET')])
