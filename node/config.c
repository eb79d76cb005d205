#include "node/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "groupmgr/groupmgr.h"
#include "resources/watchdog.h"

enum {
    VOTER_GRACE_LEASES = 15,
    LINE_BYTES_MAX = 198, /* inih truncates longer lines without a word. */
    GUARD_MS_MIN = 20,    /* A guardian acts 8 ms after the monitor should have. */
    ROUND_TRIPS_MS = 50,  /* Votes, the first entry, a pulse: on disks and back. */
};

static const struct config_profile {
    const char *name;
    struct config_timing timing;
} profiles[] = {
    {"default", {2000, 250, 400, 80, 50}},
    {"fast", {800, 100, 150, 30, 30}},
};

/* What is known while the file is being read. */
struct loading {
    struct config *config;
    const char *path;
    FILE *file;
    FILE *errors;
    unsigned line;
    unsigned error_count;
    unsigned seen[32]; /* Line of each key, 0 if absent; index as in `keys`. */
};

static void complain(struct loading *l, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void complain(struct loading *l, unsigned line, const char *format, ...)
{
    va_list args;

    l->error_count++;
    if (line > 0)
        fprintf(l->errors, "%s:%u: ", l->path, line);
    else
        fprintf(l->errors, "%s: ", l->path);
    va_start(args, format);
    vfprintf(l->errors, format, args);
    va_end(args);
    fputc('\n', l->errors);
}

/* ------------------------------------------------------------- single values */

typedef void (*value_setter)(struct loading *l, const char *value, void *field);

static void set_text(struct loading *l, const char *value, void *field)
{
    char **at = field;

    (void)l;
    free(*at);
    *at = xstrdup(value);
}

static void set_name(struct loading *l, const char *value, void *field)
{
    if (!name_is_valid(value))
        complain(l, l->line, "\"%s\" is not a valid name", value);
    else
        set_text(l, value, field);
}

static void set_path(struct loading *l, const char *value, void *field)
{
    if (value[0] != '/')
        complain(l, l->line, "\"%s\" must be an absolute path", value);
    else
        set_text(l, value, field);
}

static void set_listen(struct loading *l, const char *value, void *field)
{
    (void)field;
    if (address_parse(value, 0, &l->config->listen) != 0 || l->config->listen.is_unix)
        complain(l, l->line, "\"%s\" is not HOST:PORT", value);
    else
        l->config->listen_given = true;
}

static void set_debug(struct loading *l, const char *value, void *field)
{
    bool *at = field;

    if (strcmp(value, "debug") != 0 && strcmp(value, "info") != 0)
        complain(l, l->line, "level is \"info\" or \"debug\", not \"%s\"", value);
    *at = strcmp(value, "debug") == 0;
}

static void set_profile(struct loading *l, const char *value, void *field)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++)
        if (strcmp(value, profiles[i].name) == 0) {
            set_text(l, value, field);
            return;
        }
    complain(l, l->line, "there is no profile \"%s\": take \"default\" or \"fast\"", value);
}

static void set_ms(struct loading *l, const char *value, void *field)
{
    unsigned *at = field;
    char *end;

    errno = 0;
    unsigned long ms = strtoul(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || ms < 1 || ms > 600000)
        complain(l, l->line, "\"%s\" is not a number of milliseconds from 1 to 600000", value);
    else
        *at = (unsigned)ms;
}

static void set_level(struct loading *l, const char *value, void *field)
{
    unsigned *at = field;
    char *end;
    unsigned long level = strtoul(value, &end, 10);

    if (end == value || *end != '\0' || level < LEVEL_MIN || level > LEVEL_MAX)
        complain(l, l->line, "\"%s\" is no functional level that this build knows, from %d to %d",
                 value, LEVEL_MIN, LEVEL_MAX);
    else
        *at = (unsigned)level;
}

