/* part3_strings.c -- what the commands on strings answer: every option, limit
 * and error, in both protocols. The replies are those of Redis 7.0.15. */
#include "harness.h"

/* ---- SET and GET ------------------------------------------------------- */

START_TEST(set_takes_its_options_in_any_order_and_case) {
    static const struct row rows[] = {
        ROW("SET k 1", OK),
        ROW("SET k 2 NX", NIL),
        ROW("GET k", "$1\n1"),
        ROW("SET k 2 XX", OK),
        ROW("GET k", "$1\n2"),
        ROW("SET new 1 XX", NIL),
        ROW("SET new 1 NX", OK),
        ROW("SET k 3 GET", "$1\n2"),
        ROW("SET k 4 get xX", "$1\n3"),
        ROW("SET k 5 nx GET", "$1\n4"),
        ROW("SET none 1 GET", NIL),
        ROW("SET none2 1 XX GET", NIL),
        ROW("EXISTS none2", ":0"),
        ROW("SET none2 1 NX GET", NIL),
        ROW("GET none2", "$1\n1"),
        ROW("SET k 6 EXAT 33177117420 GET XX", "$1\n4"),
        ROW("EXPIRETIME k", ":33177117420"),
        ROW("SET k 7 KEEPTTL", OK),
        ROW("EXPIRETIME k", ":33177117420"),
        ROW("SET k 8 XX PXAT 33177117420123", OK),
        ROW("PEXPIRETIME k", ":33177117420123"),
        ROW("SET k 9", OK),
        ROW("PEXPIRETIME k", ":-1"),
        ROW("SET k 9 ex 100", OK),
        ROW("TTL k", ":99..100"),
        ROW("SET k 9 PX 100000", OK),
        ROW("PTTL k", ":90000..100000"),
        ROW("SET k 9 NX KEEPTTL", NIL),
        ROW("SET k 9 KEEPTTL XX GET", "$1\n9"),
        ROW("TTL k", ":90..100"),
        /* The time has gone by: the key is not there. */
        ROW("SET past 1 EXAT 1", OK),
        ROW("EXISTS past", ":0"),
        ROW("SET past 1 PXAT 1", OK),
        ROW("GET past", NIL),
    };

    check_rows(rows);
}
END_TEST

