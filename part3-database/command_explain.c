/* command_explain.c -- one command as COMMAND DOCS tells of it, in the shape of
 * Redis. */
#include "command_describe.h"

#include "resp.h"

#include <assert.h>
#include <string.h>

#define NAME_MAX_LEN 64 /* bytes of an argument's name */

static void write_string(struct buf *out, const char *text) {
    resp_write_bulk(out, slice_of(text));
}

/* What is no string, by its name. */
static const struct {
    const char *name;
    const char *type;
} argument_types[] = {
    {"client-id",              "integer"  },
    {"count",                  "integer"  },
    {"cursor",                 "integer"  },
    {"db",                     "integer"  },
    {"decrement",              "integer"  },
    {"destination",            "key"      },
    {"destination-db",         "integer"  },
    {"end",                    "integer"  },
    {"increment",              "integer"  },
    {"index",                  "integer"  },
    {"key",                    "key"      },
    {"milliseconds",           "integer"  },
    {"newkey",                 "key"      },
    {"offset",                 "integer"  },
    {"pattern",                "pattern"  },
    {"protover",               "integer"  },
    {"seconds",                "integer"  },
    {"source",                 "key"      },
    {"start",                  "integer"  },
    {"unix-time-milliseconds", "unix-time"},
    {"unix-time-seconds",      "unix-time"},
};

static const char *type_of(const struct syntax_node *node) {
    size_t i;

    switch (node->type) {
    case SYNTAX_TOKEN: return "pure-token";
    case SYNTAX_ONE_OF: return "oneof";
    case SYNTAX_BLOCK: return "block";
    case SYNTAX_ARGUMENT: break;
    }
    for (i = 0; i < sizeof argument_types / sizeof argument_types[0]; i++) {
        if (slice_equal(node->name, slice_of(argument_types[i].name))) {
            return argument_types[i].type;
        }
    }
    return "string";
}

static void write_name(struct buf *out, struct slice name) {
    char lower[NAME_MAX_LEN];
    size_t i;

    assert(name.len <= sizeof lower);
    for (i = 0; i < name.len; i++) {
        bool is_upper = name.data[i] >= 'A' && name.data[i] <= 'Z';

        lower[i] = is_upper ? (char)(name.data[i] - 'A' + 'a') : name.data[i];
    }
    resp_write_bulk(out, (struct slice){lower, name.len});
}

/* An array of those beside 'node', with all that is in them. */
static void write_arguments(struct buf *out, const struct syntax_node *node,
                            int protocol);

static void write_argument(struct buf *out, const struct syntax_node *node,
                           int protocol) {
    const char *type = type_of(node);
    bool is_key = strcmp(type, "key") == 0;
    bool has_token = node->token.len > 0;
    bool has_flags = node->optional || node->multiple;
    bool has_parts = node->first != NULL;

    resp_write_map(out, 2u + is_key + has_token + has_flags + has_parts,
                   protocol);
    write_string(out, "name");
    write_name(out, node->name);
    write_string(out, "type");
    write_string(out, type);
    if (is_key) {
        bool is_second = slice_equal(node->name, slice_of("destination")) ||
                         slice_equal(node->name, slice_of("newkey"));

        write_string(out, "key_spec_index");
        resp_write_integer(out, is_second);
    }
    if (has_token) {
        write_string(out, "token");
        resp_write_bulk(out, node->token);
    }
    if (has_flags) {
        write_string(out, "flags");
        resp_write_set(out, (size_t)node->optional + node->multiple, protocol);
        if (node->optional) resp_write_simple(out, "optional");
        if (node->multiple) resp_write_simple(out, "multiple");
    }
    if (has_parts) {
        write_string(out, "arguments");
        write_arguments(out, node->first, protocol);
    }
}

static void write_arguments(struct buf *out, const struct syntax_node *node,
                            int protocol) {
    const struct syntax_node *beside;
    size_t count = 0;

    for (beside = node; beside != NULL; beside = beside->next)
        count++;
    resp_write_array(out, count);
    for (; node != NULL; node = node->next)
        write_argument(out, node, protocol);
}

void command_explain(struct buf *out, const struct command_docs *docs,
                     int protocol) {
    size_t subcommands = command_docs_subcommands(docs);
    struct syntax syntax;
    size_t i;

    syntax_read(&syntax, docs->syntax);
    write_string(out, docs->name);
    resp_write_map(out, 3u + (syntax.first != NULL) + (subcommands > 0),
                   protocol);
    write_string(out, "summary");
    write_string(out, docs->summary);
    write_string(out, "since");
    write_string(out, docs->since);
    write_string(out, "group");
    write_string(out, docs->group);
    if (syntax.first != NULL) {
        write_string(out, "arguments");
        write_arguments(out, syntax.first, protocol);
    }
    if (subcommands > 0) {
        write_string(out, "subcommands");
        resp_write_map(out, subcommands, protocol);
    }
    for (i = 1; i <= subcommands; i++)
        command_explain(out, docs + i, protocol);
}
