/* latency.c -- stub */
#include "latency.h"
const char *latency_name(enum latency_event event) {
    (void)event;
    return "";
}
void latency_add(struct latency *latency, enum latency_event event,
                 int64_t time, int64_t ms) {
    (void)latency;
    (void)event;
    (void)time;
    (void)ms;
}
