/* Traits of objects: properties, fields of the snapshot, bits of the status, and
 * the causes that the state keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/groupmgr/tree.h"
#include "tests/scenarios/object.h"

/* ------------------------------------------------------------------ fields */

static const struct value *record_of(const struct value *tree, const struct object *o)
{
    static const char *const lists[] = {
        [OBJECT_NODE] = "nodes", [OBJECT_GROUP] = "groups", [OBJECT_RESOURCE] = "resources"};
    const struct value *items;

    if (o->kind == OBJECT_CLUSTER)
        return tree;
    items = value_get(tree, lists[o->kind]);
    for (uint32_t i = 0; items != NULL && i < items->len; i++)
        if (value_is_str(value_get(&items->items[i], "name"), o->name))
            return &items->items[i];
    return NULL;
}

/* "operation.queued": a field of a field. */
static const struct value *field_of(const struct value *record, const char *path)
{
    char *copy = xstrdup(path), *rest = NULL;

    for (char *key = strtok_r(copy, ".", &rest); key != NULL; key = strtok_r(NULL, ".", &rest))
        record = value_get(record, key);
    free(copy);
    return record;
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

/* A list reads "a b". */
static void property_text(const struct property *p, char text[256])
{
    if (p->type == PROPERTY_DWORD) {
        snprintf(text, 256, "%u", p->dword);
        return;
    }
    snprintf(text, 256, "%s", "");
    for (size_t i = 0; i < p->text_len && i < 255; i++) {
        text[i] = p->text[i] != '\0' ? p->text[i] : ' ';
        text[i + 1] = '\0';
    }
    if (p->type == PROPERTY_MULTI_SZ && p->text_len > 0 && p->text_len < 256)
        text[p->text_len - 1] = '\0';
}

/* has NAME VALUE: a common property, or a field as the snapshot has it. */
bool object_has(struct stage *s, struct words *w, const struct object *o, struct bytes *instead)
{
    struct arena arena = {0};
    const char *key = needed(s, w, "a field"), *wanted = needed(s, w, "a value");
    struct property property;
    uint32_t number;
    char text[256], decimal[16];

    if (common_property_value(o->kind, o->of, key, &property))
        property_text(&property, text);
    else
        field_text(field_of(record_of(tree_of_cluster(s->cluster, &arena), o), key), text);
    arena_release(&arena);
    if (number_parse(wanted, &number)) {
        snprintf(decimal, sizeof(decimal), "%u", number);
        wanted = decimal;
    }
    return check(instead, strcmp(text, wanted) == 0 || (*wanted == '\0' && strcmp(text, "0") == 0),
                 "%s of %s is %s", key, o->name, text);
}

/* ---------------------------------------------------------- bits and rules */

static const struct status_bit {
    enum object_kind kind;
    const char *name;
    uint32_t bit;
} status_bits[] = {
    {OBJECT_NODE, "isolated", NODE_STATUS_ISOLATED},
    {OBJECT_NODE, "quarantined", NODE_STATUS_QUARANTINED},
    {OBJECT_NODE, "drain-in-progress", NODE_STATUS_DRAIN_IN_PROGRESS},
    {OBJECT_NODE, "drain-completed", NODE_STATUS_DRAIN_COMPLETED},
    {OBJECT_NODE, "drain-failed", NODE_STATUS_DRAIN_FAILED},
    {OBJECT_GROUP, "locked", GROUP_STATUS_LOCKED_MODE},
    {OBJECT_GROUP, "preempted", GROUP_STATUS_PREEMPTED},
    {OBJECT_GROUP, "queued-for-move", GROUP_STATUS_WAITING_IN_QUEUE_FOR_MOVE},
    {OBJECT_GROUP, "lacks-room", GROUP_STATUS_PHYSICAL_RESOURCES_LACKING},
    {OBJECT_GROUP, "waiting-to-start", GROUP_STATUS_WAITING_TO_START},
    {OBJECT_GROUP, "embedded-failure", GROUP_STATUS_EMBEDDED_FAILURE},
    {OBJECT_GROUP, "anti-affinity", GROUP_STATUS_OFFLINE_DUE_TO_ANTIAFFINITY_CONFLICT},
    {OBJECT_RESOURCE, "locked", RESOURCE_STATUS_LOCKED_MODE},
    {OBJECT_RESOURCE, "embedded-failure", RESOURCE_STATUS_EMBEDDED_FAILURE},
};

static uint32_t status_of(const struct stage *s, const struct object *o)
{
    switch (o->kind) {
    case OBJECT_NODE:
        return node_status(s->cluster, o->of);
    case OBJECT_GROUP:
        return group_status(o->of);
    case OBJECT_RESOURCE:
        return resource_status(o->of);
    case OBJECT_CLUSTER:
        break;
    }
    return 0;
}

/* status BIT, status normal: a bit of StatusInformation is set, or none is. */
bool object_status(struct stage *s, struct words *w, const struct object *o, struct bytes *instead)
{
    uint32_t status = status_of(s, o);

    if (words_take(w, "normal"))
        return check(instead, status == 0, "status of %s is 0x%x", o->name, status);
    for (size_t i = 0; i < sizeof(status_bits) / sizeof(status_bits[0]); i++)
        if (status_bits[i].kind == o->kind && words_take(w, status_bits[i].name))
            return check(instead, (status & status_bits[i].bit) != 0, "status of %s is 0x%x",
                         o->name, status);
    stage_alarm(s, "status \"%s\"?", words_peek(w)->text);
}

/* drain STATUS */
bool object_drain(struct stage *s, struct words *w, const struct object *o, struct bytes *instead)
{
    const struct node *n = o->of;
    const char *is = o->kind == OBJECT_NODE ? drain_status_name(n->drain) : "no node";

    return check(instead, strcmp(is, needed(s, w, "a status")) == 0, "the drain of %s is %s",
                 o->name, is);
}

/* fencing STATE */
bool object_fencing(struct stage *s, struct words *w, const struct object *o, struct bytes *instead)
{
    const struct node *n = o->of;
    const char *is = o->kind == OBJECT_NODE ? fencing_state_name(n->fencing.state) : "no node";

    return check(instead, strcmp(is, needed(s, w, "a state")) == 0, "the fencing of %s is %s",
                 o->name, is);
}

/* passed-over NODE RULE: why the last placement of the group did not take it. */
bool object_passed_over(struct stage *s, struct words *w, const struct object *o,
                        struct bytes *instead)
{
    const char *node = needed(s, w, "a node"), *rule = needed(s, w, "a rule"), *is = "nothing";
    const struct group *g = o->of;

    if (o->kind != OBJECT_GROUP)
        stage_alarm(s, "only groups are placed");
    for (unsigned i = 0; i < g->placement.candidate_count; i++)
        if (name_equal(node_name(s, g->placement.candidates[i].node), node))
            is = placement_rule_name(g->placement.candidates[i].rule);
    return check(instead, strcmp(is, rule) == 0, "%s was %s", node, is);
}

static const struct why *why_of(const struct object *o)
{
    switch (o->kind) {
    case OBJECT_NODE:
        return &((const struct node *)o->of)->why;
    case OBJECT_GROUP:
        return &((const struct group *)o->of)->why;
    case OBJECT_RESOURCE:
        return &((const struct resource *)o->of)->why;
    case OBJECT_CLUSTER:
        break;
    }
    return NULL;
}

static bool check_why(struct stage *s, struct words *w, const struct object *o,
                      const struct why *why, struct bytes *instead)
{
    const char *command = needed(s, w, "a command"), *cause = needed(s, w, "a cause");

    return check(instead,
                 strcmp(command_kind_name(why->command), command) == 0 &&
                     strcmp(cause_name(why->cause), cause) == 0,
                 "%s by %s, %s", o->name, command_kind_name(why->command), cause_name(why->cause));
}

/* why COMMAND CAUSE: what put it into its state. */
bool object_why(struct stage *s, struct words *w, const struct object *o, struct bytes *instead)
{
    return check_why(s, w, o, why_of(o), instead);
}

/* placed-by COMMAND CAUSE: what put a group on its node. */
bool object_placed_by(struct stage *s, struct words *w, const struct object *o,
                      struct bytes *instead)
{
    return check_why(s, w, o, &((const struct group *)o->of)->placement.why, instead);
}

/* verdict CAUSE: what was done about a resource's last failure. */
bool object_verdict(struct stage *s, struct words *w, const struct object *o, struct bytes *instead)
{
    const char *is = o->kind == OBJECT_RESOURCE
                         ? cause_name(((const struct resource *)o->of)->verdict.cause)
                         : "nothing";

    return check(instead, strcmp(is, needed(s, w, "a cause")) == 0, "%s: %s", o->name, is);
}
