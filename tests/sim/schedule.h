/* What is done to a history, and when: an explicit list, so that single items
 * can be left out while looking for the smallest history that still fails.
 *
 * A step is a line of text: a time in milliseconds, a verb, its arguments. The
 * same lines make up the files in tests/sim/regressions, with the profile in
 * front, so that these stay what they are when seeds come to mean something else. */
#ifndef HOLDFAST_SIM_SCHEDULE_H
#define HOLDFAST_SIM_SCHEDULE_H

#include <stdio.h>

#include "tests/sim/sim.h"

enum { STEP_BYTES = 240 };

struct step {
    uint64_t at_ms;
    char text[STEP_BYTES];
};

struct schedule {
    uint64_t seed;
    struct profile profile;
    struct step *steps;
    size_t count, size;
};

void schedule_add(struct schedule *s, uint64_t at_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void schedule_sort(struct schedule *s);
void schedule_release(struct schedule *s);
void schedule_write(const struct schedule *s, FILE *to);
bool schedule_read(struct schedule *s, FILE *from);

/* generate.c: what the seed decides. */
void profile_choose(struct profile *s, uint64_t seed);
void schedule_generate(struct schedule *s, uint64_t seed, const struct profile *profile);

/* workload.c: the commands of clients. */
struct model; /* What the generator believes to exist. */
struct model *model_new(struct rng *r, const struct profile *profile);
void model_free(struct model *m);
/* Steps that set up the first groups; returns when they are through. */
uint64_t workload_begin(struct model *m, struct schedule *s, uint64_t at_ms);
void workload_call(struct model *m, struct schedule *s, uint64_t at_ms);
/* What the operator says of fencing: at first, and later. */
void workload_fencing_begin(struct model *m, struct schedule *s, uint64_t at_ms);
void workload_fencing_call(struct model *m, struct schedule *s, uint64_t at_ms);
/* A name of something that was created; "" if there is nothing. */
const char *model_resource(struct model *m);

/* step.c */
void step_run(const char *text);
/* A call was answered: what somebody was waiting for before he goes on. */
void step_on_answer(const char *call);
void faults_end(void); /* Everything is switched on and mended. */

/* client.c: callers 1 to 5 are clients, one more looks after the machines. */
enum { OPERATOR = 6 };
void clients_init(void);
void clients_release(void);
void client_call(unsigned client, const char *text); /* Waits for its turn. */
bool clients_idle(void);
/* Hear of every answer; NULL: no longer. */
void clients_on_answer(void (*fn)(const char *text, uint32_t code));

/* finale.c: faults are over; does everything come to rest? */
void finale_run(void);

#endif
