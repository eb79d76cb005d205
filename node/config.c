#include "node/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "groupmgr/groupmgr.h"
#include "node/config_private.h"

enum {
    VOTER_GRACE_LEASES = 15,
    LINE_BYTES_MAX = 198, /* inih truncates longer lines without a word. */
    GUARD_MS_MIN = 20,    /* A guardian acts 8 ms after the monitor should have. */
    ROUND_TRIPS_MS = 50,  /* Votes, the first entry, a pulse: on disks and back. */
};

void config_complain(struct loading *l, unsigned line, const char *format, ...)
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

/* --------------------------------------------------------------------- lines */

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
        config_complain(l, l->line, "the line is longer than %d characters", LINE_BYTES_MAX);
        for (int c = fgetc(l->file); c != EOF && c != '\n'; c = fgetc(l->file))
            ;
        got[0] = '\0';
    } else if (!line_is_understood(got)) {
        config_complain(l, l->line, "this is neither [section] nor key = value");
        got[0] = '\0';
    }
    return got;
}

/* -------------------------------------------------------------- whole config */

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

static void apply_profile(struct config *c)
{
    const struct config_timing *t = config_profile(c->profile != NULL ? c->profile : "default");

    assert(t != NULL);
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
        config_complain(
            l, config_line_of(l, "timing", "lease_ms"),
            "lease_ms %u does not outlast two failed elections: it must be at least pulse_ms + "
            "4 x election_ms + 100 = %u",
            t->lease_ms, two);
    else if (t->lease_ms < worst && t->guard_ms < t->lease_ms / 2)
        config_complain(
            l, config_line_of(l, "timing", "lease_ms"),
            "lease_ms %u does not outlast an election whose first two rounds fail: counted "
            "from the last renewal to guard_ms before its end it must be at least 1.5 x "
            "pulse_ms + 3 x election_ms + 3 x heartbeat_ms + guard_ms + %d = %u",
            t->lease_ms, ROUND_TRIPS_MS, worst);
    if (t->heartbeat_ms * 3 > t->election_ms)
        config_complain(l, config_line_of(l, "timing", "heartbeat_ms"),
                        "heartbeat_ms %u must be at most a third of election_ms %u",
                        t->heartbeat_ms, t->election_ms);
    if (t->guard_ms >= t->lease_ms / 2)
        config_complain(l, config_line_of(l, "timing", "guard_ms"),
                        "guard_ms %u must be less than half of lease_ms %u", t->guard_ms,
                        t->lease_ms);
    if (t->guard_ms < GUARD_MS_MIN)
        config_complain(
            l, config_line_of(l, "timing", "guard_ms"),
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
            config_complain(l, 0,
                            "address in section [node] is for a node that joins: its line among "
                            "the peers says it");
        return;
    }
    if (c->peer_count > 0)
        config_complain(l, 0, "peers and join in section [cluster] exclude each other");
    else if (c->address == NULL)
        config_complain(l, 0, "a node that joins needs its address in section [node]");
    else {
        char *self = xasprintf("%s=%s", c->node, c->address);
        config_add_peer(l, self);
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
        config_complain(l, config_line_of(l, "cluster", "peers"), "at least one peer must vote");
    if (witnesses == c->peer_count)
        config_complain(l, config_line_of(l, "cluster", "peers"),
                        "at least one peer must be no witness, or nothing can run");
}

static void check_whole(struct loading *l)
{
    struct config *c = l->config;
    unsigned peers_line = config_line_of(l, "cluster", "peers");

    config_check_required(l);
    if (peers_line == 0 && c->join == NULL)
        config_complain(l, 0, "peers is missing in section [cluster]");
    if (l->error_count > 0)
        return;
    check_join(l);
    if (l->error_count > 0)
        return;
    const struct config_peer *self = config_self(c);
    if (self == NULL)
        config_complain(l, peers_line, "this node, \"%s\", is not among the peers", c->node);
    else if (!c->listen_given && address_parse(self->address, 0, &c->listen) != 0)
        config_complain(l, 0, "no address to listen on");
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
    int bad_line = ini_parse_stream(read_line, &l, config_on_key, &l);
    if (bad_line > 0)
        config_complain(&l, (unsigned)bad_line, "this is neither [section] nor key = value");
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
