#include "groupmgr/common.h"

#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

/* ----------------------------------------------------------------- judges */

bool quantity_parse(const char *text, size_t *ret_name_len, uint64_t *ret_amount)
{
    const char *sign = strchr(text, '=');
    uint64_t amount = 0;

    assert(text != NULL);
    if (sign == NULL || sign == text || sign[1] == '\0')
        return false;
    for (const char *s = sign + 1; *s != '\0'; s++) {
        if (*s < '0' || *s > '9' || amount > (UINT64_MAX >> 16) / 10)
            return false;
        amount = 10 * amount + (uint64_t)(*s - '0');
    }
    *ret_name_len = (size_t)(sign - text);
    *ret_amount = amount;
    return true;
}

static bool same_quantity(const char *a, const char *b, size_t name_len)
{
    assert(b[name_len] == '=');
    for (size_t i = 0; i <= name_len; i++)
        if (ascii_lower((unsigned char)a[i]) != ascii_lower((unsigned char)b[i]))
            return false;
    return true;
}

static unsigned list_length(const char *text, size_t len)
{
    unsigned count = 0;

    assert(text != NULL || len == 0);
    for (size_t at = 0; at < len; at += strlen(text + at) + 1)
        count++;
    return count;
}

/* "name=number" each, every name once. */
static bool quantities_are_valid(const char *text, size_t len)
{
    size_t name_len;
    uint64_t amount;

    if (list_length(text, len) > QUANTITIES_MAX)
        return false;
    for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
        if (!quantity_parse(text + at, &name_len, &amount))
            return false;
        for (size_t before = 0; before < at; before += strlen(text + before) + 1)
            if (same_quantity(text + before, text + at, name_len))
                return false;
    }
    return true;
}

static bool classes_are_valid(const char *text, size_t len)
{
    assert(len == 0 || text[len - 1] == '\0');
    return list_length(text, len) <= CLASSES_MAX;
}

/* ----------------------------------------------------------------- tables */

#define NUMBER(member_of, member, label, low, high, standard, ...) \
    {                                                              \
        .property = {.name = label,                                \
                     .type = PROPERTY_DWORD,                       \
                     .min = low,                                   \
                     .max = high,                                  \
                     .preset = standard},                          \
        .offset = offsetof(struct member_of, member), __VA_ARGS__  \
    }
#define TEXT(member_of, member, label)                    \
    {                                                     \
        .property = {.name = label, .type = PROPERTY_SZ}, \
        .offset = offsetof(struct member_of, member)      \
    }
#define LIST(member_of, member, label, ...)                       \
    {                                                             \
        .property = {.name = label, .type = PROPERTY_MULTI_SZ},   \
        .offset = offsetof(struct member_of, member), __VA_ARGS__ \
    }
#define MINUS_ONE .property.or_minus_one = true
#define HANDLER .for_handler = true
#define CLASSES .is_valid = classes_are_valid, .wants = "at most 32 names"
#define QUANTITIES \
    .is_valid = quantities_are_valid, .wants = "at most 32 times NAME=NUMBER, each name once"

enum { PRIORITY_MAX = 4999, HOURS_MAX = 1193, DAY_S = 86400 };

/* clang-format off */
static const struct common resource_common[] = {
    NUMBER(resource, restart_action, "RestartAction", 0, 2, 2),
    NUMBER(resource, restart_threshold, "RestartThreshold", 0, UINT32_MAX, 1),
    NUMBER(resource, restart_period_ms, "RestartPeriod", 0, UINT32_MAX, 900000),
    NUMBER(resource, restart_delay_ms, "RestartDelay", 0, UINT32_MAX, 500),
    NUMBER(resource, retry_period_ms, "RetryPeriodOnFailure", 0, UINT32_MAX, 3600000),
    NUMBER(resource, embedded_failure_action, "EmbeddedFailureAction", 0, 2, 2),
    NUMBER(resource, separate_monitor, "SeparateMonitor", 0, 1, 0, HANDLER),
    NUMBER(resource, pending_timeout_ms, "PendingTimeout", 10, UINT32_MAX, 180000, HANDLER),
    NUMBER(resource, deadlock_timeout_ms, "DeadlockTimeout", 1000, UINT32_MAX, 300000, HANDLER),
    NUMBER(resource, looks_alive_ms, "LooksAlivePollInterval", 10, UINT32_MAX, UINT32_MAX, HANDLER),
    NUMBER(resource, is_alive_ms, "IsAlivePollInterval", 10, UINT32_MAX, 60000, HANDLER),
    NUMBER(resource, terminate_budget_ms, "TerminateBudget", 0, 600000, 0, HANDLER),
    NUMBER(resource, self_fencing, "SelfFencing", 0, 1, 0, HANDLER),
    TEXT(resource, description, "Description"),
};

