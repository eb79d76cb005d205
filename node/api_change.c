/* Changing calls: checked, turned into commands, and answered. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/proplist.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/calls.h"
#include "node/replica.h"
#include "resources/types.h"

/* Parameters on their way to a command. Everything lives in `arena`. */
struct building {
    struct api *api;
    const struct value *params;
    struct arena arena;
    struct command cmd;
    char fault[300]; /* What is wrong; "": the code's own text. */
};

typedef uint32_t (*command_builder)(struct building *b);

/* ----------------------------------------------------------- single parameters */

static uint32_t take_name(struct building *b, const char *key, bool required, const char **ret)
{
    const char *name;

    if (value_get(b->params, key) == NULL || value_get(b->params, key)->type == VALUE_NIL) {
        if (!required)
            return 0;
        snprintf(b->fault, sizeof b->fault, "the parameter `%s` is missing", key);
        return ERROR_INVALID_PARAMETER;
    }
    if (!value_get_str(b->params, key, NAME_BYTES_MAX, &name) || !name_is_valid(name)) {
        snprintf(b->fault, sizeof b->fault, "the parameter `%s` is no valid name", key);
        return ERROR_INVALID_NAME;
    }
    *ret = name;
    return 0;
}

/* Flags and the property list come first: a malformed list is refused before
 * anything else is looked at. */
static uint32_t take_operation(struct building *b)
{
    const struct value *list = value_get(b->params, "instructions");
    const struct value *flags = value_get(b->params, "flags");

    if (list != NULL && list->type != VALUE_NIL) {
        if (list->type != VALUE_BIN || list->len > INSTRUCTIONS_BYTES_MAX) {
            snprintf(b->fault, sizeof b->fault, "instructions are bytes, at most %d of them",
                     INSTRUCTIONS_BYTES_MAX);
            return ERROR_INVALID_PARAMETER;
        }
        uint32_t code = proplist_check(list->bin, list->len, PROPLIST_UTF16);
        if (code != 0) {
            snprintf(b->fault, sizeof b->fault, "the instructions are no property list");
            return code;
        }
        b->cmd.instructions = list->len > 0 ? list->bin : NULL;
        b->cmd.instructions_len = list->len;
    }
    if (flags != NULL && flags->type != VALUE_NIL &&
        !value_get_u32(b->params, "flags", &b->cmd.flags)) {
        snprintf(b->fault, sizeof b->fault, "flags are a 32-bit number");
        return ERROR_INVALID_PARAMETER;
    }
    return 0;
}

/* Strings, each with its NUL, and a last NUL. */
static uint32_t join_strings(struct building *b, const struct value *array, struct property *p)
{
    size_t len = 0;

    for (uint32_t i = 0; i < array->len; i++) {
        const struct value *item = &array->items[i];
        if (item->type != VALUE_STR || strlen(item->str) != item->len || item->len == 0)
            return ERROR_INVALID_PARAMETER;
        len += item->len + 1;
    }
    p->type = PROPERTY_MULTI_SZ;
    p->text = arena_alloc(&b->arena, len + 1);
    for (uint32_t i = 0; i < array->len; i++) {
        memcpy(p->text + p->text_len, array->items[i].str, array->items[i].len);
        p->text_len += array->items[i].len + 1;
    }
    return 0;
}

static uint32_t take_property(struct building *b, const struct value_pair *pair, struct property *p)
{
    const struct value *v = &pair->value;
    uint32_t code = 0;

    if (pair->key.type != VALUE_STR || strlen(pair->key.str) != pair->key.len ||
        !name_is_valid(pair->key.str)) {
        snprintf(b->fault, sizeof b->fault, "a property has no valid name");
        return ERROR_INVALID_PARAMETER;
    }
    p->name = arena_strndup(&b->arena, pair->key.str, pair->key.len);
    if (v->type == VALUE_UINT && v->uint <= UINT32_MAX) {
        p->type = PROPERTY_DWORD;
        p->dword = (uint32_t)v->uint;
    } else if (v->type == VALUE_STR && strlen(v->str) == v->len) {
        p->type = PROPERTY_SZ;
        p->text = arena_strndup(&b->arena, v->str, v->len);
        p->text_len = v->len;
    } else if (v->type == VALUE_ARRAY) {
        code = join_strings(b, v, p);
    } else {
        code = ERROR_INVALID_PARAMETER;
    }
    if (code == 0 && p->text_len > PROPERTY_BYTES_MAX)
        code = ERROR_INVALID_PARAMETER;
    if (code != 0)
        snprintf(b->fault, sizeof b->fault,
                 "property %.100s must be a text, a 32-bit number or a list of texts", p->name);
    return code;
}

