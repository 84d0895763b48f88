/* command_expire.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_expire(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_expireat(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_expiretime(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_persist(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_pexpire(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_pexpireat(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_pexpiretime(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_pttl(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_ttl(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
