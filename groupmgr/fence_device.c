/* Fence devices, and which of them switch which node off: what the administrator
 * has said. fencing.c makes use of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "groupmgr/rules.h"

static const struct ours {
    const char *name;
    uint32_t min, max, preset;
} ours[] = {
    {"FenceTimeout", 100, 600000, 20000},
    {"FenceRetries", 0, 100, 1},
    {"FenceDelay", 0, 600000, 0},
};
enum { OURS = sizeof(ours) / sizeof(ours[0]) };

static const struct ours *ours_find(const char *name)
{
    assert(name != NULL);
    for (unsigned i = 0; i < OURS; i++)
        if (name_equal(ours[i].name, name))
            return &ours[i];
    return NULL;
}

/* ---------------------------------------------------------------- devices */

static struct fence_device *device_find(const struct cluster *c, const char *name)
{
    assert(c->fence_device_count <= FENCE_DEVICES_MAX);
    for (unsigned i = 0; name != NULL && i < c->fence_device_count; i++)
        if (name_equal(c->fence_devices[i]->name, name))
            return c->fence_devices[i];
    return NULL;
}

const struct fence_device *cluster_fence_device(const struct cluster *c, const char *name)
{
    assert(c != NULL);
    return device_find(c, name);
}

const struct fence_device *cluster_next_fence_device(const struct cluster *c,
                                                     const struct fence_device *after)
{
    unsigned at = 0;

    while (after != NULL && c->fence_devices[at] != after)
        at++;
    at += after != NULL;
    assert(at <= c->fence_device_count);
    return at < c->fence_device_count ? c->fence_devices[at] : NULL;
}

static struct fence_value *value_find(const struct fence_device *d, const char *name)
{
    assert(d->values != NULL || d->value_count == 0);
    for (unsigned i = 0; i < d->value_count; i++)
        if (strcmp(d->values[i].name, name) == 0 ||
            (fence_value_is_ours(name) && name_equal(d->values[i].name, name)))
            return &d->values[i];
    return NULL;
}

bool fence_value_is_ours(const char *name)
{
    assert(name != NULL);
    return name_equal(name, "agent") || ours_find(name) != NULL;
}

const char *fence_device_agent(const struct fence_device *d)
{
    const struct fence_value *v = value_find(d, "agent");

    assert(v != NULL);
    return v->value;
}

uint32_t fence_device_number(const struct fence_device *d, const char *name)
{
    const struct fence_value *v = value_find(d, name);

    assert(ours_find(name) != NULL);
    return v != NULL ? (uint32_t)strtoul(v->value, NULL, 10) : ours_find(name)->preset;
}

struct fence_device *fence_device_insert(struct cluster *c, const char *name)
{
    struct fence_device *d = xcalloc(1, sizeof(*d));

    assert(device_find(c, name) == NULL);
    d->name = xstrdup(name);
    c->fence_devices =
        xrealloc(c->fence_devices, (c->fence_device_count + 1) * sizeof(*c->fence_devices));
    c->fence_devices[c->fence_device_count++] = d;
    return d;
}

void fence_value_add(struct fence_device *d, const char *name, const char *value)
{
    assert(name != NULL && value != NULL);
    d->values = xrealloc(d->values, (d->value_count + 1) * sizeof(*d->values));
    d->values[d->value_count++] = (struct fence_value){xstrdup(name), xstrdup(value)};
}

static void value_remove(struct fence_device *d, struct fence_value *v)
{
    unsigned at = (unsigned)(v - d->values);

    assert(at < d->value_count);
    free(v->name);
    free(v->value);
    d->value_count--;
    memmove(v, v + 1, (d->value_count - at) * sizeof(*v));
}

static void device_free(struct fence_device *d)
{
    assert(d->name != NULL);
    while (d->value_count > 0)
        value_remove(d, &d->values[d->value_count - 1]);
    free(d->values);
    free(d->name);
    free(d);
}

void fence_devices_release(struct cluster *c)
{
    assert(c->fence_devices != NULL || c->fence_device_count == 0);
    for (unsigned i = 0; i < c->fence_device_count; i++)
        device_free(c->fence_devices[i]);
    free(c->fence_devices);
}

