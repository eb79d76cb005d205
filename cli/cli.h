/* The `holdfast` command: what an operator types, and what scripts rely on.
 *
 *     argv -> parse.c -> a struct cli -> run function -> call.c -> a node
 *                                                     -> output.h -> the operator
 *
 * One table (commands.c) says which nouns, verbs and options there are; the
 * parser, the help, and the completion of the shell are all driven by it, so
 * that they cannot contradict each other. The command speaks the RPC of
 * docs/api.md and holds no opinion about the cluster: it asks and shows.
 *
 * No state in globals; everything of one run hangs on struct cli, so that the
 * tests run the command in their own process. One thread per struct cli. */
#ifndef HOLDFAST_CLI_CLI_H
#define HOLDFAST_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/value.h"
#include "net/address.h"

#ifndef HOLDFAST_VERSION
#define HOLDFAST_VERSION "0.1"
#endif

/* A contract with scripts: see docs/cli.md. */
enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1, /* Refused, or ended otherwise than asked for. */
    CLI_USAGE = 2,
    CLI_NO_CLUSTER = 3,
    CLI_TIMED_OUT = 4,
};

/* Where a run reads its surroundings and writes to. All borrowed. */
struct cli_io {
    FILE *in; /* NULL: nobody can be asked. */
    FILE *out;
    FILE *err;
    bool out_is_terminal;
    bool err_is_terminal;
    bool colour;        /* Allowed at all; used only on a terminal. */
    unsigned columns;   /* Of the terminal; 0: unknown. */
    const char *socket; /* $HOLDFAST_SOCKET or NULL. */
};

/* Run the command line. `argv` is borrowed. Returns an enum cli_exit. */
int cli_run(int argc, char *const argv[], const struct cli_io *io);

/* ---------------------------------------------------------------- options */

/* What a word stands for: the completion asks the cluster for such names. */
enum word_kind {
    WORD_NONE, /* Anything: nothing to offer. */
    WORD_GROUP,
    WORD_RESOURCE,
    WORD_NODE,
    WORD_TYPE,
    WORD_FILE,
    WORD_NEW_GROUP,    /* A name that does not exist yet. */
    WORD_NEW_RESOURCE, /* GROUP/NAME. */
    WORD_OPERATION,    /* The number of one. */
    WORD_ANYTHING,     /* A group, a node or a resource. */
};

enum option_id {
    OPTION_SOCKET,
    OPTION_CONNECT,
    OPTION_JSON,
    OPTION_TIMEOUT,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_STALE,
    OPTION_IGNORE_LOCKED,
    OPTION_SET,
    OPTION_WAIT,
    OPTION_NODE,
    OPTION_TO,
    OPTION_PREFERRED,
    OPTION_TYPE,
    OPTION_ON,
    OPTION_GROUP,
    OPTION_FOLLOW,
    OPTION_SINCE,
    OPTION_LIMIT,
    OPTION_VERBOSE,
    OPTION_BEST_NODE,
    OPTION_QUEUE,
    OPTION_RETURN_ON_ERROR,
    OPTION_HIGH_PRIORITY,
    OPTION_IGNORE_AFFINITY,
    OPTION_FORCE,
    OPTION_TEMPORARY,
    OPTION_DRAIN,
    OPTION_TARGET,
    OPTION_REMAIN,
    OPTION_RETRY,
    OPTION_AVOID,
    OPTION_FAILBACK,
    OPTION_HORIZON,
    OPTION_AT,
    OPTION_NAME,
    OPTION_ADDRESS,
    OPTION_DATA,
    OPTION_CONFIG,
    OPTION_WITNESS,
    OPTION_REPLACE,
    OPTION_NO_START,
    OPTION_LEVEL,
    OPTION_YES,
    OPTION_COUNT
};
#define OPTION_BIT(id) (UINT64_C(1) << OPTION_##id)
static inline uint64_t option_bit(unsigned id)
{
    return UINT64_C(1) << id;
}

struct option_spec {
    const char *name;     /* Without the dashes. */
    const char *argument; /* NULL: a switch. */
    const char *help;
    enum word_kind kind; /* Of the argument. */
    bool everywhere;     /* With every command. */
};
extern const struct option_spec option_specs[OPTION_COUNT];

/* --------------------------------------------------------------- commands */

struct cli;

/* What may follow the first operand. */
enum rest_kind {
    REST_NONE,
    REST_SETTINGS, /* PROP=VALUE, any number. */
    REST_NAMES,    /* PROP, any number. */
    REST_ADDRESSES, /* HOST:PORT, any number. */
    REST_NODES,    /* NODE, any number. */
    REST_NODE,     /* NODE, or nothing. */
    REST_SWITCH,   /* on or off. */
    REST_OWNERS,   /* Nothing, or add, remove or set, and NODE, any number. */
};

struct command {
    const char *noun;
    const char *verb; /* NULL: the noun is the whole command. */
    const char *summary;
    enum word_kind operand; /* WORD_NONE: takes none; otherwise exactly one. */
    enum rest_kind rest;
    uint64_t options;            /* OPTION_BITs besides those that go everywhere. */
    uint64_t needed;             /* Those of them that must be given. */
    const char *notes;           /* More lines for --help; may be NULL. */
    int (*run)(struct cli *cli); /* Returns an enum cli_exit. */
};
extern const struct command commands[];
extern const unsigned command_count;

/* The command of that name; `verb` NULL for a noun without verbs. NULL if
 * there is none. */
const struct command *command_find(const char *noun, const char *verb);
bool command_noun_exists(const char *noun);
/* True if the verbs of `noun` are to be named after it. */
bool command_noun_has_verbs(const char *noun);