static void set_self_fence(struct loading *l, const char *value, void *field)
{
    enum self_fence how;

    if (self_fence_parse(value, &how))
        set_text(l, value, field);
    else
        complain(l, l->line, "self is \"none\", \"watchdog\" or \"reboot\", not \"%s\"", value);
}

/* --------------------------------------------------------------------- peers */

static void add_peer(struct loading *l, char *text)
{
    struct config *c = l->config;
    char *equals = strchr(text, '=');
    enum consensus_role role = CONSENSUS_VOTER;
    struct address address;
    bool witness = false;
    char canonical[300];

    if (equals == NULL || equals == text) {
        complain(l, l->line, "peer \"%s\" is not NAME=HOST:PORT", text);
        return;
    }
    *equals = '\0';
    char *where = equals + 1;
    char *suffix = strrchr(where, '/');
    if (suffix != NULL && strcmp(suffix, "/standby") == 0) {
        *suffix = '\0';
        role = CONSENSUS_STANDBY;
    } else if (suffix != NULL && strcmp(suffix, "/witness") == 0) {
        *suffix = '\0';
        witness = true;
    }
    if (address_parse(where, 0, &address) != 0 || address.is_unix) {
        complain(l, l->line, "peer \"%s\": \"%s\" is not HOST:PORT", text, where);
        return;
    }
    for (unsigned i = 0; i < c->peer_count; i++)
        if (name_equal(c->peers[i].name, text)) {
            complain(l, l->line, "peer \"%s\" is named twice", text);
            return;
        }
    if (c->peer_count == CONFIG_PEERS_MAX || !name_is_valid(text)) {
        complain(l, l->line, "peer \"%s\": %s", text,
                 name_is_valid(text) ? "too many peers" : "not a valid name");
        return;
    }
    c->peers[c->peer_count++] = (struct config_peer){
        .name = xstrdup(text),
        .address = xstrdup(address_format(&address, canonical, sizeof canonical)),
        .role = role,
        .witness = witness};
}

static void set_peers(struct loading *l, const char *value, void *field)
{
    char *copy = xstrdup(value);
    char *rest = copy;
    char *word;

    (void)field;
    while ((word = strsep(&rest, " \t,")) != NULL)
        if (word[0] != '\0')
            add_peer(l, word);
    free(copy);
}

static void set_join(struct loading *l, const char *value, void *field)
{
    char *copy = xstrdup(value);
    char *rest = copy;
    char *word;
    struct address address;

    while ((word = strsep(&rest, " \t,")) != NULL)
        if (word[0] != '\0' && (address_parse(word, 0, &address) != 0 || address.is_unix))
            complain(l, l->line, "\"%s\" is not HOST:PORT", word);
    free(copy);
    set_text(l, value, field);
}

static void set_voters(struct loading *l, const char *value, void *field)
{
    bool *at = field;

    if (strcmp(value, "automatic") != 0 && strcmp(value, "fixed") != 0)
        complain(l, l->line, "voters is \"automatic\" or \"fixed\", not \"%s\"", value);
    *at = strcmp(value, "fixed") == 0;
}

static int compare_peers(const void *a, const void *b)
{
    const struct config_peer *x = a, *y = b;

    return name_compare(x->name, y->name);
}

/* The same ids on every node, whatever the order in its file. */
static void number_peers(struct config *c)
{
    qsort(c->peers, c->peer_count, sizeof c->peers[0], compare_peers);
    for (unsigned i = 0; i < c->peer_count; i++)
        c->peers[i].id = i + 1;
}

/* ---------------------------------------------------------------------- keys */

