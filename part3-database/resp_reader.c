/* resp_reader.c -- bytes to requests, and to values.
 *
 * Both readers work the same way: find the line that announces what comes,
 * check its number before using it, then wait until all of it is there. While
 * it is not, they remember how far they understood, so that no byte is
 * searched twice, however small the pieces are in which it arrives. */
#include "resp.h"

#include "inline.h"
#include "params.h"

#include <stdio.h>
#include <string.h>

/* Find the line from 'start' on; '*line' is what stands before its CR LF.
 * RESP_ERROR if it is too long or its CR is followed by something else. */
static enum resp_status find_line(struct slice in, size_t start,
                                  size_t *searched, struct slice *line) {
    size_t from = *searched > start ? *searched : start;
    const char *cr = memchr(in.data + from, '\r', in.len - from);
    size_t end = cr != NULL ? (size_t)(cr - in.data) : in.len;

    *searched = end;
    if (end - start > RESP_LINE_MAX) return RESP_ERROR;
    if (in.len - end < 2) return RESP_NEED_MORE;
    if (cr[1] != '\n') return RESP_ERROR;
    *line = (struct slice){in.data + start, end - start};
    return RESP_COMPLETE;
}

/* ---- Requests --------------------------------------------------------- */

/* Read the number of a line such as "*3" or "$5", and move past it. */
static enum resp_status read_length(struct resp_request *request,
                                    struct slice in, int64_t *length,
                                    const char *too_big, const char *invalid) {
    struct slice line;
    bool is_too_big;

    switch (find_line(in, request->pos, &request->searched, &line)) {
    case RESP_NEED_MORE: return RESP_NEED_MORE;
    case RESP_ERROR:
        is_too_big = request->searched - request->pos > RESP_LINE_MAX;
        return resp_request_fail(request, is_too_big ? too_big : invalid);
    case RESP_COMPLETE: break;
    }
    if (!slice_to_int64((struct slice){line.data + 1, line.len - 1}, length)) {
        return resp_request_fail(request, invalid);
    }
    request->pos += line.len + 2;
    return RESP_COMPLETE;
}

static const struct resp_limits default_limits = {RESP_ARGS_MAX, RESP_BULK_MAX,
                                                  RESP_REQUEST_MAX, NULL, NULL};

static const struct resp_limits *limits_of(const struct resp_request *request) {
    return request->limits != NULL ? request->limits : &default_limits;
}

static enum resp_status read_bulk_length(struct resp_request *request,
                                         struct slice in) {
    static const char invalid[] = "invalid bulk length";
    const struct resp_limits *limits = limits_of(request);
    char got[RESP_ERROR_TEXT_MAX];
    enum resp_status status;

    if (request->pos == in.len) return RESP_NEED_MORE;
    if (in.data[request->pos] != '$') {
        snprintf(got, sizeof got, "expected '$', got '%c'",
                 in.data[request->pos]);
        return resp_request_fail(request, got);
    }
    status = read_length(request, in, &request->bulk_len,
                         "too big bulk count string", invalid);
    if (status != RESP_COMPLETE) return status;
    if (request->bulk_len < 0) return resp_request_fail(request, invalid);
    if (request->bulk_len > limits->bulk) {
        return resp_request_fail(
            request, limits->too_long != NULL ? limits->too_long : invalid);
    }
    if (request->bulk_len > limits->request - (int64_t)request->pos) {
        return resp_request_fail(request, "too big request");
    }
    request->in_bulk = true;
    return RESP_COMPLETE;
}

static enum resp_status read_bulk(struct resp_request *request,
                                  struct slice in) {
    const char *end;
    size_t len;

    if (!request->in_bulk) {
        enum resp_status status = read_bulk_length(request, in);
        if (status != RESP_COMPLETE) return status;
    }
    len = (size_t)request->bulk_len;
    if (in.len - request->pos < len + 2) return RESP_NEED_MORE;
    end = in.data + request->pos + len;
    if (end[0] != '\r' || end[1] != '\n') {
        return resp_request_fail(request, "expected CR LF after bulk string");
    }
    resp_request_add(request, request->pos, len);
    request->pos += len + 2;
    request->in_bulk = false;
    return RESP_COMPLETE;
}

enum resp_status resp_read_request(struct resp_request *request,
                                   struct slice in) {
    static const char invalid[] = "invalid multibulk length";
    const struct resp_limits *limits = limits_of(request);
    enum resp_status status;

    if (in.len == 0) return RESP_NEED_MORE;
    if (in.data[0] != '*') return inline_read_request(request, in);

    if (request->pos == 0) {
        status = read_length(request, in, &request->expected,
                             "too big mbulk count string", invalid);
        if (status != RESP_COMPLETE) return status;
        if (request->expected > limits->args) {
            return resp_request_fail(
                request, limits->too_many != NULL ? limits->too_many : invalid);
        }
    }
    while ((int64_t)request->argc < request->expected) {
        status = read_bulk(request, in);
        if (status != RESP_COMPLETE) return status;
    }
    return resp_request_done(request, in.data, request->pos);
}

size_t resp_request_lacks(const struct resp_request *request, size_t come) {
    bool is_last = (int64_t)request->argc + 1 == request->expected;

    if (!request->in_bulk || !is_last) return 0;
    return request->pos + (size_t)request->bulk_len + 2 - come;
}

