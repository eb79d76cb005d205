#include <string.h>

#include "base/clock.h"
#include "cli/call.h"
#include "cli/output.h"

/* ----------------------------------------------------------------- tables */

/* A number, or the length of a list. */
static const char *text_count(struct arena *a, const struct value *v, const char *key)
{
    const struct value *list = value_get_array(v, key);
    return list == NULL ? text_field(a, v, key) : arena_printf(a, "%u", list->len);
}

static bool log_waits(const struct value *node)
{
    const struct value *log = value_get(node, "log"); /* An older node does not say it. */

    return log != NULL && !value_is_str(log, "current");
}

/* "voter, leader" */
static const char *node_role(struct arena *a, const struct value *node)
{
    static const char *const flags[] = {"witness", "leader", "leaving"};
    const char *role = text_field(a, node, "role");

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        bool set = false;
        if (value_get_bool(node, flags[i], &set) && set)
            role = strcmp(role, "-") == 0 ? flags[i] : arena_printf(a, "%s, %s", role, flags[i]);
    }
    if (log_waits(node))
        role = arena_printf(a, "%s, log waits", role);
    return role;
}

void show_node_table(const struct cli *cli, struct arena *a, const struct value *nodes)
{
    static const struct column columns[] = {
        {.title = "NODE"},
        {.title = "STATE"},
        {.title = "ROLE"},
        {.title = "ADDRESS"},
        {.title = "GROUPS", .right = true},
        {.title = "SINCE"},
    };
    struct table t;

    table_init(&t, a, columns, 6);
    for (uint32_t i = 0; nodes != NULL && i < nodes->len; i++) {
        const struct value *node = &nodes->items[i];
        table_add(&t, text_field(a, node, "name"));
        table_add_state(&t, node, "state");
        table_add(&t, node_role(a, node));
        table_add(&t, text_field(a, node, "address"));
        table_add(&t, text_count(a, node, "groups"));
        table_add(&t, text_age(cli, a, node));
    }
    table_print(&t, cli);
    table_release(&t);
}

void show_group_table(const struct cli *cli, struct arena *a, const struct value *groups)
{
    static const struct column columns[] = {
        {.title = "GROUP"},
        {.title = "STATE"},
        {.title = "OWNER"},
        {.title = "PERSISTENT"},
        {.title = "OPERATION", .optional = true},
        {.title = "SINCE"},
    };
    struct table t;

    if (groups == NULL || groups->len == 0) {
        fputs("no groups yet\n", cli->io->out);
        return;
    }
    table_init(&t, a, columns, 6);
    for (uint32_t i = 0; i < groups->len; i++) {
        const struct value *group = &groups->items[i];
        table_add(&t, text_field(a, group, "name"));
        table_add_state(&t, group, "state");
        table_add(&t, text_field(a, group, "owner"));
        table_add(&t, text_persistent(a, group));
        table_add(&t, text_field(a, value_get_map(group, "operation"), "kind"));
        table_add(&t, text_age(cli, a, group));
    }
    table_print(&t, cli);
    table_release(&t);
}

/* ----------------------------------------------------------------- status */

static void warn(const struct cli *cli, struct arena *a, enum style style, const char *words)
{
    fprintf(cli->io->out, "%s\n", style_text(cli, a, style, arena_printf(a, "! %s", words)));
}

static void warn_of_disk(const struct cli *cli, struct arena *a, const struct value *node)
{
    const char *name = text_field(a, node, "name");
    bool low = false;

    if (log_waits(node))
        warn(cli, a, STYLE_BAD,
             arena_printf(a,
                          "node %s: its log waits for its disk, which is full or too slow: it "
                          "keeps what it runs and is given nothing new",
                          name));
    else if (value_get_bool(node, "disk_low", &low) && low)
        warn(cli, a, STYLE_BAD,
             arena_printf(a,
                          "node %s: its disk has no room for more of the log: free some space "
                          "in its data folder",
                          name));
}

static void warn_of_node(const struct cli *cli, struct arena *a, const struct value *node)
{
    const char *name = text_field(a, node, "name");
    uint64_t until_ms = 0;

    warn_of_disk(cli, a, node);
    if (value_is_str(value_get(node, "drain"), "in-progress"))
        warn(cli, a, STYLE_BUSY, arena_printf(a, "node %s is being drained", name));
    if (value_is_str(value_get(node, "drain"), "failed"))
        warn(cli, a, STYLE_BAD,
             arena_printf(a, "node %s could not be drained: holdfast why %s", name, name));
    if (value_get_uint(node, "quarantined_until_ms", &until_ms) && until_ms != 0)
        warn(cli, a, STYLE_BAD,
             arena_printf(a, "node %s is in quarantine, which ends %s", name,
                          text_in(a, clock_wall_ms(), until_ms)));
}

