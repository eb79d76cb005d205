/* What clients ask for: tables, and chance. A new command or property of the
 * state machine is a line here. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/schedule.h"

enum { GROUPS_MAX_ = 12, RESOURCES_MAX_ = 5, CLIENTS = 5, DEVICES = 3 };

/* `args`, a letter each:
 *   G a group       R a resource        M perhaps a node, as `other`
 *   g a new group   r a new resource    P a provider of the same group
 *   o preferred owners                  O perhaps owners
 *   I perhaps instructions              N a node, as `name`
 *   H another group, as `other`         T a node, as `other`
 *   D perhaps drain                     X an expression over the group's own
 *   p properties of a group             q properties of a resource
 *   s properties of a node              u properties of the cluster
 *   F a fence device                    d its parameters
 *   L a level of the node that `name` says
 *   n fencing of a node                 c fencing of the cluster
 * What the state machine does not know (yet) it refuses: that is a fine call. */
static const struct call_kind {
    const char *verb;
    unsigned weight;
    const char *args;
    const char *flags; /* To choose from; NULL: none. */
} kinds[] = {
    {"group-create", 4, "go", NULL},
    {"group-delete", 2, "G", NULL},
    {"group-online", 14, "GM", "0|0|0|1|4"},
    {"group-offline", 12, "GI", "0|0|1"},
    {"group-move", 14, "GMI", "0|0|1|2|4|8|16|32"},
    {"group-cancel", 5, "G", "0"},
    {"group-set", 7, "GpO", NULL},
    {"resource-create", 5, "r", NULL},
    {"resource-delete", 2, "R", NULL},
    {"resource-online", 7, "R", "0|0|1|2"},
    {"resource-offline", 7, "RI", "0|0|1|2|4"},
    {"resource-restart", 3, "R", "0|1"},
    {"resource-fail", 7, "R", NULL},
    {"resource-move", 2, "RH", NULL},
    {"resource-maintenance", 3, "R", "0|1"},
    {"resource-depend", 4, "RP", NULL},
    {"resource-undepend", 2, "RP", NULL},
    {"resource-dependencies", 3, "RX", NULL},
    {"resource-add-owner", 2, "RT", NULL},
    {"resource-remove-owner", 2, "RT", NULL},
    {"resource-set", 8, "RqO", NULL},
    {"node-set", 3, "Ns", NULL},
    {"node-pause", 3, "NDM", "0"},
    {"node-resume", 5, "N", "0|1|2"},
    {"cluster-set", 2, "u", NULL},
    {"read", 8, "", NULL},
};

/* Of the operator. */
static const struct call_kind fencing_kinds[] = {
    {"fence-node", 6, "N", "0|0|1|2"}, {"fence-create", 3, "Fd", NULL},
    {"fence-delete", 1, "F", NULL},    {"fence-level", 4, "NL", NULL},
    {"node-set", 4, "Nn", NULL},       {"cluster-set", 1, "c", NULL},
};

/* Values to choose from; `of`: p a group's, q a resource's, s a node's, u the
 * cluster's; d a fence device's, n and c what nodes and cluster say of fencing;
 * "@a,b" is a list. Periods and delays are short, so that what
 * depends on them happens within a minute. */
