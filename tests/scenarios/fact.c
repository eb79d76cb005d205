/* What a scenario claims to be true at a point. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tests/groupmgr/tree.h"
#include "tests/scenarios/act.h"

static const char *needed(struct stage *s, struct words *w, const char *what)
{
    const char *text = words_next(w);

    if (text == NULL)
        stage_alarm(s, "%s is missing", what);
    return text;
}

static bool check(struct bytes *instead, bool holds, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool check(struct bytes *instead, bool holds, const char *format, ...)
{
    char text[512];
    va_list args;

    if (holds)
        return true;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    bytes_printf(instead, "%s%s", instead->len > 0 ? "; " : "", text);
    return false;
}

static bool boundary(const struct words *w)
{
    return words_done(w) || strcmp(words_peek(w)->text, ",") == 0;
}

/* ----------------------------------------------------------------- objects */

struct object {
    enum object_kind kind;
    uint64_t id;
    const char *name;
    uint32_t state;
    uint32_t node; /* Owner. */
};

static bool find_group(const struct stage *s, const char *name, struct object *ret)
{
    const struct group *g = cluster_group_by_name(s->cluster, name);

    if (g != NULL)
        *ret = (struct object){OBJECT_GROUP, g->id, g->name, (uint32_t)g->state, g->owner};
    return g != NULL;
}

static bool find_resource(const struct stage *s, const char *name, struct object *ret)
{
    const struct resource *r = cluster_resource_by_name(s->cluster, name);

    if (r != NULL)
        *ret =
            (struct object){OBJECT_RESOURCE, r->id, r->name, (uint32_t)r->state, r->group->owner};
    return r != NULL;
}

static bool find_node(const struct stage *s, const char *name, struct object *ret)
{
    const struct node *n = cluster_node_by_name(s->cluster, name);

    if (n != NULL)
        *ret = (struct object){OBJECT_NODE, n->id, n->name, (uint32_t)n->state, n->id};
    return n != NULL;
}

static bool take_object(struct stage *s, struct words *w, struct object *ret)
{
    if (words_take(w, "group"))
        return find_group(s, needed(s, w, "a name"), ret);
    if (words_take(w, "resource"))
        return find_resource(s, needed(s, w, "a name"), ret);
    if (words_take(w, "node"))
        return find_node(s, needed(s, w, "a name"), ret);

    const char *name = needed(s, w, "a name");

    return find_group(s, name, ret) || find_resource(s, name, ret) || find_node(s, name, ret);
}