static void warn_of_nodes(const struct cli *cli, struct arena *a, const struct value *nodes)
{
    unsigned voters = 0, up = 0;

    for (uint32_t i = 0; nodes != NULL && i < nodes->len; i++) {
        const struct value *node = &nodes->items[i];
        bool voter = value_is_str(value_get(node, "role"), "voter");
        bool is_up = !value_is_str(value_get(node, "state"), "Down");

        warn_of_node(cli, a, node);
        voters += voter;
        up += voter && is_up;
        if (!is_up)
            warn(cli, a, STYLE_BAD,
                 arena_printf(a, "node %s has been Down%s", text_field(a, node, "name"),
                              text_for(a, node)));
    }
    if (voters > 1 && up == voters / 2 + 1 && up < voters)
        warn(cli, a, STYLE_BUSY,
             arena_printf(a, "%u of %u voters are up: one more lost and the quorum is lost", up,
                          voters));
}

static void warn_of_groups(const struct cli *cli, struct arena *a, const struct value *groups)
{
    for (uint32_t i = 0; groups != NULL && i < groups->len; i++) {
        const struct value *group = &groups->items[i];
        const char *wait = text_field(a, value_get_map(group, "operation"), "wait_text");
        const char *state = text_field(a, group, "state");
        bool wanted = strcmp(text_persistent(a, group), "Online") == 0;

        if (strcmp(state, "Failed") == 0 || (wanted && strcmp(state, "Offline") == 0))
            warn(cli, a, STYLE_BAD,
                 arena_printf(a, "group %s has been %s%s%s", text_field(a, group, "name"), state,
                              text_for(a, group), wanted ? " and should be Online" : ""));
        if (strcmp(wait, "-") != 0)
            warn(cli, a, STYLE_BUSY,
                 arena_printf(a, "group %s: its operation is queued: %s",
                              text_field(a, group, "name"), wait));
    }
}

/* False only where the node says so: an older one may not say it at all. */
static bool quorum_is_lost(const struct value *status)
{
    bool quorum = true;

    value_get_bool(status, "quorum", &quorum);
    return !quorum;
}

/* An upgrade that is over but for this. */
static void warn_of_level(const struct cli *cli, struct arena *a, const struct value *status)
{
    uint32_t level, possible;

    if (value_get_u32(status, "level", &level) &&
        value_get_u32(status, "level_possible", &possible) && possible > level)
        warn(cli, a, STYLE_BUSY,
             arena_printf(a,
                          "functional level %u: all nodes know %u; once none is to go back to an "
                          "older version: holdfast cluster update-level",
                          level, possible));
}

static const char *text_leader(struct arena *a, const struct value *status)
{
    const char *leader = text_field(a, status, "leader");
    return strcmp(leader, "-") == 0 ? "none" : leader;
}

/* " in epoch 2": most clusters never leave the first. */
static const char *text_epoch(struct arena *a, const struct value *status)
{
    uint64_t epoch = 1;

    value_get_uint(status, "epoch", &epoch);
    return epoch > 1 ? arena_printf(a, " in epoch %llu", (unsigned long long)epoch) : "";
}

int run_cluster_status(struct cli *cli)
{
    struct arena *a = &cli->arena;
    FILE *out = cli->io->out;
    enum { READ_ONLY_BYTES_MAX = 300 };
    const struct value *status;
    const char *read_only;
    int exit = cli_read(cli, "cluster.status", NULL, NULL, &status);

    if (exit != CLI_DONE)
        return exit;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, status);
    fprintf(out, "cluster %s%s, as node %s sees it at index %s\n",
            style_text(cli, a, STYLE_HEAD, text_field(a, status, "name")), text_epoch(a, status),
            text_field(a, status, "node"), text_field(a, status, "index"));
    fprintf(out, "leader %s, term %s, quorum %s\n", text_leader(a, status),
            text_field(a, status, "term"),
            style_text(cli, a, quorum_is_lost(status) ? STYLE_BAD : STYLE_PLAIN,
                       text_field(a, status, "quorum")));
    warn_of_level(cli, a, status);
    if (quorum_is_lost(status))
        warn(
            cli, a, STYLE_BAD,
            "no quorum: nothing can be changed until a majority is up; if it is gone for good, see "
            "holdfast cluster recover --help");
    if (value_get_str(status, "read_only", READ_ONLY_BYTES_MAX, &read_only))
        warn(cli, a, STYLE_BAD, arena_printf(a, "nothing can be changed: %s", read_only));
    warn_of_nodes(cli, a, value_get_array(status, "nodes"));
    warn_of_groups(cli, a, value_get_array(status, "groups"));
    fputc('\n', out);
    show_node_table(cli, a, value_get_array(status, "nodes"));
    fputc('\n', out);
    show_group_table(cli, a, value_get_array(status, "groups"));
    return CLI_DONE;
}

int run_cluster_digest(struct cli *cli)
{
    static const char *const keys[] = {"node", "position", "index", "digest", "bytes"};
    struct arena *a = &cli->arena;
    const struct value *digest;
    struct table t;
    int exit = cli_read(cli, "cluster.digest", NULL, NULL, &digest);

    if (exit != CLI_DONE)
        return exit;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, digest);
    pairs_init(&t, a);
    t.indent = "";
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        pairs_add(&t, keys[i], text_field(a, digest, keys[i]));
    table_print(&t, cli);
    table_release(&t);
    return CLI_DONE;
}
