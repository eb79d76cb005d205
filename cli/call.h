/* Calls to the cluster: building their parameters, making them, and following
 * what they began. */
#ifndef HOLDFAST_CLI_CALL_H
#define HOLDFAST_CLI_CALL_H

#include "base/bytes.h"
#include "cli/cli.h"
#include "net/msgpack.h"

enum { CALL_TIMEOUT_MS = 30000 }; /* Without --timeout. */

/* ------------------------------------------------------------- parameters */

struct call {
    const char *method;
    bool changing;      /* Carries client and seq. */
    struct bytes pairs; /* Encoded keys and values so far. */
    uint32_t pair_count;
    struct msgpack_sink to; /* Appends to `pairs`: the struct must stay where it is. */
};

void call_init(struct call *call, const char *method, bool changing);
void call_release(struct call *call);
/* Each adds one parameter; a NULL `value` is left out. */
void call_str(struct call *call, const char *key, const char *value);
void call_uint(struct call *call, const char *key, uint64_t value);
void call_true(struct call *call, const char *key);
/* Adds `key`; the caller writes exactly one value to the sink returned. */
struct sink *call_value(struct call *call, const char *key);

/* ---------------------------------------------------------------- calling */

/* Call and release `call`. A connection that breaks is made anew and the call
 * repeated, as the same call, until the time is over; that nobody answers at
 * first is told at once.
 * Returns CLI_DONE with *ret in `a`; otherwise the failure has been reported
 * (as one of `about`) and the exit status is returned. */
int cli_call(struct cli *cli, struct call *call, const char *about, struct arena *a,
             const struct value **ret);
/* A read with at most the parameters `name` and what --stale says. */
int cli_read(struct cli *cli, const char *method, const char *name, const char *about,
             const struct value **ret);
void cli_disconnect(struct cli *cli);

/* The resource that the operand names, with all the node tells of it: NAME, or
 * GROUP/NAME, which is then checked. Returns as cli_call(). */
int cli_read_resource(struct cli *cli, const char *words, const struct value **ret);
/* The NAME of `words`; what the API takes. Borrowed from `words`. */
const char *resource_plain_name(const char *words);
/* For a changing call: the plain name, checked against GROUP/ if that is given. */
int cli_check_resource(struct cli *cli, const char *words, const char **ret_name);

/* --------------------------------------------------------------- settings */

enum setting_kind { SETTING_SZ, SETTING_DWORD, SETTING_MULTI_SZ };

/* PROP=VALUE: a DWORD if VALUE is a decimal or 0x number of 32 bits, otherwise
 * a string; PROP:sz=, PROP:dword= and PROP:multi= say which. */
struct setting {
    const char *name;
    enum setting_kind kind;
    bool forced;
    uint32_t dword;
    const char *text; /* VALUE as typed. */
};

/* Parse into `a`. Returns NULL, or what is wrong (in `a`). */
const char *setting_parse(struct arena *a, const char *text, struct setting *ret);
/* Add the PROP=VALUE words of the command line as `properties`; a PROP that is
 * repeated becomes a list. Without any, nothing is added.
 * Returns CLI_DONE or, said, CLI_USAGE. */
int cli_add_properties(struct cli *cli, struct call *call);
/* Add what the --set options say as `instructions`: a property list in the
 * 16-bit layout. And `flags`, with that of --ignore-locked. Returns likewise. */
int cli_add_instructions(struct cli *cli, struct call *call, uint32_t flags);

/* A moment of the past: 1532 is an index; 2026-01-31T15:04:05.123, 15:04 (today)
 * and -10m are times. */
struct moment {
    bool is_index;
    uint64_t value; /* The index, or milliseconds since 1970. */
};
/* False if `text` is none; then *ret is undefined. */
bool moment_parse(const char *text, uint64_t now_ms, struct moment *ret);

/* What the command line says of one call, whether it is made or rehearsed. Each
 * returns CLI_DONE or, said, CLI_USAGE. Those of resources leave the name to the
 * caller, who has to check it first. */
int params_node_pause(struct cli *cli, struct call *call);
int params_node_resume(struct cli *cli, struct call *call);
int params_node_evict(struct cli *cli, struct call *call);
int params_group_online(struct cli *cli, struct call *call);
int params_group_offline(struct cli *cli, struct call *call);
int params_group_move(struct cli *cli, struct call *call, const char *to);
int params_group_set(struct cli *cli, struct call *call); /* Also of group.create. */
int params_resource_online(struct cli *cli, struct call *call);
int params_resource_offline(struct cli *cli, struct call *call);

/* ---------------------------------------------------------------- changes */

/* A changing call, in words: "group DemoGroup: going offline (operation 42)". */
struct change {
    const char *kind; /* "group" */
    const char *name;
    const char *doing; /* Accepted and going on: "going offline". */
    const char *done;  /* Done at once: "already offline". */
    /* For --wait; `want` NULL: there is nothing to wait for. */
    const char *want;   /* The state asked for; "" any but Failed. */
    const char *owner;  /* The owner asked for, or NULL. */
    bool quiet;         /* Say nothing of success: the caller goes on. */
    const char *source; /* A move without a target must leave this node. */
};

/* Make the call, say what came of it, and with --wait follow it to its end.
 * With a `status` (of adding its parameters) that is not CLI_DONE the call is
 * dropped instead. Releases `call`. Returns an enum cli_exit. */
int cli_change(struct cli *cli, struct call *call, int status, const struct change *change);

/* Follow operation `operation` to its end. `begun_ms` by clock_boot_ms(). */
int cli_wait(struct cli *cli, const struct change *change, uint64_t operation, uint64_t begun_ms);

#endif
