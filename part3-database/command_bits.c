/* command_bits.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_bitcount(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_getbit(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_setbit(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
