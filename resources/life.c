#include "resources/life.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "resources/vigil.h"

#define TYPES_OWN UINT32_MAX

static const char *copy(struct life *l, const char *s)
{
    return s == NULL ? "" : arena_strndup(&l->arena, s, strlen(s));
}

static void refuse(struct life *l, uint32_t code, const char *text)
{
    l->code = code;
    l->text = copy(l, text);
}

static void check(struct life *l, const struct monitor_order *order)
{
    struct handler_context *c = &l->context;
    char message[256];
    uint32_t rc = 0;

    if (c->type == NULL || l->ops == NULL) {
        refuse(l, ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND,
               arena_printf(&l->arena, "this node has no resource type \"%s\"", order->type));
        return;
    }
    if (order->properties != NULL && order->properties->len > 0)
        rc = msgpack_read(order->properties->data, order->properties->len, &l->arena,
                          &c->properties);
    if (rc != 0) {
        refuse(l, rc, "the properties cannot be read");
        return;
    }
    rc = type_check_properties(c->type, c->properties, message, sizeof(message));
    if (rc == 0)
        rc = type_check_required(c->type, c->properties, message, sizeof(message));
    if (rc != 0)
        refuse(l, rc, message);
}

static uint32_t interval(uint32_t ordered_ms, uint32_t types_ms)
{
    return ordered_ms == TYPES_OWN || ordered_ms == 0 ? types_ms : ordered_ms;
}

uint64_t life_hard_ms(const struct life *l)
{
    uint64_t budget_ms = l->context.budget_ms;

    if (!l->self_fencing)
        return budget_ms;
    return budget_ms > VIGIL_MARGIN_MS ? budget_ms - VIGIL_MARGIN_MS : 1;
}

struct life *life_new(const struct unit_env *env, const struct monitor_order *order)
{
    struct life *l = xcalloc(1, sizeof(*l));
    struct handler_context *c = &l->context;

    l->operation = order->operation;
    l->pending_timeout_ms = order->pending_timeout_ms;
    l->self_fencing = order->self_fencing;
    l->text = "";
    c->loop = env->loop;
    c->guardians = env->guardians;
    c->dir = env->dir;
    c->node = env->node;
    c->group = copy(l, order->group);
    c->resource = copy(l, order->name);
    c->id = order->id;
    c->token = order->token;
    c->budget_ms = order->budget_ms;
    if (env->cgroup_prefix != NULL)
        c->cgroup = arena_printf(&l->arena, "%s%" PRIu64 "-%" PRIu64, env->cgroup_prefix, order->id,
                                 order->operation);
    c->type = type_find(order->type);
    l->ops = c->type == NULL ? NULL : handler_find(c->type);
    if (order->instructions_len > 0) {
        uint8_t *instructions = arena_alloc(&l->arena, order->instructions_len);
        memcpy(instructions, order->instructions, order->instructions_len);
        l->instructions = instructions;
        l->instructions_len = order->instructions_len;
    }
    check(l, order);
    if (c->type != NULL) {
        l->looks_alive_ms = interval(order->looks_alive_ms, c->type->looks_alive_ms);
        l->is_alive_ms = interval(order->is_alive_ms, c->type->is_alive_ms);
    }
    return l;
}

void life_free(struct life *l)
{
    if (l == NULL)
        return;
    arena_release(&l->arena);
    free(l);
}
