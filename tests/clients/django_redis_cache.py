"""django_redis_cache.py PORT DB PASSWORD -- Django's cache and its sessions
in Redis, through django-redis."""
import sys

import django
from django.conf import settings

port, db, password = sys.argv[1:]
settings.configure(
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={"default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": f"redis://127.0.0.1:{port}/{db}",
        "OPTIONS": {"PASSWORD": password or None}}})
django.setup()
# pylint: disable=wrong-import-position
from django.contrib.sessions.backends.cache import SessionStore
from django.core.cache import cache

cache.clear()
assert cache.get("no", "default") == "default"
cache.set("object", {"list": [1, 2, 3], "bytes": bytes(range(256))}, 60)
assert cache.get("object")["bytes"] == bytes(range(256))
assert 0 < cache.ttl("object") <= 60
assert cache.touch("object", 600) and cache.ttl("object") > 60
assert cache.persist("object") and cache.ttl("object") is None

assert cache.add("lock", "me", timeout=10) is True
assert cache.add("lock", "you", timeout=10) is False
assert cache.delete("lock") and "lock" not in cache

cache.set("count", 1)
assert cache.incr("count") == 2 and cache.decr("count", 2) == 0

many = {f"key{n}": n for n in range(200)}
cache.set_many(many, 60)
assert cache.get_many(many) == many
assert set(cache.iter_keys("key*")) == set(many) == set(cache.keys("key*"))
assert cache.delete_many(["key1", "key2"]) == 2
assert cache.delete_pattern("key*") == 198
assert cache.get_or_set("page", lambda: "html", 60) == "html"

session = SessionStore()
session["user"] = 42
session.save()
assert SessionStore(session.session_key)["user"] == 42
session.delete()
assert "user" not in SessionStore(session.session_key)
print("django-redis: ok")
