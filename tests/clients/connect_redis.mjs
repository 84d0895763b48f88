// connect_redis.mjs PORT DB PASSWORD PROTOCOL -- a web application that keeps
// its sessions in Redis: express-session with connect-redis.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { createClient } from 'redis';

const [port, db, password, protocol] = process.argv.slice(2);
const client = await createClient({
  socket: { port: Number(port), host: '127.0.0.1' }, database: Number(db),
  RESP: Number(protocol), ...(password && { password }),
}).on('error', console.error).connect();
await client.flushDb();
const store = new RedisStore({ client, prefix: 'sess:', ttl: 100 });
const sessions = session(
    { store, secret: 'test', resave: false, saveUninitialized: true });
const server = createServer((request, response) =>
  sessions(request, response, () => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.end(String(request.session.visits));
  })).listen(0, '127.0.0.1');
await once(server, 'listening');

let cookie;
for (const visits of ['1', '2', '3']) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/`,
      { headers: { connection: 'close', ...(cookie && { cookie }) } });
  cookie ??= response.headers.get('set-cookie').split(';')[0];
  assert.equal(await response.text(), visits);
}
server.close();

const [key] = await client.keys('sess:*');
assert.ok(await client.ttl(key) > 0 && await client.ttl(key) <= 100);
assert.equal(await store.length(), 1);
assert.deepEqual((await store.ids()), [key.slice('sess:'.length)]);
assert.equal((await store.all())[0].visits, 3);
await store.destroy(key.slice('sess:'.length));
assert.equal(await client.exists(key), 0);
await store.clear();
await client.quit();
console.log('connect-redis: ok');
