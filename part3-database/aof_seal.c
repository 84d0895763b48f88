/* aof_seal.c -- printing and reading seals. */
#include "aof_seal.h"

#include "util.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
                       "#HDR:v1;len:%" PRId64 ";synced:%" PRId64 ";%s",
                       seal->len, seal->synced, seal->is_open ? "open:1;" : "");

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
                  int64_t at, int64_t synced, bool is_open, struct slice block,
                  char line[SEAL_MAX]) {
    struct seal seal = {
        .len = (int64_t)block.len, .synced = synced, .is_open = is_open};
    size_t len;

    if (chain->id == 0) seal.id = chain->id = seal_draw_id();
    chain->is_open = is_open;
    len = print_front(&seal, line);
    seal.checksum = seal_sum(crc64, chain, (struct slice){line, len}, block);
    return print_back(crc64, chain->id, at, &seal, line, len);
}

size_t seal_first_len(const struct crc64 *crc64, int64_t at) {
    struct seal_chain none = {0};
    char line[SEAL_MAX];

    return seal_write(crc64, &none, at, at, false, (struct slice){0}, line);
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

/* "name:value;", if that is what comes: then *at is behind it. */
static bool take(const char **at, const char *name, int base, uint64_t *value) {
    size_t len = strlen(name);
    char *end;

    if (strncmp(*at, name, len) != 0) return false;
    *value = strtoull(*at + len, &end, base);
    if (*end != ';') return false;
    *at = end + 1;
    return true;
}

/* Whatever strtoull() lets pass is printed otherwise: so what looks like a seal
 * of ours, and is none, differs from what is printed for the same fields. */
bool seal_read(const struct crc64 *crc64, uint64_t id, int64_t at,
               struct slice line, struct seal *seal) {
    uint64_t len, synced, is_open = 0;
    const char *from;
    char text[SEAL_MAX];
    char again[SEAL_MAX];

    if (line.len >= SEAL_MAX) return false;
    memcpy(text, line.data, line.len);
    text[line.len] = '\0';
    *seal = (struct seal){0};
    from = text;
    if (!take(&from, "#HDR:v1;len:", 10, &len) || len > INT64_MAX ||
        !take(&from, "synced:", 10, &synced) || synced > (uint64_t)at) {
        return false;
    }
    take(&from, "open:", 10, &is_open);
    take(&from, "id:", 16, &seal->id);
    if (!take(&from, "checksum:", 16, &seal->checksum) ||
        (id == 0) != (seal->id != 0)) {
        return false;
    }
    seal->len = (int64_t)len;
    seal->synced = (int64_t)synced;
    seal->is_open = is_open != 0;
    print_back(crc64, id != 0 ? id : seal->id, at, seal, again,
               print_front(seal, again));
    return strlen(again) == line.len && memcmp(again, text, line.len) == 0;
}
