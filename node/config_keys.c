#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "groupmgr/groupmgr.h"
#include "node/config_private.h"
#include "resources/watchdog.h"

/* ------------------------------------------------------------------ profiles */

static const struct config_profile {
    const char *name;
    struct config_timing timing;
} profiles[] = {
    {"default", {2000, 250, 400, 80, 50}},
    {"fast", {800, 100, 150, 30, 30}},
};

const struct config_timing *config_profile(const char *name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++)
        if (strcmp(name, profiles[i].name) == 0)
            return &profiles[i].timing;
    return NULL;
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
        config_complain(l, l->line, "\"%s\" is not a valid name", value);
    else
        set_text(l, value, field);
}

static void set_path(struct loading *l, const char *value, void *field)
{
    if (value[0] != '/')
        config_complain(l, l->line, "\"%s\" must be an absolute path", value);
    else
        set_text(l, value, field);
}

static void set_listen(struct loading *l, const char *value, void *field)
{
    (void)field;
    if (address_parse(value, 0, &l->config->listen) != 0 || l->config->listen.is_unix)
        config_complain(l, l->line, "\"%s\" is not HOST:PORT", value);
    else
        l->config->listen_given = true;
}

static void set_debug(struct loading *l, const char *value, void *field)
{
    bool *at = field;

    if (strcmp(value, "debug") != 0 && strcmp(value, "info") != 0)
        config_complain(l, l->line, "level is \"info\" or \"debug\", not \"%s\"", value);
    *at = strcmp(value, "debug") == 0;
}

static void set_profile(struct loading *l, const char *value, void *field)
{
    if (config_profile(value) != NULL)
        set_text(l, value, field);
    else
        config_complain(l, l->line, "there is no profile \"%s\": take \"default\" or \"fast\"",
                        value);
}

static void set_ms(struct loading *l, const char *value, void *field)
{
    unsigned *at = field;
    char *end;

    errno = 0;
    unsigned long ms = strtoul(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || ms < 1 || ms > 600000)
        config_complain(l, l->line, "\"%s\" is not a number of milliseconds from 1 to 600000",
                        value);
    else
        *at = (unsigned)ms;
}

static void set_level(struct loading *l, const char *value, void *field)
{
    unsigned *at = field;
    char *end;
    unsigned long level = strtoul(value, &end, 10);

    if (end == value || *end != '\0' || level < LEVEL_MIN || level > LEVEL_MAX)
        config_complain(l, l->line,
                        "\"%s\" is no functional level that this build knows, from %d to %d", value,
                        LEVEL_MIN, LEVEL_MAX);
    else
        *at = (unsigned)level;
}

static void set_self_fence(struct loading *l, const char *value, void *field)
{
    enum self_fence how;

    if (self_fence_parse(value, &how))
        set_text(l, value, field);
    else
        config_complain(l, l->line, "self is \"none\", \"watchdog\" or \"reboot\", not \"%s\"",
                        value);
}

/* --------------------------------------------------------------------- peers */

void config_add_peer(struct loading *l, char *text)
{
    struct config *c = l->config;
    char *equals = strchr(text, '=');
    enum consensus_role role = CONSENSUS_VOTER;
    struct address address;
    bool witness = false;
    char canonical[300];

    if (equals == NULL || equals == text) {
        config_complain(l, l->line, "peer \"%s\" is not NAME=HOST:PORT", text);
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
        config_complain(l, l->line, "peer \"%s\": \"%s\" is not HOST:PORT", text, where);
        return;
    }
    for (unsigned i = 0; i < c->peer_count; i++)
        if (name_equal(c->peers[i].name, text)) {
            config_complain(l, l->line, "peer \"%s\" is named twice", text);
            return;
        }
    if (c->peer_count == CONFIG_PEERS_MAX || !name_is_valid(text)) {
        config_complain(l, l->line, "peer \"%s\": %s", text,
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
            config_add_peer(l, word);
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
            config_complain(l, l->line, "\"%s\" is not HOST:PORT", word);
    free(copy);
    set_text(l, value, field);
}

static void set_voters(struct loading *l, const char *value, void *field)
{
    bool *at = field;

    if (strcmp(value, "automatic") != 0 && strcmp(value, "fixed") != 0)
        config_complain(l, l->line, "voters is \"automatic\" or \"fixed\", not \"%s\"", value);
    *at = strcmp(value, "fixed") == 0;
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
_Static_assert((unsigned)KEY_COUNT <= CONFIG_KEYS_MAX, "each key has a place in struct loading");

int config_on_key(void *user, const char *section, const char *name, const char *value)
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
            config_complain(l, l->line, "%s was already given in line %u", name, l->seen[i]);
        l->seen[i] = l->line;
        if (value[0] == '\0')
            config_complain(l, l->line, "%s has no value", name);
        else
            k->set(l, value, (char *)l->config + k->field);
        return 1;
    }
    if (section_known)
        config_complain(l, l->line, "there is no key \"%s\" in section [%s]", name, section);
    else
        config_complain(l, l->line, "there is no section [%s]", section);
    return 1;
}

unsigned config_line_of(const struct loading *l, const char *section, const char *name)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
            return l->seen[i];
    return 0;
}

void config_check_required(struct loading *l)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (keys[i].required && l->seen[i] == 0)
            config_complain(l, 0, "%s is missing in section [%s]", keys[i].name, keys[i].section);
}
