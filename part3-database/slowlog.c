/* slowlog.c -- stub */
#include "slowlog.h"
#include "util.h"
#include <stdlib.h>
struct slowlog {
    int dummy;
};
struct slowlog *slowlog_new(void) {
    return xcalloc(1, sizeof(struct slowlog));
}
void slowlog_free(struct slowlog *slowlog) {
    free(slowlog);
}
void slowlog_add(struct slowlog *slowlog, size_t max,
                 const struct slowlog_entry *entry) {
    (void)slowlog;
    (void)max;
    (void)entry;
}
size_t slowlog_count(const struct slowlog *slowlog) {
    (void)slowlog;
    return 0;
}
const struct slowlog_entry *slowlog_at(const struct slowlog *slowlog,
                                       size_t number) {
    (void)slowlog;
    (void)number;
    return NULL;
}
void slowlog_clear(struct slowlog *slowlog) {
    (void)slowlog;
}