void fence_devices_digest(struct cluster *c)
{
    struct digest_sink s;

    assert(c->fence_device_count <= FENCE_DEVICES_MAX);
    digest_sink_begin(&s);
    for (unsigned i = 0; i < c->fence_device_count; i++)
        fence_device_write(c->fence_devices[i], &s.sink);
    c->fence_digest = digest_sink_end(&s);
    if (c->fence_device_count == 0)
        c->fence_digest = 0;
}

/* ------------------------------------------------------------- judgements */

static bool is_number(const char *text, uint32_t min, uint32_t max)
{
    size_t len = strspn(text, "0123456789");

    assert(min <= max);
    if (len == 0 || len > 9 || text[len] != '\0')
        return false;
    return strtoul(text, NULL, 10) >= min && strtoul(text, NULL, 10) <= max;
}

/* What a line of the agents' protocol can carry, and a list of ours. */
static const char *value_fault(const char *name, const char *value)
{
    const struct ours *own = ours_find(name);

    if (!name_is_valid(name) || strpbrk(name, " =\t#") != NULL)
        return "no name of a parameter";
    if (strpbrk(value, "\r\n") != NULL)
        return "a value of more than one line";
    if (!utf8_is_valid(value, strlen(value)) || strlen(value) > FENCE_VALUE_BYTES_MAX)
        return "a value of more than 1024 bytes, or no text";
    if (own != NULL && !is_number(value, own->min, own->max))
        return "a number out of its range";
    if (name_equal(name, "agent") && (value[0] == '\0' || strpbrk(value, " \t") != NULL ||
                                      (value[0] != '/' && strchr(value, '/') != NULL)))
        return "neither a program of /usr/sbin nor an absolute path";
    if (name_equal(name, "action") || name_equal(name, "nodename"))
        return "is not for you to say";
    assert(value[0] != '\0' || !fence_value_is_ours(name));
    return NULL;
}

static bool device_name_is_valid(const char *name)
{
    assert(NAME_BYTES_MAX > 0);
    return name_is_valid(name) && strpbrk(name, ",:= \t") == NULL;
}

static const char *device_fault(const struct fence_device *d)
{
    MUST(device_name_is_valid(d->name));
    MUST(value_find(d, "agent") != NULL);
    MUST(d->value_count <= FENCE_VALUES_MAX);
    for (unsigned i = 0; i < d->value_count; i++) {
        MUST(value_fault(d->values[i].name, d->values[i].value) == NULL);
        MUST(value_find(d, d->values[i].name) == &d->values[i]);
    }
    return NULL;
}

const char *fence_devices_fault(const struct cluster *c)
{
    const char *fault = NULL;

    for (unsigned i = 0; fault == NULL && i < c->fence_device_count; i++)
        fault = device_fault(c->fence_devices[i]);
    return fault;
}

/* -------------------------------------------------------- create, delete */

static void config_note(struct cluster *c, const char *name)
{
    struct event e = {.object = OBJECT_CLUSTER, .name = c->name, .cause = CAUSE_CONFIGURED};
    char text[NAME_BYTES_MAX + 16];

    assert(name != NULL);
    snprintf(text, sizeof(text), "fence device %s", name);
    e.text = text;
    fence_devices_digest(c);
    event_record(c, &e);
}

/* A number that somebody's parser made of the text. */
static const char *value_text(const struct property *p, char number[16])
{
    if (p->type == PROPERTY_SZ)
        return p->text != NULL ? p->text : "";
    assert(p->type == PROPERTY_DWORD);
    snprintf(number, 16, "%u", p->dword);
    return number;
}

/* Never with the value in its words: it may be a password. */
static uint32_t values_check(const struct fence_device *d, const struct command *cmd,
                             struct reply *reply)
{
    bool has_agent = d != NULL;
    unsigned count = d != NULL ? d->value_count : 0;
    char number[16];

    assert(cmd->properties != NULL || cmd->property_count == 0);
    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        bool is_text = p->type == PROPERTY_DWORD || p->type == PROPERTY_SZ;
        const char *fault = NULL;

