// node_redis.mjs PORT DB PASSWORD PROTOCOL PACKAGE -- npm's redis, as an
// application uses it (PACKAGE is redis, or redis4 for its version 4).
import assert from 'node:assert/strict';

const [port, db, password, protocol, name] = process.argv.slice(2);
const { createClient, WatchError, RESP_TYPES, commandOptions } =
    await import(name);
const options = {
  socket: { port: Number(port), host: '127.0.0.1' }, database: Number(db),
  name: 'test', RESP: Number(protocol), ...(password && { password }),
};
const client = await createClient(options).on('error', console.error).connect();

await client.flushDb();
assert.equal(await client.clientGetName(), 'test');
const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
assert.equal(await client.set('\0\r\n', bytes), 'OK');
assert.deepEqual(name === 'redis4'
    ? await client.get(commandOptions({ returnBuffers: true }), '\0\r\n')
    : await client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
        .get('\0\r\n'), bytes);
assert.equal(await client.get('no'), null);
await client.mSet({ a: '1', b: '2' });
assert.deepEqual(await client.mGet(['a', 'no', 'b']), ['1', null, '2']);
assert.equal(await client.incrBy('a', 5), 6);
assert.equal(Number(await client.incrByFloat('a', 0.5)), 6.5);

await client.setEx('page', 100, 'html');
assert.ok(await client.ttl('page') > 0 && await client.pTTL('page') <= 100000);
assert.equal(await client.getEx('page', { PERSIST: true }), 'html');
assert.equal(await client.ttl('page'), -1);
const lock = { NX: true, PX: 20000 };
assert.equal(await client.set('lock', 'me', lock), 'OK');
assert.equal(await client.set('lock', 'you', lock), null);
assert.equal(await client.getDel('lock'), 'me');

assert.deepEqual(await client.multi().set('n', '1').incr('n').get('n').exec(),
    ['OK', 2, '2']);
const other = await client.duplicate().connect();
await client.watch('n');
await other.incr('n');
await assert.rejects(client.multi().set('n', '0').exec(), WatchError);
assert.equal(await client.get('n'), '3');

// Commands of one tick go out together: a pipeline.
await Promise.all(Array.from({ length: 1000 }, (_, i) =>
    client.set(`user:${i}`, String(i))));
const seen = new Set();
for await (const keys of client.scanIterator({ MATCH: 'user:*', COUNT: 50 }))
  for (const key of [keys].flat()) seen.add(key); // one key each in version 4
assert.equal(seen.size, 1000);
assert.equal((await client.keys('user:99?')).length, 10);
assert.equal(await client.unlink(['a', 'b', 'no']), 2);
assert.deepEqual({ ...await client.configGet('maxmemory') }, { maxmemory: '0' });
assert.match(await client.info('replication'), /role:master/);
await assert.rejects(client.incr('page'),
    { message: 'ERR value is not an integer or out of range' });
await assert.rejects(client.sendCommand(['NOSUCH']), /unknown command/);
await Promise.all([client.quit(), other.quit()]);
console.log(`${name}: ok`);
