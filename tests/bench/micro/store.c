/* store.c -- keys that are looked up, changed, added and taken out: where all
 * fit a cache, and where none does. Keys are 16 bytes, values 64; they come in
 * an order that no processor foresees. */
#include "store.h"

#include "micro.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FAR_AWAY INT64_C(4102444800000) /* the year 2100 */

struct keyspace {
    struct store *store;
    size_t keys;
    bool expires;
    uint64_t chance; /* state of the generator */
};

struct key {
    char bytes[16];
};

/* As printf("key:%012zu"), which would take longer than what is measured. */
static struct slice key_of(struct key *key, size_t number) {
    size_t i;

    *key = (struct key){"key:000000000000"};
    for (i = sizeof key->bytes; number > 0; number /= 10)
        key->bytes[--i] = (char)('0' + number % 10);
    return (struct slice){key->bytes, sizeof key->bytes};
}

static size_t any(struct keyspace *space) {
    space->chance ^= space->chance << 13; /* xorshift64, Marsaglia 2003 */
    space->chance ^= space->chance >> 7;
    space->chance ^= space->chance << 17;
    return (size_t)(space->chance % space->keys);
}

static void set(struct keyspace *space, size_t number) {
    static const char value[64];
    struct key key;

    store_set_until(space->store, key_of(&key, number),
                    (struct slice){value, sizeof value},
                    space->expires ? FAR_AWAY : STORE_NO_EXPIRY);
}

static void make_keys(void *context, size_t count) {
    struct keyspace *space = context;
    struct key key;

    while (count-- > 0)
        micro_use(key_of(&key, any(space)).data);
}

static void get(void *context, size_t count) {
    struct keyspace *space = context;
    struct slice value = {0};
    struct key key;

    while (count-- > 0) {
        store_get(space->store, key_of(&key, any(space)), &value);
        micro_use(value.data);
    }
}

static void miss(void *context, size_t count) {
    struct keyspace *space = context;
    struct key key;

    while (count-- > 0)
        store_get(space->store, key_of(&key, space->keys + any(space)), NULL);
}

static void overwrite(void *context, size_t count) {
    struct keyspace *space = context;

    while (count-- > 0)
        set(space, any(space));
}

/* One after the other, so that there are as many keys at the end as were. */
static void add_and_delete(void *context, size_t count) {
    struct keyspace *space = context;
    struct key key;

    while (count-- > 0) {
        size_t number = space->keys + any(space);

        set(space, number);
        store_delete(space->store, key_of(&key, number));
    }
}

static void measure(size_t keys, bool expires) {
    static const struct {
        const char *name;
        micro_fn *run;
    } all[] = {
        {"store_get, hit", get},
        {"store_get, miss", miss},
        {"store_set, overwrite", overwrite},
        {"store_set, new; store_delete", add_and_delete},
    };
    struct keyspace space = {store_new(), keys, expires, 1};
    char name[64];
    size_t i;

    store_set_time(space.store, (int64_t)time(NULL) * 1000);
    for (i = 0; i < keys; i++)
        set(&space, i);
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        snprintf(name, sizeof name, "%s%s", all[i].name,
                 expires ? ", expiring" : "");
        micro_measure(name, all[i].run, &space, 1);
    }
    store_free(space.store);
}

void micro_store(void) {
    struct keyspace none = {.keys = 1000000, .chance = 1};
    size_t keys;

    micro_measure("(making a key, in all that follow)", make_keys, &none, 1);
    for (keys = 10000; keys <= 1000000; keys *= 100) {
        printf("with %zu keys:\n", keys);
        measure(keys, false);
        measure(keys, true);
    }
}