/* ---- Values ----------------------------------------------------------- */

static enum resp_status fail(struct resp_reader *reader, const char *why) {
    snprintf(reader->error, sizeof reader->error, "%s", why);
    return RESP_ERROR;
}

/* A number of a value: unlike a length it may have a '+' (RESP2,
 * "Integers"). */
static bool read_integer(struct slice text, int64_t *value) {
    if (text.len > 1 && text.data[0] == '+' && text.data[1] != '-') {
        text = (struct slice){text.data + 1, text.len - 1};
    }
    return slice_to_int64(text, value);
}

/* The value goes on after this item: with its own elements, or with what the
 * arrays around it still lack; or it is whole. */
static void note_place(struct resp_reader *reader,
                       const struct resp_item *item) {
    if (item->type == RESP_ARRAY && item->integer > 0) {
        reader->left[reader->depth++] = item->integer;
    } else {
        while (reader->depth > 0 && --reader->left[reader->depth - 1] == 0) {
            reader->depth--;
        }
    }
    reader->more = reader->depth > 0;
}

static enum resp_status finish(struct resp_reader *reader, size_t size,
                               const struct resp_item *item) {
    reader->size = size;
    reader->searched = 0;
    reader->bulk_start = 0;
    note_place(reader, item);
    return RESP_COMPLETE;
}

/* What a value is: RESP3 has more than one kind of array, and of string. */
static enum resp_type type_of(char first) {
    switch (first) {
    case '%': /* a map: its keys and values in turn */
    case '~': return RESP_ARRAY;
    case '=': return RESP_BULK;
    default: return (enum resp_type)first;
    }
}

/* How many elements or bytes 'line' announces; -1 is how RESP2 spells "nothing
 * there". */
static bool read_count(struct slice line, enum resp_type type, int64_t *count) {
    bool pairs = line.data[0] == '%';
    int64_t least = line.data[0] == (char)type ? -1 : 0;
    int64_t most = type == RESP_BULK ? RESP_BULK_MAX : INT64_MAX;

    if (!slice_to_int64((struct slice){line.data + 1, line.len - 1}, count) ||
        *count < least || *count > (pairs ? most / 2 : most)) {
        return false;
    }
    if (pairs) *count *= 2;
    return true;
}

/* Read what 'line' says: the whole item, or how long its bytes are. */
static enum resp_status read_line(struct resp_reader *reader, struct slice line,
                                  struct resp_item *item) {
    struct slice text = {line.data + 1, line.len - 1};
    size_t size = line.len + 2;

    *item = (struct resp_item){
        .type = type_of(line.data[0]), .depth = reader->depth, .bytes = text};
    switch (item->type) {
    case RESP_SIMPLE:
    case RESP_FAILURE: return finish(reader, size, item);
    case RESP_NULL:
        if (text.len > 0) return fail(reader, "invalid null");
        return finish(reader, size, item);
    case RESP_INTEGER:
        if (!read_integer(text, &item->integer)) {
            return fail(reader, "invalid integer");
        }
        return finish(reader, size, item);
    case RESP_BULK:
    case RESP_ARRAY:
        if (!read_count(line, item->type, &item->integer)) {
            return fail(reader, "invalid length");
        }
        break;
    }
    if (item->integer == -1) {
        item->type = RESP_NULL;
        return finish(reader, size, item);
    }
    if (item->type == RESP_ARRAY) {
        if (reader->depth == RESP_DEPTH_MAX) {
            return fail(reader, "arrays nested too deep");
        }
        return finish(reader, size, item);
    }
    reader->bulk_start = size;
    reader->bulk_len = item->integer;
    return RESP_COMPLETE;
}

static enum resp_status read_bulk_item(struct resp_reader *reader,
                                       struct slice in,
                                       struct resp_item *item) {
    size_t len = (size_t)reader->bulk_len;
    const char *bytes = in.data + reader->bulk_start;

    if (in.len - reader->bulk_start < len + 2) return RESP_NEED_MORE;
    if (bytes[len] != '\r' || bytes[len + 1] != '\n') {
        return fail(reader, "expected CR LF after bulk string");
    }
    *item = (struct resp_item){
        .type = RESP_BULK, .depth = reader->depth, .bytes = {bytes, len}
    };
    if (in.data[0] == '=') { /* "txt:" comes first, or another format */
        if (len < 4 || bytes[3] != ':') return fail(reader, "invalid text");
        item->bytes = (struct slice){bytes + 4, len - 4};
    }
    return finish(reader, reader->bulk_start + len + 2, item);
}

enum resp_status resp_read_item(struct resp_reader *reader, struct slice in,
                                struct resp_item *item) {
    struct slice line;
    enum resp_status status;

    if (in.len == 0) return RESP_NEED_MORE;
    if (strchr("+-:$*_%~=", in.data[0]) == NULL || in.data[0] == '\0') {
        return fail(reader, "unknown type");
    }
    if (reader->bulk_start == 0) {
        status = find_line(in, 0, &reader->searched, &line);
        if (status == RESP_ERROR) return fail(reader, "invalid line");
        if (status == RESP_NEED_MORE) return status;
        status = read_line(reader, line, item);
        if (status == RESP_ERROR || reader->bulk_start == 0) return status;
    }
    return read_bulk_item(reader, in, item);
}
