<?php
// phpredis.php PORT DB PASSWORD -- phpredis, and PHP's sessions in Redis.
[, $port, $db, $password] = $argv;

function client(): Redis {
    global $port, $db, $password;
    $client = new Redis();
    $client->connect('127.0.0.1', (int)$port);
    if ($password !== '') $client->auth($password);
    $client->select((int)$db);
    return $client;
}

function need(string $what, $expected, $got): void {
    if ($expected === $got) return;
    fwrite(STDERR, "$what: " . var_export($got, true) . "\n");
    exit(1);
}

$client = client();
$client->flushDB();
$bytes = implode('', array_map('chr', range(0, 255)));
need('SET', true, $client->set("\0\r\n", $bytes));
need('GET', $bytes, $client->get("\0\r\n"));
need('no such key', false, $client->get('no'));
need('MSET', true, $client->mset(['a' => '1', 'b' => '2']));
need('MGET', ['1', false, '2'], $client->mget(['a', 'no', 'b']));
need('INCRBY', 6, $client->incrBy('a', 5));
need('INCRBYFLOAT', 6.5, $client->incrByFloat('a', 0.5));
need('APPEND', 4, $client->append('a', '0'));

need('SETEX', true, $client->setex('page', 100, 'html'));
need('TTL', true, $client->ttl('page') > 0 && $client->ttl('page') <= 100);
need('lock', true, $client->set('lock', 'me', ['nx', 'px' => 20000]));
need('lock taken', false, $client->set('lock', 'you', ['nx', 'px' => 20000]));
need('DEL', 1, $client->del('lock'));

need('MULTI', [true, 2, '2'],
    $client->multi()->set('n', 1)->incr('n')->get('n')->exec());
$client->watch('n');
client()->incr('n');
need('EXEC after WATCH', false, $client->multi()->set('n', 0)->exec());
need('the value', '3', $client->get('n'));

$pipe = $client->pipeline();
for ($i = 0; $i < 1000; $i++) $pipe->set("user:$i", $i);
need('pipeline', array_fill(0, 1000, true), $pipe->exec());
$client->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$seen = [];
$cursor = null;
while ($keys = $client->scan($cursor, 'user:*', 50)) array_push($seen, ...$keys);
need('SCAN', 1000, count(array_unique($seen)));
need('EXISTS', 2, $client->exists('a', 'b', 'no'));
need('INFO', 'master', $client->info()['role']);

need('INCR of a text', false, $client->incr('page'));
// (phpredis counts one byte of the line's end to the text.)
need('error', 'ERR value is not an integer or out of range',
    rtrim($client->getLastError(), "\0"));

// A session is written by one request and read by the next. Locking is off:
// it unlocks with a script.
ini_set('session.save_handler', 'redis');
ini_set('session.save_path', "tcp://127.0.0.1:$port?database=$db"
    . ($password === '' ? '' : "&auth=$password"));
ini_set('session.use_cookies', '0');
session_id('visitor');
session_start();
$_SESSION['user'] = 42;
session_write_close();
$_SESSION = [];
session_start();
need('session', 42, $_SESSION['user'] ?? null);
need('its TTL', true, $client->ttl('PHPREDIS_SESSION:visitor') > 0);
session_destroy();
need('destroyed', 0, $client->exists('PHPREDIS_SESSION:visitor'));
echo "phpredis: ok\n";