#define FIELD(name) offsetof(struct config, name)
static const struct key {
    const char *section, *name;
    value_setter set;
    size_t field;
    bool required;
    bool repeats;
} keys[] = {
    {"node", "name", set_name, FIELD(node), true, false},
    {"node", "data", set_path, FIELD(data_dir), true, false},
    {"node", "listen", set_listen, 0, false, false},
    {"node", "socket", set_path, FIELD(socket), false, false},
    {"node", "log", set_path, FIELD(log), false, false},
    {"node", "level", set_debug, FIELD(debug), false, false},
    {"node", "monitor", set_path, FIELD(monitor), false, false},
    {"cluster", "name", set_name, FIELD(cluster), true, false},
    {"cluster", "peers", set_peers, 0, false, true},
    {"cluster", "profile", set_profile, FIELD(profile), false, false},
    {"timing", "lease_ms", set_ms, FIELD(timing.lease_ms), false, false},
    {"timing", "pulse_ms", set_ms, FIELD(timing.pulse_ms), false, false},
    {"timing", "election_ms", set_ms, FIELD(timing.election_ms), false, false},
    {"timing", "heartbeat_ms", set_ms, FIELD(timing.heartbeat_ms), false, false},
    {"timing", "guard_ms", set_ms, FIELD(timing.guard_ms), false, false},
    {"node", "address", set_text, FIELD(address), false, false},
    {"cluster", "join", set_join, FIELD(join), false, false},
    {"cluster", "voters", set_voters, FIELD(fixed_roles), false, false},
    {"timing", "voter_grace_ms", set_ms, FIELD(voter_grace_ms), false, false},
    {"node", "functional_level", set_level, FIELD(functional_level), false, false},
    {"fencing", "watchdog", set_path, FIELD(watchdog), false, false},
    {"fencing", "self", set_self_fence, FIELD(self_fence), false, false},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct loading *l = user;
    bool section_known = false;

    for (unsigned i = 0; i < KEY_COUNT; i++) {
        const struct key *k = &keys[i];
        if (strcmp(k->section, section) != 0)
            continue;
        section_known = true;
        if (strcmp(k->name, name) != 0)
            continue;
        if (l->seen[i] != 0 && !k->repeats)
            complain(l, l->line, "%s was already given in line %u", name, l->seen[i]);
        l->seen[i] = l->line;
        if (value[0] == '\0')
            complain(l, l->line, "%s has no value", name);
        else
            k->set(l, value, (char *)l->config + k->field);
        return 1;
    }
    if (section_known)
        complain(l, l->line, "there is no key \"%s\" in section [%s]", name, section);
    else
        complain(l, l->line, "there is no section [%s]", section);
    return 1;
}

/* inih remembers only the first line that it does not understand, so those are
 * found here and hidden from it. */
static bool line_is_understood(const char *line)
{
    const char *at = line + strspn(line, " \t\r\n\v\f");

    if (line[0] == '\xef') /* A byte order mark, which inih skips. */
        return true;
    if (at[0] == '\0' || at[0] == ';' || at[0] == '#')
        return true;
    return at[0] == '[' ? strchr(at, ']') != NULL : strpbrk(at, "=:") != NULL;
}

/* Counts lines for inih, whose Debian build does not pass them on. */
static char *read_line(char *str, int num, void *stream)
{
    struct loading *l = stream;
    char *got = fgets(str, num, l->file);

    if (got == NULL)
        return NULL;
    l->line++;
    if (strchr(got, '\n') == NULL && !feof(l->file)) {
        complain(l, l->line, "the line is longer than %d characters", LINE_BYTES_MAX);
        for (int c = fgetc(l->file); c != EOF && c != '\n'; c = fgetc(l->file))
            ;
        got[0] = '\0';
    } else if (!line_is_understood(got)) {
        complain(l, l->line, "this is neither [section] nor key = value");
        got[0] = '\0';
    }
    return got;
}

/* -------------------------------------------------------------- whole config */

static void apply_profile(struct config *c)
{
    const struct config_timing *t = &profiles[0].timing;

    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++)
        if (c->profile != NULL && strcmp(c->profile, profiles[i].name) == 0)
            t = &profiles[i].timing;
    if (c->timing.lease_ms == 0)
        c->timing.lease_ms = t->lease_ms;
    if (c->timing.pulse_ms == 0)
        c->timing.pulse_ms = t->pulse_ms;
    if (c->timing.election_ms == 0)
        c->timing.election_ms = t->election_ms;
    if (c->timing.heartbeat_ms == 0)
        c->timing.heartbeat_ms = t->heartbeat_ms;
    if (c->timing.guard_ms == 0)
        c->timing.guard_ms = t->guard_ms;
    if (c->voter_grace_ms == 0)
        c->voter_grace_ms = VOTER_GRACE_LEASES * c->timing.lease_ms;
}

