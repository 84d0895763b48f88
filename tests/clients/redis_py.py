"""redis_py.py PORT -- redis-py, as an application uses it."""
import sys

import redis

client = redis.Redis(port=int(sys.argv[1]), client_name="test")
assert client.ping() is True
assert client.echo(bytes(range(256))) == bytes(range(256))
assert client.client_getname() == "test"
assert client.client_id() > 0
pipe = client.pipeline(transaction=False)
for number in range(1000):
    pipe.echo(str(number))
assert pipe.execute() == [str(number).encode() for number in range(1000)]
try:
    client.execute_command("NOSUCH", "a")
    raise AssertionError("an unknown command has to be an error")
except redis.ResponseError as error:
    assert str(error).startswith("unknown command 'NOSUCH'"), error
if "part3" in sys.argv[2]:
    key, value = b"key \x00\r\n ", bytes(range(256)) * 1000
    assert client.set(key, value) is True
    assert client.get(key) == value
    assert client.exists(key, key, b"no") == 2
    assert client.delete(key, b"no") == 1
    assert client.get(key) is None
print("redis-py: ok")
