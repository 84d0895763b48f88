/* command_string.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_append(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_getdel(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_getex(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_getrange(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_getset(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_mget(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_mset(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_msetnx(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_psetex(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_setex(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_setnx(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_setrange(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_strlen(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_set_options(struct call *call) {
    command_set(call); /* stub */
}
