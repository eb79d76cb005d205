/* Where a scenario plays: a cluster and its twin, the virtual clock, and nodes
 * whose handlers do what the state says unless the scenario tells them
 * otherwise. What happens is written down as lines of the transcript.
 *
 * The twin is made anew from the snapshot after every command and is given each
 * command as it would be read from the log: nobody may be able to tell it from
 * the cluster. */
#ifndef HOLDFAST_TESTS_SCENARIOS_STAGE_H
#define HOLDFAST_TESTS_SCENARIOS_STAGE_H

#include "base/bytes.h"
#include "groupmgr/groupmgr.h"

enum { HANDLERS_MAX = 64, MARKS_MAX = 16 };

/* A Monday noon, UTC: where every scenario begins. */
#define STAGE_BEGIN_MS 1772452800000ull
#define DAY_MS 86400000ull

/* How handlers behave: the last line that fits a resource counts. */
struct handler {
    char *resource;       /* NULL: every one. */
    uint32_t node;        /* 0: on every one. */
    bool online, offline; /* Which calls it is about. */
    enum { HANDLER_OBEYS, HANDLER_FAILS, HANDLER_HANGS, HANDLER_IS_SILENT } how;
    enum report_event event; /* FAILS: how it says so. */
    uint64_t after_ms;
    unsigned times; /* So often only; 0: always. */
    uint32_t code;
    char *text;
};

/* One life of a resource as its owner lives it. */
struct life {
    uint64_t resource;
    uint64_t operation;
    enum resource_state state;
    uint64_t until_ms;             /* When there is something to say; UINT64_MAX: never. */
    const struct handler *handler; /* NULL: obeys at once. */
};

/* What lives there were at some moment, for reports that come too late. */
struct mark {
    char *label;
    unsigned told;      /* Events before it. */
    struct cluster *as; /* The cluster as it was. */
};

struct stage {
    struct cluster *cluster, *twin;
    uint64_t now_ms;
    struct reply reply; /* Of the last command of the scenario. */
    bool changed;       /* It changed an object. */

    struct handler handlers[HANDLERS_MAX];
    unsigned handler_count;
    struct life *lives;
    unsigned life_count;
    bool silent[NODES_MAX + 1]; /* By node id: neither does nor reports. */
    bool held;                  /* Nobody does anything by itself. */

    struct mark marks[MARKS_MAX];
    unsigned mark_count;

    struct event *told; /* Every change so far. */
    unsigned told_count, told_size;
    unsigned story_from; /* Where the set-up ended. */

    unsigned commands; /* Applied. */

    struct cluster *foreseen; /* The last command's end by rehearsal; NULL: not rehearsed. */
    uint32_t foreseen_code;
    unsigned foresights; /* That came true. */

    bool quiet; /* The set-up is not told. */
    uint64_t clock_told_ms;
    struct bytes lines; /* Of the transcript, since the last command. */
    /* Reports what must never happen and does not return. */
    void (*alarm)(void *arg, const char *text);
    void *alarm_arg;
};

void stage_init(struct stage *s);
/* Begin with a cluster of that functional level, without nodes. */
void stage_found(struct stage *s, uint32_t level);
void stage_release(struct stage *s);
void stage_alarm(struct stage *s, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Apply a command now, check all that must hold, tell what changed. */
void stage_apply(struct stage *s, const struct command *cmd);
/* The same for a command of the scenario, whose reply is told and kept. */
void stage_command(struct stage *s, const struct command *cmd);
/* Let handlers do all there is to do now. */
void stage_play(struct stage *s);
/* Let time pass, with all that falls due by itself and what handlers finish. */
void stage_pass(struct stage *s, uint64_t until_ms);
void stage_mark(struct stage *s, const char *label);
const struct mark *stage_find_mark(const struct stage *s, const char *label);

/* cast.c: what the owner of a resource has to say. */
/* Send the reports of all nodes that are due; false if there were none. */
bool cast_report(struct stage *s);
/* When the next report is due; UINT64_MAX: never. */
uint64_t cast_next(const struct stage *s);
void cast_release(struct stage *s);

/* foresee.c: rehearse a command that is about to be applied, if all handlers obey;
 * once they have, compare. */
void foresee(struct stage *s, const struct command *cmd);
void foresee_check(struct stage *s);

/* tell.c: lines of the transcript. */
void tell_reply(struct stage *s);
void tell_changes(struct stage *s);
void tell_clock(char text[48], uint64_t stamp_ms);
const char *state_name(enum object_kind kind, uint32_t state);

#endif
