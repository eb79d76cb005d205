/* The verbs of a schedule. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/daemon.h"
#include "tests/sim/member.h"
#include "tests/sim/schedule.h"

enum { WORDS_MAX = 4 };

struct words {
    char text[STEP_BYTES];
    char *word[WORDS_MAX];
    unsigned count;
};

typedef void verb(const struct words *w);

static struct machine *leader(void)
{
    for (uint32_t id = 1; id <= sim.profile.machines; id++) {
        struct machine *m = &sim.machines[id];
        if (m->daemon != NULL && m->daemon->started && m->daemon->daemon->consensus != NULL &&
            consensus_is_leader(m->daemon->daemon->consensus))
            return m;
    }
    return NULL;
}

/* "n3", "leader"; NULL: nobody. */
static struct machine *who(const struct words *w, unsigned position)
{
    const char *name = position < w->count ? w->word[position] : "";

    if (strcmp(name, "leader") == 0)
        return leader();
    return name[0] == 'n' ? machine_of((uint32_t)atoi(name + 1)) : NULL;
}

/* For each that the word names, "all" of them too. */
static void for_each(const struct words *w, void (*fn)(struct machine *m))
{
    struct machine *one = who(w, 1);

    if (strcmp(w->word[1], "all") != 0) {
        if (one != NULL)
            fn(one);
        return;
    }
    for (uint32_t id = 1; id <= sim.profile.machines; id++)
        fn(&sim.machines[id]);
}

/* ------------------------------------------------------------------ network */

static void verb_part(const struct words *w)
{
    unsigned side = (unsigned)atoi(w->word[1]);
    bool one_way = w->count > 2;

    for (uint32_t a = 1; a <= sim.profile.machines; a++)
        for (uint32_t b = 1; b <= sim.profile.machines; b++) {
            bool a_in = (side >> (a - 1) & 1) != 0, b_in = (side >> (b - 1) & 1) != 0;
            if (a_in && !b_in)
                link_cut(a, b);
            if (a_in && !b_in && !one_way)
                link_cut(b, a);
        }
}

static void verb_cut(const struct words *w)
{
    struct machine *a = who(w, 1), *b = who(w, 2);

    if (a != NULL && b != NULL)
        link_cut(a->id, b->id);
}

static void verb_mend(const struct words *w)
{
    (void)w;
    links_mend();
}

static void verb_network(const struct words *w)
{
    sim.bad_network = strcmp(w->word[1], "bad") == 0;
}

/* ----------------------------------------------------------------- machines */

static void verb_off(const struct words *w)
{
    for_each(w, machine_off);
}

static void verb_on(const struct words *w)
{
    for_each(w, machine_on);
}

static void verb_freeze(const struct words *w)
{
    for_each(w, machine_freeze);
}

static void verb_thaw(const struct words *w)
{
    for_each(w, machine_thaw);
}

static void verb_stop(const struct words *w)
{
    for_each(w, machine_stop);
}

static void verb_kill_daemon(const struct words *w)
{
    for_each(w, daemon_kill);
}

static void verb_kill_monitor(const struct words *w)
{
    for_each(w, monitor_kill);
}

static void freeze_daemon(struct machine *m)
{
    process_freeze(m->daemon);
}

static void thaw_daemon(struct machine *m)
{
    process_thaw(m->daemon);
}

static void verb_freeze_daemon(const struct words *w)
{
    for_each(w, freeze_daemon);
}

static void verb_thaw_daemon(const struct words *w)
{
    for_each(w, thaw_daemon);
}

static void verb_install(const struct words *w)
{
    struct machine *m = who(w, 1);

    if (m != NULL)
        m->level = (unsigned)atoi(w->word[2]);
}

/* The operator says that a machine is off, and keeps it so until that is answered. One at
 * a time: he has nobody else, and there is to be a majority to answer. */
static void verb_confirm(const struct words *w)
{
    struct machine *m = who(w, 1);
    char call[STEP_BYTES];

    for (uint32_t id = 1; id <= sim.profile.machines; id++)
        if (sim.machines[id].tended)
            return;
    if (m == NULL || m->on)
        return;
    machine_tend(m);
    snprintf(call, sizeof call, "fence-confirm name=%s", m->name);
    client_call(OPERATOR, call);
}

/* For schedules that people write: was an attempt to fence it made within so many ms? */
static void verb_expect_attempt(const struct words *w)
{
    struct machine *m = who(w, 1);
    uint64_t ns = strtoull(w->word[2], NULL, 10) * MS;

    if (m != NULL &&
        (oracle_attempted_ns(m->id) == 0 || sim.now_ns - oracle_attempted_ns(m->id) > ns))
        fail("nobody has tried to fence %s for %s ms", m->name, w->word[2]);
}