/* Where a key of [timing] was given; 0 if it is the profile's. */
static unsigned line_of(const struct loading *l, const char *name)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].section, "timing") == 0 && strcmp(keys[i].name, name) == 0)
            return l->seen[i];
    return 0;
}

static void check_timing(struct loading *l)
{
    const struct config_timing *t = &l->config->timing;
    unsigned two = t->pulse_ms + 4 * t->election_ms + 100;
    /* What a node that asks in time may be without: a renewal that was last accepted
     * was sent up to a pulse and a half before the leader died (lead.c, is_late());
     * the others take up to 2T to notice, a pre-vote round that fails costs up to
     * T/4, a round of votes up to 3T/4 (consensus/round.h); raft looks at the time
     * once a heartbeat, so each of the three ends up to one later; 50 ms for disks
     * and messages; and the monitor ends everything guard_ms before the end. */
    unsigned worst = t->pulse_ms * 3 / 2 + 3 * t->election_ms + 3 * t->heartbeat_ms + t->guard_ms +
                     ROUND_TRIPS_MS;

    if (t->lease_ms < two)
        complain(
            l, line_of(l, "lease_ms"),
            "lease_ms %u does not outlast two failed elections: it must be at least pulse_ms + "
            "4 x election_ms + 100 = %u",
            t->lease_ms, two);
    else if (t->lease_ms < worst && t->guard_ms < t->lease_ms / 2)
        complain(l, line_of(l, "lease_ms"),
                 "lease_ms %u does not outlast an election whose first two rounds fail: counted "
                 "from the last renewal to guard_ms before its end it must be at least 1.5 x "
                 "pulse_ms + 3 x election_ms + 3 x heartbeat_ms + guard_ms + %d = %u",
                 t->lease_ms, ROUND_TRIPS_MS, worst);
    if (t->heartbeat_ms * 3 > t->election_ms)
        complain(l, line_of(l, "heartbeat_ms"),
                 "heartbeat_ms %u must be at most a third of election_ms %u", t->heartbeat_ms,
                 t->election_ms);
    if (t->guard_ms >= t->lease_ms / 2)
        complain(l, line_of(l, "guard_ms"), "guard_ms %u must be less than half of lease_ms %u",
                 t->guard_ms, t->lease_ms);
    if (t->guard_ms < GUARD_MS_MIN)
        complain(l, line_of(l, "guard_ms"),
                 "guard_ms %u leaves no time to end anything before the lease does: it must be at "
                 "least %d",
                 t->guard_ms, GUARD_MS_MIN);
}

/* A node that joins is its own only peer. */
static void check_join(struct loading *l)
{
    struct config *c = l->config;

    if (c->join == NULL) {
        if (c->address != NULL)
            complain(l, 0, "address in section [node] is for a node that joins: its line among "
                           "the peers says it");
        return;
    }
    if (c->peer_count > 0)
        complain(l, 0, "peers and join in section [cluster] exclude each other");
    else if (c->address == NULL)
        complain(l, 0, "a node that joins needs its address in section [node]");
    else {
        char *self = xasprintf("%s=%s", c->node, c->address);
        add_peer(l, self);
        free(self);
    }
}

static void check_roles(struct loading *l)
{
    const struct config *c = l->config;
    unsigned voters = 0, witnesses = 0;

    for (unsigned i = 0; i < c->peer_count; i++) {
        voters += c->peers[i].role == CONSENSUS_VOTER;
        witnesses += c->peers[i].witness;
    }
    if (voters == 0)
        complain(l, l->seen[8], "at least one peer must vote");
    if (witnesses == c->peer_count)
        complain(l, l->seen[8], "at least one peer must be no witness, or nothing can run");
}