START_TEST(set_refuses_what_makes_no_sense) {
    static const struct row rows[] = {
        ROW("SET k 1 NX XX", SYNTAX),
        ROW("SET k 1 XX NX", SYNTAX),
        ROW("SET k 1 EX", SYNTAX),
        ROW("SET k 1 EX 10 PX 10", SYNTAX),
        ROW("SET k 1 EX 10 KEEPTTL", SYNTAX),
        ROW("SET k 1 KEEPTTL PXAT 10", SYNTAX),
        ROW("SET k 1 EXAT 10 EX 10", SYNTAX),
        ROW("SET k 1 NOSUCH", SYNTAX),
        ROW("SET k 1 2", SYNTAX),
        ROW("SET k 1 EX 0", BAD_TIME("set")),
        ROW("SET k 1 EX -1", BAD_TIME("set")),
        ROW("SET k 1 PX 0", BAD_TIME("set")),
        ROW("SET k 1 EXAT 0", BAD_TIME("set")),
        ROW("SET k 1 PXAT -5", BAD_TIME("set")),
        ROW("SET k 1 EX abc", NO_INTEGER),
        ROW("SET k 1 EX 1.5", NO_INTEGER),
        ROW("SET k 1 EX ''", NO_INTEGER),
        ROW("SET k 1 EX ' 1'", NO_INTEGER),
        ROW("SET k 1 EX +1", NO_INTEGER),
        ROW("SET k 1 EX 01", NO_INTEGER),
        ROW("SET k 1 EX 9223372036854775807", BAD_TIME("set")),
        ROW("SET k 1 EX 9223372036854775", BAD_TIME("set")),
        ROW("SET k 1 PX 9223372036854775807", BAD_TIME("set")),
        ROW("SET k 1 EXAT 9223372036854775807", BAD_TIME("set")),
        ROW("SET k 1 EX 9223372036854775808", NO_INTEGER),
        ROW("EXISTS k", ":0"),
        ROW("SET k 1 PXAT 9223372036854775807", OK),
        ROW("PEXPIRETIME k", ":9223372036854775807"),
        ROW("SET k 2 EXAT 9223372036854775", OK),
        ROW("PEXPIRETIME k", ":9223372036854775000"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(setex_psetex_setnx_and_getset) {
    static const struct row rows[] = {
        ROW("SETEX k 100 v", OK),
        ROW("TTL k", ":99..100"),
        ROW("GET k", "$1\nv"),
        ROW("PSETEX k 100000 w", OK),
        ROW("PTTL k", ":90000..100000"),
        ROW("GET k", "$1\nw"),
        ROW("SETEX k 0 v", BAD_TIME("setex")),
        ROW("SETEX k -1 v", BAD_TIME("setex")),
        ROW("SETEX k x v", NO_INTEGER),
        ROW("PSETEX k 0 v", BAD_TIME("psetex")),
        ROW("PSETEX k 9223372036854775807 v", BAD_TIME("psetex")),
        ROW("SETEX k 9223372036854775807 v", BAD_TIME("setex")),
        ROW("SETEX k 10", ARITY("setex")),
        ROW("PSETEX k 10 v x", ARITY("psetex")),
        ROW("SETNX k x", ":0"),
        ROW("GET k", "$1\nw"),
        ROW("SETNX n x", ":1"),
        ROW("SETNX n y", ":0"),
        ROW("GET n", "$1\nx"),
        ROW("SETNX n", ARITY("setnx")),
        ROW("GETSET k x", "$1\nw"),
        ROW("TTL k", ":-1"),
        ROW("GETSET k y", "$1\nx"),
        ROW("GETSET none z", NIL),
        ROW("GET none", "$1\nz"),
        ROW("GETSET k", ARITY("getset")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(getdel_and_getex) {
    static const struct row rows[] = {
        ROW("SET k v", OK),
        ROW("GETDEL k", "$1\nv"),
        ROW("GETDEL k", NIL),
        ROW("GETDEL a b", ARITY("getdel")),
        ROW("GETEX k", NIL),
        ROW("SET k v", OK),
        ROW("GETEX k", "$1\nv"),
        ROW("TTL k", ":-1"),
        ROW("GETEX k EX 100", "$1\nv"),
        ROW("TTL k", ":99..100"),
        ROW("GETEX k", "$1\nv"),
        ROW("TTL k", ":99..100"),
        ROW("GETEX k PX 200000", "$1\nv"),
        ROW("TTL k", ":199..200"),
        ROW("GETEX k EXAT 33177117420", "$1\nv"),
        ROW("EXPIRETIME k", ":33177117420"),
        ROW("GETEX k pxat 33177117420123", "$1\nv"),
        ROW("PEXPIRETIME k", ":33177117420123"),
        ROW("GETEX k persist", "$1\nv"),
        ROW("TTL k", ":-1"),
        ROW("GETEX none EX 10", NIL),
        ROW("GETEX k EX 0", BAD_TIME("getex")),
        ROW("GETEX k EX -1", BAD_TIME("getex")),
        ROW("GETEX k EX x", NO_INTEGER),
        ROW("GETEX k EX", SYNTAX),
        ROW("GETEX k EX 10 PERSIST", SYNTAX),
        ROW("GETEX k PERSIST EX 10", SYNTAX),
        ROW("GETEX k EX 10 PX 10", SYNTAX),
        ROW("GETEX k KEEPTTL", SYNTAX),
        ROW("GETEX k NX", SYNTAX),
        ROW("GETEX k nosuch", SYNTAX),
        ROW("GETEX none nosuch", SYNTAX),
        ROW("GETEX none EX 0", NIL),
        ROW("GETEX", ARITY("getex")),
        ROW("TTL k", ":-1"),
        /* Gone at once, and answered for the last time. */
        ROW("GETEX k PXAT 1", "$1\nv"),
        ROW("GET k", NIL),
    };

    check_rows(rows);
}
END_TEST

START_TEST(mget_mset_and_msetnx) {
    static const struct row rows[] = {
        ROW("MSET a 1 b 2 a 3", OK),
        ROW("MGET a b c a", "*4\n$1\n3\n$1\n2\n$-1\n$1\n3"),
        ROW("MGET c", "*1\n$-1"),
        ROW("MGET", ARITY("mget")),
        ROW("MSET a", ARITY("mset")),
        ROW("MSET a 1 b", ARITY("mset")),
        ROW("MSETNX", ARITY("msetnx")),
        ROW("MSETNX a", ARITY("msetnx")),
        ROW("MSETNX a 1 b", ARITY("msetnx")),
        ROW("MSETNX c 1 a 2", ":0"),
        ROW("EXISTS c", ":0"),
        ROW("MSETNX c 1 d 2 c 3", ":1"),
        ROW("MGET c d", "*2\n$1\n3\n$1\n2"),
        ROW("SET ttl x EX 100", OK),
        ROW("MSET ttl y", OK),
        ROW("TTL ttl", ":-1"),
        ROW("MSETNX ttl z", ":0"),
        ROW("MGET '' a", "*2\n$-1\n$1\n3"),
        ROW("MSET '' empty", OK),
        ROW("MGET ''", "*1\n$5\nempty"),
    };

    check_rows(rows);
}
END_TEST

/* ---- Parts of a value -------------------------------------------------- */

START_TEST(append_and_strlen) {
    static const struct row rows[] = {
        ROW("APPEND k abc", ":3"),
        ROW("APPEND k def", ":6"),
        ROW("GET k", "$6\nabcdef"),
        ROW("STRLEN k", ":6"),
        ROW("APPEND k ''", ":6"),
        ROW("APPEND new ''", ":0"),
        ROW("EXISTS new", ":1"),
        ROW("STRLEN none", ":0"),
        ROW("APPEND k", ARITY("append")),
        ROW("STRLEN", ARITY("strlen")),
        ROW("SET k x EX 100", OK),
        ROW("APPEND k y", ":2"),
        ROW("TTL k", ":99..100"),
        ROW("SET n 12", OK),
        ROW("APPEND n 3", ":3"),
        ROW("INCR n", ":124"),
        ROW("STRLEN n", ":3"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(getrange_counts_from_both_ends) {
    static const struct row rows[] = {
        ROW("SET k 0123456789", OK),
        ROW("GETRANGE k 0 3", "$4\n0123"),
        ROW("GETRANGE k 0 0", "$1\n0"),
        ROW("GETRANGE k 2 -1", "$8\n23456789"),
        ROW("GETRANGE k -3 -1", "$3\n789"),
        ROW("GETRANGE k -3 -5", "$0\n"),
        ROW("GETRANGE k 5 2", "$0\n"),
        ROW("GETRANGE k 0 -1", "$10\n0123456789"),
        ROW("GETRANGE k 0 100", "$10\n0123456789"),
        ROW("GETRANGE k 10 20", "$0\n"),
        ROW("GETRANGE k 9 9", "$1\n9"),
        ROW("GETRANGE k -100 2", "$3\n012"),
        ROW("GETRANGE k -100 -100", "$1\n0"),
        ROW("GETRANGE k 0 -100", "$1\n0"),
        ROW("GETRANGE k 0 9223372036854775807", "$10\n0123456789"),
        ROW("GETRANGE k -9223372036854775808 9223372036854775807",
            "$10\n0123456789"),
        ROW("GETRANGE k -9223372036854775808 -9223372036854775808", "$1\n0"),
        ROW("GETRANGE none 0 -1", "$0\n"),
        ROW("GETRANGE k a 1", NO_INTEGER),
        ROW("GETRANGE k 0 9223372036854775808", NO_INTEGER),
        ROW("GETRANGE k 1.0 2", NO_INTEGER),
        ROW("GETRANGE k 0", ARITY("getrange")),
        ROW("SET k ''", OK),
        ROW("GETRANGE k 0 -1", "$0\n"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(setrange_pads_with_zero_bytes) {
    static const struct row rows[] = {
        ROW("SETRANGE k 3 abc", ":6"),
        ROW("BITCOUNT k 0 2", ":0"),
        ROW("GETRANGE k 3 -1", "$3\nabc"),
        ROW("SETRANGE k 1 X", ":6"),
        ROW("GETRANGE k 1 1", "$1\nX"),
        ROW("SETRANGE k 5 yz", ":7"),
        ROW("GETRANGE k 3 -1", "$4\nabyz"),
        ROW("SETRANGE k 0 ''", ":7"),
        ROW("SETRANGE none 5 ''", ":0"),
        ROW("EXISTS none", ":0"),
        ROW("SETRANGE k 100 ''", ":7"),
        ROW("STRLEN k", ":7"),
        ROW("SETRANGE k -1 x", "-ERR offset is out of range"),
        ROW("SETRANGE none -1 ''", "-ERR offset is out of range"),
        ROW("SETRANGE k x y", NO_INTEGER),
        ROW("SETRANGE k 0", ARITY("setrange")),
        ROW("SETRANGE k 536870911 ab",
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
        ROW("SETRANGE k 536870912 a",
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
        ROW("SETRANGE none 536870912 a",
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
        ROW("SETRANGE none 9223372036854775807 a",
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
        ROW("SETRANGE k 9223372036854775807 ''", ":7"),
        ROW("SETRANGE none 9223372036854775807 ''", ":0"),
        ROW("STRLEN k", ":7"),
        ROW("SET k abc EX 100", OK),
        ROW("SETRANGE k 1 x", ":3"),
        ROW("TTL k", ":99..100"),
    };

    check_rows(rows);
}
END_TEST

/* ---- Numbers ----------------------------------------------------------- */

START_TEST(counters_keep_to_64_bits) {
    static const struct row rows[] = {
        ROW("INCR k", ":1"),
        ROW("INCR k", ":2"),
        ROW("INCRBY k 10", ":12"),
        ROW("DECR k", ":11"),
        ROW("DECRBY k 21", ":-10"),
        ROW("GET k", "$3\n-10"),
        ROW("INCRBY k -90", ":-100"),
        ROW("DECRBY k -100", ":0"),
        ROW("SET k 9223372036854775806", OK),
        ROW("INCR k", ":9223372036854775807"),
        ROW("INCR k", BEYOND),
        ROW("INCRBY k 1", BEYOND),
        ROW("GET k", "$19\n9223372036854775807"),
        ROW("SET k -9223372036854775807", OK),
        ROW("DECR k", ":-9223372036854775808"),
        ROW("DECR k", BEYOND),
        ROW("DECRBY k 1", BEYOND),
        ROW("INCRBY k -1", BEYOND),
        ROW("INCRBY k 9223372036854775807", ":-1"),
        ROW("SET k 0", OK),
        ROW("DECRBY k -9223372036854775808", "-ERR decrement would overflow"),
        ROW("DECRBY k 9223372036854775807", ":-9223372036854775807"),
        ROW("INCRBY k 9223372036854775808", NO_INTEGER),
        ROW("INCRBY k x", NO_INTEGER),
        ROW("INCRBY k 1.5", NO_INTEGER),
        ROW("INCRBY k ''", NO_INTEGER),
        ROW("INCRBY k ' 1'", NO_INTEGER),
        ROW("INCRBY k 01", NO_INTEGER),
        ROW("INCRBY k +1", NO_INTEGER),
        ROW("INCRBY k -0", NO_INTEGER),
        ROW("INCR", ARITY("incr")),
        ROW("INCRBY k", ARITY("incrby")),
        ROW("DECRBY k 1 2", ARITY("decrby")),
        ROW("GET k", "$20\n-9223372036854775807"),
        ROW("SET k 5 EX 100", OK),
        ROW("INCR k", ":6"),
        ROW("TTL k", ":99..100"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(a_counter_has_to_be_an_integer) {
    static const struct row rows[] = {
        ROW("SET k ' 1'", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k '1 '", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k 1.0", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k 01", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k +1", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k -0", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k ''", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k 0x10", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k 1e3", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k 9223372036854775808", OK),
        ROW("DECR k", NO_INTEGER),
        ROW("SET k -", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k \"1\\x00\"", OK),
        ROW("INCR k", NO_INTEGER),
        ROW("SET k -7", OK),
        ROW("INCR k", ":-6"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(floats_are_printed_as_short_as_they_read) {
    static const struct row rows[] = {
        ROW("INCRBYFLOAT k 0.1", "$3\n0.1"),
        ROW("INCRBYFLOAT k 0.2", "$3\n0.3"),
        ROW("INCRBYFLOAT k -0.3", "$1\n0"),
        ROW("SET k 10.50", OK),
        ROW("INCRBYFLOAT k 0.1", "$4\n10.6"),
        ROW("SET k 5.0e3", OK),
        ROW("INCRBYFLOAT k 2.0e2", "$4\n5200"),
        ROW("SET k 3.0", OK),
        ROW("INCRBYFLOAT k 1", "$1\n4"),
        ROW("INCRBYFLOAT k 1.5e-7", "$10\n4.00000015"),
        ROW("SET k 1", OK),
        ROW("INCRBYFLOAT k 1e15", "$16\n1000000000000001"),
        ROW("SET k 0", OK),
        ROW("INCRBYFLOAT k -0.0", "$1\n0"),
        ROW("INCRBYFLOAT k 3.25", "$4\n3.25"),
        ROW("INCRBYFLOAT k 0x10", "$5\n19.25"),
        ROW("INCRBYFLOAT k -1e-5", "$8\n19.24999"),
        ROW("INCRBYFLOAT k ' 1'", NO_FLOAT),
        ROW("INCRBYFLOAT k '1 '", NO_FLOAT),
        ROW("INCRBYFLOAT k ''", NO_FLOAT),
        ROW("INCRBYFLOAT k abc", NO_FLOAT),
        ROW("INCRBYFLOAT k nan", NO_FLOAT),
        ROW("INCRBYFLOAT k 1e5000", NO_FLOAT),
        ROW("INCRBYFLOAT k .5", "$8\n19.74999"),
        ROW("INCRBYFLOAT k 5.", "$8\n24.74999"),
        ROW("INCRBYFLOAT k +1", "$8\n25.74999"),
        ROW("INCRBYFLOAT k 1,5", NO_FLOAT),
        ROW("INCRBYFLOAT k inf",
            "-ERR increment would produce NaN or Infinity"),
        ROW("INCRBYFLOAT k -inf",
            "-ERR increment would produce NaN or Infinity"),
        ROW("INCRBYFLOAT k", ARITY("incrbyfloat")),
        ROW("SET k abc", OK),
        ROW("INCRBYFLOAT k 1", NO_FLOAT),
        ROW("SET k ' 1'", OK),
        ROW("INCRBYFLOAT k 1", NO_FLOAT),
        ROW("SET k 1 EX 100", OK),
        ROW("INCRBYFLOAT k 1.25", "$4\n2.25"),
        ROW("TTL k", ":99..100"),
        ROW("SET k 1", OK),
        ROW("INCRBYFLOAT k 0.5", "$3\n1.5"),
        ROW("INCR k", NO_INTEGER),
    };

    check_rows(rows);
}
END_TEST

/* ---- Bits -------------------------------------------------------------- */

START_TEST(setbit_and_getbit_count_from_the_first_byte) {
    static const struct row rows[] = {
        ROW("SETBIT k 7 1", ":0"),
        ROW("GET k", "$1\n\x01"),
        ROW("SETBIT k 7 1", ":1"),
        ROW("SETBIT k 7 0", ":1"),
        ROW("SETBIT k 0 1", ":0"),
        ROW("SETBIT k 15 1", ":0"),
        ROW("STRLEN k", ":2"),
        ROW("GETBIT k 0", ":1"),
        ROW("GETBIT k 1", ":0"),
        ROW("GETBIT k 15", ":1"),
        ROW("GETBIT k 16", ":0"),
        ROW("GETBIT k 4294967295", ":0"),
        ROW("GETBIT none 0", ":0"),
        ROW("SETBIT none 9 0", ":0"),
        ROW("STRLEN none", ":2"),
        ROW("SETBIT k 0 2", "-ERR bit is not an integer or out of range"),
        ROW("SETBIT k 0 -1", "-ERR bit is not an integer or out of range"),
        ROW("SETBIT k 0 x", "-ERR bit is not an integer or out of range"),
        ROW("SETBIT k -1 1",
            "-ERR bit offset is not an integer or out of range"),
        ROW("SETBIT k x 1",
            "-ERR bit offset is not an integer or out of range"),
        ROW("SETBIT k 4294967296 1",
            "-ERR bit offset is not an integer or out of range"),
        ROW("GETBIT k -1", "-ERR bit offset is not an integer or out of range"),
        ROW("GETBIT k 4294967296",
            "-ERR bit offset is not an integer or out of range"),
        ROW("GETBIT k x", "-ERR bit offset is not an integer or out of range"),
        ROW("SETBIT k 1", ARITY("setbit")),
        ROW("GETBIT k", ARITY("getbit")),
        ROW("SET k a EX 100", OK),
        ROW("SETBIT k 6 1", ":0"),
        ROW("GET k", "$1\nc"),
        ROW("TTL k", ":99..100"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(bitcount_by_byte_and_by_bit) {
    static const struct row rows[] = {
        ROW("SET k foobar", OK),
        ROW("BITCOUNT k", ":26"),
        ROW("BITCOUNT k 0 0", ":4"),
        ROW("BITCOUNT k 1 1", ":6"),
        ROW("BITCOUNT k 0 -1", ":26"),
        ROW("BITCOUNT k -2 -1", ":7"),
        ROW("BITCOUNT k 1 1 BYTE", ":6"),
        ROW("BITCOUNT k 5 30 BIT", ":17"),
        ROW("BITCOUNT k 5 30 bit", ":17"),
        ROW("BITCOUNT k 0 -1 BIT", ":26"),
        ROW("BITCOUNT k -8 -1 BIT", ":4"),
        ROW("BITCOUNT k 3 3 BIT", ":0"),
        ROW("BITCOUNT k 5 2", ":0"),
        ROW("BITCOUNT k 100 200", ":0"),
        ROW("BITCOUNT k -100 -50", ":4"),
        ROW("BITCOUNT k -100 0", ":4"),
        ROW("BITCOUNT k 0 9223372036854775807", ":26"),
        ROW("BITCOUNT k -9223372036854775808 -1 BIT", ":26"),
        ROW("BITCOUNT none", ":0"),
        ROW("BITCOUNT none 0 -1", ":0"),
        ROW("BITCOUNT none a b", ":0"),
        ROW("BITCOUNT k 0", SYNTAX),
        ROW("BITCOUNT k a 0", NO_INTEGER),
        ROW("BITCOUNT k 0 b", NO_INTEGER),
        ROW("BITCOUNT k 0 1 NOSUCH", SYNTAX),
        ROW("BITCOUNT k 0 1 BIT x", SYNTAX),
        ROW("BITCOUNT", ARITY("bitcount")),
        ROW("SET k ''", OK),
        ROW("BITCOUNT k", ":0"),
        ROW("BITCOUNT k 0 -1", ":0"),
    };

    check_rows(rows);
}
END_TEST

/* ---- How many arguments ------------------------------------------------ */

START_TEST(string_commands_refuse_a_wrong_number_of_arguments) {
    static const struct row rows[] = {
        ROW("SET", ARITY("set")),
        ROW("SET k", ARITY("set")),
        ROW("GET", ARITY("get")),
        ROW("GET a b", ARITY("get")),
        ROW("Append k", ARITY("append")),
        ROW("strlen a b", ARITY("strlen")),
        ROW("INCR a b", ARITY("incr")),
        ROW("DECR", ARITY("decr")),
        ROW("DECR a b", ARITY("decr")),
        ROW("INCRBYFLOAT k", ARITY("incrbyfloat")),
        ROW("GETDEL", ARITY("getdel")),
        ROW("GETRANGE k 0", ARITY("getrange")),
        ROW("GETRANGE k 0 1 2", ARITY("getrange")),
        ROW("SETRANGE k 0 v x", ARITY("setrange")),
        ROW("SETBIT k 0", ARITY("setbit")),
        ROW("GETBIT k 0 1", ARITY("getbit")),
        ROW("SETNX k v x", ARITY("setnx")),
        ROW("GETSET k v x", ARITY("getset")),
        ROW("MGET", ARITY("mget")),
    };

    check_rows(rows);
}
END_TEST

/* ---- Bytes ------------------------------------------------------------- */

START_TEST(commands_on_strings_take_any_bytes) {
    struct client *c = connected();

    expect(c, "*3\r\n$6\r\nAPPEND\r\n$2\r\n\0k\r\n$3\r\na\0b\r\n", ":3\r\n");
    expect(c, "*4\r\n$8\r\nSETRANGE\r\n$2\r\n\0k\r\n$1\r\n5\r\n$1\r\n\0\r\n",
           ":6\r\n");
    expect(c, "*2\r\n$3\r\nGET\r\n$2\r\n\0k\r\n", "$6\r\na\0b\0\0\0\r\n");
    expect(c, "*3\r\n$6\r\nGETSET\r\n$2\r\n\0k\r\n$2\r\n\r\n\r\n",
           "$6\r\na\0b\0\0\0\r\n");
    expect(c, "*2\r\n$6\r\nGETDEL\r\n$2\r\n\0k\r\n", "$2\r\n\r\n\r\n");
}
END_TEST

START_TEST(a_value_grows_by_a_byte_at_a_time) {
    struct client *c = connected();
    struct bytes requests = {0}, replies = {0};

    for (int i = 1; i <= 20000; i++) {
        bytes_addf(&requests, "APPEND k x\r\n");
        bytes_addf(&replies, ":%d\r\n", i);
    }
    client_patience(c, BULK_SECONDS);
    send_bytes(c, &requests);
    expect_bytes(c, &replies);
    command(c, ":20000\r\n", "STRLEN", "k");
    command(c, ":1048576\r\n", "SETRANGE", "k", "1048575", "y");
    command(c, "$3\r\n\0\0y\r\n", "GETRANGE", "k", "-3", "-1");
    command(c, "$2\r\nxx\r\n", "GETRANGE", "k", "19998", "19999");
    bytes_free(&requests);
    bytes_free(&replies);
}
END_TEST

Suite *part3_strings_suite(void) {
    Suite *s = suite_create("part 3: strings");

    add_test(s, set_takes_its_options_in_any_order_and_case, 3, EXTRA);
    add_test(s, set_refuses_what_makes_no_sense, 3, EXTRA);
    add_test(s, setex_psetex_setnx_and_getset, 3, EXTRA);
    add_test(s, getdel_and_getex, 3, EXTRA);
    add_test(s, mget_mset_and_msetnx, 3, EXTRA);
    add_test(s, append_and_strlen, 3, EXTRA);
    add_test(s, getrange_counts_from_both_ends, 3, EXTRA);
    add_test(s, setrange_pads_with_zero_bytes, 3, EXTRA);
    add_test(s, counters_keep_to_64_bits, 3, EXTRA);
    add_test(s, a_counter_has_to_be_an_integer, 3, EXTRA);
    add_test(s, floats_are_printed_as_short_as_they_read, 3, EXTRA);
    add_test(s, setbit_and_getbit_count_from_the_first_byte, 3, EXTRA);
    add_test(s, bitcount_by_byte_and_by_bit, 3, EXTRA);
    add_test(s, string_commands_refuse_a_wrong_number_of_arguments, 3, EXTRA);
    add_test(s, commands_on_strings_take_any_bytes, 3, EXTRA);
    add_test(s, a_value_grows_by_a_byte_at_a_time, 3, EXTRA);
    return s;
}