static const struct common group_common[] = {
    TEXT(group, description, "Description"),
    NUMBER(group, failover_threshold, "FailoverThreshold", 0, UINT32_MAX, UINT32_MAX),
    NUMBER(group, failover_period_h, "FailoverPeriod", 0, HOURS_MAX, 6),
    NUMBER(group, priority, "Priority", 0, PRIORITY_MAX, PRIORITY_MEDIUM),
    NUMBER(group, auto_failback, "AutoFailbackType", 0, 1, 0),
    NUMBER(group, failback_window_start, "FailbackWindowStart", 0, 23, UINT32_MAX, MINUS_ONE),
    NUMBER(group, failback_window_end, "FailbackWindowEnd", 0, 23, UINT32_MAX, MINUS_ONE),
    NUMBER(group, default_owner, "DefaultOwner", 1, 512, UINT32_MAX, MINUS_ONE),
    NUMBER(group, cold_start, "ColdStartSetting", 0, 2, 0),
    NUMBER(group, resiliency_period_s, "ResiliencyPeriod", 0, 7 * DAY_S, UINT32_MAX, MINUS_ONE),
    NUMBER(group, group_start_delay_ms, "GroupStartDelay", 0, 1800000, 0),
    TEXT(group, preferred_site, "PreferredSite"),
    LIST(group, anti_affinity, "AntiAffinityClassNames", CLASSES),
    LIST(group, affinity, "AffinityClassNames", CLASSES),
    LIST(group, needs, "Needs", QUANTITIES),
};

static const struct common node_common[] = {
    TEXT(node, description, "Description"),
    TEXT(node, site, "Site"),
    TEXT(node, rack, "Rack"),
    LIST(node, capacities, "Capacities", QUANTITIES),
    NUMBER(node, avoid_placement, "AvoidPlacement", 0, 1, 0),
    NUMBER(node, fencing_required, "FencingRequired", 0, 1, 0),
    NUMBER(node, fencing_off, "FencingStaysOff", 0, 1, 0),
    NUMBER(node, fencing_after_ms, "FencingAfter", 0, 600000, 0),
    NUMBER(node, fencing_delay_ms, "FencingDelay", 0, 600000, 0),
};

