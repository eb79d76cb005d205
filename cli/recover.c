/* `holdfast cluster recover`: shows what would be lost, asks, and has it done. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"

enum { POLL_MS = 200, LINE_BYTES_MAX = 600 };

/* --------------------------------------------------------------------- showing */

static uint64_t number_of(const struct value *v, const char *key)
{
    uint64_t n = 0;

    value_get_uint(v, key, &n);
    return n;
}

static bool flag_of(const struct value *v, const char *key)
{
    bool set = false;

    value_get_bool(v, key, &set);
    return set;
}

static const char *log_of(struct arena *a, const struct value *survey, const struct value *member)
{
    bool self = !flag_of(member, "dropped");

    if (!self && !flag_of(member, "reached"))
        return "not reached";
    member = self ? survey : member;
    return arena_printf(a, "entry %s of term %s%s", text_field(a, member, "last_index"),
                        text_field(a, member, "last_term"),
                        flag_of(member, "ahead") ? ", NEWER" : "");
}

static void show_members(const struct cli *cli, struct arena *a, const struct value *survey)
{
    static const struct column columns[] = {
        {.title = "NODE"},          {.title = "LAST SEEN"},
        {.title = "ROLE"},          {.title = "GROUPS", .right = true},
        {.title = "LOG ENDS WITH"}, {.title = "BECOMES"}};
    const struct value *members = value_get_array(survey, "members");
    struct table t;

    table_init(&t, a, columns, 6);
    for (uint32_t i = 0; members != NULL && i < members->len; i++) {
        const struct value *m = &members->items[i];
        const char *name = text_field(a, m, "name");

        table_add(&t,
                  strcmp(name, "-") != 0 ? name : arena_printf(a, "(%s)", text_field(a, m, "id")));
        table_add_state(&t, m, "state");
        table_add(&t, text_field(a, m, "role"));
        table_add(&t, text_field(a, m, "groups"));
        table_add(&t, log_of(a, survey, m));
        table_add(&t, !flag_of(m, "dropped")  ? "all that is left"
                      : flag_of(m, "reached") ? "evicted: must rejoin empty"
                                              : "evicted");
    }
    table_print(&t, cli);
    table_release(&t);
}

static void show_survey(const struct cli *cli, const struct value *survey, uint64_t epoch)
{
    struct arena *a = (struct arena *)&cli->arena;
    FILE *out = cli->io->out;
    uint64_t last = number_of(survey, "last_index"), known = number_of(survey, "committed_index");
    uint64_t stamp_ms = number_of(survey, "stamp_ms");

    fprintf(out, "cluster %s would go on with node %s alone, as epoch %llu\n\n",
            style_text(cli, a, STYLE_HEAD, text_field(a, survey, "name")),
            text_field(a, survey, "node"), (unsigned long long)epoch);
    fprintf(out, "the log here ends with entry %llu of term %s\n", (unsigned long long)last,
            text_field(a, survey, "last_term"));
    fprintf(out, "the last command in it is %s, of %s (%s), with %s groups\n",
            text_field(a, survey, "index"), text_time(a, stamp_ms),
            text_ago(a, clock_wall_ms(), stamp_ms), text_field(a, survey, "groups"));
    if (last > known)
        fprintf(out, "%llu entries of it are not known to be committed: they are kept, and count\n",
                (unsigned long long)(last - known));
    fputc('\n', out);
    show_members(cli, a, survey);
    fprintf(
        out,
        "\nLOST is whatever the others acknowledged after that entry: nobody can know what it "
        "was.\n"
        "The other nodes, should one still live or come back, are refused, and end by themselves;\n"
        "`holdfast node join --replace` there brings each back, empty.\n"
        "Make sure that those that cannot be reached are off, or will never run again: if a\n"
        "majority of them lives somewhere, it goes on there, and groups run twice.\n");
}

/* ---------------------------------------------------------------------- asking */

