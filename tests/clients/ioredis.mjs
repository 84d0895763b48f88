// ioredis.mjs PORT DB PASSWORD PROTOCOL -- ioredis, as an application uses it.
import assert from 'node:assert/strict';
import { Redis } from 'ioredis';

const [port, db, password, protocol] = process.argv.slice(2);
const client = new Redis({
  port: Number(port), db: Number(db), connectionName: 'test',
  protocol: Number(protocol), ...(password && { password }),
  ...(protocol === '3' && { replyMapping: 'resp3' }), // maps as they come
});

await client.flushdb();
assert.equal(await client.client('GETNAME'), 'test');
const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
assert.equal(await client.set('\0\r\n', bytes), 'OK');
assert.deepEqual(await client.getBuffer('\0\r\n'), bytes);
assert.equal(await client.get('no'), null);
await client.mset({ a: 1, b: 2 });
assert.deepEqual(await client.mget('a', 'no', 'b'), ['1', null, '2']);
assert.equal(await client.incrby('a', 5), 6);
assert.equal(await client.incrbyfloat('a', 0.5), '6.5');

await client.set('page', 'html', 'EX', 100);
assert.ok(await client.ttl('page') > 0 && await client.pttl('page') <= 100000);
assert.equal(await client.persist('page'), 1);
assert.equal(await client.set('lock', 'me', 'PX', 20000, 'NX'), 'OK');
assert.equal(await client.set('lock', 'you', 'PX', 20000, 'NX'), null);
assert.equal(await client.getdel('lock'), 'me');

assert.deepEqual(await client.multi().set('n', 1).incr('n').get('n').exec(),
    [[null, 'OK'], [null, 2], [null, '2']]);
const other = client.duplicate();
await client.watch('n');
await other.incr('n');
assert.equal(await client.multi().set('n', 0).exec(), null);
assert.equal(await client.get('n'), '3');
await assert.rejects(client.multi().set('n').exec(), /EXECABORT/);

const pipe = client.pipeline();
for (let i = 0; i < 1000; i++) pipe.set(`user:${i}`, i);
assert.ok((await pipe.exec()).every(([error, ok]) => !error && ok === 'OK'));
const seen = new Set();
for await (const keys of client.scanStream({ match: 'user:*', count: 50 }))
  for (const key of keys) seen.add(key);
assert.equal(seen.size, 1000);
assert.equal((await client.keys('user:99?')).length, 10);
assert.equal(await client.unlink('a', 'b', 'no'), 2);
const limit = await client.config('GET', 'maxmemory');
assert.equal(protocol === '3' ? limit.maxmemory : limit[1], '0');
assert.match(await client.info('replication'), /role:master/);
await assert.rejects(client.incr('page'),
    { message: 'ERR value is not an integer or out of range' });
await assert.rejects(client.call('NOSUCH'), /unknown command/);
await Promise.all([client.quit(), other.quit()]);
console.log('ioredis: ok');