static uint32_t take_properties(struct building *b)
{
    const struct value *map = value_get_map(b->params, "properties");

    if (map == NULL)
        return 0;
    if (map->len > PROPERTIES_PER_RESOURCE_MAX) {
        snprintf(b->fault, sizeof b->fault, "more than %d properties", PROPERTIES_PER_RESOURCE_MAX);
        return ERROR_INVALID_PARAMETER;
    }
    struct property *list = arena_alloc(&b->arena, (map->len + 1) * sizeof *list);
    for (uint32_t i = 0; i < map->len; i++) {
        uint32_t code = take_property(b, &map->pairs[i], &list[i]);
        if (code != 0)
            return code;
    }
    b->cmd.properties = list;
    b->cmd.property_count = map->len;
    return 0;
}

/* Private properties against the type's table; common ones are groupmgr's. */
static uint32_t check_private(struct building *b, const struct type *type)
{
    const struct value *map = value_get_map(b->params, "properties");

    for (uint32_t i = 0; map != NULL && i < map->len; i++) {
        const char *name = b->cmd.properties[i].name;
        if (property_is_common(name))
            continue;
        uint32_t code =
            type_check_property(type, name, &map->pairs[i].value, b->fault, sizeof b->fault);
        if (code != 0)
            return code;
    }
    return 0;
}

static uint32_t take_preferred(struct building *b)
{
    const struct value *array = value_get_array(b->params, "preferred");

    if (array == NULL)
        return 0;
    const char **names = arena_alloc(&b->arena, (array->len + 1) * sizeof *names);
    for (uint32_t i = 0; i < array->len; i++) {
        if (array->items[i].type != VALUE_STR || !name_is_valid(array->items[i].str) ||
            i >= NODES_MAX) {
            snprintf(b->fault, sizeof b->fault, "preferred owners are a list of node names");
            return ERROR_INVALID_PARAMETER;
        }
        names[i] = array->items[i].str;
    }
    b->cmd.names = names;
    b->cmd.name_count = array->len;
    b->cmd.has_names = true;
    return 0;
}

/* -------------------------------------------------------------------- commands */

static uint32_t build_named(struct building *b)
{
    return take_name(b, "name", true, &b->cmd.name);
}

static uint32_t build_operation(struct building *b)
{
    uint32_t code = take_operation(b);

    if (code == 0)
        code = build_named(b);
    return code != 0 ? code : take_name(b, "node", false, &b->cmd.other);
}

static uint32_t build_group(struct building *b)
{
    uint32_t code = build_named(b);

    if (code == 0)
        code = take_properties(b);
    return code != 0 ? code : take_preferred(b);
}

static uint32_t build_resource_create(struct building *b)
{
    uint32_t code = build_named(b);

    if (code == 0)
        code = take_name(b, "group", true, &b->cmd.other);
    if (code == 0)
        code = take_name(b, "type", true, &b->cmd.type);
    if (code == 0)
        code = take_properties(b);
    if (code != 0)
        return code;
    const struct type *type = type_find(b->cmd.type);
    if (type == NULL) {
        snprintf(b->fault, sizeof b->fault, "there is no resource type \"%.100s\"", b->cmd.type);
        return ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND;
    }
    b->cmd.type = type->name; /* The alias is for people. */
    return check_private(b, type);
}

static uint32_t build_resource_set(struct building *b)
{
    uint32_t code = build_named(b);

    if (code == 0)
        code = take_properties(b);
    if (code != 0)
        return code;
    /* A resource's type never changes, so this copy's word is good however old;
     * one that it does not know yet is left to the state machine. */
    const struct resource *r =
        cluster_resource_by_name(replica_cluster(b->api->config.replica), b->cmd.name);
    const struct type *type = r != NULL ? type_find(r->type) : NULL;
    return type != NULL ? check_private(b, type) : 0;
}

static uint32_t build_depend(struct building *b)
{
    uint32_t code = build_named(b);

    return code != 0 ? code : take_name(b, "on", true, &b->cmd.other);
}

