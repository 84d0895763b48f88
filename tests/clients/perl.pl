# perl.pl PORT DB PASSWORD -- Perl's Redis, as an application uses it.
use strict;
use warnings;
use Redis;

my ($port, $db, $password) = @ARGV;

sub client {
    my $client = Redis->new(
        server => "127.0.0.1:$port",
        name   => 'test',
        length $password ? (password => $password) : (),
    );
    $client->select($db);
    return $client;
}

sub need {
    my ($what, $expected, $got) =
        map { join ',', map { $_ // 'undef' } ref $_ ? @$_ : $_ } @_;
    die "$what: '$got' is not '$expected'\n" if $expected ne $got;
}

my $client = client();
$client->flushdb;
my $bytes = join '', map { chr } 0 .. 255;
need 'PING', 'PONG', $client->ping;
need 'CLIENT GETNAME', 'test', $client->client_getname;
need 'SET', 'OK', $client->set("\0\r\n", $bytes);
need 'GET', $bytes, $client->get("\0\r\n");
need 'MSET', 'OK', $client->mset(a => 1, b => 2);
need 'MGET', [1, undef, 2], [$client->mget('a', 'no', 'b')];
need 'INCRBY', 6, $client->incrby('a', 5);
need 'INCRBYFLOAT', 6.5, $client->incrbyfloat('a', 0.5);

need 'SETEX', 'OK', $client->setex('page', 100, 'html');
need 'TTL', 1, $client->ttl('page') > 0 ? 1 : 0;
need 'lock', 'OK', $client->set('lock', 'me', 'NX', 'PX', 20000);
need 'lock taken', undef, $client->set('lock', 'you', 'NX', 'PX', 20000);
need 'GETDEL', 'me', $client->getdel('lock');

$client->multi;
need 'queued', 'QUEUED', $client->set('n', 1);
$client->incr('n');
need 'EXEC', ['OK', 2], [$client->exec];
$client->watch('n');
client()->incr('n');
$client->multi;
$client->set('n', 0);
need 'EXEC after WATCH', [undef], [scalar $client->exec];
need 'the value', 3, $client->get('n');

my $answered = 0;
$client->set("user:$_", $_, sub { $answered++ if $_[0] eq 'OK' }) for 0 .. 999;
$client->wait_all_responses;
need 'pipeline', 1000, $answered;
my ($cursor, %seen) = (0);
do {
    ($cursor, my $keys) = $client->scan($cursor, MATCH => 'user:*', COUNT => 50);
    @seen{@$keys} = ();
} while $cursor;
need 'SCAN', 1000, scalar keys %seen;
need 'KEYS', 10, scalar(() = $client->keys('user:99?'));
need 'INFO', 'master', $client->info->{role};

eval { $client->incr('page') };
need 'error', 1, $@ =~ /value is not an integer or out of range/ ? 1 : 0;
$client->quit;
print "Perl Redis: ok\n";
