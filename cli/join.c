#include "cli/join.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/output.h"

enum { FAREWELL_MS = 6000, POLL_MS = 50 };

/* ------------------------------------------------------------------ may it? */

static bool is_own(const struct join *j)
{
    const char *disk;

    return j->member != NULL && j->disk != NULL &&
           value_get_str(j->member, "disk", SIZE_MAX, &disk) && strcmp(disk, j->disk) == 0;
}

/* A machine that has never been a member, or whose joining was cut short. */
static int check_new(struct join *j)
{
    struct arena *a = &j->cli->arena;

    if (is_own(j))
        return CLI_DONE;
    if (j->member != NULL) {
        cli_report(j->cli, j->about, ERROR_CLUSTER_NODE_EXISTS,
                   arena_printf(a,
                                "cluster %s has a member of this name, node %s, with another "
                                "data folder",
                                j->cluster, text_field(a, j->member, "id")),
                   "another --name; or, if that one is gone for good and this machine is to take "
                   "its place, --replace");
        return CLI_FAILED;
    }
    if (j->begun) {
        cli_report(
            j->cli, j->about, ERROR_CLUSTER_INSTANCE_ID_MISMATCH,
            arena_printf(a, "%s has data of a node that is no member of cluster %s", j->data,
                         j->cluster),
            "another --data; or --replace, which sets it aside and lets the node join empty");
        return CLI_FAILED;
    }
    if (j->file_exists && !j->file_joins) {
        cli_report(
            j->cli, j->about, ERROR_ALREADY_EXISTS,
            arena_printf(a, "%s is of a node that forms the cluster (it has `peers`)", j->config),
            "another --config; or --replace, if that node lost its data");
        return CLI_FAILED;
    }
    return CLI_DONE;
}

/* One that ends with status 71 has a last word to say (node/farewell.h): it is given time. */
static bool still_lives(struct join *j)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    uint64_t until_ms = clock_boot_ms() + FAREWELL_MS;

    while (join_is_running(j) || join_supervisor(j) != 0) {
        if (clock_boot_ms() >= until_ms)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* A daemon that runs is one that this command started before, or in the way. */
static int check_running(struct join *j)
{
    struct arena *a = &j->cli->arena;
    bool replaces = cli_has(j->cli, OPTION_REPLACE);

    j->running = join_is_running(j);
    if (replaces ? (j->running && j->rejoins) || !still_lives(j) : !j->running || j->file_exists)
        return CLI_DONE;
    cli_report(j->cli, j->about, ERROR_BUSY,
               replaces ? arena_printf(a,
                                       "holdfastd runs on %s, or is about to be started again "
                                       "(pid %ld): nothing was changed",
                                       j->data, (long)join_supervisor(j))
                        : arena_printf(a, "holdfastd runs on %s with another file", j->data),
               replaces ? "stop it first: systemctl stop holdfastd, or SIGTERM"
                        : "another --data, or the --config that it runs with");
    return CLI_FAILED;
}

/* ----------------------------------------------------------------- doing it */

static int replace(struct join *j)
{
    int status = join_lock_folder(j);

    if (status == CLI_DONE)
        status = join_evict(j);
    if (status == CLI_DONE)
        status = join_set_aside(j);
    if (status == CLI_DONE)
        status = join_write_file(j);
    join_unlock_folder(j);
    return status;
}

static int show(struct join *j, const char *what)
{
    struct arena *a = &j->cli->arena;
    FILE *out = j->cli->io->out;

    if (cli_has(j->cli, OPTION_JSON)) {
        json_t *o = json_object();

        json_object_set_new(o, "name", json_from_text(j->name));
        json_object_set_new(o, "cluster", json_from_text(j->cluster));
        json_object_set_new(
            o, "state", json_from_value(j->member != NULL ? value_get(j->member, "state") : NULL));
        json_object_set_new(o, "id",
                            json_from_value(j->member != NULL ? value_get(j->member, "id") : NULL));
        json_object_set_new(o, "config", json_from_text(j->config));
        json_object_set_new(o, "data", json_from_text(j->data));
        json_object_set_new(o, "set_aside",
                            j->set_aside != NULL ? json_from_text(j->set_aside) : json_null());
        return json_print(j->cli, o);
    }
    if (j->set_aside != NULL)
        fprintf(out, "%s: its old data is in %s\n", j->about, j->set_aside);
    fprintf(out, "%s: %s\n", j->about, text_clean(a, what, strlen(what)));
    return CLI_DONE;
}

static int finish(struct join *j)
{
    struct arena *a = &j->cli->arena;
    int status;

    if (cli_has(j->cli, OPTION_NO_START)) {
        j->member = NULL;
        return show(j, arena_printf(a, "%s is written; start holdfastd to join cluster %s",
                                    j->config, j->cluster));
    }
    status = j->running ? CLI_DONE : join_start(j);
    if (status != CLI_DONE)
        return status;
    if (!cli_has(j->cli, OPTION_WAIT)) {
        j->member = NULL;
        return show(j, arena_printf(a, "%s; --wait waits until it is up in cluster %s",
                                    j->running ? "runs already" : "started", j->cluster));
    }
    status = join_wait(j);
    if (status != CLI_DONE)
        return status;
    return show(j, arena_printf(a, "Up as node %s of cluster %s", text_field(a, j->member, "id"),
                                j->cluster));
}

int run_node_join(struct cli *cli)
{
    struct join j = {.cli = cli, .lock = -1, .monitor_lock = -1};
    bool replaces = cli_has(cli, OPTION_REPLACE);
    int status = join_read_file(&j);

    if (status != CLI_DONE)
        return status;
    join_read_folder(&j);
    status = check_running(&j);
    if (status == CLI_DONE)
        status = join_ask(&j);
    if (status == CLI_DONE && !replaces)
        status = check_new(&j);
    if (status == CLI_DONE && !j.running) {
        if (replaces)
            status = replace(&j);
        else if (!j.file_exists)
            status = join_write_file(&j);
    }
    return status == CLI_DONE ? finish(&j) : status;
}