static void check_whole(struct loading *l)
{
    struct config *c = l->config;

    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (keys[i].required && l->seen[i] == 0)
            complain(l, 0, "%s is missing in section [%s]", keys[i].name, keys[i].section);
    if (l->seen[8] == 0 && c->join == NULL)
        complain(l, 0, "peers is missing in section [cluster]");
    if (l->error_count > 0)
        return;
    check_join(l);
    if (l->error_count > 0)
        return;
    const struct config_peer *self = config_self(c);
    if (self == NULL)
        complain(l, l->seen[8], "this node, \"%s\", is not among the peers", c->node);
    else if (!c->listen_given && address_parse(self->address, 0, &c->listen) != 0)
        complain(l, 0, "no address to listen on");
    check_timing(l);
    if (c->join == NULL)
        check_roles(l);
}

/* `holdfast-monitor` stands beside this program. */
static char *default_monitor(void)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n < 0)
        return xstrdup("/usr/sbin/holdfast-monitor");
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    assert(slash != NULL);
    *slash = '\0';
    return xasprintf("%s/holdfast-monitor", path);
}

uint32_t config_load(const char *path, FILE *errors, struct config *ret)
{
    struct config c = {0};
    struct loading l = {.config = &c, .path = path, .errors = errors};

    l.file = fopen(path, "re");
    if (l.file == NULL) {
        fprintf(errors, "%s: %s\n", path, strerror(errno));
        return error_from_errno(errno);
    }
    int bad_line = ini_parse_stream(read_line, &l, on_key, &l);
    if (bad_line > 0)
        complain(&l, (unsigned)bad_line, "this is neither [section] nor key = value");
    fclose(l.file);
    number_peers(&c);
    apply_profile(&c);
    check_whole(&l);
    if (l.error_count > 0) {
        config_release(&c);
        return ERROR_INVALID_DATA;
    }
    if (c.socket == NULL)
        c.socket = xstrdup("/run/holdfast/api.sock"); /* Where clients look first. */
    if (c.monitor == NULL)
        c.monitor = default_monitor();
    if (c.functional_level == 0)
        c.functional_level = LEVEL_MAX;
    *ret = c;
    return 0;
}

static const char *role_suffix(const struct config_peer *p)
{
    return p->witness ? "/witness" : p->role == CONSENSUS_STANDBY ? "/standby" : "";
}

void config_print(const struct config *c, FILE *to)
{
    const struct config_peer *self = config_self(c);

    assert(self != NULL); /* Or it would not have been loaded. */
    fprintf(to, "node.name = %s\nnode.data = %s\nnode.socket = %s\n", c->node, c->data_dir,
            c->socket);
    if (c->log != NULL)
        fprintf(to, "node.log = %s\n", c->log);
    fprintf(to, "node.address = %s%s\ncluster.name = %s\n", self->address, role_suffix(self),
            c->cluster);
    if (c->join != NULL) {
        fprintf(to, "cluster.join = %s\n", c->join);
        return;
    }
    for (unsigned i = 0; i < c->peer_count; i++)
        fprintf(to, "cluster.peers = %s=%s%s\n", c->peers[i].name, c->peers[i].address,
                role_suffix(&c->peers[i]));
}

void config_release(struct config *c)
{
    free(c->node);
    free(c->data_dir);
    free(c->socket);
    free(c->log);
    free(c->monitor);
    free(c->cluster);
    free(c->profile);
    free(c->join);
    free(c->address);
    free(c->watchdog);
    free(c->self_fence);
    for (unsigned i = 0; i < c->peer_count; i++) {
        free(c->peers[i].name);
        free(c->peers[i].address);
    }
    *c = (struct config){0};
}

const struct config_peer *config_self(const struct config *c)
{
    for (unsigned i = 0; i < c->peer_count; i++)
        if (name_equal(c->peers[i].name, c->node))
            return &c->peers[i];
    return NULL;
}
