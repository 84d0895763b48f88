/* command_server.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_debug(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_lastsave(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_latency(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_memory(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_monitor(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_role(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_shutdown(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_slowlog(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_time(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
