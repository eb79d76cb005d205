/* What a scenario claims to be true at a point. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "tests/scenarios/act.h"
#include "tests/scenarios/object.h"

static bool boundary(const struct words *w)
{
    return words_done(w) || strcmp(words_peek(w)->text, ",") == 0;
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
    if (!object_of_node(s, needed(s, w, "a node"), &node))
        stage_alarm(s, "no such node");
    return (uint32_t)node.id;
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

/* Of a resource the code of its last failure, of another object that of its last
 * change which had one. */
static uint32_t last_code(const struct stage *s, const struct object *o)
{
    if (o->kind == OBJECT_RESOURCE)
        return ((const struct resource *)o->of)->status_code;
    for (unsigned i = s->told_count; i-- > 0;)
        if (s->told[i].object == o->kind && s->told[i].id == o->id && s->told[i].code != 0)
            return s->told[i].code;
    return 0;
}

static bool object_code(struct stage *s, struct words *w, const struct object *o,
                        struct bytes *instead)
{
    const char *code = error_name(last_code(s, o));

    return check(instead, strcmp(code, needed(s, w, "a code")) == 0, "%s has %s", o->name, code);
}

static const struct {
    const char *word;
    object_trait *holds;
} predicates[] = {
    {"never", object_never},
    {"wanted", object_wanted},
    {"has", object_has},
    {"because", object_because},
    {"code", object_code},
    {"status", object_status},
    {"drain", object_drain},
    {"fencing", object_fencing},
    {"passed-over", object_passed_over},
    {"why", object_why},
    {"placed-by", object_placed_by},
    {"verdict", object_verdict},
};

static bool predicate(struct stage *s, struct words *w, const struct object *o,
                      struct bytes *instead)
{
    uint32_t state, node;

    if (take_state(w, o->kind, &state))
        return object_is(s, w, o, state, instead);
    node = take_on(s, w);
    if (node != 0)
        return check(instead, o->node == node, "%s is on %s", o->name, node_name(s, o->node));
    for (size_t i = 0; i < sizeof(predicates) / sizeof(predicates[0]); i++)
        if (words_take(w, predicates[i].word))
            return predicates[i].holds(s, w, o, instead);
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
