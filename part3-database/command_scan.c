/* command_scan.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_keys(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_scan(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
