/* `group get` and `resource get`: properties for people and for scripts. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/call.h"
#include "cli/output.h"

/* A property of `object` by name, without regard to case; NULL if there is
 * none. `fields` are those of the object itself that count as properties. */
static const struct value_pair *find_property(const struct value *object,
                                              const char *const fields[], const char *name)
{
    const struct value *properties = value_get_map(object, "properties");

    for (uint32_t i = 0; properties != NULL && i < properties->len; i++) {
        if (properties->pairs[i].key.type == VALUE_STR &&
            name_equal(properties->pairs[i].key.str, name))
            return &properties->pairs[i];
    }
    for (uint32_t i = 0; object->type == VALUE_MAP && i < object->len; i++) {
        const struct value_pair *pair = &object->pairs[i];
        for (unsigned k = 0; fields[k] != NULL; k++) {
            if (value_is_str(&pair->key, fields[k]) && name_equal(fields[k], name))
                return pair;
        }
    }
    return NULL;
}

/* All that find_property() would find, in order. */
static unsigned all_properties(struct arena *a, const struct value *object,
                               const char *const fields[], const struct value_pair ***ret)
{
    const struct value *properties = value_get_map(object, "properties");
    unsigned count = 0;

    *ret = arena_alloc(a, ((properties == NULL ? 0 : properties->len) + 8) * sizeof(**ret));
    for (uint32_t i = 0; properties != NULL && i < properties->len; i++)
        (*ret)[count++] = &properties->pairs[i];
    for (unsigned k = 0; fields[k] != NULL; k++) {
        const struct value_pair *pair = find_property(object, fields, fields[k]);
        bool seen = pair == NULL;
        for (unsigned i = 0; i < count && !seen; i++)
            seen = (*ret)[i] == pair;
        if (!seen)
            (*ret)[count++] = pair;
    }
    return count;
}

static int print_json(struct cli *cli, const struct value_pair **list, unsigned count)
{
    json_t *j = json_object();

    for (unsigned i = 0; i < count; i++) {
        const char *key = text_value(&cli->arena, &list[i]->key);
        json_object_set_new(j, key, json_from_value(&list[i]->value));
    }
    return json_print(cli, j);
}

/* A value alone, for scripts: nothing is nothing, not "-". */
static void print_bare(struct cli *cli, const struct value *v)
{
    if (v->type == VALUE_ARRAY) {
        for (uint32_t i = 0; i < v->len; i++)
            fprintf(cli->io->out, "%s\n", text_value(&cli->arena, &v->items[i]));
    } else if (v->type == VALUE_NIL || (v->type == VALUE_STR && v->len == 0)) {
        fputc('\n', cli->io->out);
    } else {
        fprintf(cli->io->out, "%s\n", text_value(&cli->arena, v));
    }
}

static int print_list(struct cli *cli, const struct value_pair **list, unsigned count)
{
    struct arena *a = &cli->arena;
    struct table t;

    if (cli_has(cli, OPTION_JSON))
        return print_json(cli, list, count);
    if (cli->rest_count == 1) {
        print_bare(cli, &list[0]->value);
        return CLI_DONE;
    }
    pairs_init(&t, a);
    t.indent = "";
    for (unsigned i = 0; i < count; i++)
        pairs_add(&t, text_value(a, &list[i]->key), text_value(a, &list[i]->value));
    table_print(&t, cli);
    table_release(&t);
    return CLI_DONE;
}

static int get_properties(struct cli *cli, const char *kind, const struct value *object,
                          const char *const fields[])
{
    struct arena *a = &cli->arena;
    const struct value_pair **list;
    unsigned count = 0;

    if (cli->rest_count == 0) {
        count = all_properties(a, object, fields, &list);
        return print_list(cli, list, count);
    }
    list = arena_alloc(a, cli->rest_count * sizeof(*list));
    for (unsigned i = 0; i < cli->rest_count; i++) {
        list[count] = find_property(object, fields, cli->rest[i]);
        if (list[count++] != NULL)
            continue;
        const char *name = cli->operand == NULL ? "" : cli->operand;
        const char *blank = cli->operand == NULL ? "" : " ";
        cli_report(cli, arena_printf(a, "%s%s%s", kind, blank, name), ERROR_FILE_NOT_FOUND,
                   arena_printf(a, "it has no property %s", cli->rest[i]),
                   arena_printf(a, "holdfast %s get%s%s", kind, blank, name));
        return CLI_FAILED;
    }
    return print_list(cli, list, count);
}

int run_group_get(struct cli *cli)
{
    static const char *const fields[] = {"description",       "preferred",      "persistent",
                                         "FailoverThreshold", "FailoverPeriod", NULL};
    const char *about = arena_printf(&cli->arena, "group %s", cli->operand);
    const struct value *group;
    int status = cli_read(cli, "group.get", cli->operand, about, &group);

    return status == CLI_DONE ? get_properties(cli, "group", group, fields) : status;
}

int run_node_get(struct cli *cli)
{
    static const char *const fields[] = {NULL};
    const char *about = arena_printf(&cli->arena, "node %s", cli->operand);
    const struct value *node;
    int status = cli_read(cli, "node.get", cli->operand, about, &node);

    return status == CLI_DONE ? get_properties(cli, "node", node, fields) : status;
}

int run_cluster_get(struct cli *cli)
{
    static const char *const fields[] = {"epoch", "level", "level_possible", NULL};
    const struct value *cluster;
    int status = cli_read(cli, "cluster.get", NULL, NULL, &cluster);

    return status == CLI_DONE ? get_properties(cli, "cluster", cluster, fields) : status;
}

int run_resource_get(struct cli *cli)
{
    static const char *const fields[] = {NULL};
    const struct value *resource;
    int status = cli_read_resource(cli, cli->operand, &resource);

    return status == CLI_DONE ? get_properties(cli, "resource", resource, fields) : status;
}
