/* hiredis.c PORT PASSWORD -- the C client library, as an application uses it:
 * connect, PING, ECHO of all bytes, a pipeline; SET and GET if the server has
 * them. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIPELINE 1000

static void need(int ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "hiredis: %s\n", what);
    exit(1);
}

int main(int argc, char **argv) {
    char bytes[256];
    redisContext *context;
    redisReply *reply;
    int i;

    need(argc == 3, "usage: hiredis PORT PASSWORD");
    context = redisConnect("127.0.0.1", atoi(argv[1]));
    need(context != NULL && context->err == 0, "cannot connect");
    if (argv[2][0] != '\0') {
        reply = redisCommand(context, "AUTH %s", argv[2]);
        need(reply != NULL && reply->type == REDIS_REPLY_STATUS, "AUTH");
        freeReplyObject(reply);
    }

    reply = redisCommand(context, "PING");
    need(reply != NULL && reply->type == REDIS_REPLY_STATUS &&
             strcmp(reply->str, "PONG") == 0,
         "PING");
    freeReplyObject(reply);

    for (i = 0; i < 256; i++)
        bytes[i] = (char)i;
    reply = redisCommand(context, "ECHO %b", bytes, sizeof bytes);
    need(reply != NULL && reply->type == REDIS_REPLY_STRING &&
             reply->len == sizeof bytes &&
             memcmp(reply->str, bytes, sizeof bytes) == 0,
         "ECHO of all bytes");
    freeReplyObject(reply);

    for (i = 0; i < PIPELINE; i++)
        redisAppendCommand(context, "ECHO %d", i);
    for (i = 0; i < PIPELINE; i++) {
        need(redisGetReply(context, (void **)&reply) == REDIS_OK &&
                 atoi(reply->str) == i,
             "a pipeline");
        freeReplyObject(reply);
    }

    reply = redisCommand(context, "SET %b %s", bytes, sizeof bytes, "value");
    need(reply != NULL, "SET");
    if (reply->type != REDIS_REPLY_ERROR) {
        freeReplyObject(reply);
        reply = redisCommand(context, "GET %b", bytes, sizeof bytes);
        need(reply != NULL && reply->type == REDIS_REPLY_STRING &&
                 strcmp(reply->str, "value") == 0,
             "GET");
    }
    freeReplyObject(reply);
    redisFree(context);
    puts("hiredis: ok");
    return 0;
}
