/* command_describe.c -- one command as COMMAND INFO tells of it: what its rows
 * in both tables say, in the shape of Redis. */
#include "command_describe.h"

#include "command.h"
#include "resp.h"

#include <string.h>

#define WORD_MAX 64 /* bytes of a name or a flag, and a NUL */

static struct subject subcommand_of(const struct command_docs *docs) {
    bool has_key = docs->keys != NULL;
    struct syntax syntax;

    syntax_read(&syntax, docs->syntax);
    return (struct subject){.docs = docs,
                            .group = docs->group,
                            .arity = syntax_arity(&syntax, 2),
                            .first_key = has_key ? 2 : 0,
                            .last_key = has_key ? 2 : 0,
                            .key_step = has_key ? 1 : 0};
}

/* A container is nothing by itself: flags and group are its subcommands'. */
struct subject command_subject(const struct command_docs *docs) {
    struct subject it = {.docs = docs, .group = ""};
    const struct command *command;

    if (strchr(docs->name, '|') != NULL) return subcommand_of(docs);
    command = command_find(slice_of(docs->name));
    it.arity = command->arity;
    if (command_docs_subcommands(docs) > 0) return it;
    it.group = docs->group;
    it.flags = command->flags;
    if (docs->keys == NULL) return it;
    it.first_key = it.last_key = it.key_step = 1;
    if (it.flags & COMMAND_KEY_PAIR) it.last_key = 2;
    if (it.flags & (COMMAND_KEYS | COMMAND_KEY_VALUE)) it.last_key = -1;
    if (it.flags & COMMAND_KEY_VALUE) it.key_step = 2;
    return it;
}

/* ---- Lists of words ------------------------------------------------------ */

/* Take the first word of a list that 'ends' divide; empty: it has no more. */
static struct slice take_word(const char **list, const char *ends) {
    struct slice word = {NULL, 0};

    if (*list == NULL) return word;
    *list += strspn(*list, ends);
    word = (struct slice){*list, strcspn(*list, ends)};
    *list += word.len;
    return word;
}

static size_t count_words(const char *list, const char *ends) {
    size_t count = 0;

    while (take_word(&list, ends).len > 0)
        count++;
    return count;
}

static void write_string(struct buf *out, const char *text) {
    resp_write_bulk(out, slice_of(text));
}

static void list_add_word(struct list *list, const char *word) {
    resp_write_simple(&list->bytes, word);
    list->count++;
}

void list_end(struct list *list, struct buf *out) {
    buf_append(out, buf_slice(&list->bytes).data, buf_len(&list->bytes));
    buf_free(&list->bytes);
}

/* ---- Flags and categories ------------------------------------------------ */

/* In the order of Redis. 0: said by the marks only. */
static const struct {
    const char *word;
    unsigned flag;
} flag_words[] = {
    {"write",            COMMAND_WRITE   },
    {"readonly",         COMMAND_READ    },
    {"denyoom",          COMMAND_GROWS   },
    {"admin",            COMMAND_ADMIN   },
    {"noscript",         0               },
    {"loading",          0               },
    {"stale",            0               },
    {"skip_slowlog",     0               },
    {"fast",             COMMAND_FAST    },
    {"no_auth",          COMMAND_NO_AUTH },
    {"no_async_loading", 0               },
    {"no_multi",         COMMAND_NO_MULTI},
    {"allow_busy",       0               },
};

/* What puts a command into it: a group, or a flag. */
static const struct {
    const char *word;
    const char *group;
    const char *flag;
} categories[] = {
    {"@keyspace",    "generic",      NULL      },
    {"@read",        NULL,           "readonly"},
    {"@write",       NULL,           "write"   },
    {"@string",      "string",       NULL      },
    {"@bitmap",      "bitmap",       NULL      },
    {"@admin",       NULL,           "admin"   },
    {"@fast",        NULL,           "fast"    },
    {"@slow",        NULL,           NULL      }, /* if it is not fast */
    {"@dangerous",   NULL,           "admin"   },
    {"@connection",  "connection",   NULL      },
    {"@transaction", "transactions", NULL      },
};

#define FLAG_COUNT     (sizeof flag_words / sizeof flag_words[0])
#define CATEGORY_COUNT (sizeof categories / sizeof categories[0])

static bool has_flag(const struct subject *it, size_t i) {
    return (it->flags & flag_words[i].flag) ||
           command_docs_is_marked(it->docs, flag_words[i].word);
}

