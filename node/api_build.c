/* Parameters of changing calls, checked whole, as commands. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/proplist.h"
#include "base/text.h"
#include "node/api_private.h"
#include "node/replica.h"
#include "resources/types.h"

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
    } else if (v->type == VALUE_INT && v->integer >= INT32_MIN) {
        p->type = PROPERTY_DWORD;
        p->dword = (uint32_t)v->integer; /* Two's complement, as on Windows. */
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

/* A list of node names: preferred or possible owners. */
static uint32_t take_nodes(struct building *b, const char *key)
{
    const struct value *array = value_get_array(b->params, key);

    if (array == NULL)
        return 0;
    const char **names = arena_alloc(&b->arena, (array->len + 1) * sizeof *names);
    for (uint32_t i = 0; i < array->len; i++) {
        if (array->items[i].type != VALUE_STR || !name_is_valid(array->items[i].str) ||
            i >= NODES_MAX) {
            snprintf(b->fault, sizeof b->fault, "%s owners are a list of node names", key);
            return ERROR_INVALID_PARAMETER;
        }
        names[i] = array->items[i].str;
    }
    b->cmd.names = names;
    b->cmd.name_count = array->len;
    b->cmd.has_names = true;
    return 0;
}

/* True or false; what is not there is false. */
static uint32_t take_bool(struct building *b, const char *key, bool required, bool *ret)
{
    const struct value *v = value_get(b->params, key);
    bool missing = v == NULL || v->type == VALUE_NIL;

    if (missing && !required)
        return 0;
    if (!missing && value_get_bool(b->params, key, ret))
        return 0;
    snprintf(b->fault, sizeof b->fault, "the parameter `%s` must be true or false", key);
    return ERROR_INVALID_PARAMETER;
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
    return code != 0 ? code : take_nodes(b, "preferred");
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
    if (code == 0)
        code = take_nodes(b, "possible");
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

static uint32_t build_dependencies(struct building *b)
{
    const struct value *v = value_get(b->params, "expression");

    if (v != NULL && v->type != VALUE_NIL &&
        !value_get_str(b->params, "expression", EXPRESSION_BYTES_MAX, &b->cmd.expression)) {
        snprintf(b->fault, sizeof b->fault, "an expression is a text of at most %d bytes",
                 EXPRESSION_BYTES_MAX);
        return ERROR_INVALID_PARAMETER;
    }
    return build_named(b);
}

static uint32_t build_owner(struct building *b)
{
    uint32_t code = build_named(b);

    return code != 0 ? code : take_name(b, "node", true, &b->cmd.other);
}

static uint32_t build_resource_move(struct building *b)
{
    uint32_t code = build_named(b);

    return code != 0 ? code : take_name(b, "group", true, &b->cmd.other);
}

static uint32_t build_maintenance(struct building *b)
{
    bool on = false;
    uint32_t code = build_named(b);

    if (code == 0)
        code = take_bool(b, "on", true, &on);
    b->cmd.flags = on;
    return code;
}

static uint32_t build_pause(struct building *b)
{
    uint32_t code = take_operation(b);

    if (code == 0)
        code = build_named(b);
    if (code == 0)
        code = take_bool(b, "drain", false, &b->cmd.drain);
    return code != 0 ? code : take_name(b, "target", false, &b->cmd.other);
}

static uint32_t build_flagged(struct building *b)
{
    uint32_t code = take_operation(b);

    return code != 0 ? code : build_named(b);
}

/* Without `level`: the highest that all know. */
static uint32_t build_level(struct building *b)
{
    if (value_get(b->params, "level") == NULL ||
        (value_get_u32(b->params, "level", &b->cmd.level) && b->cmd.level > 0))
        return 0;
    snprintf(b->fault, sizeof b->fault, "`level` is a functional level, a number from 1 on");
    return ERROR_INVALID_PARAMETER;
}

static uint32_t build_node_set(struct building *b)
{
    uint32_t code = build_named(b);

    return code != 0 ? code : take_properties(b);
}

/* The node's or device's outlets, "DEVICE[:OUTLET]" each. */
static uint32_t build_fence_level(struct building *b)
{
    const struct value *array = value_get_array(b->params, "devices");
    uint32_t code = build_named(b);

    if (code != 0)
        return code;
    if (array == NULL || array->len > FENCE_ITEMS_MAX ||
        !value_get_u32(b->params, "level", &b->cmd.level)) {
        snprintf(b->fault, sizeof b->fault, "`level` is a number, `devices` are up to %d names",
                 FENCE_ITEMS_MAX);
        return ERROR_INVALID_PARAMETER;
    }
    const char **names = arena_alloc(&b->arena, (array->len + 1) * sizeof *names);
    for (uint32_t i = 0; i < array->len; i++) {
        if (array->items[i].type != VALUE_STR ||
            strlen(array->items[i].str) != array->items[i].len) {
            snprintf(b->fault, sizeof b->fault, "device %u is no text", i + 1);
            return ERROR_INVALID_PARAMETER;
        }
        names[i] = array->items[i].str;
    }
    b->cmd.names = names;
    b->cmd.name_count = array->len;
    return 0;
}

static const struct change_method {
    const char *name;
    enum command_kind kind;
    command_builder build;
} methods[] = {
    {"cluster.set", COMMAND_CLUSTER_SET, take_properties},
    {"cluster.update_level", COMMAND_CLUSTER_LEVEL, build_level},
    {"node.pause", COMMAND_NODE_PAUSE, build_pause},
    {"node.resume", COMMAND_NODE_RESUME, build_flagged},
    {"node.evict", COMMAND_NODE_EVICT, build_flagged},
    {"node.set", COMMAND_NODE_SET, build_node_set},
    {"fence.create", COMMAND_FENCE_CREATE, build_node_set},
    {"fence.delete", COMMAND_FENCE_DELETE, build_named},
    {"fence.level", COMMAND_FENCE_LEVEL, build_fence_level},
    {"fence.node", COMMAND_FENCE_NODE, build_flagged},
    {"fence.confirm", COMMAND_FENCE_CONFIRM, build_named},
    {"group.cancel", COMMAND_GROUP_CANCEL, build_named},
    {"resource.restart", COMMAND_RESOURCE_RESTART, build_operation},
    {"resource.move", COMMAND_RESOURCE_MOVE, build_resource_move},
    {"resource.maintenance", COMMAND_RESOURCE_MAINTENANCE, build_maintenance},
    {"resource.dependencies", COMMAND_RESOURCE_DEPENDENCIES, build_dependencies},
    {"resource.add_owner", COMMAND_RESOURCE_ADD_OWNER, build_owner},
    {"resource.remove_owner", COMMAND_RESOURCE_REMOVE_OWNER, build_owner},
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

static const struct change_method *find_method(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

bool api_builds(const char *method)
{
    return find_method(method) != NULL;
}

uint32_t api_build(struct building *b, const char *method)
{
    const struct change_method *m = find_method(method);

    if (m == NULL)
        return ERROR_INVALID_FUNCTION;
    b->cmd.kind = m->kind;
    return m->build(b);
}