/* Take a state by its name. */
static bool take_state(struct words *w, enum object_kind kind, uint32_t *ret)
{
    for (uint32_t state = 0; state <= RESOURCE_OFFLINE_PENDING; state++)
        if (strcmp(state_name(kind, state), "?") != 0 && words_take(w, state_name(kind, state))) {
            *ret = state;
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------- story */

static unsigned take_since(struct stage *s, struct words *w)
{
    const struct mark *m;

    if (!words_take(w, "since"))
        return s->story_from;
    m = stage_find_mark(s, needed(s, w, "a mark"));
    if (m == NULL)
        stage_alarm(s, "there is no such mark");
    return m->told;
}

static const struct event *last_change(const struct stage *s, const struct object *o)
{
    for (unsigned i = s->told_count; i-- > 0;)
        if (s->told[i].object == o->kind && s->told[i].id == o->id)
            return &s->told[i];
    return NULL;
}

static unsigned times_entered(const struct stage *s, const struct object *o, uint32_t state,
                              uint32_t node, unsigned from)
{
    unsigned times = 0;

    for (unsigned i = from; i < s->told_count; i++) {
        const struct event *e = &s->told[i];

        times += e->object == o->kind && e->id == o->id && e->from != e->to && e->to == state &&
                 (node == 0 || e->node == node);
    }
    return times;
}

static uint32_t take_on(struct stage *s, struct words *w)
{
    struct object node;

    if (!words_take(w, "on"))
        return 0;
    if (!find_node(s, needed(s, w, "a node"), &node))
        stage_alarm(s, "no such node");
    return (uint32_t)node.id;
}

static const char *node_name(const struct stage *s, uint32_t id)
{
    const struct node *n = cluster_node(s->cluster, id);

    return n != NULL ? n->name : "none";
}

/* order A STATE, then B STATE, then ...: such changes have happened, in this
 * order. */
static bool fact_order(struct stage *s, struct words *w, struct bytes *instead)
{
    unsigned at = s->story_from;
    struct object o;
    uint32_t state;

    do {
        if (!take_object(s, w, &o) || !take_state(w, o.kind, &state))
            stage_alarm(s, "order OBJECT STATE then OBJECT STATE ...");
        while (at < s->told_count &&
               !(s->told[at].object == o.kind && s->told[at].id == o.id &&
                 s->told[at].from != s->told[at].to && s->told[at].to == state))
            at++;
        if (!check(instead, at < s->told_count, "%s did not become %s then", o.name,
                   state_name(o.kind, state)))
            return false;
        at++;
    } while (words_take(w, "then"));
    return true;
}

/* ------------------------------------------------------------------ fields */

static const struct value *field_of(const struct value *tree, const struct object *o,
                                    const char *key)
{
    static const char *const lists[] = {
        [OBJECT_NODE] = "nodes", [OBJECT_GROUP] = "groups", [OBJECT_RESOURCE] = "resources"};
    const struct value *items = value_get(tree, lists[o->kind]);

    for (uint32_t i = 0; items != NULL && i < items->len; i++)
        if (value_is_str(value_get(&items->items[i], "name"), o->name))
            return value_get(&items->items[i], key);
    return NULL;
}

/* As text; what a snapshot leaves out is 0 or empty. */
static void field_text(const struct value *v, char text[256])
{
    text[0] = '\0';
    if (v == NULL || v->type == VALUE_NIL)
        snprintf(text, 256, "0");
    else if (v->type == VALUE_STR)
        snprintf(text, 256, "%s", v->str);
    else if (v->type == VALUE_BOOL)
        snprintf(text, 256, "%d", v->boolean);
    else if (v->type == VALUE_UINT)
        snprintf(text, 256, "%llu", (unsigned long long)v->uint);
    else if (v->type == VALUE_ARRAY)
        for (uint32_t i = 0; i < v->len && strlen(text) < 200; i++)
            snprintf(text + strlen(text), 256 - strlen(text), "%s%llu", i > 0 ? " " : "",
                     (unsigned long long)v->items[i].uint);
    else
        snprintf(text, 256, "%u bytes", v->len);
}

/* has KEY VALUE: a field as the snapshot has it. */
static bool object_has(struct stage *s, struct words *w, const struct object *o,
                       struct bytes *instead)
{
    struct arena arena = {0};
    const char *key = needed(s, w, "a field"), *wanted = needed(s, w, "a value");
    uint32_t number;
    char text[256], decimal[16];

    field_text(field_of(tree_of_cluster(s->cluster, &arena), o, key), text);
    arena_release(&arena);
    if (number_parse(wanted, &number)) {
        snprintf(decimal, sizeof(decimal), "%u", number);
        wanted = decimal;
    }
    return check(instead, strcmp(text, wanted) == 0 || (*wanted == '\0' && strcmp(text, "0") == 0),
                 "%s of %s is %s", key, o->name, text);
}

/* -------------------------------------------------------------- predicates */

static bool object_is(struct stage *s, struct words *w, const struct object *o, uint32_t state,
                      struct bytes *instead)
{
    const struct word *next = words_peek(w);
    uint32_t times;

    if (!number_parse(next->text, &times))
        return check(instead, o->state == state, "%s is %s", o->name,
                     state_name(o->kind, o->state));
    words_next(w);
    if (!words_take(w, "times") && !words_take(w, "time"))
        stage_alarm(s, "OBJECT STATE N times");

    uint32_t node = take_on(s, w);
    unsigned found = times_entered(s, o, state, node, take_since(s, w));

    return check(instead, found == times, "%s became %s %u times", o->name,
                 state_name(o->kind, state), found);
}

static bool object_never(struct stage *s, struct words *w, const struct object *o,
                         struct bytes *instead)
{
    uint32_t state, node;
    unsigned found;

    if (!take_state(w, o->kind, &state))
        stage_alarm(s, "never STATE");
    node = take_on(s, w);
    found = times_entered(s, o, state, node, take_since(s, w));
    return check(instead, found == 0, "%s became %s %u times", o->name, state_name(o->kind, state),
                 found);
}

static bool object_wanted(struct stage *s, struct words *w, const struct object *o,
                          struct bytes *instead)
{
    bool online = words_take(w, "online"), is = false;
    const struct resource *r = cluster_resource(s->cluster, o->id);

    if (!online && !words_take(w, "offline"))
        stage_alarm(s, "wanted online or offline");
    if (o->kind == OBJECT_GROUP)
        is = cluster_group(s->cluster, o->id)->persistent_online;
    else if (o->kind == OBJECT_RESOURCE)
        is = r->persistent < 0 ? r->group->persistent_online : r->persistent == 1;
    return check(instead, is == online, "%s is wanted %s", o->name, is ? "online" : "offline");
}

static bool object_because(struct stage *s, struct words *w, const struct object *o,
                           struct bytes *instead)
{
    const struct event *e = last_change(s, o);
    const char *cause = e != NULL ? cause_name(e->cause) : "nothing";

    return check(instead, strcmp(cause, needed(s, w, "a cause")) == 0, "%s because %s", o->name,
                 cause);
}

static bool object_code(struct stage *s, struct words *w, const struct object *o,
                        struct bytes *instead)
{
    const struct resource *r = cluster_resource(s->cluster, o->id);
    const char *code = error_name(o->kind == OBJECT_RESOURCE ? r->status_code : 0);

    return check(instead, strcmp(code, needed(s, w, "a code")) == 0, "%s has %s", o->name, code);
}

static bool predicate(struct stage *s, struct words *w, const struct object *o,
                      struct bytes *instead)
{
    uint32_t state, node;

    if (take_state(w, o->kind, &state))
        return object_is(s, w, o, state, instead);
    node = take_on(s, w);
    if (node != 0)
        return check(instead, o->node == node, "%s is on %s", o->name, node_name(s, o->node));
    if (words_take(w, "never"))
        return object_never(s, w, o, instead);
    if (words_take(w, "wanted"))
        return object_wanted(s, w, o, instead);
    if (words_take(w, "has"))
        return object_has(s, w, o, instead);
    if (words_take(w, "because"))
        return object_because(s, w, o, instead);
    if (words_take(w, "code"))
        return object_code(s, w, o, instead);
    stage_alarm(s, "what is \"%s\"?", words_peek(w)->text);
}

static bool fact_object(struct stage *s, struct words *w, struct bytes *instead)
{
    struct object o;
    bool holds = true;
    const char *name = words_peek(w)->text;

    if (!take_object(s, w, &o))
        stage_alarm(s, "nothing is named %s", name);
    if (boundary(w))
        stage_alarm(s, "what about %s?", o.name);
    while (!boundary(w))
        holds = predicate(s, w, &o, instead) && holds;
    return holds;
}

/* ------------------------------------------------------------------- reply */

static bool fact_reply(struct stage *s, struct words *w, struct bytes *instead)
{
    const char *code = error_name(s->reply.code);
    bool holds = check(instead, strcmp(code, needed(s, w, "a code")) == 0, "reply %s", code);

    if (!boundary(w) && words_peek(w)->quoted)
        holds = check(instead, strcmp(words_next(w), s->reply.detail) == 0, "it says \"%s\"",
                      s->reply.detail) &&
                holds;
    return holds;
}

static bool fact_unchanged(struct stage *s, struct words *w, struct bytes *instead)
{
    (void)w;
    return check(instead, !s->changed, "something changed");
}

/* due never | in DURATION: what falls due by itself next. */
static bool fact_due(struct stage *s, struct words *w, struct bytes *instead)
{
    uint64_t due_ms = cluster_next_deadline(s->cluster), in_ms = 0;
    char text[48] = "never";

    if (due_ms != UINT64_MAX)
        tell_clock(text, due_ms);
    if (words_take(w, "never"))
        return check(instead, due_ms == UINT64_MAX, "due %s", text);
    if (!words_take(w, "in") || !duration_parse(needed(s, w, "a duration"), &in_ms))
        stage_alarm(s, "due never, or due in 500ms");
    return check(instead, due_ms == s->now_ms + in_ms, "due %s", text);
}

static bool fact_no(struct stage *s, struct words *w, struct bytes *instead)
{
    struct object o;
    const char *name = words_peek(w)->text;

    return check(instead, !take_object(s, w, &o), "there is %s", name);
}

static const struct {
    const char *word;
    bool (*holds)(struct stage *s, struct words *w, struct bytes *instead);
} facts[] = {
    {"reply", fact_reply}, {"unchanged", fact_unchanged}, {"due", fact_due},
    {"no", fact_no},       {"order", fact_order},
};

static bool one_fact(struct stage *s, struct words *w, struct bytes *instead)
{
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        if (words_take(w, facts[i].word))
            return facts[i].holds(s, w, instead);
    return fact_object(s, w, instead);
}

bool fact_holds(struct stage *s, struct words *w, struct bytes *ret_instead)
{
    bool holds = true;

    do
        holds = one_fact(s, w, ret_instead) && holds;
    while (words_take(w, ","));
    if (!words_done(w))
        stage_alarm(s, "too many words from \"%s\" on", words_peek(w)->text);
    return holds;
}