        if (p->name == NULL || !is_text)
            return refuse(reply, ERROR_INVALID_PARAMETER, "parameter %u is not text", i + 1);
        for (unsigned j = 0; j < i; j++)
            if (name_equal(cmd->properties[j].name, p->name))
                return refuse(reply, ERROR_INVALID_PARAMETER, "%s is set twice", p->name);
        if (value_text(p, number)[0] != '\0' || name_equal(p->name, "agent"))
            fault = value_fault(p->name, value_text(p, number));
        if (fault != NULL)
            return refuse(reply, ERROR_INVALID_PARAMETER, "%.100s: %s", p->name, fault);
        has_agent |= name_equal(p->name, "agent");
        count++;
    }
    if (!has_agent)
        return refuse(reply, ERROR_INVALID_PARAMETER, "agent=NAME is missing");
    if (count > FENCE_VALUES_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "more than %u parameters",
                      (unsigned)FENCE_VALUES_MAX);
    return 0;
}

/* One that exists is changed: what is named is set, and taken away if empty. */
uint32_t apply_fence_create(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct fence_device *d = device_find(c, cmd->name);
    char number[16];
    uint32_t code;

    assert(cmd->kind == COMMAND_FENCE_CREATE);
    if (!device_name_is_valid(cmd->name))
        return refuse(reply, ERROR_INVALID_NAME, "name of a fence device: no blanks, : , =");
    code = values_check(d, cmd, reply);
    if (code != 0)
        return code;
    if (d == NULL && c->fence_device_count == FENCE_DEVICES_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "%u fence devices are there already",
                      (unsigned)FENCE_DEVICES_MAX);
    if (d == NULL)
        d = fence_device_insert(c, cmd->name);
    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        const char *value = value_text(p, number);
        struct fence_value *old = value_find(d, p->name);

        if (old != NULL && value[0] == '\0') {
            value_remove(d, old);
        } else if (old != NULL) {
            free(old->value);
            old->value = xstrdup(value);
        } else if (value[0] != '\0') {
            fence_value_add(d, p->name, value);
        }
    }
    config_note(c, d->name);
    return 0;
}

static const struct node_record *device_user(const struct cluster *c, const char *name)
{
    struct fence_item items[FENCE_ITEMS_MAX];
    unsigned count;

    assert(name != NULL);
    for (unsigned i = 0; i < c->node_count; i++)
        for (unsigned level = fence_level_next(&c->nodes[i]->node, 0); level != 0;
             level = fence_level_next(&c->nodes[i]->node, level)) {
            if (!fence_level_items(&c->nodes[i]->node, level, items, &count))
                return c->nodes[i];
            for (unsigned k = 0; k < count; k++)
                if (name_equal(items[k].device, name))
                    return c->nodes[i];
        }
    return NULL;
}

uint32_t apply_fence_delete(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct fence_device *d = device_find(c, cmd->name);
    const struct node_record *user;
    unsigned at = 0;

    assert(cmd->kind == COMMAND_FENCE_DELETE);
    if (d == NULL)
        return refuse(reply, ERROR_NOT_FOUND, "fence device %.100s",
                      cmd->name != NULL ? cmd->name : "");
    user = device_user(c, d->name);
    if (user != NULL)
        return refuse(reply, ERROR_INVALID_STATE, "a fence level of %s needs it", user->node.name);
    while (c->fence_devices[at] != d)
        at++;
    c->fence_device_count--;
    memmove(&c->fence_devices[at], &c->fence_devices[at + 1],
            (c->fence_device_count - at) * sizeof(*c->fence_devices));
    config_note(c, d->name);
    device_free(d);
    return 0;
}

/* ------------------------------------------------------------------ levels */

void fence_levels_store(struct strings *levels, const char *text, size_t len)
{
    char *copy = xmalloc(len + 1);

    assert(len == 0 || text[len - 1] == '\0');
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    free(levels->text);
    levels->text = copy;
    levels->len = len;
}

/* The text of `level`, "1=a,b:7"; NULL if there is none. */
static const char *level_text(const struct node *n, unsigned level)
{
    const struct strings *levels = &n->fence_levels;

    assert(levels->text != NULL);
    for (size_t at = 0; at < levels->len; at += strlen(levels->text + at) + 1)
        if (levels->text[at] == (char)('0' + level) && levels->text[at + 1] == '=')
            return levels->text + at;
    return NULL;
}

