"""redis_py.py PORT DB PASSWORD PART -- redis-py, as an application uses it."""
import asyncio
import sys

import redis
import redis.asyncio

port, db, password, part = sys.argv[1:]
options = {"port": int(port), "db": int(db), "password": password or None}
client = redis.Redis(client_name="test", **options)


def unknown_command():
    try:
        client.execute_command("NOSUCH", "a")
        raise AssertionError("an unknown command has to be an error")
    except redis.ResponseError as error:
        assert str(error).startswith("unknown command 'NOSUCH'"), error


def connection():
    assert client.ping() is True
    assert client.echo(bytes(range(256))) == bytes(range(256))
    assert client.client_getname() == "test"
    assert client.client_id() > 0
    pipe = client.pipeline(transaction=False)
    for number in range(1000):
        pipe.echo(str(number))
    assert pipe.execute() == [str(n).encode() for n in range(1000)]


def strings():
    key, value = b"key \x00\r\n ", bytes(range(256)) * 1000
    assert client.set(key, value) is True
    assert client.get(key) == value
    assert client.exists(key, key, b"no") == 2
    assert client.delete(key, b"no") == 1
    assert client.get(key) is None
    assert client.mset({"a": "1", "b": "2"}) is True
    assert client.mget("a", "no", "b") == [b"1", None, b"2"]
    assert client.append("a", "0") == 2 and client.incr("a", 5) == 15
    assert client.incrbyfloat("a", 0.5) == 15.5
    assert client.getrange("a", 1, 2) == b"5." and client.strlen("a") == 4


def cache_and_lock():
    assert client.setex("page", 100, "html") is True
    assert 0 < client.ttl("page") <= 100 and 0 < client.pttl("page") <= 100000
    assert client.persist("page") is True and client.ttl("page") == -1
    assert client.set("lock", "me", nx=True, px=20000) is True
    assert client.set("lock", "you", nx=True, px=20000) is None
    assert client.set("lock", "me", xx=True, keepttl=True, get=True) == b"me"
    assert client.getdel("lock") == b"me" and client.ttl("lock") == -2
    client.set("short", "x", px=1)
    while client.get("short") is not None:
        pass


def transactions():
    assert client.pipeline().set("n", 1).incr("n").get("n").execute() == [
        True, 2, b"2"]
    with client.pipeline() as pipe:
        pipe.watch("n")
        client.incr("n")  # somebody else's connection
        pipe.multi()
        try:
            pipe.set("n", 0).execute()
            raise AssertionError("EXEC has to fail after the watched key changed")
        except redis.WatchError:
            pass
    assert client.get("n") == b"3"
    raised = client.pipeline().set("n", "x").incr("n").execute(False)
    assert raised[0] is True and isinstance(raised[1], redis.ResponseError)


def scan_and_server():
    client.flushdb()
    client.mset({f"user:{n}": n for n in range(1000)})
    assert client.dbsize() == 1000
    assert len(set(client.scan_iter(match="user:*", count=50))) == 1000
    assert set(client.scan_iter(match="user:[12]")) == {b"user:1", b"user:2"}
    assert client.keys("user:99?") and client.type("user:1") == b"string"
    info = client.info()
    assert info["redis_version"] and info[f"db{db}"]["keys"] == 1000
    assert client.config_get("maxmemory") == {"maxmemory": "0"}
    assert any(c["name"] == "test" for c in client.client_list())
    assert client.unlink("user:1", "user:2") == 2
    assert client.rename("user:3", "user:1") and client.get("user:1") == b"3"


async def with_asyncio():
    one = redis.asyncio.Redis(decode_responses=True, **options)
    assert await one.set("k", "\u00fc", ex=10) is True
    assert await asyncio.gather(*(one.get("k") for _ in range(50))) == ["\u00fc"] * 50
    async with one.pipeline(transaction=True) as pipe:
        assert await pipe.set("n", 1).incr("n").execute() == [True, 2]
    async with one.pipeline(transaction=False) as pipe:
        assert await pipe.incr("n").decr("n").execute() == [3, 2]
    assert [key async for key in one.scan_iter(match="n")] == ["n"]
    await one.close()


connection()
unknown_command()
if part != "part2-resp":
    client.flushdb()
    strings()
    cache_and_lock()
    transactions()
    scan_and_server()
    asyncio.run(with_asyncio())
print("redis-py: ok")
