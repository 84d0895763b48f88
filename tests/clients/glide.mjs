// glide.mjs PORT DB PASSWORD PROTOCOL -- valkey-glide, as an application uses it.
import assert from 'node:assert/strict';
import {
  Batch, Decoder, GlideClient, ProtocolVersion, RequestError,
  TimeUnit,
} from '@valkey/valkey-glide';

const [port, db, password, protocol] = process.argv.slice(2);
const options = {
  addresses: [{ host: '127.0.0.1', port: Number(port) }],
  databaseId: Number(db), clientName: 'test', requestTimeout: 10000,
  protocol: protocol === '3' ? ProtocolVersion.RESP3 : ProtocolVersion.RESP2,
  ...(password && { credentials: { password } }),
};
const client = await GlideClient.createClient(options);

await client.flushdb();
assert.equal(await client.clientGetName(), 'test');
const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
assert.equal(await client.set('\0\r\n', bytes), 'OK');
assert.deepEqual(await client.get('\0\r\n', { decoder: Decoder.Bytes }), bytes);
assert.equal(await client.get('no'), null);
assert.equal(await client.mset({ a: '1', b: '2' }), 'OK');
assert.deepEqual(await client.mget(['a', 'no', 'b']), ['1', null, '2']);
assert.equal(await client.incrBy('a', 5), 6);
assert.equal(await client.incrByFloat('a', 0.5), 6.5);

await client.set('page', 'html', { expiry: { type: TimeUnit.Seconds, count: 100 } });
assert.ok(await client.ttl('page') > 0 && await client.pttl('page') <= 100000);
assert.equal(await client.persist('page'), true);
const lock = {
  conditionalSet: 'onlyIfDoesNotExist',
  expiry: { type: TimeUnit.Milliseconds, count: 20000 },
};
assert.equal(await client.set('lock', 'me', lock), 'OK');
assert.equal(await client.set('lock', 'you', lock), null);
assert.equal(await client.getdel('lock'), 'me');

const atomic = new Batch(true).set('n', '1').incr('n').get('n');
assert.deepEqual(await client.exec(atomic, true), ['OK', 2, '2']);
const other = await GlideClient.createClient(options);
await client.watch(['n']);
await other.incr('n');
assert.equal(await client.exec(new Batch(true).set('n', '0'), true), null);
assert.equal(await client.get('n'), '3');

const pipe = new Batch(false);
for (let i = 0; i < 1000; i++) pipe.set(`user:${i}`, String(i));
assert.ok((await client.exec(pipe, true)).every(reply => reply === 'OK'));
const seen = new Set();
let cursor = '0';
do {
  let keys;
  [cursor, keys] = await client.scan(cursor, { match: 'user:*', count: 50 });
  for (const key of keys) seen.add(key);
} while (cursor !== '0');
assert.equal(seen.size, 1000);
assert.equal(await client.unlink(['a', 'b', 'no']), 2);
assert.deepEqual(await client.configGet(['maxmemory']), { maxmemory: '0' });
await assert.rejects(client.incr('page'), RequestError);
await assert.rejects(client.customCommand(['NOSUCH']), /unknown command/i);
client.close();
other.close();
console.log('valkey-glide: ok');
