#include "tests/sim/schedule.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/groupmgr.h"

void schedule_add(struct schedule *s, uint64_t at_ms, const char *format, ...)
{
    va_list args;

    if (at_ms > DURATION_MS)
        return; /* Faults end by themselves then. */
    if (s->count == s->size) {
        s->size = s->size == 0 ? 256 : 2 * s->size;
        s->steps = realloc(s->steps, s->size * sizeof *s->steps);
    }
    s->steps[s->count].at_ms = at_ms;
    va_start(args, format);
    vsnprintf(s->steps[s->count].text, STEP_BYTES, format, args);
    va_end(args);
    s->count++;
}

/* Few and nearly in order: insertion keeps those of one time in their order. */
void schedule_sort(struct schedule *s)
{
    for (size_t i = 1; i < s->count; i++) {
        struct step moved = s->steps[i];
        size_t at = i;
        while (at > 0 && s->steps[at - 1].at_ms > moved.at_ms) {
            s->steps[at] = s->steps[at - 1];
            at--;
        }
        s->steps[at] = moved;
    }
}

void schedule_release(struct schedule *s)
{
    free(s->steps);
    *s = (struct schedule){0};
}

#define NUMBER(member)                            \
    {                                             \
#member, offsetof(struct profile, member) \
    }
static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    NUMBER(machines),
    NUMBER(voters),
    NUMBER(lease_ms),
    NUMBER(pulse_ms),
    NUMBER(election_ms),
    NUMBER(heartbeat_ms),
    NUMBER(guard_ms),
    NUMBER(snapshot_threshold),
    NUMBER(snapshot_trailing),
    NUMBER(delay_us_min),
    NUMBER(delay_us_max),
    NUMBER(fsync_us_min),
    NUMBER(fsync_us_max),
    NUMBER(lossy_per_mille),
    NUMBER(duplicate_per_mille),
    NUMBER(online_fails),
    NUMBER(online_hangs),
    NUMBER(offline_fails),
    NUMBER(offline_hangs),
    NUMBER(silent),
    NUMBER(dies),
    NUMBER(locks),
    NUMBER(slow_ms_max),
    NUMBER(level),
    NUMBER(watchdog_s),
};
#undef NUMBER
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
_Static_assert(sizeof(struct profile) == NUMBERS * sizeof(unsigned), "all are written");

static unsigned *number_of(struct profile *p, size_t i)
{
    return (unsigned *)((char *)p + numbers[i].offset);
}

static void take_number(struct profile *p, const char *name, unsigned value)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (strcmp(numbers[i].name, name) == 0)
            *number_of(p, i) = value;
}

void schedule_write(const struct schedule *s, FILE *to)
{
    fprintf(to, "seed %" PRIu64 "\n", s->seed);
    for (size_t i = 0; i < NUMBERS; i++)
        fprintf(to, "profile %s %u\n", numbers[i].name,
                *(const unsigned *)((const char *)&s->profile + numbers[i].offset));
    for (size_t i = 0; i < s->count; i++)
        fprintf(to, "%" PRIu64 " %s\n", s->steps[i].at_ms, s->steps[i].text);
}

bool schedule_read(struct schedule *s, FILE *from)
{
    char line[STEP_BYTES + 32];
    unsigned value;
    char name[32];
    uint64_t at;
    int used;

    *s = (struct schedule){0};
    while (fgets(line, sizeof line, from) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (sscanf(line, "seed %" SCNu64, &s->seed) == 1) {
            profile_choose(&s->profile, s->seed);
            s->profile.level = LEVEL_MAX; /* Older files say nothing of these. */
            s->profile.watchdog_s = 0;
            continue;
        }
        if (sscanf(line, "profile %31s %u", name, &value) == 2) {
            take_number(&s->profile, name, value);
            continue;
        }
        if (sscanf(line, "%" SCNu64 " %n", &at, &used) != 1)
            return false;
        schedule_add(s, at, "%s", line + used);
    }
    return true;
}
