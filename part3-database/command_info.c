/* command_info.c -- stub */
#include "handlers.h"
#include "resp.h"
#include "server_state.h"
void figures_reset(struct server *server) {
    (void)server;
}
void command_info(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
