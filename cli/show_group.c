#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/call.h"
#include "cli/output.h"

int run_group_list(struct cli *cli)
{
    const struct value *groups;
    int status = cli_read(cli, "group.list", NULL, NULL, &groups);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, groups);
    show_group_table(cli, &cli->arena, groups->type == VALUE_ARRAY ? groups : NULL);
    return CLI_DONE;
}

/* ------------------------------------------------------ order of resources */

enum { DEPTH_MAX = 128 }; /* More than the cluster allows. */

/* One resource of a group that is put in order of start. */
struct placed {
    const struct value *resource;
    const char *name;
    uint32_t index;
    unsigned depth; /* Longest way down to one that needs nothing. */
};

static int compare_names(const void *x, const void *y)
{
    return name_compare(((const struct placed *)x)->name, ((const struct placed *)y)->name);
}

static int compare_places(const void *x, const void *y)
{
    const struct placed *a = x, *b = y;

    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* One round, with `list` sorted by name: lift each above what it needs. An
 * answer may be anything, even a circle: depths have a limit. */
static bool lift(struct placed *list, uint32_t count)
{
    bool changed = false;

    for (uint32_t i = 0; i < count; i++) {
        const struct value *needs = value_get_array(list[i].resource, "providers");
        for (uint32_t k = 0; needs != NULL && k < needs->len; k++) {
            struct placed key = {0};
            const struct placed *found;
            if (needs->items[k].type != VALUE_STR)
                continue;
            key.name = needs->items[k].str;
            found = bsearch(&key, list, count, sizeof(*list), compare_names);
            if (found == NULL || found->depth < list[i].depth || found->depth >= DEPTH_MAX)
                continue;
            list[i].depth = found->depth + 1;
            changed = true;
        }
    }
    return changed;
}

/* The resources in order of start: each after what it needs. In `a`. */
static struct placed *order_resources(struct arena *a, const struct value *resources)
{
    struct placed *list = arena_alloc(a, resources->len * sizeof(*list) + 1);

    for (uint32_t i = 0; i < resources->len; i++) {
        list[i] = (struct placed){.resource = &resources->items[i], .name = "", .index = i};
        value_get_str(list[i].resource, "name", SIZE_MAX, &list[i].name);
    }
    qsort(list, resources->len, sizeof(*list), compare_names);
    while (lift(list, resources->len))
        ;
    qsort(list, resources->len, sizeof(*list), compare_places);
    return list;
}

/* -------------------------------------------------------------------- show */

static const char *text_note(struct arena *a, const struct value *resource)
{
    const char *note = text_failure(a, resource);
    static const char *const flags[] = {"maintenance", "locked"};

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        bool set = false;
        if (value_get_bool(resource, flags[i], &set) && set)
            note = note[0] == '\0' ? flags[i] : arena_printf(a, "%s; %s", flags[i], note);
    }
    return note;
}

static void show_resources(const struct cli *cli, struct arena *a, const struct value *resources)
{
    static const struct column columns[] = {
        {.title = "RESOURCE"},
        {.title = "STATE"},
        {.title = "OWNER"},
        {.title = "SINCE"},
        {.title = "TYPE"},
        {.title = "PID", .right = true, .optional = true},
        {.title = "NEEDS", .optional = true},
        {.title = "NOTE", .optional = true},
    };
    const struct placed *list;
    struct table t;

    if (resources == NULL || resources->len == 0) {
        fputs("  no resources yet\n", cli->io->out);
        return;
    }
    list = order_resources(a, resources);
    table_init(&t, a, columns, 8);
    t.indent = "  ";
    for (uint32_t i = 0; i < resources->len; i++) {
        const struct value *r = list[i].resource;
        unsigned depth = list[i].depth;
        table_add(&t, arena_printf(a, "%*s%s", depth < 10 ? 2 * (int)depth : 20, "",
                                   text_field(a, r, "name")));
        table_add_state(&t, r, "state");
        table_add(&t, text_field(a, r, "owner"));
        table_add(&t, text_since(a, r));
        table_add(&t, text_field(a, r, "type"));
        table_add(&t, text_pid(a, r));
        table_add(&t, text_needs(a, r));
        table_add(&t, text_note(a, r));
    }
    table_print(&t, cli);
    table_release(&t);
}

static const char *text_operation(struct arena *a, const struct value *group)
{
    const struct value *operation = value_get_map(group, "operation");
    const char *target = text_field(a, operation, "target");
    const char *wait = text_field(a, operation, "wait_text");
    bool has_target = strcmp(target, "-") != 0;

    return arena_printf(
        a, "%s %s%s%s, begun %s%s%s", text_field(a, operation, "kind"),
        text_field(a, operation, "id"), has_target ? " to " : "", has_target ? target : "",
        text_since(a, operation),
        strcmp(wait, "-") == 0 ? "" : "; queued: ", strcmp(wait, "-") == 0 ? "" : wait);
}

int run_group_show(struct cli *cli)
{
    struct arena *a = &cli->arena;
    const char *about = arena_printf(a, "group %s", cli->operand), *state;
    const struct value *group;
    struct table t;
    int status = cli_read(cli, "group.get", cli->operand, about, &group);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, group);
    state = text_field(a, group, "state");
    fprintf(cli->io->out, "group %s: %s on %s%s\n", text_field(a, group, "name"),
            style_text(cli, a, style_of_state(state), state), text_field(a, group, "owner"),
            text_for(a, group));
    pairs_init(&t, a);
    if (value_get_map(group, "operation") != NULL)
        pairs_add(&t, "operation", text_operation(a, group));
    pairs_add(&t, "persistent", text_persistent(a, group));
    pairs_add(&t, "preferred", text_field(a, group, "preferred"));
    if (value_get_map(group, "why") != NULL)
        pairs_add(&t, "cause", text_field(a, value_get_map(group, "why"), "cause_text"));
    if (strcmp(text_field(a, group, "status"), "-") != 0)
        pairs_add(&t, "status", text_field(a, group, "status"));
    if (strcmp(text_field(a, group, "description"), "-") != 0)
        pairs_add(&t, "description", text_field(a, group, "description"));
    table_print(&t, cli);
    table_release(&t);
    fputc('\n', cli->io->out);
    show_resources(cli, a, value_get_array(group, "resources"));
    return CLI_DONE;
}
