/* command_keys.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_copy(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_flushdb(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_move(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_object(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_randomkey(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_rename(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_renamenx(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_touch(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_type(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_unlink(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
void command_flushall(struct call *call) {
    /* ASYNC and SYNC say how the memory is given back, not what is seen. */
    if (call->argc > 2 ||
        (call->argc == 2 &&
         !slice_equal_nocase(call->argv[1], slice_of("async")) &&
         !slice_equal_nocase(call->argv[1], slice_of("sync")))) {
        resp_write_error(call->out, "ERR syntax error");
        return;
    }
    call->changed = store_total(call->store) > 0;
    store_clear_all(call->store);
    resp_write_simple(call->out, "OK");
}
