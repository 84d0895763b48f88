// keyv.mjs PORT DB PASSWORD PROTOCOL -- Keyv's cache in Redis, with @keyv/redis.
import assert from 'node:assert/strict';
import { createKeyv } from '@keyv/redis';

const [port, db, password, protocol] = process.argv.slice(2);
const cache = createKeyv({
  socket: { port: Number(port), host: '127.0.0.1' }, database: Number(db),
  RESP: Number(protocol), ...(password && { password }),
}, { namespace: 'cache' });
cache.on('error', error => { throw error; });

await cache.clear();
const value = { list: [1, 2, 3], text: '\0\r\n\u00fc' };
assert.equal(await cache.set('object', value, 60000), true);
assert.deepEqual(await cache.get('object'), value);
assert.equal(await cache.get('no'), undefined);
assert.equal(await cache.has('object'), true);

await cache.set('short', 'x', 1);
while (await cache.get('short') !== undefined);

await cache.setMany(Array.from({ length: 100 }, (_, i) =>
    ({ key: `key${i}`, value: i, ttl: 60000 })));
assert.deepEqual(await cache.get(['key1', 'no', 'key99']), [1, undefined, 99]);
assert.deepEqual(await cache.hasMany(['key1', 'no']), [true, false]);
const seen = new Set();
for await (const [key] of cache.iterator()) seen.add(key);
assert.equal(seen.size, 101);

assert.equal(await cache.delete('object'), true);
assert.equal(await cache.delete(['key1', 'key2']), true);
await cache.clear();
assert.equal(await cache.has('key3'), false);
await cache.disconnect();
console.log('@keyv/redis: ok');