static const struct common cluster_common[] = {
    TEXT(settings, description, "Description"),
    NUMBER(settings, enforced_anti_affinity, "ClusterEnforcedAntiAffinity", 0, 1, 0),
    NUMBER(settings, group_wait_delay_s, "ClusterGroupWaitDelay", 0, 3600, 5),
    NUMBER(settings, resiliency_period_s, "ResiliencyDefaultPeriod", 0, 7 * DAY_S, 0),
    NUMBER(settings, quarantine_threshold, "QuarantineThreshold", 0, UINT32_MAX, 3),
    NUMBER(settings, quarantine_duration_s, "QuarantineDuration", 0, 30 * DAY_S, 7200),
    NUMBER(settings, never_preempt_priority, "MinimumNeverPreemptPriority", 0, PRIORITY_MAX,
           PRIORITY_HIGH),
    NUMBER(settings, preemptor_priority, "MinimumPreemptorPriority", 0, PRIORITY_MAX, 1),
    NUMBER(settings, drain_on_shutdown, "DrainOnShutdown", 0, 1, 1),
    NUMBER(settings, parallel_moves, "ParallelMoves", 1, GROUPS_MAX, 4),
    NUMBER(settings, ignore_persistent_state, "IgnorePersistentStateOnStartup", 0, 1, 0),
    NUMBER(settings, fencing_required, "FencingRequired", 0, 1, 0),
    NUMBER(settings, utc_offset_min, "UtcOffset", 0, 840, 0, .property.is_signed = true),
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct common *table_of(enum object_kind object, size_t *ret_count)
{
    switch (object) {
    case OBJECT_NODE:
        *ret_count = COUNT(node_common);
        return node_common;
    case OBJECT_GROUP:
        *ret_count = COUNT(group_common);
        return group_common;
    case OBJECT_RESOURCE:
        *ret_count = COUNT(resource_common);
        return resource_common;
    case OBJECT_CLUSTER:
        *ret_count = COUNT(cluster_common);
        return cluster_common;
    }
    assert(false); /* Not an object of a known kind. */
    return NULL;
}

const struct common *common_find(enum object_kind object, const char *name, uint32_t level)
{
    size_t count;
    const struct common *table = table_of(object, &count);

    assert(name != NULL);
    for (size_t i = 0; i < count; i++)
        if (name_equal(table[i].property.name, name))
            return property_level(object, name) <= level ? &table[i] : NULL;
    return NULL;
}

const struct common_property *common_property(enum object_kind object, unsigned position)
{
    size_t count;
    const struct common *table = table_of(object, &count);

    assert(table != NULL && count > 0);
    return position < count ? &table[position].property : NULL;
}

bool property_is_common(const char *name)
{
    assert(name != NULL);
    return common_find(OBJECT_RESOURCE, name, LEVEL_MAX) != NULL;
}

/* ---------------------------------------------------------------- members */

static uint32_t *number_member(const struct common *common, const void *of)
{
    assert(common->property.type == PROPERTY_DWORD);
    return (uint32_t *)(uintptr_t)((const char *)of + common->offset);
}

static char **text_member(const struct common *common, const void *of)
{
    assert(common->property.type == PROPERTY_SZ);
    return (char **)(uintptr_t)((const char *)of + common->offset);
}

static struct strings *list_member(const struct common *common, const void *of)
{
    assert(common->property.type == PROPERTY_MULTI_SZ);
    return (struct strings *)(uintptr_t)((const char *)of + common->offset);
}

static void list_set(struct strings *list, const char *text, size_t len)
{
    char *copy = xmalloc(len + 1);

    assert(len == 0 || text[len - 1] == '\0');
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    free(list->text);
    list->text = copy;
    list->len = len;
}

/* "a,b" as the list of a and b: command lines know only text. */
static void list_set_from_text(struct strings *list, const char *text)
{
    size_t len = 0;
    char *row = xmalloc(strlen(text) + 2);

    for (const char *s = text; *s != '\0'; s++) {
        bool ends = *s == ',';

        if (!ends || (len > 0 && row[len - 1] != '\0'))
            row[len++] = ends ? '\0' : *s;
    }
    if (len > 0 && row[len - 1] != '\0')
        row[len++] = '\0';
    assert(len <= strlen(text) + 1);
    list_set(list, row, len);
    free(row);
}

/* ----------------------------------------------------------------- values */

/* A number, or text that is one; "-5" is its two's complement. */
static bool number_of(const struct property *p, uint32_t *ret)
{
    const char *s = p->text;
    bool negative = false;
    uint64_t number = 0;

    assert(ret != NULL);
    if (p->type == PROPERTY_DWORD) {
        *ret = p->dword;
        return true;
    }
    if (p->type != PROPERTY_SZ || s == NULL)
        return false;
    negative = *s == '-';
    s += negative;
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9')
            return false;
        number = 10 * number + (uint64_t)(*s - '0');
        if (number > UINT32_MAX)
            return false;
    }
    if (negative && (number == 0 || number > INT32_MAX))
        return false;
    *ret = negative ? (uint32_t) - (int64_t)number : (uint32_t)number;
    return true;
}

static bool number_is_in_range(const struct common_property *p, uint32_t number)
{
    assert(p->type == PROPERTY_DWORD);
    if (p->or_minus_one && number == UINT32_MAX)
        return true;
    if (p->is_signed && number > INT32_MAX)
        return (uint32_t) - (int64_t)(int32_t)number <= p->max;
    return number >= p->min && number <= p->max;
}

static uint32_t number_check(const struct common_property *common, const struct property *p,
                             struct reply *reply)
{
    bool negative = p->type == PROPERTY_SZ && p->text != NULL && p->text[0] == '-';
    uint32_t number;

    assert(common->type == PROPERTY_DWORD);
    if (!number_of(p, &number))
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s: not a number", common->name);
    if ((negative && !common->or_minus_one && !common->is_signed) ||
        !number_is_in_range(common, number))
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s: %d is not in %s%u to %u%s", common->name,
                      (int)number, common->is_signed ? "-" : "",
                      common->is_signed ? common->max : common->min, common->max,
                      common->or_minus_one ? ", nor -1" : "");
    return 0;
}

static uint32_t list_check(const struct common *common, const struct property *p,
                           struct reply *reply)
{
    struct strings list = {NULL, 0};
    bool valid = true;

    assert(common->property.type == PROPERTY_MULTI_SZ);
    if (p->type == PROPERTY_DWORD)
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s: not a list", common->property.name);
    if (p->type == PROPERTY_SZ)
        list_set_from_text(&list, p->text != NULL ? p->text : "");
    else
        list_set(&list, p->text, p->text_len);
    if (common->is_valid != NULL)
        valid = common->is_valid(list.text, list.len);
    free(list.text);
    return valid ? 0
                 : refuse(reply, ERROR_INVALID_PARAMETER, "%s: wants %s", common->property.name,
                          common->wants);
}

