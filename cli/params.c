/* Parameters of the calls that can be made and can be rehearsed (what-if). */
#include <string.h>

#include "cli/call.h"

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

/* Numbers of the Ex calls of the Windows API. */
struct option_flag {
    enum option_id option;
    uint32_t flag;
};

static uint32_t flags_of(const struct cli *cli, const struct option_flag *list, unsigned count)
{
    uint32_t flags = 0;

    for (unsigned i = 0; i < count; i++)
        if (cli_has(cli, list[i].option))
            flags |= list[i].flag;
    return flags;
}

static void add_flags(const struct cli *cli, struct call *call, const struct option_flag *list,
                      unsigned count)
{
    uint32_t flags = flags_of(cli, list, count);

    if (flags != 0)
        call_uint(call, "flags", flags);
}

/* ---------------------------------------------------------------------- nodes */

int params_node_pause(struct cli *cli, struct call *call)
{
    static const struct option_flag flags[] = {
        {OPTION_REMAIN, 0x1}, {OPTION_AVOID, 0x2}, {OPTION_RETRY, 0x4}};
    static const enum option_id of_drain[] = {OPTION_TARGET, OPTION_REMAIN, OPTION_RETRY};

    for (unsigned i = 0; i < COUNT(of_drain) && !cli_has(cli, OPTION_DRAIN); i++)
        if (cli_has(cli, of_drain[i]))
            return cli_usage(cli, "--%s says how to drain: give --drain, too",
                             option_specs[of_drain[i]].name);
    call_str(call, "name", cli->operand);
    if (cli_has(cli, OPTION_DRAIN))
        call_true(call, "drain");
    call_str(call, "target", cli->options[OPTION_TARGET]);
    add_flags(cli, call, flags, COUNT(flags));
    return CLI_DONE;
}

int params_node_resume(struct cli *cli, struct call *call)
{
    static const char *const kinds[] = {"none", "now", "policy"}; /* Numbered from 0. */
    const char *kind = cli->options[OPTION_FAILBACK];
    unsigned i = 0;

    while (kind != NULL && i < COUNT(kinds) && strcmp(kind, kinds[i]) != 0)
        i++;
    if (i == COUNT(kinds))
        return cli_usage(cli, "--failback %s: none, now or policy", kind);
    call_str(call, "name", cli->operand);
    if (i != 0)
        call_uint(call, "flags", i);
    return CLI_DONE;
}

int params_node_evict(struct cli *cli, struct call *call)
{
    static const struct option_flag flags[] = {{OPTION_FORCE, 0x1}};

    call_str(call, "name", cli->operand);
    add_flags(cli, call, flags, COUNT(flags));
    return CLI_DONE;
}

/* --------------------------------------------------------------------- groups */

int params_group_online(struct cli *cli, struct call *call)
{
    static const struct option_flag flags[] = {{OPTION_BEST_NODE, 0x4},
                                               {OPTION_IGNORE_AFFINITY, 0x8}};

    if (cli_has(cli, OPTION_NODE) && cli_has(cli, OPTION_BEST_NODE))
        return cli_usage(cli, "--node and --best-node exclude each other");
    call_str(call, "name", cli->operand);
    call_str(call, "node", cli->options[OPTION_NODE]);
    return cli_add_instructions(cli, call, flags_of(cli, flags, COUNT(flags)));
}

int params_group_offline(struct cli *cli, struct call *call)
{
    call_str(call, "name", cli->operand);
    return cli_add_instructions(cli, call, 0);
}

int params_group_move(struct cli *cli, struct call *call, const char *to)
{
    static const struct option_flag flags[] = {{OPTION_RETURN_ON_ERROR, 0x2},
                                               {OPTION_QUEUE, 0x4},
                                               {OPTION_HIGH_PRIORITY, 0x8},
                                               {OPTION_IGNORE_AFFINITY, 0x20}};

    if (cli_has(cli, OPTION_QUEUE) && cli_has(cli, OPTION_IGNORE_LOCKED))
        return cli_usage(cli, "--queue waits for what --ignore-locked passes over: give one");
    call_str(call, "name", cli->operand);
    call_str(call, "node", to);
    return cli_add_instructions(cli, call, flags_of(cli, flags, COUNT(flags)));
}

/* "N1,N2" as a list; blanks around names do not count, nor do empty names. */
static void add_preferred(struct cli *cli, struct call *call)
{
    const char *text = cli->options[OPTION_PREFERRED];
    const char **names;
    uint32_t count = 0;
    struct sink *s;

    if (text == NULL)
        return;
    names = arena_alloc(&cli->arena, (strlen(text) + 1) * sizeof(*names));
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, ","), blanks = strspn(at, " ");
        size_t used = len;

        while (used > blanks && at[used - 1] == ' ')
            used--;
        if (used > blanks)
            names[count++] = arena_strndup(&cli->arena, at + blanks, used - blanks);
        at += at[len] == ',' ? len + 1 : len;
    }
    s = call_value(call, "preferred");
    sink_array(s, count);
    for (uint32_t i = 0; i < count; i++)
        sink_str(s, names[i]);
}

int params_group_set(struct cli *cli, struct call *call)
{
    call_str(call, "name", cli->operand);
    add_preferred(cli, call);
    return cli_add_properties(cli, call);
}

/* ------------------------------------------------------------------ resources */

int params_resource_online(struct cli *cli, struct call *call)
{
    static const struct option_flag flags[] = {
        {OPTION_TEMPORARY, 0x2}, {OPTION_BEST_NODE, 0x8}, {OPTION_IGNORE_AFFINITY, 0x20}};

    return cli_add_instructions(cli, call, flags_of(cli, flags, COUNT(flags)));
}

int params_resource_offline(struct cli *cli, struct call *call)
{
    static const struct option_flag flags[] = {{OPTION_FORCE, 0x2}, {OPTION_TEMPORARY, 0x4}};

    return cli_add_instructions(cli, call, flags_of(cli, flags, COUNT(flags)));
}
