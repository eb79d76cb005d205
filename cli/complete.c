/* What the shell offers after <Tab>. Says nothing about faults: a shell that
 * prints errors while one types is worse than one that offers nothing. */
#include <string.h>

#include "base/clock.h"
#include "cli/call.h"
#include "cli/output.h"

enum { COMPLETE_TIMEOUT_MS = 500 };

struct completion {
    struct cli *cli;
    const char *prefix; /* What has been typed of the word. */
    const char *before; /* Stands before each word offered: "--to=". */
    const char *after;  /* And after it: "=". */
    bool reachable;     /* The cluster's address is known. */
};

/* Offer `word`. One with a line break cannot be told to the shell. */
static void offer(const struct completion *c, const char *word)
{
    if (strncmp(word, c->prefix, strlen(c->prefix)) == 0 && strpbrk(word, "\r\n") == NULL)
        fprintf(c->cli->io->out, "%s%s%s\n", c->before, word, c->after);
}

static const struct value *ask(const struct completion *c, const char *method, const char *name)
{
    const struct value *result = NULL;
    struct cli *cli = c->cli;
    struct call call;

    if (!c->reachable)
        return NULL;
    cli->timeout_ms = COMPLETE_TIMEOUT_MS;
    cli->deadline_ms = clock_boot_ms() + COMPLETE_TIMEOUT_MS;
    call_init(&call, method, false);
    call_str(&call, "name", name);
    call_true(&call, "stale");
    return cli_call(cli, &call, NULL, &cli->arena, &result) == CLI_DONE ? result : NULL;
}

static void offer_names(const struct completion *c, const char *method)
{
    const struct value *list = ask(c, method, NULL);

    for (uint32_t i = 0; list != NULL && list->type == VALUE_ARRAY && i < list->len; i++) {
        const char *name;
        if (value_get_str(&list->items[i], "name", SIZE_MAX, &name))
            offer(c, name);
    }
}

/* NAME, or GROUP/NAME once a slash has been typed. */
static void offer_resources(const struct completion *c)
{
    const struct value *list = ask(c, "resource.list", NULL);
    bool slash = strchr(c->prefix, '/') != NULL;

    for (uint32_t i = 0; list != NULL && list->type == VALUE_ARRAY && i < list->len; i++) {
        const char *name, *group;
        if (!value_get_str(&list->items[i], "name", SIZE_MAX, &name))
            continue;
        if (!slash)
            offer(c, name);
        else if (value_get_str(&list->items[i], "group", SIZE_MAX, &group))
            offer(c, arena_printf(&c->cli->arena, "%s/%s", group, name));
    }
}

static void offer_operations(const struct completion *c)
{
    const struct value *list = ask(c, "operation.list", NULL);

    for (uint32_t i = 0; list != NULL && list->type == VALUE_ARRAY && i < list->len; i++)
        offer(c, text_field(&c->cli->arena, &list->items[i], "id"));
}

static void offer_kind(struct completion *c, enum word_kind kind)
{
    switch (kind) {
    case WORD_GROUP:
        offer_names(c, "group.list");
        break;
    case WORD_RESOURCE:
        offer_resources(c);
        break;
    case WORD_NODE:
        offer_names(c, "node.list");
        break;
    case WORD_TYPE:
        offer_names(c, "type.list");
        break;
    case WORD_NEW_RESOURCE:
        c->after = "/";
        offer_names(c, "group.list");
        break;
    case WORD_OPERATION:
        offer_operations(c);
        break;
    case WORD_ANYTHING:
        offer_names(c, "group.list");
        offer_names(c, "node.list");
        offer_resources(c);
        break;
    case WORD_NONE:
    case WORD_FILE: /* The shell's own business. */
    case WORD_NEW_GROUP:
        break;
    }
}

static void offer_argument(struct completion *c, enum option_id id)
{
    const char *comma = strrchr(c->prefix, ',');

    if (id == OPTION_PREFERRED && comma != NULL) {
        size_t len = (size_t)(comma - c->prefix) + 1;
        c->before = arena_printf(&c->cli->arena, "%s%.*s", c->before, (int)len, c->prefix);
        c->prefix = comma + 1;
    }
    if (id == OPTION_SET)
        c->after = "=";
    if (id == OPTION_FAILBACK) {
        offer(c, "none");
        offer(c, "now");
        offer(c, "policy");
    }
    /* A resource moves to a group, a group to a node. */
    if (id == OPTION_TO && c->cli->noun != NULL && strcmp(c->cli->noun, "resource") == 0)
        offer_kind(c, WORD_GROUP);
    else
        offer_kind(c, option_specs[id].kind);
}

