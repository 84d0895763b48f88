/* command_docs.c -- one row for each command and subcommand: what it is for,
 * and what may follow its name.
 *
 * Written for this server. The facts (since when, flags, tips) are those of
 * Redis 7.0, so that a client that asks is told the same here as there. */
#include "command_docs.h"

#include <string.h>

/* Flags. "loading" is the server's business; the others are not, for it has no
 * scripts and is no replica. */
#define ANY_TIME "loading stale"
#define ADMIN    "admin noscript loading stale"
#define SESSION  "noscript loading stale allow_busy"
#define STATE    "noscript loading stale"

#define REPLICA "noscript no_async_loading"

/* Tips: whom a client of a cluster has to ask, and what it makes of it. */
#define ALL_SHARDS    "request_policy:all_shards"
#define ALL_NODES     "request_policy:all_nodes"
#define MULTI_SHARD   "request_policy:multi_shard"
#define ALL_SUCCEEDED " response_policy:all_succeeded"
#define SUM           " response_policy:agg_sum"
#define SPECIAL       " response_policy:special"
#define VARIES        "nondeterministic_output"
#define ANY_ORDER     "nondeterministic_output_order"

/* Syntax that several share. */
#define CONDITION "[NX | XX | GT | LT]"

/* Rows, not columns: */
/* clang-format off */
const struct command_docs command_docs[] = {
    {"append", "string", "2.0.0", "key value",
     .summary = "Add bytes to the end of a value", .keys = "RW insert"},
    {"auth", "connection", "1.0.0", "[username] password",
     .summary = "Say the password", .marks = SESSION},
    {"bgrewriteaof", "server", "1.0.0", "",
     .summary = "Begin to write a shorter append-only file",
     .marks = REPLICA},
    {"bitcount", "bitmap", "2.6.0", "key [start end [BYTE | BIT]]",
     .summary = "Count the bits that are set", .keys = "RO access"},
    {"client", "connection", "2.4.0", "", .summary = "About connections"},
    {"client|getname", "connection", "2.6.9", "",
     .summary = "What this connection is called", .marks = STATE},
    {"client|help", "connection", "5.0.0", "", .summary = "What CLIENT can do",
     .marks = ANY_TIME},
    {"client|id", "connection", "5.0.0", "",
     .summary = "The number of this connection", .marks = STATE},
    {"client|info", "connection", "6.2.0", "",
     .summary = "What is known of this connection", .marks = STATE,
     .tips = VARIES},
    {"client|kill", "connection", "2.4.0",
     "(ip:port | (ID client-id | TYPE (NORMAL | MASTER | REPLICA | PUBSUB) | "
     "USER username | ADDR ip:port | LADDR ip:port | SKIPME yes/no) ...)",
     .summary = "Close the connections that these filters name",
     .marks = ADMIN},
    {"client|list", "connection", "2.4.0",
     "[TYPE (NORMAL | MASTER | REPLICA | PUBSUB)] [ID client-id ...]",
     .summary = "What is known of every connection, a line each",
     .marks = ADMIN, .tips = VARIES},
    {"client|no-evict", "connection", "7.0.0", "(ON | OFF)",
     .summary = "Keep this connection, whatever it costs", .marks = ADMIN},
    {"client|setinfo", "connection", "7.2.0",
     "(LIB-NAME name | LIB-VER version)",
     .summary = "Say which library is calling", .marks = STATE},
    {"client|setname", "connection", "2.6.9", "connection-name",
     .summary = "Give this connection a name", .marks = STATE},
    {"command", "server", "2.8.13", "",
     .summary = "What there is to know of every command",
     .marks = ANY_TIME " @connection", .tips = ANY_ORDER},
    {"command|count", "server", "2.8.13", "",
     .summary = "How many commands there are",
     .marks = ANY_TIME " @connection"},
    {"command|docs", "server", "7.0.0", "[command-name ...]",
     .summary = "What commands are for, and what follows their names",
     .marks = ANY_TIME " @connection", .tips = ANY_ORDER},
    {"command|getkeys", "server", "2.8.13", "command argument ...",
     .summary = "Which arguments of this command are keys",
     .marks = ANY_TIME " @connection"},
    {"command|help", "server", "5.0.0", "", .summary = "What COMMAND can do",
     .marks = ANY_TIME " @connection"},
    {"command|info", "server", "2.8.13", "[command-name ...]",
     .summary = "Flags, keys and categories of commands",
     .marks = ANY_TIME " @connection", .tips = ANY_ORDER},
    {"command|list", "server", "7.0.0",
     "[FILTERBY (MODULE module-name | ACLCAT category | PATTERN pattern)]",
     .summary = "The names of commands", .marks = ANY_TIME " @connection",
     .tips = ANY_ORDER},
    {"config", "server", "2.0.0", "", .summary = "About settings"},
    {"config|get", "server", "2.0.0", "parameter ...",
     .summary = "How settings stand; glob patterns name several",
     .marks = ADMIN},
    {"config|help", "server", "5.0.0", "", .summary = "What CONFIG can do",
     .marks = ANY_TIME},
    {"config|resetstat", "server", "2.0.0", "",
     .summary = "Let the figures of INFO count from zero again",
     .marks = ADMIN},
    {"config|rewrite", "server", "2.8.0", "",
     .summary = "Write settings into their file: not done here",
     .marks = ADMIN},
    {"config|set", "server", "2.0.0", "(parameter value) ...",
     .summary = "Change settings, all or none of them", .marks = ADMIN,
     .tips = ALL_NODES ALL_SUCCEEDED},
    {"copy", "generic", "6.2.0",
     "source destination [DB destination-db] [REPLACE]",
     .summary = "Give another key the same value and expiry",
     .keys = "RO access; OW update"},
    {"dbsize", "server", "1.0.0", "",
     .summary = "How many keys the database has", .marks = "@keyspace",
     .tips = ALL_SHARDS SUM},
    {"debug", "server", "1.0.0", "subcommand [argument ...]",
     .summary = "For tests of the server itself", .marks = STATE},
    {"decr", "string", "1.0.0", "key", .summary = "Take one from a number",
     .keys = "RW access update"},
    {"decrby", "string", "1.0.0", "key decrement",
     .summary = "Take this much from a number", .keys = "RW access update"},
    {"del", "generic", "1.0.0", "key ...", .summary = "Remove keys",
     .keys = "RM delete", .tips = MULTI_SHARD SUM},
    {"discard", "transactions", "2.0.0", "",
     .summary = "Forget what was queued since MULTI", .marks = SESSION},
    {"echo", "connection", "1.0.0", "message",
     .summary = "Get the same bytes back", .marks = ANY_TIME},
    {"exec", "transactions", "1.2.0", "",
     .summary = "Run what was queued since MULTI, as one",
     .marks = STATE " skip_slowlog"},
    {"exists", "generic", "1.0.0", "key ...",
     .summary = "How many of these keys are there", .keys = "RO",
     .tips = MULTI_SHARD SUM},
    {"expire", "generic", "1.0.0", "key seconds " CONDITION,
     .summary = "Let a key go after so many seconds", .keys = "RW update"},
    {"expireat", "generic", "1.2.0", "key unix-time-seconds " CONDITION,
     .summary = "Let a key go at this time, in seconds since 1970",
     .keys = "RW update"},
    {"expiretime", "generic", "7.0.0", "key",
     .summary = "When a key will go, in seconds since 1970",
     .keys = "RO access"},
    {"flushall", "server", "1.0.0", "[ASYNC | SYNC]",
     .summary = "Remove all keys of all databases",
     .marks = "@keyspace @dangerous", .tips = ALL_SHARDS ALL_SUCCEEDED},
    {"flushdb", "server", "1.0.0", "[ASYNC | SYNC]",
     .summary = "Remove all keys of this database",
     .marks = "@keyspace @dangerous", .tips = ALL_SHARDS ALL_SUCCEEDED},
    {"get", "string", "1.0.0", "key", .summary = "The value of a key",
     .keys = "RO access"},
    {"getbit", "bitmap", "2.2.0", "key offset", .summary = "One bit of a value",
     .keys = "RO access"},
    {"getdel", "string", "6.2.0", "key",
     .summary = "The value of a key, which is removed",
     .keys = "RW access delete"},
    {"getex", "string", "6.2.0",
     "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
     "unix-time-milliseconds | PERSIST]",
     .summary = "The value of a key, whose expiry changes",
     .keys = "RW access update"},
    {"getrange", "string", "2.4.0", "key start end",
     .summary = "A part of a value", .keys = "RO access"},
    {"getset", "string", "1.0.0", "key value",
     .summary = "Set a key, and get the value it had",
     .keys = "RW access update"},
    {"hello", "connection", "6.0.0",
     "[protover [AUTH username password] [SETNAME clientname]]",
     .summary = "Agree on a version of the protocol", .marks = SESSION},
    {"incr", "string", "1.0.0", "key", .summary = "Add one to a number",
     .keys = "RW access update"},
    {"incrby", "string", "1.0.0", "key increment",
     .summary = "Add this much to a number", .keys = "RW access update"},
    {"incrbyfloat", "string", "2.6.0", "key increment",
     .summary = "Add a number with a fraction", .keys = "RW access update"},
    {"info", "server", "1.0.0", "[section ...]",
     .summary = "How the server is doing", .marks = ANY_TIME " @dangerous",
     .tips = VARIES " " ALL_SHARDS SPECIAL},
    {"keys", "generic", "1.0.0", "pattern",
     .summary = "All keys that match; SCAN does it in small steps",
     .marks = "@dangerous", .tips = ALL_SHARDS " " ANY_ORDER},
    {"lastsave", "server", "1.0.0", "",
     .summary = "When data was last known to be on the disk",
     .marks = ANY_TIME " @admin @dangerous", .tips = VARIES},
    {"latency", "server", "2.8.13", "",
     .summary = "About events that took long"},
    {"latency|help", "server", "2.8.13", "", .summary = "What LATENCY can do",
     .marks = ANY_TIME},
    {"latency|history", "server", "2.8.13", "event",
     .summary = "When an event of this kind took long, and how long",
     .marks = ADMIN, .tips = VARIES " " ALL_NODES SPECIAL},
    {"latency|latest", "server", "2.8.13", "",
     .summary = "The last event of each kind that took long", .marks = ADMIN,
     .tips = VARIES " " ALL_NODES SPECIAL},
    {"latency|reset", "server", "2.8.13", "[event ...]",
     .summary = "Forget events that took long", .marks = ADMIN,
     .tips = ALL_NODES ALL_SUCCEEDED},
    {"memory", "server", "4.0.0", "", .summary = "About memory"},
    {"memory|help", "server", "4.0.0", "", .summary = "What MEMORY can do",
     .marks = ANY_TIME},
    {"memory|usage", "server", "4.0.0", "key [SAMPLES count]",
     .summary = "How many bytes a key takes", .keys = "RO",
     .marks = "readonly"},
    {"mget", "string", "1.0.0", "key ...",
     .summary = "The values of several keys", .keys = "RO access",
     .tips = MULTI_SHARD},
    {"monitor", "server", "1.0.0", "",
     .summary = "See every command that the server runs", .marks = STATE},
    {"move", "generic", "1.0.0", "key db",
     .summary = "Put a key into another database", .keys = "RW access update"},
    {"mset", "string", "1.0.1", "(key value) ...",
     .summary = "Set several keys", .keys = "OW update",
     .tips = MULTI_SHARD ALL_SUCCEEDED},
    {"msetnx", "string", "1.0.1", "(key value) ...",
     .summary = "Set several keys, if none of them is there",
     .keys = "OW insert", .tips = MULTI_SHARD " response_policy:agg_min"},
    {"multi", "transactions", "1.2.0", "",
     .summary = "Queue the commands that follow, until EXEC", .marks = SESSION},
    {"object", "generic", "2.2.3", "",
     .summary = "About the inside of a value"},
    {"object|encoding", "generic", "2.2.3", "key",
     .summary = "How a value is kept", .keys = "RO", .marks = "readonly",
     .tips = VARIES},
    {"object|freq", "generic", "4.0.0", "key",
     .summary = "How often a key is used: not counted here", .keys = "RO",
     .marks = "readonly", .tips = VARIES},
    {"object|help", "generic", "6.2.0", "", .summary = "What OBJECT can do",
     .marks = ANY_TIME},
    {"object|idletime", "generic", "2.2.3", "key",
     .summary = "For how many seconds a key was not used", .keys = "RO",
     .marks = "readonly", .tips = VARIES},
    {"object|refcount", "generic", "2.2.3", "key",
     .summary = "How many share a value", .keys = "RO", .marks = "readonly",
     .tips = VARIES},
    {"persist", "generic", "2.2.0", "key", .summary = "Let a key stay for good",
     .keys = "RW update"},
    {"pexpire", "generic", "2.6.0", "key milliseconds " CONDITION,
     .summary = "Let a key go after so many milliseconds", .keys = "RW update"},
    {"pexpireat", "generic", "2.6.0", "key unix-time-milliseconds " CONDITION,
     .summary = "Let a key go at this time, in milliseconds since 1970",
     .keys = "RW update"},
    {"pexpiretime", "generic", "7.0.0", "key",
     .summary = "When a key will go, in milliseconds since 1970",
     .keys = "RO access"},
    {"ping", "connection", "1.0.0", "[message]",
     .summary = "Ask whether anybody is there",
     .tips = ALL_SHARDS ALL_SUCCEEDED},
    {"psetex", "string", "2.6.0", "key milliseconds value",
     .summary = "Set a key that goes after so many milliseconds",
     .keys = "OW update"},
    {"psync", "server", "2.8.0", "replicationid offset [FAILOVER]",
     .summary = "Be a replica: get all data, and what changes from then on",
     .marks = REPLICA},
    {"pttl", "generic", "2.6.0", "key",
     .summary = "How many milliseconds a key has left", .keys = "RO access",
     .tips = VARIES},
    {"quit", "connection", "1.0.0", "", .summary = "Take leave",
     .marks = SESSION},
    {"randomkey", "generic", "1.0.0", "", .summary = "Any one key",
     .tips = ALL_SHARDS " " VARIES},
    {"rename", "generic", "1.0.0", "key newkey",
     .summary = "Call a key by another name",
     .keys = "RW access delete; OW update"},
    {"renamenx", "generic", "1.0.0", "key newkey",
     .summary = "Call a key by another name, if no key has it yet",
     .keys = "RW access delete; OW insert"},
    {"replconf", "server", "3.0.0", "[(option value) ...]",
     .summary = "What a replica tells of itself, and how far it is",
     .marks = ADMIN " allow_busy"},
    {"replicaof", "server", "5.0.0", "(host port | NO ONE)",
     .summary = "Follow another server: which this one never does",
     .marks = "noscript stale no_async_loading"},
    {"reset", "connection", "6.2.0", "",
     .summary = "Let the connection be as when it was new", .marks = SESSION},
    {"role", "server", "2.8.12", "",
     .summary = "Whether the server leads or follows",
     .marks = STATE " @admin @dangerous"},
    {"scan", "generic", "2.8.0",
     "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     .summary = "Some of the keys, and where to go on",
     .tips = VARIES " request_policy:special"},
    {"select", "connection", "1.0.0", "index",
     .summary = "Use another database", .marks = ANY_TIME},
    {"set", "string", "1.0.0",
     "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT "
     "unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
     .summary = "Let a key have a value",
     .keys = "RW access update variable_flags"},
    {"setbit", "bitmap", "2.2.0", "key offset value",
     .summary = "Change one bit of a value", .keys = "RW access update"},
    {"setex", "string", "2.0.0", "key seconds value",
     .summary = "Set a key that goes after so many seconds",
     .keys = "OW update"},
    {"setnx", "string", "1.0.0", "key value",
     .summary = "Set a key, if it is not there", .keys = "OW insert"},
    {"setrange", "string", "2.2.0", "key offset value",
     .summary = "Overwrite a part of a value", .keys = "RW update"},
    {"shutdown", "server", "1.0.0", "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
     .summary = "Sync what is kept, and end the server", .marks = SESSION},
    {"slaveof", "server", "1.0.0", "(host port | NO ONE)",
     .summary = "What REPLICAOF was called before",
     .marks = "noscript stale no_async_loading"},
    {"slowlog", "server", "2.2.12", "",
     .summary = "About commands that took long"},
    {"slowlog|get", "server", "2.2.12", "[count]",
     .summary = "The last commands that took long", .marks = "admin " ANY_TIME,
     .tips = ALL_NODES " " VARIES},
    {"slowlog|help", "server", "6.2.0", "", .summary = "What SLOWLOG can do",
     .marks = ANY_TIME},
    {"slowlog|len", "server", "2.2.12", "",
     .summary = "How many commands are kept as slow",
     .marks = "admin " ANY_TIME, .tips = ALL_NODES SUM " " VARIES},
    {"slowlog|reset", "server", "2.2.12", "",
     .summary = "Forget commands that took long", .marks = "admin " ANY_TIME,
     .tips = ALL_NODES ALL_SUCCEEDED},
    {"strlen", "string", "2.2.0", "key",
     .summary = "How many bytes a value has", .keys = "RO"},
    {"sync", "server", "1.0.0", "",
     .summary = "What PSYNC was called before", .marks = REPLICA},
    {"time", "server", "2.6.0", "",
     .summary = "What time it is: seconds since 1970, and microseconds",
     .marks = ANY_TIME, .tips = VARIES},
    {"touch", "generic", "3.2.1", "key ...",
     .summary = "Count as used, and tell how many of these keys are there",
     .keys = "RO", .tips = MULTI_SHARD SUM},
    {"ttl", "generic", "1.0.0", "key",
     .summary = "How many seconds a key has left", .keys = "RO access",
     .tips = VARIES},
    {"type", "generic", "1.0.0", "key",
     .summary = "What kind of value a key has", .keys = "RO"},
    {"unlink", "generic", "4.0.0", "key ...", .summary = "Remove keys",
     .keys = "RM delete", .tips = MULTI_SHARD SUM},
    {"unwatch", "transactions", "2.2.0", "",
     .summary = "Watch no keys any more", .marks = SESSION},
    {"watch", "transactions", "2.2.0", "key ...",
     .summary = "Let EXEC do nothing if one of these keys changes before it",
     .keys = "RO", .marks = SESSION},
    {.name = NULL},
};
/* clang-format on */