static const struct property_kind {
    char of;
    const char *name;
    const char *values;
} properties[] = {
    {'p', "FailoverThreshold", "0|1|2|3|4294967295"},
    {'p', "FailoverPeriod", "0|1|6|1193"},
    {'p', "Description", "words"},
    {'p', "Priority", "0|1000|2000|3000|3000"},
    {'p', "AutoFailbackType", "0|0|1"},
    {'p', "FailbackWindowStart", "0|23|4294967295|4294967295"},
    {'p', "FailbackWindowEnd", "0|1|4294967295|4294967295"},
    {'p', "DefaultOwner", "1|2|3|4294967295"},
    {'p', "ColdStartSetting", "0|0|1|2"},
    {'p', "ResiliencyPeriod", "0|1|5|4294967295"},
    {'p', "GroupStartDelay", "0|0|300|3000"},
    {'p', "PreferredSite", "east|west"},
    {'p', "AntiAffinityClassNames", "@red|@red,blue|@blue"},
    {'p', "AffinityClassNames", "@left|@right"},
    {'p', "Needs", "@cpu=1|@cpu=2,memory=3|@memory=1"},
    {'q', "RestartAction", "0|1|2|2|2"},
    {'q', "RestartThreshold", "0|1|1|2|3|4294967295"},
    {'q', "RestartPeriod", "0|1000|5000|900000"},
    {'q', "RestartDelay", "0|10|500|500|2000"},
    {'q', "RetryPeriodOnFailure", "0|500|5000|4294967295"},
    {'q', "EmbeddedFailureAction", "0|1|2|2"},
    {'q', "PendingTimeout", "300|1000|3000|5000"},
    {'q', "DeadlockTimeout", "1000|300000"},
    {'q', "SeparateMonitor", "0|1"},
    {'q', "LooksAlivePollInterval", "100|5000|4294967295"},
    {'q', "IsAlivePollInterval", "100|60000"},
    {'q', "TerminateBudget", "0|300|2000|2000|5000"},
    {'s', "Site", "east|west"},
    {'s', "Rack", "a|b"},
    {'s', "Capacities", "@cpu=3|@cpu=4,memory=6|@cpu=16"},
    {'s', "AvoidPlacement", "0|0|1"},
    {'u', "ClusterEnforcedAntiAffinity", "0|0|1"},
    {'u', "ClusterGroupWaitDelay", "0|1|5"},
    {'u', "ResiliencyDefaultPeriod", "0|0|1|4"},
    {'u', "QuarantineThreshold", "0|2|3|100"},
    {'u', "QuarantineDuration", "1|5|20"},
    {'u', "MinimumNeverPreemptPriority", "0|2000|3000"},
    {'u', "MinimumPreemptorPriority", "1|1000|2000"},
    {'u', "DrainOnShutdown", "0|1"},
    {'u', "ParallelMoves", "1|2|4"},
    {'d', "reach", "127|127|127|63|5|85"},
    {'d', "fails", "0|0|100|500"},
    {'d', "hangs", "0|0|100|300"},
    {'d', "lost", "0|0|100|300"},
    {'d', "idle", "0|0|100|300"},
    {'d', "slow", "50|500|3000|8000"},
    {'d', "FenceTimeout", "300|1000|3000"},
    {'d', "FenceRetries", "0|0|1|3"},
    {'d', "FenceDelay", "0|0|200"},
    {'n', "FencingRequired", "0|1"},
    {'n', "FencingStaysOff", "0|0|1"},
    {'n', "FencingAfter", "0|0|0|1000|3000"},
    {'n', "FencingDelay", "0|0|500"},
    {'c', "FencingRequired", "0|0|1"},
};

struct model {
    struct rng *rng;
    const struct profile *profile;
    struct model_group {
        char name[16];
        unsigned resources; /* Ever created; some may be gone. */
    } groups[GROUPS_MAX_];
    unsigned groups_made; /* Names go on; slots are used again. */
    unsigned count;
    char last_name[24];
};

struct model *model_new(struct rng *r, const struct profile *profile)
{
    struct model *m = calloc(1, sizeof *m);

    m->rng = r;
    m->profile = profile;
    return m;
}

void model_free(struct model *m)
{
    free(m);
}

static void append(char *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char *line, const char *format, ...)
{
    size_t len = strlen(line);
    va_list args;

    va_start(args, format);
    vsnprintf(line + len, STEP_BYTES - 24 - len, format, args);
    va_end(args);
}

/* One of "a|b|c". */
static void pick(struct rng *r, const char *choices, char *ret, size_t size)
{
    unsigned n = 1;

    for (const char *c = choices; *c != '\0'; c++)
        n += *c == '|';
    for (uint64_t skip = rng_below(r, n); skip > 0; skip--)
        choices = strchr(choices, '|') + 1;
    snprintf(ret, size, "%.*s", (int)strcspn(choices, "|"), choices);
}

static struct model_group *some_group(struct model *m)
{
    return &m->groups[rng_below(m->rng, m->count)];
}

static void append_owners(struct model *m, char *line)
{
    unsigned n = (unsigned)rng_below(m->rng, 4), first = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned id = 1 + (unsigned)rng_below(m->rng, m->profile->machines);
        char name[8];
        snprintf(name, sizeof name, "n%u", id);
        if (strstr(line, " owners=") != NULL && strstr(strstr(line, " owners="), name) != NULL)
            continue;
        append(line, "%s%s", first++ == 0 ? " owners=" : ",", name);
    }
}

