/* command_config.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_config(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
