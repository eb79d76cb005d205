/* `holdfast node join`, run on the machine that is to be a member.
 *
 *     what there is (file, folder, cluster) -> may it? -> evict, set aside -> file -> daemon
 *
 * Everything that can be refused is refused before anything is changed. What is changed
 * goes in this order, so that a crash, or a refusal, between two steps leaves what the
 * same command, given again, goes on from:
 *
 * 1. The locks of the folder are held: no daemon and no monitor lives in it, none begins.
 * 2. The old member of this name is evicted. Before the folder is touched: if the cluster
 *    refuses, nothing has happened; and if this is the last that happens, the folder belongs
 *    to a node that is none any more, which a daemon is told when it asks.
 * 3. `diverged` is written into the folder, with which no daemon starts, then its parts are
 *    moved, and `diverged` last: never does a daemon start on a part of a life, which
 *    could vote anew where it had voted already.
 * 4. The file is written, whole or not at all.
 * 5. The daemon is started, and asks to join as one that has never been there.
 *
 * One thread; everything borrows from the arena of the run. */
#ifndef HOLDFAST_CLI_JOIN_H
#define HOLDFAST_CLI_JOIN_H

#include <sys/types.h>

#include "cli/call.h"

enum { SEEDS_MAX = 64 };

struct join {
    struct cli *cli;
    const char *about;     /* "node n4" */
    const char *config;    /* Path of the file. */
    const char *holdfastd; /* Path of the daemon's program. */

    /* What the file says, or is to say. */
    bool file_exists;
    bool file_joins; /* It has `join`, not `peers`. */
    const char *name, *data, *socket, *log;
    const char *address;              /* With its role behind it: HOST:PORT/witness. */
    const char *cluster;              /* NULL until a member has said it. */
    const char *seeds[SEEDS_MAX + 1]; /* Addresses of members, none of them its own. */
    unsigned seed_count;

    /* What a member said. */
    const char *seed; /* Which one. */
    const struct value *settings, *nodes;
    const struct value *member; /* The node of this name; NULL: none. */

    /* The folder. */
    const char *disk;     /* Whose life is in it; NULL: nobody's. */
    bool begun;           /* That life is a member's: it has an id, or a log. */
    bool rejoins;         /* It was set aside, and its new life has not begun yet. */
    bool running;           /* A daemon lived in it when this command began. */
    int lock, monitor_lock; /* Held, or -1. */
    const char *set_aside; /* Where its old content is; NULL. */

    pid_t child; /* The daemon that was started here; 0. */
    bool systemd;
};

/* Each returns CLI_DONE, or the exit status with the reason said. */

/* ------------------------------------------------- the file and who to ask: join_file.c */

/* Find the daemon's program, read the file if there is one, and fill in what the command
 * line says. It is refused if the two differ. */
int join_read_file(struct join *j);
/* Write it, as `address` and `seeds` say; an existing one keeps all else. The daemon's own
 * check comes first. */
int join_write_file(struct join *j);
/* Run `argv`, whose output is in *ret_output (of the arena). Its exit status; -1: it could
 * not be run. */
int join_run(struct join *j, char *const argv[], const char **ret_output);

/* ------------------------------------------------------------ the cluster: join_ask.c */

/* Find a member that answers, take over what it says, and the own address if none is
 * given. From here on the calls of `cli` go to it. */
int join_ask(struct join *j);
/* Fill `member` anew. */
int join_look(struct join *j);
/* The old member of this name is taken out, once it is down. Nothing to do if there is none. */
int join_evict(struct join *j);

/* ------------------------------------------------------------- the folder: join_folder.c */

/* Look into it. */
void join_read_folder(struct join *j);
/* Does a daemon live in it? */
bool join_is_running(const struct join *j);
/* Or will one be started in it, by a parent that runs with this file? Its pid, or 0. */
pid_t join_supervisor(const struct join *j);
/* Wait for the monitor to end if need be, and take both locks. */
int join_lock_folder(struct join *j);
/* Move what is in it to a folder in it. With both locks. */
int join_set_aside(struct join *j);
void join_unlock_folder(struct join *j);

/* ------------------------------------------------------------- the daemon: join_start.c */

/* Is the daemon systemd's to start? */
bool join_has_unit(struct join *j);
int join_start(struct join *j);
/* Until the cluster says that it is up. */
int join_wait(struct join *j);

#endif
