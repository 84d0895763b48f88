/* aof_seal.c -- printing and reading seals. */
#include "aof_seal.h"

#include "util.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t seal_draw_id(void) {
    uint64_t id;

    do {
        random_bytes(&id, sizeof id);
    } while (id == 0);
    return id;
}

/* Up to where the checksum covers the line; the field's name is in it. */
static size_t print_front(const struct seal *seal, char line[SEAL_MAX]) {
    int len = snprintf(line, SEAL_MAX,
                       "#HDR:v1;len:%" PRId64 ";synced:%" PRId64 ";", seal->len,
                       seal->synced);

    if (seal->id != 0) {
        len += snprintf(line + len, SEAL_MAX - (size_t)len,
                        "id:%016" PRIx64 ";", seal->id);
    }
    len += snprintf(line + len, SEAL_MAX - (size_t)len, "checksum:");
    return (size_t)len;
}

/* The rest, behind 'len' bytes of it. Returns how long all is. */
static size_t print_back(const struct crc64 *crc64, uint64_t id, int64_t at,
                         struct seal *seal, char line[SEAL_MAX], size_t len) {
    unsigned char place[16];
    int i;

    for (i = 0; i < 8; i++) {
        place[i] = (unsigned char)(id >> 8 * i);
        place[8 + i] = (unsigned char)((uint64_t)at >> 8 * i);
    }
    len += (size_t)snprintf(line + len, SEAL_MAX - len,
                            "%016" PRIx64 ";header:", seal->checksum);
    seal->header = crc64_add(crc64, crc64_add(crc64, 0, place, sizeof place),
                             line, len);
    len += (size_t)snprintf(line + len, SEAL_MAX - len, "%016" PRIx64 ";\r\n",
                            seal->header);
    assert(len < SEAL_MAX);
    return len;
}

size_t seal_write(const struct crc64 *crc64, struct seal_chain *chain,
                  int64_t at, int64_t synced, struct slice block,
                  char line[SEAL_MAX]) {
    struct seal seal = {.len = (int64_t)block.len, .synced = synced};
    size_t len;

    if (chain->id == 0) seal.id = chain->id = seal_draw_id();
    len = print_front(&seal, line);
    seal.checksum = seal_sum(crc64, chain, (struct slice){line, len}, block);
    return print_back(crc64, chain->id, at, &seal, line, len);
}

size_t seal_first_len(const struct crc64 *crc64, int64_t at) {
    struct seal_chain none = {0};
    char line[SEAL_MAX];

    return seal_write(crc64, &none, at, at, (struct slice){0}, line);
}

void seal_skip(const struct crc64 *crc64, struct seal_chain *chain,
               struct slice bytes) {
    chain->sum = crc64_add(crc64, chain->sum, bytes.data, bytes.len);
}

uint64_t seal_sum(const struct crc64 *crc64, struct seal_chain *chain,
                  struct slice line, struct slice block) {
    static const char last[] = "checksum:";
    const char *field = memmem(line.data, line.len, last, sizeof last - 1);

    assert(field != NULL);
    line.len = (size_t)(field - line.data) + sizeof last - 1;
    seal_skip(crc64, chain, line);
    seal_skip(crc64, chain, block);
    return chain->sum;
}

/* What is no seal of ours, but looks like one, has to differ from what is
 * printed for the same fields. */
bool seal_read(const struct crc64 *crc64, uint64_t id, int64_t at,
               struct slice line, struct seal *seal) {
    char text[SEAL_MAX];
    char again[SEAL_MAX];
    int fields;

    if (line.len >= SEAL_MAX) return false;
    memcpy(text, line.data, line.len);
    text[line.len] = '\0';
    *seal = (struct seal){0};
    fields = sscanf(text,
                    "#HDR:v1;len:%18" SCNd64 ";synced:%18" SCNd64
                    ";id:%16" SCNx64 ";checksum:%16" SCNx64 ";",
                    &seal->len, &seal->synced, &seal->id, &seal->checksum);
    if (fields == 2) {
        fields = 1 + sscanf(text,
                            "#HDR:v1;len:%18" SCNd64 ";synced:%18" SCNd64
                            ";checksum:%16" SCNx64 ";",
                            &seal->len, &seal->synced, &seal->checksum);
    }
    if (fields != 4 || seal->len < 0 || seal->synced < 0 || seal->synced > at ||
        (id == 0) != (seal->id != 0)) {
        return false;
    }
    print_back(crc64, id != 0 ? id : seal->id, at, seal, again,
               print_front(seal, again));
    return strlen(again) == line.len && memcmp(again, text, line.len) == 0;
}
