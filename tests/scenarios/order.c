#include "tests/scenarios/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/scenarios/object.h"

/* ------------------------------------------------------------------ tables */

struct flag {
    const char *name;
    uint32_t bit;
};

static const struct flag group_online_flags[] = {{"ignore-locked", 0x1},
                                                 {"synchronous", 0x2},
                                                 {"best-node", 0x4},
                                                 {"ignore-affinity", 0x8},
                                                 {NULL, 0}};
static const struct flag group_offline_flags[] = {{"ignore-locked", 0x1}, {NULL, 0}};
static const struct flag group_move_flags[] = {
    {"ignore-locked", 0x1}, {"return-on-error", 0x2},  {"queue", 0x4}, {"high-priority", 0x8},
    {"failback", 0x10},     {"ignore-affinity", 0x20}, {NULL, 0}};
static const struct flag resource_online_flags[] = {
    {"ignore-locked", 0x1}, {"not-persistent", 0x2},   {"for-quorum", 0x4},
    {"best-node", 0x8},     {"ignore-affinity", 0x20}, {NULL, 0}};
static const struct flag resource_offline_flags[] = {
    {"ignore-locked", 0x1}, {"terminate", 0x2}, {"not-persistent", 0x4}, {NULL, 0}};
static const struct flag node_pause_flags[] = {
    {"remain", 0x1}, {"avoid-placement", 0x2}, {"retry-drain", 0x4}, {NULL, 0}};
static const struct flag node_resume_flags[] = {
    {"failback-now", 0x1}, {"failback-per-policy", 0x2}, {NULL, 0}};
static const struct flag node_evict_flags[] = {{"force", 0x1}, {NULL, 0}};
static const struct flag fence_flags[] = {{"off", 0x1}, {"reboot", 0x2}, {NULL, 0}};
static const struct flag maintenance_flags[] = {{"begin", 0x1}, {"end", 0}, {NULL, 0}};

enum target { ON_GROUP, ON_RESOURCE, ON_NODE, ON_CLUSTER, TARGET_COUNT };
static const char *const target_words[TARGET_COUNT] = {"group", "resource", "node", "cluster"};