static void append_properties(struct model *m, char *line, char of, unsigned per_mille)
{
    char value[16];

    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
        if (properties[i].of != of || !rng_chance(m->rng, per_mille) ||
            strstr(line, properties[i].name) != NULL)
            continue;
        if (strlen(line) > STEP_BYTES - 90)
            return; /* Enough for one call. */
        pick(m->rng, properties[i].values, value, sizeof value);
        append(line, " %s:%s", properties[i].name, value);
    }
}

static void append_new_group(struct model *m, char *line)
{
    unsigned slot = m->count < GROUPS_MAX_ ? m->count++ : (unsigned)rng_below(m->rng, GROUPS_MAX_);
    struct model_group *g = &m->groups[slot];

    m->groups_made++;
    snprintf(g->name, sizeof g->name, "g%u", m->groups_made);
    g->resources = 0;
    append(line, " name=%s", g->name);
    append_properties(m, line, 'p', 120);
}

static void append_new_resource(struct model *m, struct model_group *g, char *line)
{
    if (g->resources < RESOURCES_MAX_)
        g->resources++;
    snprintf(m->last_name, sizeof m->last_name, "r%s.%u", g->name + 1, g->resources);
    append(line, " name=%s other=%s type=Dummy PendingTimeout:2000", m->last_name, g->name);
    append_properties(m, line, 'q', 200);
}

static void append_resource(struct model *m, struct model_group *g, char *line, const char *key)
{
    unsigned n = 1 + (unsigned)rng_below(m->rng, g->resources > 0 ? g->resources : 1);

    append(line, " %s=r%s.%u", key, g->name + 1, n);
}

/* Blanks would end the word: '_' stands for one. */
static void append_expression(struct model *m, struct model_group *g, char *line)
{
    uint64_t shape = rng_below(m->rng, 4);
    unsigned a = 1 + (unsigned)rng_below(m->rng, RESOURCES_MAX_);
    unsigned b = 1 + (unsigned)rng_below(m->rng, RESOURCES_MAX_);

    if (shape == 0)
        append(line, " expression=[r%s.%u]", g->name + 1, a);
    else if (shape < 3)
        append(line, " expression=[r%s.%u]_%s_[r%s.%u]", g->name + 1, a, shape == 1 ? "or" : "and",
               g->name + 1, b);
    else
        append(line, " expression=");
}

/* What is to switch off the node of this call: its button, the outlets of both its power
 * supplies; or nothing: there is no such level. */
static void append_level(struct model *m, char *line)
{
    unsigned first = 1 + (unsigned)rng_below(m->rng, DEVICES);
    unsigned node = (unsigned)atoi(strstr(line, " name=n") + 7);
    uint64_t shape = rng_below(m->rng, 10);

    append(line, " level=%u", 1 + (unsigned)rng_below(m->rng, 2));
    if (shape < 6)
        append(line, " devices=f%u:n%u", first, node);
    else if (shape < 9)
        append(line, " devices=f%u:n%u.1,f%u:n%u.2", first, node, first % DEVICES + 1, node);
}

static void append_arg(struct model *m, struct model_group *g, char arg, char *line)
{
    struct rng *r = m->rng;

    switch (arg) {
    case 'G':
        append(line, " name=%s", g->name);
        break;
    case 'g':
        append_new_group(m, line);
        break;
    case 'R':
        append_resource(m, g, line, "name");
        break;
    case 'P':
        append_resource(m, g, line, "other");
        break;
    case 'r':
        append_new_resource(m, g, line);
        break;
    case 'M':
        if (rng_chance(r, 500))
            append(line, " other=n%u", 1 + (unsigned)rng_below(r, m->profile->machines));
        break;
    case 'N':
        append(line, " name=n%u", 1 + (unsigned)rng_below(r, m->profile->machines));
        break;
    case 'o':
        append_owners(m, line);
        break;
    case 'O':
        if (rng_chance(r, 300))
            append_owners(m, line);
        break;
    case 'I':
        if (rng_chance(r, 300))
            append(line, " instructions=1");
        break;
    case 'H':
        append(line, " other=%s", some_group(m)->name);
        break;
    case 'T':
        append(line, " other=n%u", 1 + (unsigned)rng_below(r, m->profile->machines));
        break;
    case 'D':
        if (rng_chance(r, 600))
            append(line, " drain=1");
        break;
    case 'X':
        append_expression(m, g, line);
        break;
    case 'F':
        append(line, " name=f%u", 1 + (unsigned)rng_below(r, DEVICES));
        break;
    case 'L':
        append_level(m, line);
        break;
    case 'p':
    case 'q':
    case 's':
    case 'u':
        append_properties(m, line, arg, 200);
        break;
    case 'd':
    case 'n':
    case 'c':
        append_properties(m, line, arg, 500);
        break;
    default:
        abort();
    }
}

