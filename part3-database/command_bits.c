/* command_bits.c -- values as rows of bits. Bit 0 is the highest of the first
 * byte. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"

#include <string.h>

/* ---- One bit ------------------------------------------------------------ */

static bool read_offset(struct call *call, size_t *byte, unsigned *mask) {
    int64_t offset;

    if (!slice_to_int64(call->argv[2], &offset) || offset < 0 ||
        (uint64_t)offset / 8 >= argument_value_max(call)) {
        resp_write_error(call->out,
                         "ERR bit offset is not an integer or out of range");
        return false;
    }
    *byte = (size_t)(offset / 8);
    *mask = 0x80u >> offset % 8;
    return true;
}

static bool read_bit(struct call *call, bool *bit) {
    int64_t value;

    if (!slice_to_int64(call->argv[3], &value) || value < 0 || value > 1) {
        resp_write_error(call->out,
                         "ERR bit is not an integer or out of range");
        return false;
    }
    *bit = value == 1;
    return true;
}

/* Bits that are not there are 0. */
static bool bit_of(struct slice value, size_t byte, unsigned mask) {
    return byte < value.len && ((unsigned char)value.data[byte] & mask) != 0;
}

void command_getbit(struct call *call) {
    struct slice value = {NULL, 0};
    unsigned mask;
    size_t byte;

    if (!read_offset(call, &byte, &mask)) return;
    store_get(call->store, call->argv[1], &value);
    resp_write_integer(call->out, bit_of(value, byte, mask));
}

void command_setbit(struct call *call) {
    struct slice value = {NULL, 0};
    size_t byte;
    unsigned mask;
    bool bit, old;

    if (!read_offset(call, &byte, &mask) || !read_bit(call, &bit)) return;
    store_peek(call->store, call->argv[1], &value);
    old = bit_of(value, byte, mask);
    if (bit != old || byte >= value.len) {
        size_t len = byte < value.len ? value.len : byte + 1;
        char *bytes = store_resize(call->store, call->argv[1], len);

        /* It is as it was, or new and 0. */
        if (bit != old) bytes[byte] = (char)((unsigned char)bytes[byte] ^ mask);
        call->changed = true;
    }
    resp_write_integer(call->out, old);
}

/* ---- Counting ----------------------------------------------------------- */

static int64_t count_bits(const char *bytes, size_t len) {
    int64_t count = 0;
    uint64_t word = 0;

    for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        count += __builtin_popcountll(word);
    }
    word = 0;
    if (len > 0) memcpy(&word, bytes, len);
    return count + __builtin_popcountll(word);
}

/* Those of a range of bits: all of its bytes, less what lies around it. */
static int64_t count_range(const char *bytes, struct argument_range range) {
    const char *first = bytes + range.first / 8;
    const char *last = bytes + range.last / 8;
    char before = (char)(*first & ~(0xff >> range.first % 8));
    char after = (char)(*last & 0xff >> (range.last % 8 + 1));

    return count_bits(first, (size_t)(last - first) + 1) -
           count_bits(&before, 1) - count_bits(&after, 1);
}

/* What follows the key: nothing, or first, last and maybe their unit. */
static bool read_range(struct call *call, struct argument_range *range,
                       bool *in_bits) {
    *range = (struct argument_range){0, -1};
    *in_bits = call->argc == 5 && argument_is(call->argv[4], "bit");
    if (call->argc == 2) return true;
    if (call->argc == 3 || call->argc > 5) {
        reply_syntax_error(call);
        return false;
    }
    if (!argument_range(call, 2, range)) return false;
    if (call->argc == 4 || *in_bits || argument_is(call->argv[4], "byte")) {
        return true;
    }
    /* Of nothing, Redis does not ask for the unit. */
    if (range->first < 0 && range->last < range->first) return true;
    reply_syntax_error(call);
    return false;
}

void command_bitcount(struct call *call) {
    struct argument_range range;
    struct slice value;
    int64_t count = 0;
    bool in_bits;

    if (store_get(call->store, call->argv[1], &value)) {
        if (!read_range(call, &range, &in_bits)) return;
        if (argument_range_within(&range,
                                  (int64_t)value.len * (in_bits ? 8 : 1))) {
            if (!in_bits) {
                range.first *= 8;
                range.last = range.last * 8 + 7;
            }
            count = count_range(value.data, range);
        }
    }
    resp_write_integer(call->out, count);
}
