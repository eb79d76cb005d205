/* Commands as they stand in the log. */
#include <string.h>

#include "groupmgr/fields.h"
#include "groupmgr/records.h"

enum { COMMAND_VERSION = 1 };

/* ---------------------------------------------------------------- writing */

static void renewal_fields(const void *object, struct field_writer *w)
{
    const struct renewal *renewal = object;

    assert(renewal != NULL);
    field_uint(w, "node", renewal->node);
    field_uint(w, "incarnation", renewal->incarnation);
    field_uint(w, "seq", renewal->seq);
    field_uint(w, "flags", renewal->flags);
}

static void report_fields(const void *object, struct field_writer *w)
{
    const struct report *report = object;

    assert(report != NULL);
    field_uint(w, "resource", report->resource);
    field_uint(w, "operation", report->operation);
    field_uint(w, "event", (uint64_t)report->event);
    field_uint(w, "code", report->code);
    field_str(w, "text", report->text);
}

static void command_fields(const void *object, struct field_writer *w)
{
    const struct command *cmd = object;

    assert(w->count == 0 || w->s != NULL);
    field_uint(w, "v", COMMAND_VERSION);
    field_uint(w, "kind", (uint64_t)cmd->kind);
    field_uint(w, "client", cmd->client);
    field_uint(w, "seq", cmd->seq);
    field_str(w, "name", cmd->name);
    field_str(w, "other", cmd->other);
    field_str(w, "type", cmd->type);
    field_str(w, "expression", cmd->expression);
    field_uint(w, "level", cmd->level);
    field_uint(w, "level_min", cmd->level_min);
    field_bool(w, "drain", cmd->drain);
    field_uint(w, "flags", cmd->flags);
    field_bin(w, "instructions", cmd->instructions, cmd->instructions_len);
    if (field_array(w, "properties", cmd->property_count))
        for (unsigned i = 0; i < cmd->property_count; i++)
            fields_write(&cmd->properties[i], property_fields, w->s);
    if (field_array(w, "names", cmd->name_count))
        for (unsigned i = 0; i < cmd->name_count; i++)
            sink_str(w->s, cmd->names[i] != NULL ? cmd->names[i] : "");
    field_bool(w, "has_names", cmd->has_names);
    field_uint(w, "node", cmd->node);
    field_uint(w, "incarnation", cmd->incarnation);
    field_uint(w, "node_seq", cmd->node_seq);
    field_uint(w, "attempt", cmd->attempt);
    field_uint(w, "by", cmd->by);
    field_uint(w, "epoch", cmd->epoch);
    field_uint(w, "cause", (uint64_t)cmd->cause);
    field_uint(w, "ms", cmd->ms);
    field_str(w, "address", cmd->address);
    field_str(w, "disk", cmd->disk);
    if (field_array(w, "renewals", cmd->renewal_count))
        for (unsigned i = 0; i < cmd->renewal_count; i++)
            fields_write(&cmd->renewals[i], renewal_fields, w->s);
    if (field_array(w, "reports", cmd->report_count))
        for (unsigned i = 0; i < cmd->report_count; i++)
            fields_write(&cmd->reports[i], report_fields, w->s);
}

void command_write(const struct command *cmd, struct sink *s)
{
    assert(cmd != NULL && s != NULL);
    fields_write(cmd, command_fields, s);
}

/* ---------------------------------------------------------------- reading
 * Only the form is judged here, not what is said: a name of 300 bytes is a
 * command that cluster_apply() refuses. What could be written can be read. */

static bool renewals_read(struct field_reader *r, struct arena *a, struct command *ret)
{
    const struct value *items = read_array(r, "renewals", &ret->renewal_count);
    struct renewal *renewals = arena_alloc(a, (ret->renewal_count + 1) * sizeof(*renewals));

    assert(items != NULL || ret->renewal_count == 0);
    for (unsigned i = 0; i < ret->renewal_count; i++) {
        struct field_reader item;

        fields_begin(&item, &items[i]);
        renewals[i].node = read_u32(&item, "node");
        renewals[i].incarnation = read_uint(&item, "incarnation", UINT64_MAX);
        renewals[i].seq = read_uint(&item, "seq", UINT64_MAX);
        renewals[i].flags = (uint32_t)read_uint(&item, "flags", RENEWAL_FLAGS_ALL);
        if (!fields_end(&item))
            return false;
    }
    ret->renewals = renewals;
    return true;
}