/* -------------------------------------------------------------------- cli */

struct client;

/* One run of the command. */
struct cli {
    const struct cli_io *io;
    struct arena arena; /* Lives as long as the run. */
    bool quiet;         /* Report nothing: for the completion. */

    /* Filled by cli_parse(); words borrow from argv. */
    const struct command *command;
    const char *noun, *verb;           /* As typed; NULL if not given. */
    const char *options[OPTION_COUNT]; /* NULL: not given; a switch: "". */
    const char **sets;                 /* Every --set, in order. */
    unsigned set_count;
    const char *operand;
    const char **rest;
    unsigned rest_count;
    unsigned timeout_ms;  /* Of --timeout, or the default. */
    uint64_t deadline_ms; /* clock_boot_ms() by which all must be done; 0 without --timeout. */
    struct address address;
    char where[320]; /* `address` for people. */

    /* What the ages in tables are counted to; 0: now. Of replay. */
    uint64_t then_ms;

    /* Of call.c. */
    struct client *client; /* NULL: not connected. */
    bool reached;          /* A connection stood once. */
    uint64_t client_id;    /* Names this run's changing calls; 0: not chosen yet. */
    uint64_t seq;          /* Of the last changing call. */
};

static inline bool cli_has(const struct cli *cli, enum option_id id)
{
    return cli->options[id] != NULL;
}

/* Fill `cli` from the command line. Returns CLI_DONE, or CLI_USAGE after having
 * said what is wrong. With --help or --version nothing but these counts. */
int cli_parse(struct cli *cli, int argc, char *const argv[]);

/* The same for words that are still being typed: takes what it understands and
 * says nothing. *ret_awaited is the option that the next word is the argument
 * of; OPTION_COUNT: none. Returns whether the cluster's address is known. */
bool cli_parse_leniently(struct cli *cli, int argc, char *const argv[],
                         enum option_id *ret_awaited);
/* The option that `word` ("--name" or "--name=value") names; OPTION_COUNT if
 * none. *ret_value is what stands after the "=", or NULL. */
enum option_id option_named(const char *word, const char **ret_value);

/* Help for what is named in `cli`: everything, a noun, or one command. */
void cli_help(const struct cli *cli, FILE *to);

/* Print what may stand for the last of `words`, one per line. */
void cli_complete(struct cli *cli, int count, char *const words[]);

/* ----------------------------------------------------------------- errors */

/* Say on standard error that the run failed, as text or, with --json, as one
 * JSON document: `about` ("group DemoGroup", or NULL), the words, the code with
 * its name, and what to do (`advice` NULL: what the table of codes advises). */
void cli_report(struct cli *cli, const char *about, uint32_t code, const char *message,
                const char *advice);
/* The same with CLI_USAGE: words that name what is wrong; points to --help. */
int cli_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ------------------------------------------------------------ run functions */

int run_cluster_status(struct cli *cli);
int run_cluster_digest(struct cli *cli);
int run_cluster_get(struct cli *cli);
int run_cluster_set(struct cli *cli);
int run_cluster_update_level(struct cli *cli);
int run_cluster_recover(struct cli *cli);
int run_node_list(struct cli *cli);
int run_node_show(struct cli *cli);
int run_node_get(struct cli *cli);
int run_node_set(struct cli *cli);
int run_node_join(struct cli *cli);
int run_node_pause(struct cli *cli);
int run_node_resume(struct cli *cli);
int run_node_evict(struct cli *cli);
int run_group_list(struct cli *cli);
int run_group_show(struct cli *cli);
int run_group_get(struct cli *cli);
int run_group_create(struct cli *cli);
int run_group_delete(struct cli *cli);
int run_group_online(struct cli *cli);
int run_group_offline(struct cli *cli);
int run_group_move(struct cli *cli);
int run_group_set(struct cli *cli);
int run_group_cancel(struct cli *cli);
int run_resource_list(struct cli *cli);
int run_resource_show(struct cli *cli);
int run_resource_get(struct cli *cli);
int run_resource_create(struct cli *cli);
int run_resource_delete(struct cli *cli);
int run_resource_online(struct cli *cli);
int run_resource_offline(struct cli *cli);
int run_resource_fail(struct cli *cli);
int run_resource_depend(struct cli *cli);
int run_resource_undepend(struct cli *cli);
int run_resource_set(struct cli *cli);
int run_resource_restart(struct cli *cli);
int run_resource_move(struct cli *cli);
int run_resource_maintenance(struct cli *cli);
int run_resource_owners(struct cli *cli);
int run_operation_list(struct cli *cli);
int run_operation_show(struct cli *cli);
int run_operation_cancel(struct cli *cli);
int run_operation_wait(struct cli *cli);
int run_fence_create(struct cli *cli);
int run_fence_delete(struct cli *cli);
int run_fence_level(struct cli *cli);
int run_fence_list(struct cli *cli);
int run_fence_test(struct cli *cli);
int run_fence_node(struct cli *cli);
int run_fence_confirm(struct cli *cli);
int run_type_list(struct cli *cli);
int run_type_show(struct cli *cli);
int run_events(struct cli *cli);
int run_why(struct cli *cli);
int run_replay(struct cli *cli);
int run_whatif_node_down(struct cli *cli);
int run_whatif_pause(struct cli *cli);
int run_whatif_resume(struct cli *cli);
int run_whatif_evict(struct cli *cli);
int run_whatif_online(struct cli *cli);
int run_whatif_offline(struct cli *cli);
int run_whatif_move(struct cli *cli);
int run_whatif_fail(struct cli *cli);
int run_whatif_restart(struct cli *cli);
int run_whatif_set(struct cli *cli);

#endif
