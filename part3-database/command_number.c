/* command_number.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_decr(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_decrby(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_incr(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_incrby(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_incrbyfloat(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