static bool reports_read(struct field_reader *r, struct arena *a, struct command *ret)
{
    const struct value *items = read_array(r, "reports", &ret->report_count);
    struct report *reports = arena_alloc(a, (ret->report_count + 1) * sizeof(*reports));

    assert(items != NULL || ret->report_count == 0);
    for (unsigned i = 0; i < ret->report_count; i++) {
        struct field_reader item;

        fields_begin(&item, &items[i]);
        reports[i].resource = read_uint(&item, "resource", UINT64_MAX);
        reports[i].operation = read_uint(&item, "operation", UINT64_MAX);
        reports[i].event = (enum report_event)read_uint(&item, "event", REPORT_EVENT_END - 1);
        reports[i].code = read_u32(&item, "code");
        reports[i].text = read_str(&item, "text");
        if (!fields_end(&item) || reports[i].event == 0)
            return false;
    }
    ret->reports = reports;
    return true;
}

static bool properties_read(struct field_reader *r, struct arena *a, struct command *ret)
{
    const struct value *items = read_array(r, "properties", &ret->property_count);
    struct property *properties = arena_alloc(a, (ret->property_count + 1) * sizeof(*properties));

    assert(items != NULL || ret->property_count == 0);
    for (unsigned i = 0; i < ret->property_count; i++)
        if (!property_read(&items[i], a, &properties[i]))
            return false;
    ret->properties = properties;
    return true;
}

static bool names_read(struct field_reader *r, struct arena *a, struct command *ret)
{
    const struct value *items = read_array(r, "names", &ret->name_count);
    const char **names = arena_alloc(a, (ret->name_count + 1) * sizeof(*names));

    assert(items != NULL || ret->name_count == 0);
    for (unsigned i = 0; i < ret->name_count; i++) {
        if (items[i].type != VALUE_STR || memchr(items[i].str, '\0', items[i].len) != NULL)
            return false;
        names[i] = items[i].str;
    }
    ret->names = names;
    return true;
}

uint32_t command_read(const struct value *v, struct arena *a, struct command *ret)
{
    struct command cmd = {0};
    struct field_reader r;

    fields_begin(&r, v);
    if (read_uint(&r, "v", UINT64_MAX) != COMMAND_VERSION)
        return ERROR_INVALID_DATA;
    cmd.kind = (enum command_kind)read_uint(&r, "kind", COMMAND_KIND_END - 1);
    cmd.client = read_uint(&r, "client", UINT64_MAX);
    cmd.seq = read_uint(&r, "seq", UINT64_MAX);
    cmd.name = read_str(&r, "name");
    cmd.other = read_str(&r, "other");
    cmd.type = read_str(&r, "type");
    cmd.expression = read_str(&r, "expression");
    cmd.level = read_u32(&r, "level");
    cmd.level_min = read_u32(&r, "level_min");
    cmd.drain = read_bool(&r, "drain");
    cmd.flags = read_u32(&r, "flags");
    cmd.instructions = read_bin(&r, "instructions", &cmd.instructions_len);
    cmd.has_names = read_bool(&r, "has_names");
    cmd.node = read_u32(&r, "node");
    cmd.incarnation = read_uint(&r, "incarnation", UINT64_MAX);
    cmd.node_seq = read_uint(&r, "node_seq", UINT64_MAX);
    cmd.attempt = read_uint(&r, "attempt", UINT64_MAX);
    cmd.by = read_u32(&r, "by");
    cmd.epoch = read_u32(&r, "epoch");
    cmd.cause = (enum cause)read_uint(&r, "cause", CAUSE_COUNT - 1);
    cmd.ms = read_u32(&r, "ms");
    cmd.address = read_str(&r, "address");
    cmd.disk = read_str(&r, "disk");
    if (!properties_read(&r, a, &cmd) || !names_read(&r, a, &cmd) || !renewals_read(&r, a, &cmd) ||
        !reports_read(&r, a, &cmd))
        return ERROR_INVALID_DATA;
    if (!fields_end(&r) || cmd.kind == 0)
        return ERROR_INVALID_DATA;
    assert(cmd.kind < COMMAND_KIND_END);
    *ret = cmd;
    return 0;
}