static int ask(struct cli *cli, const char *name)
{
    char line[LINE_BYTES_MAX];

    fputs("\nType the name of the cluster to go on: ", cli->io->out);
    fflush(cli->io->out);
    if (cli->io->in == NULL || fgets(line, sizeof line, cli->io->in) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (strcmp(line, name) == 0)
        return CLI_DONE;
    cli_report(cli, "the cluster", ERROR_CANCELLED, "that is not its name: nothing was done", "");
    return CLI_FAILED;
}

/* What is against it; with --force not all of it counts. */
static int judge(struct cli *cli, const struct value *survey)
{
    const struct value *refusal = value_get_map(survey, "refusal");
    const char *text;
    uint32_t code = 0;

    if (refusal == NULL)
        return CLI_DONE;
    text = text_field(&cli->arena, refusal, "text");
    value_get_u32(refusal, "code", &code);
    if (flag_of(refusal, "forcible") && cli_has(cli, OPTION_FORCE)) {
        if (!cli_has(cli, OPTION_JSON))
            fprintf(cli->io->out, "\n%s\n",
                    style_text(cli, &cli->arena, STYLE_BAD,
                               arena_printf(&cli->arena, "! %s; --force goes on here", text)));
        return CLI_DONE;
    }
    cli_report(cli, "the cluster", code, text,
               flag_of(refusal, "forcible") ? "run it there; or --force, which loses what it has"
                                            : "");
    return CLI_FAILED;
}

/* ----------------------------------------------------------------------- doing */

/* Not as a changing call: made anew after the node has ended for it, it is answered as done. */
static int recover(struct cli *cli, const struct value *survey, const char *name, uint64_t epoch)
{
    const struct value *answer;
    struct call call;

    call_init(&call, "cluster.recover", false);
    call_str(&call, "name", name);
    call_uint(&call, "epoch", epoch);
    call_uint(&call, "last_term", number_of(survey, "last_term"));
    call_uint(&call, "last_index", number_of(survey, "last_index"));
    if (cli_has(cli, OPTION_FORCE))
        call_true(&call, "force");
    return cli_call(cli, &call, "the cluster", &cli->arena, &answer);
}

static bool has_begun(struct cli *cli, uint64_t epoch)
{
    const struct value *status;
    struct call call;
    int exit;

    call_init(&call, "cluster.status", false);
    call_true(&call, "stale");
    cli->quiet = true;
    exit = cli_call(cli, &call, NULL, &cli->arena, &status);
    cli->quiet = false;
    return exit == CLI_DONE && number_of(status, "epoch") >= epoch && flag_of(status, "quorum");
}

/* The node is started again, waits out a lease and leads. */
static int wait_for_epoch(struct cli *cli, uint64_t epoch)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    uint64_t until_ms = cli->deadline_ms != 0 ? cli->deadline_ms : clock_boot_ms() + 60000;

    while (!has_begun(cli, epoch)) {
        if (clock_boot_ms() >= until_ms) {
            cli_report(cli, "the cluster", ERROR_TIMEOUT,
                       "the node has not begun the new epoch yet; it does so within a minute, or "
                       "not at all",
                       "read the log of the node; holdfast cluster status");
            return CLI_TIMED_OUT;
        }
        cli_disconnect(cli);
        nanosleep(&pause, NULL);
    }
    return CLI_DONE;
}

static int tell(struct cli *cli, const struct value *survey, const char *name, uint64_t epoch)
{
    if (cli_has(cli, OPTION_JSON)) {
        json_t *j = json_object();

        json_object_set_new(j, "name", json_from_text(name));
        json_object_set_new(j, "epoch", json_integer((json_int_t)epoch));
        json_object_set_new(j, "survey", json_from_value(survey));
        return json_print(cli, j);
    }
    fprintf(
        cli->io->out,
        "the cluster %s: goes on with this node, as epoch %llu; bring others back with `holdfast "
        "node join --replace` there\n",
        text_clean(&cli->arena, name, strlen(name)), (unsigned long long)epoch);
    return CLI_DONE;
}

int run_cluster_recover(struct cli *cli)
{
    const struct value *survey;
    const char *name;
    int status;

    if (cli_has(cli, OPTION_JSON) && !cli_has(cli, OPTION_YES))
        return cli_usage(cli, "--json cannot ask: give --yes");
    status = cli_read(cli, "cluster.survey", NULL, "the cluster", &survey);
    if (status != CLI_DONE)
        return status;
    uint64_t epoch = number_of(survey, "epoch") + 1;
    if (!cli_has(cli, OPTION_JSON))
        show_survey(cli, survey, epoch);
    status = judge(cli, survey);
    if (status != CLI_DONE)
        return status;
    if (!value_get_str(survey, "name", SIZE_MAX, &name))
        name = "";
    if (!cli_has(cli, OPTION_YES))
        status = ask(cli, name);
    if (status == CLI_DONE)
        status = recover(cli, survey, name, epoch);
    if (status == CLI_DONE)
        status = wait_for_epoch(cli, epoch);
    return status == CLI_DONE ? tell(cli, survey, name, epoch) : status;
}