static bool is_flagged(const struct subject *it, const char *word) {
    size_t i;

    for (i = 0; i < FLAG_COUNT; i++)
        if (strcmp(flag_words[i].word, word) == 0) return has_flag(it, i);
    return false;
}

static bool is_in_category(const struct subject *it, size_t i) {
    const char *group = categories[i].group;
    const char *flag = categories[i].flag;

    if (command_docs_is_marked(it->docs, categories[i].word)) return true;
    if (group != NULL) return strcmp(it->group, group) == 0;
    if (flag != NULL) return is_flagged(it, flag);
    return !is_flagged(it, "fast");
}

static void write_flags(struct buf *out, const struct subject *it,
                        int protocol) {
    struct list list = {0};
    size_t i;

    for (i = 0; i < FLAG_COUNT; i++)
        if (has_flag(it, i)) list_add_word(&list, flag_words[i].word);
    resp_write_set(out, list.count, protocol);
    list_end(&list, out);
}

static void write_categories(struct buf *out, const struct subject *it,
                             int protocol) {
    struct list list = {0};
    size_t i;

    for (i = 0; i < CATEGORY_COUNT; i++)
        if (is_in_category(it, i)) list_add_word(&list, categories[i].word);
    resp_write_set(out, list.count, protocol);
    list_end(&list, out);
}

bool command_is_in(const struct subject *it, struct slice category) {
    size_t i;

    for (i = 0; i < CATEGORY_COUNT; i++) {
        if (slice_equal_nocase(category, slice_of(categories[i].word + 1))) {
            return is_in_category(it, i);
        }
    }
    return false;
}

/* ---- COMMAND INFO -------------------------------------------------------- */

static void write_tips(struct buf *out, const char *tips, int protocol) {
    struct slice tip;

    resp_write_set(out, count_words(tips, " "), protocol);
    while ((tip = take_word(&tips, " ")).len > 0)
        resp_write_bulk(out, tip);
}

/* How to find a key, in the general form: where the search begins, and how it
 * goes on. Ours all begin at one place, and go on to the end or not at all. */
static void write_key_spec(struct buf *out, const struct subject *it, int index,
                           struct slice what, int protocol) {
    struct list flags = {0};
    const char *rest = what.data;
    struct slice word;

    while ((word = take_word(&rest, " ;")).len > 0 &&
           word.data < what.data + what.len) {
        char text[WORD_MAX];

        memcpy(text, word.data, word.len);
        text[word.len] = '\0';
        list_add_word(&flags, text);
    }
    resp_write_map(out, 3, protocol);
    write_string(out, "flags");
    resp_write_set(out, flags.count, protocol);
    list_end(&flags, out);

    write_string(out, "begin_search");
    resp_write_map(out, 2, protocol);
    write_string(out, "type");
    write_string(out, "index");
    write_string(out, "spec");
    resp_write_map(out, 1, protocol);
    write_string(out, "index");
    resp_write_integer(out, index);

    write_string(out, "find_keys");
    resp_write_map(out, 2, protocol);
    write_string(out, "type");
    write_string(out, "range");
    write_string(out, "spec");
    resp_write_map(out, 3, protocol);
    write_string(out, "lastkey");
    resp_write_integer(out, it->last_key == -1 ? -1 : 0);
    write_string(out, "keystep");
    resp_write_integer(out, it->key_step);
    write_string(out, "limit");
    resp_write_integer(out, 0);
}

static void write_key_specs(struct buf *out, const struct subject *it,
                            int protocol) {
    const char *rest = it->docs->keys;
    int index = it->first_key;
    struct slice what;

    resp_write_set(out, count_words(rest, ";"), protocol);
    while ((what = take_word(&rest, ";")).len > 0)
        write_key_spec(out, it, index++, what, protocol);
}

void command_describe(struct buf *out, const struct command_docs *docs,
                      int protocol) {
    struct subject it = command_subject(docs);
    size_t subcommands = command_docs_subcommands(docs);
    size_t i;

    resp_write_array(out, 10);
    write_string(out, docs->name);
    resp_write_integer(out, it.arity);
    write_flags(out, &it, protocol);
    resp_write_integer(out, it.first_key);
    resp_write_integer(out, it.last_key);
    resp_write_integer(out, it.key_step);
    write_categories(out, &it, protocol);
    write_tips(out, docs->tips, protocol);
    write_key_specs(out, &it, protocol);
    if (subcommands == 0) {
        resp_write_set(out, 0, protocol);
    } else {
        resp_write_array(out, subcommands); /* as Redis: no set */
    }
    for (i = 1; i <= subcommands; i++)
        command_describe(out, docs + i, protocol);
}