const struct command_docs *command_docs_find(struct slice name) {
    const struct command_docs *row;

    for (row = command_docs; row->name != NULL; row++)
        if (slice_equal_nocase(name, slice_of(row->name))) return row;
    return NULL;
}

const struct command_docs *command_docs_called(const struct slice *argv,
                                               size_t argc) {
    const struct command_docs *row = command_docs_find(argv[0]);

    if (row == NULL || command_docs_subcommands(row) == 0 || argc == 1)
        return row;
    for (row++; row->name != NULL && strchr(row->name, '|') != NULL; row++) {
        struct slice name = slice_of(strchr(row->name, '|') + 1);

        if (slice_equal_nocase(argv[1], name)) return row;
    }
    return NULL;
}

bool command_docs_is_marked(const struct command_docs *row, const char *word) {
    const char *mark = row->marks != NULL ? row->marks : "";

    while (*mark != '\0') {
        struct slice found = {mark, strcspn(mark, " ")};

        if (slice_equal(found, slice_of(word))) return true;
        mark += found.len + strspn(mark + found.len, " ");
    }
    return false;
}

size_t command_docs_subcommands(const struct command_docs *row) {
    size_t len = strlen(row->name);
    size_t count = 0;

    while (row[count + 1].name != NULL &&
           strncmp(row[count + 1].name, row->name, len) == 0 &&
           row[count + 1].name[len] == '|') {
        count++;
    }
    return count;
}