static const struct change_method {
    const char *name;
    enum command_kind kind;
    command_builder build;
} methods[] = {
    {"group.create", COMMAND_GROUP_CREATE, build_group},
    {"group.delete", COMMAND_GROUP_DELETE, build_named},
    {"group.online", COMMAND_GROUP_ONLINE, build_operation},
    {"group.offline", COMMAND_GROUP_OFFLINE, build_operation},
    {"group.move", COMMAND_GROUP_MOVE, build_operation},
    {"group.set", COMMAND_GROUP_SET, build_group},
    {"resource.create", COMMAND_RESOURCE_CREATE, build_resource_create},
    {"resource.delete", COMMAND_RESOURCE_DELETE, build_named},
    {"resource.online", COMMAND_RESOURCE_ONLINE, build_operation},
    {"resource.offline", COMMAND_RESOURCE_OFFLINE, build_operation},
    {"resource.fail", COMMAND_RESOURCE_FAIL, build_named},
    {"resource.depend", COMMAND_RESOURCE_DEPEND, build_depend},
    {"resource.undepend", COMMAND_RESOURCE_UNDEPEND, build_depend},
    {"resource.set", COMMAND_RESOURCE_SET, build_resource_set},
};

/* ------------------------------------------------------------------- callers */

static struct caller borrow_caller(struct api *a)
{
    struct caller c = {0};

    if (a->caller_count > 0)
        return a->callers[--a->caller_count];
    while (c.client == 0)
        if (getrandom(&c.client, sizeof c.client, 0) < 0)
            c.client = clock_boot_ns();
    return c;
}

/* Only after a definite answer: a call that may still be on its way must not be
 * overtaken by another one with a higher sequence. */
static void return_caller(struct api *a, struct caller c)
{
    if (a->caller_count < CALLERS_MAX)
        a->callers[a->caller_count++] = c;
}

/* --------------------------------------------------------------------- calling */

struct pending_change {
    struct api *api;
    struct rpc_request *request;
    struct caller caller;
    bool borrowed;
};

static bool is_success(uint32_t code)
{
    return code == 0 || code == ERROR_IO_PENDING || code == ERROR_RESOURCE_PROPERTIES_STORED;
}

static void change_answer(uint32_t code, const struct reply *reply, void *data)
{
    struct pending_change *p = data;
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;

    if (p->borrowed && code == 0)
        return_caller(p->api, p->caller);
    if (code != 0) {
        rpc_reply_error(p->request, code, NULL);
    } else if (!is_success(reply->code)) {
        rpc_reply_error(p->request, reply->code, reply->detail[0] != '\0' ? reply->detail : NULL);
    } else {
        msgpack_sink_init(&m, &result);
        sink_map(&m.sink, 3);
        sink_kv_uint(&m.sink, "code", reply->code);
        sink_kv_uint(&m.sink, "index", reply->index);
        sink_kv_str(&m.sink, "detail", reply->detail);
        rpc_reply(p->request, &result);
        bytes_release(&result);
    }
    free(p);
}

static void submit(struct building *b, struct rpc_request *r)
{
    struct pending_change *p = xcalloc(1, sizeof *p);
    struct bytes encoded = BYTES_INIT;
    struct msgpack_sink m;

    p->api = b->api;
    p->request = r;
    if (b->cmd.client == 0) {
        p->borrowed = true;
        p->caller = borrow_caller(b->api);
        b->cmd.client = p->caller.client;
        b->cmd.seq = ++p->caller.seq;
    }
    msgpack_sink_init(&m, &encoded);
    command_write(&b->cmd, &m.sink);
    if (encoded.len > COMMAND_BYTES_MAX) {
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, "the call is too large");
        free(p);
    } else {
        calls_change(b->api->config.calls, &encoded, api_timeout(b->params), change_answer, p);
    }
    bytes_release(&encoded);
}

bool api_change(struct session *s, struct rpc_request *r, const char *method,
                const struct value *params)
{
    struct building b = {.api = s->api, .params = params};
    const struct change_method *m = NULL;

    for (size_t i = 0; i < sizeof methods / sizeof methods[0] && m == NULL; i++)
        if (strcmp(methods[i].name, method) == 0)
            m = &methods[i];
    if (m == NULL)
        return false;
    if (!session_may_change(s)) {
        rpc_reply_error(r, ERROR_ACCESS_DENIED,
                        "changing the cluster needs full access: be root or the daemon's user");
        return true;
    }
    b.cmd.kind = m->kind;
    value_get_uint(params, "client", &b.cmd.client);
    value_get_uint(params, "seq", &b.cmd.seq);
    uint32_t code = m->build(&b);
    if (code == 0 && b.cmd.client != 0 && b.cmd.seq == 0) {
        code = ERROR_INVALID_PARAMETER;
        snprintf(b.fault, sizeof b.fault, "a client counts its calls in `seq`, from 1");
    }
    if (code == 0)
        submit(&b, r);
    else
        rpc_reply_error(r, code, b.fault[0] != '\0' ? b.fault : NULL);
    arena_release(&b.arena);
    return true;
}