uint32_t common_check(const struct common *common, const struct property *p, struct reply *reply)
{
    assert(common != NULL && p != NULL);
    switch (common->property.type) {
    case PROPERTY_DWORD:
        return number_check(&common->property, p, reply);
    case PROPERTY_MULTI_SZ:
        return list_check(common, p, reply);
    case PROPERTY_SZ:
        break;
    }
    if (p->type != PROPERTY_SZ)
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s: not text", common->property.name);
    return 0;
}

void common_set(const struct common *common, void *of, const struct property *p)
{
    uint32_t number = 0;

    switch (common->property.type) {
    case PROPERTY_DWORD:
        if (!number_of(p, &number) || !number_is_in_range(&common->property, number))
            assert(false); /* Not a checked number. */
        *number_member(common, of) = number;
        break;
    case PROPERTY_SZ:
        assert(p->type == PROPERTY_SZ);
        free(*text_member(common, of));
        *text_member(common, of) = xstrdup(p->text != NULL ? p->text : "");
        break;
    case PROPERTY_MULTI_SZ:
        if (p->type == PROPERTY_SZ)
            list_set_from_text(list_member(common, of), p->text != NULL ? p->text : "");
        else
            list_set(list_member(common, of), p->text, p->text_len);
        break;
    }
}

bool common_property_value(enum object_kind object, const void *of, const char *name,
                           struct property *ret)
{
    const struct common *common = common_find(object, name, LEVEL_MAX);

    assert(of != NULL);
    if (common == NULL)
        return false;
    memset(ret, 0, sizeof(*ret));
    ret->name = (char *)common->property.name;
    ret->type = common->property.type;
    if (ret->type == PROPERTY_DWORD) {
        ret->dword = *number_member(common, of);
    } else if (ret->type == PROPERTY_SZ) {
        ret->text = *text_member(common, of);
        ret->text_len = strlen(ret->text);
    } else {
        ret->text = list_member(common, of)->text;
        ret->text_len = list_member(common, of)->len;
    }
    return true;
}

/* --------------------------------------------------------------- the whole */

void commons_preset(enum object_kind object, void *of)
{
    size_t count;
    const struct common *table = table_of(object, &count);

    assert(of != NULL);
    for (size_t i = 0; i < count; i++) {
        if (table[i].property.type == PROPERTY_DWORD)
            *number_member(&table[i], of) = table[i].property.preset;
        else if (table[i].property.type == PROPERTY_SZ)
            *text_member(&table[i], of) = xstrdup("");
        else
            list_set(list_member(&table[i], of), "", 0);
    }
}

void commons_release(enum object_kind object, void *of)
{
    size_t count;
    const struct common *table = table_of(object, &count);

    assert(of != NULL);
    for (size_t i = 0; i < count; i++) {
        if (table[i].property.type == PROPERTY_SZ)
            free(*text_member(&table[i], of));
        else if (table[i].property.type == PROPERTY_MULTI_SZ)
            free(list_member(&table[i], of)->text);
    }
}

void commons_write(enum object_kind object, const void *of, struct field_writer *w)
{
    size_t count;
    const struct common *table = table_of(object, &count);

    assert(of != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct common_property *p = &table[i].property;

        if (p->type == PROPERTY_DWORD) {
            field_number(w, p->name, *number_member(&table[i], of), p->preset);
        } else if (p->type == PROPERTY_SZ) {
            const char *text = *text_member(&table[i], of);
            field_str(w, p->name, text[0] != '\0' ? text : NULL);
        } else {
            const struct strings *list = list_member(&table[i], of);
            field_bin(w, p->name, list->text, list->len);
        }
    }
}

static void common_read(const struct common *common, void *of, struct field_reader *r)
{
    const struct common_property *p = &common->property;
    const char *text;
    size_t len;

    assert(of != NULL);
    if (p->type == PROPERTY_DWORD) {
        uint32_t number = read_number(r, p->name, p->preset);
        r->bad |= !number_is_in_range(p, number);
        *number_member(common, of) = number;
    } else if (p->type == PROPERTY_SZ) {
        text = read_str(r, p->name);
        free(*text_member(common, of));
        *text_member(common, of) = xstrdup(text != NULL ? text : "");
    } else {
        text = (const char *)read_bin(r, p->name, &len);
        if (len > 0 && text[len - 1] != '\0') {
            r->bad = true;
            len = 0;
        }
        list_set(list_member(common, of), text, len);
        r->bad |= common->is_valid != NULL && !common->is_valid(list_member(common, of)->text, len);
    }
}

void commons_read(enum object_kind object, void *of, struct field_reader *r)
{
    size_t count;
    const struct common *table = table_of(object, &count);

    assert(count > 0);
    for (size_t i = 0; i < count; i++)
        common_read(&table[i], of, r);
}