unsigned fence_level_next(const struct node *n, unsigned after)
{
    assert(after <= FENCE_LEVELS_MAX);
    for (unsigned level = after + 1; level <= FENCE_LEVELS_MAX; level++)
        if (level_text(n, level) != NULL)
            return level;
    return 0;
}

static bool item_parse(const char *text, size_t len, struct fence_item *ret)
{
    const char *colon = memchr(text, ':', len);
    size_t name_len = colon != NULL ? (size_t)(colon - text) : len;
    size_t plug_len = colon != NULL ? len - name_len - 1 : 0;

    assert(text != NULL);
    memset(ret, 0, sizeof(*ret));
    if (name_len == 0 || name_len > NAME_BYTES_MAX || plug_len > NAME_BYTES_MAX)
        return false;
    memcpy(ret->device, text, name_len);
    if (colon != NULL)
        memcpy(ret->plug, colon + 1, plug_len);
    return (colon == NULL || plug_len > 0) && strpbrk(ret->plug, ",\r\n") == NULL &&
           device_name_is_valid(ret->device);
}

bool fence_level_items(const struct node *n, unsigned level, struct fence_item ret[FENCE_ITEMS_MAX],
                       unsigned *ret_count)
{
    const char *at = level_text(n, level);
    unsigned count = 0;

    assert(ret != NULL);
    if (at == NULL)
        return false;
    for (at += 2; count < FENCE_ITEMS_MAX; at++) {
        size_t len = strcspn(at, ",");

        if (!item_parse(at, len, &ret[count++]))
            return false;
        at += len;
        if (*at == '\0') {
            *ret_count = count;
            return true;
        }
    }
    return false;
}

/* The levels of `n` with the one of `cmd` put in its place, or left out. */
static char *levels_with(const struct node *n, const struct command *cmd, size_t *ret_len)
{
    size_t room = n->fence_levels.len + 8, len = 0;
    char *text;

    for (unsigned i = 0; i < cmd->name_count; i++)
        room += strlen(cmd->names[i]) + 1;
    text = xcalloc(1, room);
    for (unsigned level = 1; level <= FENCE_LEVELS_MAX; level++) {
        const char *old = level_text(n, level);

        if (level != cmd->level && old != NULL) {
            memcpy(text + len, old, strlen(old) + 1);
            len += strlen(old) + 1;
        }
        if (level != cmd->level || cmd->name_count == 0)
            continue;
        text[len++] = (char)('0' + level);
        text[len++] = '=';
        for (unsigned i = 0; i < cmd->name_count; i++) {
            memcpy(text + len, cmd->names[i], strlen(cmd->names[i]));
            len += strlen(cmd->names[i]);
            text[len++] = i + 1 < cmd->name_count ? ',' : '\0';
        }
    }
    assert(len <= room);
    *ret_len = len;
    return text;
}

uint32_t apply_fence_level(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = find_node_by_name(c, cmd->name);
    struct fence_item item;
    size_t len;
    char *text;

    assert(cmd->kind == COMMAND_FENCE_LEVEL);
    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s",
                      cmd->name != NULL ? cmd->name : "");
    if (cmd->level < 1 || cmd->level > FENCE_LEVELS_MAX || cmd->name_count > FENCE_ITEMS_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "levels are 1 to %u, of up to %u devices",
                      (unsigned)FENCE_LEVELS_MAX, (unsigned)FENCE_ITEMS_MAX);
    for (unsigned i = 0; i < cmd->name_count; i++) {
        if (!item_parse(cmd->names[i], strlen(cmd->names[i]), &item))
            return refuse(reply, ERROR_INVALID_PARAMETER, "device %u is no DEVICE[:OUTLET]", i + 1);
        if (device_find(c, item.device) == NULL)
            return refuse(reply, ERROR_NOT_FOUND, "fence device %.100s", item.device);
    }
    text = levels_with(&n->node, cmd, &len);
    fence_levels_store(&n->node.fence_levels, text, len);
    free(text);
    node_note(c, n, CAUSE_CONFIGURED, NULL);
    return 0;
}
