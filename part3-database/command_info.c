/* command_info.c -- stub */
#include "handlers.h"
#include "resp.h"
void command_info(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
