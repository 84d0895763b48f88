/* params.h -- every cap and default that a user or a peer can meet, each with
 * its unit. Sizes that are one file's own business stay there.
 *
 * Where Redis has the same limit, the number is Redis's, so that a client
 * meets no surprise; the comment says where it differs. */
#ifndef REDIS_LITE_PARAMS_H
#define REDIS_LITE_PARAMS_H

#define VERSION "0.1.0"
/* What HELLO says: clients choose what to send by the version they read. */
#define REDIS_COMPATIBLE_VERSION "7.0.15"

/* Defaults of the command line. */
#define DEFAULT_ADDRESS  "127.0.0.1:6379"
#define DEFAULT_AOF_PATH "appendonly.aof"
#define DEFAULT_CLIENTS  10000 /* connections at a time */

/* The network. */
#define LISTEN_BACKLOG       511  /* connections the kernel may hold for us */
#define LISTENERS_MAX        16   /* sockets for the addresses of one name */
#define ACCEPTS_PER_TURN     1000 /* then those already connected go first */
#define ACCEPT_PAUSE_MS      1000 /* after running out of descriptors */
#define DESCRIPTORS_RESERVED 32   /* log, listeners, lock, standard streams */
#define EVENTS_PER_TURN      128  /* clients served between two commits */

/* Bytes on their way in and out. */
#define READ_SIZE   (64 * 1024)   /* asked of one read() */
#define UNSENT_MAX  (256 * 1024)  /* above: that client is not served */
#define REPLIES_MAX (1024 * 1024) /* above: send before serving others */

/* Databases of a server (--databases), as far as a log may name one. */
#define DATABASES_MAX 65536

/* RESP. */
#define RESP_LINE_MAX    (64 * 1024)           /* an inline request; a length */
#define RESP_ARGS_MAX    (1024 * 1024)         /* as Redis had until 6.2 */
#define RESP_BULK_MAX    (512L * 1024 * 1024)  /* proto-max-bulk-len */
#define RESP_REQUEST_MAX (1024L * 1024 * 1024) /* client-query-buffer-limit */
#define RESP_DEPTH_MAX   32                    /* arrays within arrays */

/* The append-only file. */
#define AOF_READ_SIZE      (1024 * 1024) /* asked of one read() at replay */
#define AOF_SYNC_PERIOD_MS 1000          /* fsync policy everysec */
#define AOF_PENDING_KEPT   (1024 * 1024) /* room kept from turn to turn */
#define AOF_BEHIND_MS      2000         /* unsynced for so long: writers wait */
#define AOF_CATCH_UP       (256 * 1024) /* bytes a turn, of a rewrite */

#endif
