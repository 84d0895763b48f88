/* resp.h -- RESP, the protocol between clients and server: bytes to requests,
 * replies to bytes. No socket is touched here.
 *
 * Source  "Redis serialization protocol specification"
 *         (https://redis.io/docs/latest/develop/reference/protocol-spec/) and,
 *         for limits and error texts, what redis-server 7.0 answers.
 *
 * Part 1 reads inline requests, and refuses arrays; it writes the three replies
 * that they need. Everything below the line "From part 2 on" comes there. */
#ifndef REDIS_LITE_RESP_H
#define REDIS_LITE_RESP_H

#include "buf.h"
#include "params.h"
#include "slice.h"
#include "util.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A reader answers one of three things. */
enum resp_status {
    RESP_COMPLETE,  /* there is one; how many bytes it took is in 'size' */
    RESP_NEED_MORE, /* so far so good: call again when more has come */
    RESP_ERROR,     /* can never become one: say 'error', close */
};

#define RESP_ERROR_TEXT_MAX 48

/* ---- Requests --------------------------------------------------------- */

/* What a request may ask for at most; a request that asks for more is an error.
 * 'too_many' and 'too_long' are the words of that error. */
struct resp_limits {
    int64_t args;         /* arguments */
    int64_t bulk;         /* bytes of one */
    int64_t request;      /* bytes of all, with what the protocol adds */
    const char *too_many; /* NULL: "invalid multibulk length" */
    const char *too_long; /* NULL: "invalid bulk length" */
};

/* One connection's place in the request that it is sending: an array of bulk
 * strings, or an inline request (a line of words). Zeroed, it waits for the
 * first. It remembers offsets, never pointers: the query buffer may move when
 * it grows between two calls.
 *
 * An argument's memory is never asked for by a number that the peer sent: the
 * bytes are the query buffer's, and 'argv' grows as arguments arrive. */
struct resp_request {
    /* The result, valid at RESP_COMPLETE. argv[i] borrows from the input, or
     * from 'words' if the request is an inline one. An empty request (a blank
     * line, "*0") has argc 0, and is answered by nothing. */
    struct slice *argv;
    size_t argc;
    size_t size;
    char error[RESP_ERROR_TEXT_MAX];  /* at RESP_ERROR: e.g. "invalid bulk
                                         length"; the caller says "-ERR Protocol
                                         error: " before it */
    const struct resp_limits *limits; /* set by the caller; NULL: params.h's */

    /* Private: where the reader stands. */
    size_t *starts;   /* offsets of the arguments' first bytes */
    size_t cap;       /* room in argv and starts */
    size_t pos;       /* bytes understood; they are not looked at again */
    size_t searched;  /* bytes searched for the end of a line */
    int64_t expected; /* arguments the array announced, once pos > 0 */
    int64_t bulk_len; /* of the bulk string that is arriving */
    bool in_bulk;     /* bulk_len is known */
    struct buf words; /* an inline request's words, quotes resolved */
};

/* Read one request from the front of 'in', which must be everything received
 * since the request before it: not only what is new. Bytes that were
 * understood in an earlier call are not read again.
 * After RESP_COMPLETE the caller runs argv, drops 'size' bytes and calls
 * resp_request_next(). After RESP_ERROR the stream has lost its framing. */
enum resp_status resp_read_request(struct resp_request *request,
                                   struct slice in);

/* Be ready for the next request; keeps the memory for it. */
void resp_request_next(struct resp_request *request);

/* Give the memory back; the request waits for the first again. */
void resp_request_free(struct resp_request *request);

/* For the readers themselves: add an argument that lies 'start' bytes from a
 * base; then, with all there, say where the base is and how many bytes the
 * request took; or say why it is none. Return what the reader returns. */
void resp_request_add(struct resp_request *request, size_t start, size_t len);
enum resp_status resp_request_done(struct resp_request *request,
                                   const char *base, size_t size);
enum resp_status resp_request_fail(struct resp_request *request,
                                   const char *why);

/* ---- Replies: each appends one to 'out' -------------------------------- */

/* "+OK". 'text' holds neither CR nor LF. */
void resp_write_simple(struct buf *out, const char *text);

/* "-ERR ...", printf(3)'s way; an upper-case word comes first. CR and LF would
 * end the reply early, so they turn into blanks; over 1 KiB is cut. */
void resp_write_error(struct buf *out, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* "$5 hello": any bytes. */
void resp_write_bulk(struct buf *out, struct slice bytes);

/* ---- From part 2 on ---------------------------------------------------- */

/* How many bytes an incomplete request still lacks, after the 'come' ones that
 * were read; 0: not known before its last argument has begun. */
size_t resp_request_lacks(const struct resp_request *request, size_t come);

/* ":42". */
void resp_write_integer(struct buf *out, int64_t value);

/* "*n": the caller writes the n values that follow. */
void resp_write_array(struct buf *out, size_t count);

/* A table of n pairs, 2n values follow: "%n" for a client that said HELLO 3,
 * a flat array for the others, who do not know the type. */
void resp_write_map(struct buf *out, size_t count, int protocol);

/* A set of n values: "~n" for a client that said HELLO 3, else an array. */
void resp_write_set(struct buf *out, size_t count, int protocol);

/* Text for people: "=n txt:..." for a client that said HELLO 3, else a bulk
 * string. */
void resp_write_text(struct buf *out, struct slice text, int protocol);

/* Nothing there, where an array was expected: "_", or "*-1" in RESP2. */
void resp_write_null_array(struct buf *out, int protocol);

/* Nothing there: "_" for a client that said HELLO 3, else "$-1", which is how
 * RESP2 spells it (RESP2 has no null type of its own). */
void resp_write_null(struct buf *out, int protocol);

/* Any value that our server sends, as a client meets it. Arrays nest, so a
 * value comes as a flat run of items: an array's item first, then those of its
 * elements. This needs no tree and no allocation. What RESP3 tells apart is
 * one type here: an array may have been a set or a map (its keys and values in
 * turn), a bulk string a text. */
enum resp_type {
    RESP_SIMPLE = '+',
    RESP_FAILURE = '-',
    RESP_INTEGER = ':',
    RESP_BULK = '$',  /* "$" and "=" */
    RESP_ARRAY = '*', /* "*", "~" and "%" */
    RESP_NULL = '_',  /* "_", "$-1" and "*-1" */
};

struct resp_item {
    enum resp_type type;
    unsigned depth;     /* arrays it stands in; 0: the value itself */
    struct slice bytes; /* simple, failure, bulk: borrowed from the input */
    int64_t integer;    /* integer: its value; array: how many elements */
};

/* One stream's place in the value that is arriving. Zeroed, it waits for the
 * first. */
struct resp_reader {
    size_t size;                     /* at RESP_COMPLETE: bytes of the item */
    bool more;                       /* the value has items after this one */
    char error[RESP_ERROR_TEXT_MAX]; /* at RESP_ERROR */

    /* Private. */
    unsigned depth;               /* arrays that are open */
    int64_t left[RESP_DEPTH_MAX]; /* elements that each still lacks */
    size_t searched;              /* as in resp_request */
    int64_t bulk_len;
    size_t bulk_start; /* 0: the length is not known yet */
};

/* Read one item from the front of 'in', which must be everything received
 * since the item before it. After RESP_COMPLETE the caller uses '*item' and
 * drops 'size' bytes; the value is whole when 'more' is false. */
enum resp_status resp_read_item(struct resp_reader *reader, struct slice in,
                                struct resp_item *item);

#endif