static void offer_options(const struct completion *c)
{
    uint64_t own = c->cli->command == NULL ? 0 : c->cli->command->options;

    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        if (option_specs[id].everywhere || (own & option_bit(id)))
            offer(c, arena_printf(&c->cli->arena, "--%s", option_specs[id].name));
    }
}

/* The table holds the commands of a noun together. */
static void offer_nouns(const struct completion *c)
{
    for (unsigned i = 0; i < command_count; i++) {
        if (i == 0 || strcmp(commands[i].noun, commands[i - 1].noun) != 0)
            offer(c, commands[i].noun);
    }
}

static void offer_verbs(const struct completion *c, const char *noun)
{
    for (unsigned i = 0; i < command_count; i++) {
        if (strcmp(commands[i].noun, noun) == 0 && commands[i].verb != NULL)
            offer(c, commands[i].verb);
    }
}

/* PROP of `get`, PROP= of `set` and `create`. */
static void offer_properties(struct completion *c)
{
    const struct cli *cli = c->cli;
    const struct value *list, *properties, *object;

    if (cli->command->rest == REST_SETTINGS)
        c->after = "=";
    if (cli_has(cli, OPTION_TYPE)) {
        list = value_get_array(ask(c, "type.get", cli->options[OPTION_TYPE]), "properties");
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
            const char *name;
            if (value_get_str(&list->items[i], "name", SIZE_MAX, &name))
                offer(c, name);
        }
        return;
    }
    if (strcmp(cli->noun, "cluster") == 0)
        object = ask(c, "cluster.get", NULL);
    else if (strcmp(cli->noun, "node") == 0)
        object = ask(c, "node.get", cli->operand);
    else if (strcmp(cli->noun, "resource") == 0)
        object = ask(c, "resource.get", resource_plain_name(cli->operand));
    else
        object = ask(c, "group.get", cli->operand);
    properties = value_get_map(object, "properties");
    for (uint32_t i = 0; properties != NULL && i < properties->len; i++)
        offer(c, text_value(&c->cli->arena, &properties->pairs[i].key));
}

/* What follows the first operand. */
static void offer_rest(struct completion *c, const char *word)
{
    const struct cli *cli = c->cli;

    switch (cli->command->rest) {
    case REST_SETTINGS:
    case REST_NAMES:
        if (strchr(word, '=') == NULL)
            offer_properties(c);
        break;
    case REST_NODES:
        offer_kind(c, WORD_NODE);
        break;
    case REST_NODE:
        if (cli->rest_count == 0)
            offer_kind(c, WORD_NODE);
        break;
    case REST_SWITCH:
        offer(c, "on");
        offer(c, "off");
        break;
    case REST_OWNERS:
        if (cli->rest_count > 0) {
            offer_kind(c, WORD_NODE);
            break;
        }
        offer(c, "add");
        offer(c, "remove");
        offer(c, "set");
        break;
    case REST_ADDRESSES:
    case REST_NONE:
        break;
    }
}

void cli_complete(struct cli *cli, int count, char *const words[])
{
    const char *word = count > 0 ? words[count - 1] : "", *value;
    struct completion c = {.cli = cli, .prefix = word, .before = "", .after = ""};
    enum option_id awaited, named = option_named(word, &value);

    c.reachable = cli_parse_leniently(cli, count > 0 ? count - 1 : 0, words, &awaited);
    if (awaited != OPTION_COUNT) {
        offer_argument(&c, awaited);
    } else if (named != OPTION_COUNT && value != NULL) {
        c.before = arena_strndup(&cli->arena, word, (size_t)(value - word));
        c.prefix = value;
        offer_argument(&c, named);
    } else if (word[0] == '-') {
        offer_options(&c);
    } else if (cli->noun == NULL) {
        offer_nouns(&c);
    } else if (cli->command == NULL) {
        if (cli->verb == NULL)
            offer_verbs(&c, cli->noun);
    } else if (cli->operand == NULL && cli->command->operand != WORD_NONE) {
        offer_kind(&c, cli->command->operand);
    } else {
        offer_rest(&c, word);
    }
}
