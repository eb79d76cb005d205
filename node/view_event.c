/* Events, as the API shows them. */
#include "node/views_private.h"

enum { EVENT_PAIRS = 13 };

static void write_event(const struct view *v, const struct event *e, struct sink *s)
{
    sink_kv_uint(s, "index", e->index);
    sink_kv_uint(s, "stamp_ms", e->stamp_ms);
    sink_kv_str(s, "command", command_kind_name(e->command));
    sink_kv_str(s, "object", object_kind_name(e->object));
    sink_kv_uint(s, "id", e->id);
    sink_kv_str(s, "name", e->name);
    sink_kv_str(s, "node", view_node_name(v, e->node));
    sink_kv_str(s, "from", event_state_name(e, e->from));
    sink_kv_str(s, "to", event_state_name(e, e->to));
    sink_kv_str(s, "cause", cause_name(e->cause));
    sink_kv_str(s, "cause_text", cause_text(e->cause));
    sink_kv_uint(s, "code", e->code);
    sink_kv_str(s, "text", e->text);
}

void view_event(const struct view *v, const struct event *e, bool candidates, struct sink *s)
{
    candidates = candidates && e->candidate_count > 0;
    sink_map(s, EVENT_PAIRS + candidates);
    write_event(v, e, s);
    if (candidates)
        view_candidates(v, "candidates", e->candidates, e->candidate_count, s);
}

void view_change(const struct view *v, const struct event *e, uint64_t after_ms, struct sink *s)
{
    sink_map(s, EVENT_PAIRS + 1 + (e->candidate_count > 0));
    sink_kv_uint(s, "after_ms", after_ms);
    write_event(v, e, s);
    if (e->candidate_count > 0)
        view_candidates(v, "candidates", e->candidates, e->candidate_count, s);
}

void view_events(const struct view *v, uint64_t since, uint32_t limit, bool candidates,
                 struct sink *s)
{
    unsigned end = cluster_event_count(v->cluster), start = end;

    while (start > 0 && end - start < limit && cluster_event(v->cluster, start - 1)->index > since)
        start--;
    sink_array(s, end - start);
    for (unsigned i = start; i < end; i++)
        view_event(v, cluster_event(v->cluster, i), candidates, s);
}