void step_on_answer(const char *call)
{
    uint32_t id;

    if (sscanf(call, "fence-confirm name=n%" SCNu32, &id) == 1)
        machine_leave(machine_of(id));
}

static void verb_disk(const struct words *w)
{
    static const char *const moods[] = {"fine", "slow", "full", "broken"};
    struct machine *m = who(w, 1);

    for (unsigned i = 0; m != NULL && i < 4; i++)
        if (strcmp(w->word[2], moods[i]) == 0)
            disk_set_mood(m->disk, (enum disk_mood)i);
}

static void verb_wall(const struct words *w)
{
    struct machine *m = who(w, 1);

    if (m != NULL)
        m->wall_offset_ms += atol(w->word[2]);
}

/* --------------------------------------------------------------- membership */

static void verb_member(const struct words *w)
{
    struct machine *boss = leader(), *m = who(w, 1);

    if (boss != NULL && m != NULL)
        member_change(boss, m, w->word[0]);
}

static void transfer(void *arg)
{
    struct daemon *d = arg;

    consensus_transfer(d->consensus);
}

static void verb_transfer(const struct words *w)
{
    struct machine *boss = who(w, 1);

    if (boss != NULL)
        event_at(sim.now_ns, boss->daemon, transfer, boss->daemon->daemon, NULL);
}

/* ---------------------------------------------------------------- resources */

static void verb_poison(const struct words *w)
{
    struct machine *m = who(w, 2);

    if (m != NULL)
        truth_poison(w->word[1], m->id, strcmp(w->word[0], "poison") == 0);
}

static void verb_fail(const struct words *w)
{
    truth_fail(w->word[1]);
}

static void verb_lock(const struct words *w)
{
    truth_lock(w->word[1], strcmp(w->word[0], "lock") == 0);
}

static const struct {
    const char *name;
    verb *run;
    unsigned words; /* At least, with the verb. */
} verbs[] = {
    {"part", verb_part, 2},
    {"cut", verb_cut, 3},
    {"mend", verb_mend, 1},
    {"network", verb_network, 2},
    {"off", verb_off, 2},
    {"on", verb_on, 2},
    {"freeze", verb_freeze, 2},
    {"thaw", verb_thaw, 2},
    {"freeze-daemon", verb_freeze_daemon, 2},
    {"thaw-daemon", verb_thaw_daemon, 2},
    {"stop", verb_stop, 2},
    {"kill-daemon", verb_kill_daemon, 2},
    {"kill-monitor", verb_kill_monitor, 2},
    {"confirm", verb_confirm, 2},
    {"install", verb_install, 3},
    {"expect-attempt", verb_expect_attempt, 3},
    {"disk", verb_disk, 3},
    {"wall", verb_wall, 3},
    {"promote", verb_member, 2},
    {"demote", verb_member, 2},
    {"remove", verb_member, 2},
    {"add", verb_member, 2},
    {"transfer", verb_transfer, 2},
    {"poison", verb_poison, 3},
    {"cure", verb_poison, 3},
    {"fail", verb_fail, 2},
    {"lock", verb_lock, 2},
    {"unlock", verb_lock, 2},
};

static void split(const char *text, struct words *w)
{
    char *rest = NULL;

    *w = (struct words){0};
    snprintf(w->text, sizeof w->text, "%s", text);
    for (char *word = strtok_r(w->text, " ", &rest); word != NULL && w->count < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        w->word[w->count++] = word;
}

void step_run(const char *text)
{
    struct words w;
    unsigned client;
    int used;

    if (sscanf(text, "call c%u %n", &client, &used) == 1) {
        client_call(client, text + used);
        return;
    }
    trace(1, "---- %s", text);
    split(text, &w);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (w.count > 0 && strcmp(w.word[0], verbs[i].name) == 0 && w.count >= verbs[i].words) {
            verbs[i].run(&w);
            return;
        }
    fail("no such step: %s", text);
}

void faults_end(void)
{
    trace(1, "---- the end of all faults");
    sim.calm = true;
    sim.bad_network = false;
    links_mend();
    truth_heal();
    for (uint32_t id = 1; id <= sim.profile.machines; id++) {
        struct machine *m = &sim.machines[id];
        disk_set_mood(m->disk, DISK_FINE);
        thaw_daemon(m);
        machine_thaw(m);
        m->level = LEVEL_MAX;
        machine_on(m);
    }
}