static const struct verb {
    const char *word;
    struct {
        enum command_kind kind; /* 0: cannot be done to this. */
        const struct flag *flags;
    } on[TARGET_COUNT];
} verbs[] = {
    {"create", {{COMMAND_GROUP_CREATE, NULL}, {COMMAND_RESOURCE_CREATE, NULL}}},
    {"delete", {{COMMAND_GROUP_DELETE, NULL}, {COMMAND_RESOURCE_DELETE, NULL}}},
    {"set",
     {{COMMAND_GROUP_SET, NULL},
      {COMMAND_RESOURCE_SET, NULL},
      {COMMAND_NODE_SET, NULL},
      {COMMAND_CLUSTER_SET, NULL}}},
    {"online",
     {{COMMAND_GROUP_ONLINE, group_online_flags},
      {COMMAND_RESOURCE_ONLINE, resource_online_flags}}},
    {"offline",
     {{COMMAND_GROUP_OFFLINE, group_offline_flags},
      {COMMAND_RESOURCE_OFFLINE, resource_offline_flags}}},
    {"move", {{COMMAND_GROUP_MOVE, group_move_flags}, {COMMAND_RESOURCE_MOVE, NULL}}},
    {"cancel", {{COMMAND_GROUP_CANCEL, NULL}}},
    {"fail", {[ON_RESOURCE] = {COMMAND_RESOURCE_FAIL, NULL}}},
    {"restart", {[ON_RESOURCE] = {COMMAND_RESOURCE_RESTART, NULL}}},
    {"maintenance", {[ON_RESOURCE] = {COMMAND_RESOURCE_MAINTENANCE, maintenance_flags}}},
    {"depend", {[ON_RESOURCE] = {COMMAND_RESOURCE_DEPEND, NULL}}},
    {"undepend", {[ON_RESOURCE] = {COMMAND_RESOURCE_UNDEPEND, NULL}}},
    {"require", {[ON_RESOURCE] = {COMMAND_RESOURCE_DEPENDENCIES, NULL}}},
    {"allow", {[ON_RESOURCE] = {COMMAND_RESOURCE_ADD_OWNER, NULL}}},
    {"forbid", {[ON_RESOURCE] = {COMMAND_RESOURCE_REMOVE_OWNER, NULL}}},
    {"pause", {[ON_NODE] = {COMMAND_NODE_PAUSE, node_pause_flags}}},
    {"resume", {[ON_NODE] = {COMMAND_NODE_RESUME, node_resume_flags}}},
    {"evict", {[ON_NODE] = {COMMAND_NODE_EVICT, node_evict_flags}}},
    {"device", {[ON_NODE] = {COMMAND_FENCE_CREATE, NULL}}},
    {"no-device", {[ON_NODE] = {COMMAND_FENCE_DELETE, NULL}}},
    {"fenced-by", {[ON_NODE] = {COMMAND_FENCE_LEVEL, NULL}}},
    {"fence", {[ON_NODE] = {COMMAND_FENCE_NODE, fence_flags}}},
    {"confirm", {[ON_NODE] = {COMMAND_FENCE_CONFIRM, NULL}}},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------ values */

/* "a, b" as a MULTI_SZ: strings, each with its NUL. */
static char *list_text(const char *value, size_t *ret_len)
{
    char *copy = xstrdup(value), *rest = NULL, *out = xcalloc(1, strlen(value) + 2);
    size_t len = 0;

    for (char *item = strtok_r(copy, ", ", &rest); item != NULL;
         item = strtok_r(NULL, ", ", &rest)) {
        memcpy(out + len, item, strlen(item) + 1);
        len += strlen(item) + 1;
    }
    free(copy);
    *ret_len = len;
    return out;
}

static void add_property(struct stage *s, struct order *o, const struct word *word)
{
    unsigned i = o->cmd.property_count++;
    struct property *p = &o->properties[i];

    if (i == ORDER_PROPERTIES_MAX)
        stage_alarm(s, "too many properties");
    *p = (struct property){.name = word->text, .type = PROPERTY_SZ, .text = word->value};
    o->cmd.properties = o->properties;
    if (word->form == VALUE_LIST) {
        p->type = PROPERTY_MULTI_SZ;
        p->text = o->lists[i] = list_text(word->value, &p->text_len);
        return;
    }
    p->text_len = strlen(word->value);
    if (word->form == VALUE_PLAIN && number_parse(word->value, &p->dword)) {
        p->type = PROPERTY_DWORD;
        p->text = NULL;
        p->text_len = 0;
    }
}

static void add_instruction(struct stage *s, struct order *o, const struct word *word)
{
    uint32_t number, code;

    if (word->form == VALUE_PLAIN && number_parse(word->value, &number))
        code = proplist_add_dword(&o->instructions, word->text, number);
    else
        code = proplist_add_sz(&o->instructions, word->text, word->value);
    if (code != 0)
        stage_alarm(s, "not an instruction: %s=%s", word->text, word->value);
    o->cmd.instructions = o->instructions.bytes.data;
    o->cmd.instructions_len = o->instructions.bytes.len;
}

static bool at_boundary(const struct words *w)
{
    const char *text = words_peek(w)->text;

    return words_done(w) || strcmp(text, ",") == 0 || strcmp(text, ":") == 0;
}

static bool is_node(const struct stage *s, const struct words *w)
{
    return words_peek(w)->quoted || cluster_node_by_name(s->cluster, words_peek(w)->text) != NULL;
}

/* Names of nodes as long as they last; "none" for an empty list. Quoted, a name
 * need not be that of a node. */
static void take_names(struct stage *s, struct words *w, struct order *o)
{
    o->cmd.has_names = true;
    o->cmd.names = o->names;
    if (words_take(w, "none"))
        return;
    while (!at_boundary(w) && words_peek(w)->value == NULL && is_node(s, w)) {
        if (o->cmd.name_count == ORDER_NAMES_MAX)
            stage_alarm(s, "too many names");
        o->names[o->cmd.name_count++] = words_next(w);
    }
}

/* -------------------------------------------------------------------- rest */

static bool take_flag(struct words *w, const struct flag *flags, struct order *o)
{
    for (; flags != NULL && flags->name != NULL; flags++)
        if (words_take(w, flags->name)) {
            o->cmd.flags |= flags->bit;
            return true;
        }
    return false;
}

static void take_number(struct stage *s, struct words *w, uint32_t *ret)
{
    if (!number_parse(needed(s, w, "a number"), ret))
        stage_alarm(s, "not a number");
}

void order_parse_rest(struct stage *s, struct words *w, const struct flag *flags, struct order *o)
{
    while (!at_boundary(w)) {
        if (words_peek(w)->value != NULL)
            add_property(s, o, &w->at[w->next++]);
        else if (words_take(w, "on") || words_take(w, "to") || words_take(w, "in") ||
                 words_take(w, "from"))
            o->cmd.other = needed(s, w, "a name");
        else if (words_take(w, "type"))
            o->cmd.type = needed(s, w, "a type");
        else if (words_take(w, "as"))
            o->cmd.expression = needed(s, w, "an expression");
        else if (o->cmd.kind == COMMAND_NODE_PAUSE && words_take(w, "drain"))
            o->cmd.drain = true;
        else if (words_take(w, "flags"))
            take_number(s, w, &o->cmd.flags);
        else if (words_take(w, "level"))
            take_number(s, w, &o->cmd.level);
        else if (words_take(w, "devices"))
            while (!words_done(w) && o->cmd.name_count < ORDER_NAMES_MAX) {
                o->cmd.names = o->names;
                o->names[o->cmd.name_count++] = words_next(w);
            }
        else if (words_take(w, "prefers") || words_take(w, "owners"))
            take_names(s, w, o);
        else if (words_take(w, "with"))
            while (!at_boundary(w) && words_peek(w)->value != NULL)
                add_instruction(s, o, &w->at[w->next++]);
        else if (!take_flag(w, flags, o))
            stage_alarm(s, "what is \"%s\"?", words_peek(w)->text);
    }
}

/* -------------------------------------------------------------------- line */

void order_init(struct order *o)
{
    memset(o, 0, sizeof(*o));
    proplist_builder_init(&o->instructions, PROPLIST_UTF16);
}

void order_release(struct order *o)
{
    for (unsigned i = 0; i < ORDER_PROPERTIES_MAX; i++)
        free(o->lists[i]);
    proplist_builder_release(&o->instructions);
}

/* What the verb is done to: as the line says, or as the name tells. */
static enum target target_of(const struct stage *s, struct words *w, const struct verb *verb)
{
    const char *name;

    for (unsigned i = 0; i < TARGET_COUNT; i++)
        if (verb->on[i].kind != 0 && words_take(w, target_words[i]))
            return (enum target)i;
    name = words_peek(w)->text;
    if (verb->on[ON_GROUP].kind != 0 && cluster_group_by_name(s->cluster, name) != NULL)
        return ON_GROUP;
    if (verb->on[ON_RESOURCE].kind != 0 && cluster_resource_by_name(s->cluster, name) != NULL)
        return ON_RESOURCE;
    if (verb->on[ON_NODE].kind != 0 && cluster_node_by_name(s->cluster, name) != NULL)
        return ON_NODE;
    for (unsigned i = 0; i < TARGET_COUNT; i++)
        if (verb->on[i].kind != 0)
            return (enum target)i;
    return ON_GROUP;
}

static void take_client(struct stage *s, struct words *w, struct order *o)
{
    unsigned long long client, seq;

    if (!words_take(w, "by"))
        return;
    if (sscanf(needed(s, w, "a client"), "%llu:%llu", &client, &seq) != 2)
        stage_alarm(s, "by CLIENT:SEQ");
    o->cmd.client = client;
    o->cmd.seq = seq;
}

bool order_parse(struct stage *s, struct words *w, struct order *o)
{
    const struct verb *verb = NULL;
    enum target target;

    take_client(s, w, o);
    for (size_t i = 0; i < COUNT(verbs) && verb == NULL; i++)
        if (words_take(w, verbs[i].word))
            verb = &verbs[i];
    if (verb == NULL)
        return false;
    target = target_of(s, w, verb);
    o->cmd.kind = verb->on[target].kind;
    if (target != ON_CLUSTER)
        o->cmd.name = needed(s, w, "a name");
    order_parse_rest(s, w, verb->on[target].flags, o);
    if (o->cmd.kind == COMMAND_RESOURCE_CREATE && o->cmd.type == NULL)
        o->cmd.type = "dummy";
    if (!words_done(w))
        stage_alarm(s, "too many words from \"%s\" on", words_peek(w)->text);
    return true;
}
