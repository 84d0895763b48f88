/* command_syntax.c -- reads the notation in which command_docs.c says what
 * arguments a command takes: by recursive descent, one function a rule. */
#include "command_docs.h"

#include <assert.h>
#include <string.h>

struct parser {
    struct syntax *syntax;
    const char *at;
    bool broken;
};

/* The next byte that is not a blank. */
static char peek(struct parser *parser) {
    while (*parser->at == ' ')
        parser->at++;
    return *parser->at;
}

static bool take(struct parser *parser, const char *text) {
    peek(parser);
    if (strncmp(parser->at, text, strlen(text)) != 0) return false;
    parser->at += strlen(text);
    return true;
}

static struct syntax_node *add_node(struct parser *parser,
                                    enum syntax_type type) {
    struct syntax *syntax = parser->syntax;
    struct syntax_node *node = &syntax->nodes[syntax->used++];

    assert(syntax->used <= SYNTAX_NODES_MAX);
    *node = (struct syntax_node){.type = type};
    return node;
}

/* Several make a group, which is called as the first of them. */
static struct syntax_node *group(struct parser *parser, enum syntax_type type,
                                 struct syntax_node *first) {
    struct syntax_node *node;

    if (first == NULL || first->next == NULL) return first;
    node = add_node(parser, type);
    node->first = first;
    node->name = first->name;
    return node;
}

static struct syntax_node *read_item(struct parser *parser);

/* item item item: up to what ends them. */
static struct syntax_node *read_items(struct parser *parser) {
    struct syntax_node *first = NULL;
    struct syntax_node **link = &first;

    while (strchr("|])", peek(parser)) == NULL) { /* the end is found, too */
        *link = read_item(parser);
        if (*link == NULL) break;
        link = &(*link)->next;
    }
    return first;
}

/* items | items | items */
static struct syntax_node *read_choice(struct parser *parser,
                                       const char *closing) {
    struct syntax_node *first = NULL;
    struct syntax_node **link = &first;

    do {
        *link = group(parser, SYNTAX_BLOCK, read_items(parser));
        if (*link == NULL) break;
        link = &(*link)->next;
    } while (take(parser, "|"));
    if (!take(parser, closing)) parser->broken = true;
    return group(parser, SYNTAX_ONE_OF, first);
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

/* A word for itself, or one that announces what follows it. */
static struct syntax_node *read_word(struct parser *parser) {
    struct slice word = {parser->at, strcspn(parser->at, " []()|.")};
    struct syntax_node *node;
    char next;

    parser->at += word.len;
    next = peek(parser);
    if (word.len > 0 && is_upper(word.data[0])) {
        bool announces = is_lower(next) || next == '(';

        node = announces ? read_item(parser) : add_node(parser, SYNTAX_TOKEN);
        if (node == NULL) return NULL;
        node->token = word;
        if (!announces) node->name = word;
    } else {
        if (word.len == 0) parser->broken = true;
        node = add_node(parser, SYNTAX_ARGUMENT);
        node->name = word;
    }
    return parser->broken ? NULL : node;
}

/* [choice], (choice) or a word; "..." after it. */
static struct syntax_node *read_item(struct parser *parser) {
    struct syntax_node *node;

    if (take(parser, "[")) {
        node = read_choice(parser, "]");
        if (node != NULL) node->optional = true;
    } else if (take(parser, "(")) {
        node = read_choice(parser, ")");
    } else {
        node = read_word(parser);
    }
    if (node == NULL) parser->broken = true;
    if (node != NULL && take(parser, "...")) node->multiple = true;
    return node;
}

bool syntax_read(struct syntax *syntax, const char *text) {
    struct parser parser = {.syntax = syntax, .at = text};

    syntax->used = 0;
    syntax->first = read_items(&parser);
    return !parser.broken && peek(&parser) == '\0';
}

/* ---- How many ------------------------------------------------------------ */

/* At least so many; 'varies' if it can be more. */
static int least_of(const struct syntax_node *node, bool *varies) {
    const struct syntax_node *part;
    int least = node->token.len > 0 ? 1 : 0;
    int of_parts = 0;

    if (node->optional || node->multiple) *varies = true;
    if (node->optional) return 0;
    if (node->type == SYNTAX_ARGUMENT) least++;
    for (part = node->first; part != NULL; part = part->next) {
        int one = least_of(part, varies);

        if (node->type == SYNTAX_BLOCK) {
            of_parts += one;
        } else if (part == node->first || one < of_parts) {
            if (part != node->first) *varies = true;
            of_parts = one;
        } else if (one > of_parts) {
            *varies = true;
        }
    }
    return least + of_parts;
}

int syntax_arity(const struct syntax *syntax, int before) {
    const struct syntax_node *node;
    bool varies = false;
    int least = before;

    for (node = syntax->first; node != NULL; node = node->next)
        least += least_of(node, &varies);
    return varies ? -least : least;
}