static void add_call(struct model *m, struct schedule *s, uint64_t at_ms, const struct call_kind *k,
                     unsigned client)
{
    struct model_group *g = m->count > 0 ? some_group(m) : &m->groups[0];
    char line[STEP_BYTES] = "", flags[16];

    append(line, "%s", k->verb);
    for (const char *a = k->args; *a != '\0'; a++)
        append_arg(m, g, *a, line);
    if (k->flags != NULL) {
        pick(m->rng, k->flags, flags, sizeof flags);
        append(line, " flags=%s", flags);
    }
    schedule_add(s, at_ms, "call c%u %s", client, line);
}

static const struct call_kind *some_kind(struct model *m, const struct call_kind *of, size_t count)
{
    uint64_t sum = 0, drawn;

    for (size_t k = 0; k < count; k++)
        sum += of[k].weight;
    drawn = rng_below(m->rng, sum);
    while (drawn >= of->weight)
        drawn -= of++->weight;
    return of;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void workload_call(struct model *m, struct schedule *s, uint64_t at_ms)
{
    const struct call_kind *k = some_kind(m, kinds, COUNT(kinds));

    add_call(m, s, at_ms, k, 1 + (unsigned)rng_below(m->rng, CLIENTS));
}

void workload_fencing_call(struct model *m, struct schedule *s, uint64_t at_ms)
{
    add_call(m, s, at_ms, some_kind(m, fencing_kinds, COUNT(fencing_kinds)), OPERATOR);
}

/* Devices, and for most nodes the levels that use them. */
void workload_fencing_begin(struct model *m, struct schedule *s, uint64_t at_ms)
{
    char line[STEP_BYTES];

    for (unsigned i = 1; i <= DEVICES; i++) {
        snprintf(line, sizeof line, "fence-create name=f%u agent:fence_sim", i);
        append_properties(m, line, 'd', 400);
        schedule_add(s, at_ms, "call c%u %s", OPERATOR, line);
    }
    for (unsigned id = 1; id <= m->profile->machines; id++) {
        for (uint64_t n = rng_below(m->rng, 3); n > 0; n--) {
            snprintf(line, sizeof line, "fence-level name=n%u", id);
            append_level(m, line);
            schedule_add(s, at_ms, "call c%u %s", OPERATOR, line);
        }
        snprintf(line, sizeof line, "node-set name=n%u", id);
        append_properties(m, line, 'n', 400);
        schedule_add(s, at_ms, "call c%u %s", OPERATOR, line);
    }
}

uint64_t workload_begin(struct model *m, struct schedule *s, uint64_t at_ms)
{
    unsigned groups = 2 + (unsigned)rng_below(m->rng, 5);

    for (unsigned i = 0; i < groups; i++) {
        unsigned client = 1 + i % CLIENTS, n = 1 + (unsigned)rng_below(m->rng, 4);
        char line[STEP_BYTES] = "group-create";
        append_new_group(m, line);
        append_owners(m, line);
        schedule_add(s, at_ms, "call c%u %s", client, line);
        struct model_group *g = &m->groups[m->count - 1];
        for (unsigned k = 1; k <= n; k++) {
            strcpy(line, "resource-create");
            append_new_resource(m, g, line);
            schedule_add(s, at_ms, "call c%u %s", client, line);
            if (k > 1 && rng_chance(m->rng, 600))
                schedule_add(s, at_ms, "call c%u resource-depend name=r%s.%u other=r%s.%u", client,
                             g->name + 1, k, g->name + 1, 1 + (unsigned)rng_below(m->rng, k - 1));
        }
        if (rng_chance(m->rng, 850))
            schedule_add(s, at_ms, "call c%u group-online name=%s", client, g->name);
        at_ms += rng_range(m->rng, 5, 200);
    }
    return at_ms;
}

const char *model_resource(struct model *m)
{
    struct model_group *g;

    if (m->count == 0)
        return "";
    g = some_group(m);
    snprintf(m->last_name, sizeof m->last_name, "r%s.%u", g->name + 1,
             1 + (unsigned)rng_below(m->rng, g->resources > 0 ? g->resources : 1));
    return m->last_name;
}
