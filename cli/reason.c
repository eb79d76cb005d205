/* Causes, commands and candidates in words: the same ones everywhere. */
#include <string.h>

#include "base/clock.h"
#include "cli/output.h"

const char *text_event(const struct cli *cli, struct arena *a, const struct value *event)
{
    const char *from = text_field(a, event, "from"), *to = text_field(a, event, "to");
    const char *cause = text_field(a, event, "cause_text");
    const char *failure = text_failure(a, event);
    const char *node = text_field(a, event, "node");
    bool on = strcmp(node, "-") != 0 && !value_is_str(value_get(event, "object"), "node");
    bool moved = strcmp(from, to) != 0;

    if (strcmp(cause, "-") == 0)
        cause = text_field(a, event, "cause");
    if (strcmp(to, "?") == 0) /* Of the cluster itself: no states. */
        return arena_printf(a, "%s %s  %s", text_field(a, event, "object"),
                            text_field(a, event, "name"), cause);
    return arena_printf(a, "%s %s  %s%s%s%s%s%s%s%s%s", text_field(a, event, "object"),
                        text_field(a, event, "name"), moved ? from : "", moved ? " -> " : "",
                        style_text(cli, a, style_of_state(to), to), on ? " on " : "",
                        on ? node : "", strcmp(cause, "-") == 0 ? "" : "  ",
                        strcmp(cause, "-") == 0 ? "" : cause, failure[0] == '\0' ? "" : "  ",
                        failure);
}

const char *text_command(struct arena *a, const struct value *why)
{
    uint64_t stamp_ms = 0;

    if (why == NULL || why->type != VALUE_MAP)
        return "";
    value_get_uint(why, "stamp_ms", &stamp_ms);
    return arena_printf(a, "by command %s (%s) at %s, %s", text_field(a, why, "index"),
                        text_field(a, why, "command"), text_time(a, stamp_ms),
                        text_ago(a, clock_wall_ms(), stamp_ms));
}

const char *text_in(struct arena *a, uint64_t now_ms, uint64_t at_ms)
{
    return arena_printf(a, "in %s, at %s", text_duration(a, at_ms > now_ms ? at_ms - now_ms : 0),
                        text_time(a, at_ms));
}

/* ----------------------------------------------------------------- candidates */

/* Numbers say something only where the rule counts. */
static bool rule_counts(const struct value *candidate)
{
    static const char *const rules[] = {"anti-affinity", "anti-affinity-rack", "anti-affinity-site",
                                        "affinity",      "more-loaded",        "less-preferred"};

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (value_is_str(value_get(candidate, "rule"), rules[i]))
            return true;
    return false;
}

const char *text_candidate(struct arena *a, const struct value *candidate)
{
    const char *text = text_field(a, candidate, "text");

    if (!rule_counts(candidate))
        return text;
    return arena_printf(a, "%s (%s against %s)", text, text_field(a, candidate, "value"),
                        text_field(a, candidate, "best"));
}

static bool is_chosen(const struct value *candidate)
{
    return value_is_str(value_get(candidate, "rule"), "chosen");
}

void show_candidates(const struct cli *cli, struct arena *a, const struct value *candidates,
                     const char *indent)
{
    unsigned width = 0;

    for (uint32_t i = 0; candidates != NULL && i < candidates->len; i++) {
        unsigned w = text_width(text_field(a, &candidates->items[i], "node"));
        width = w > width ? w : width;
    }
    for (int chosen = 1; candidates != NULL && chosen >= 0; chosen--) {
        for (uint32_t i = 0; i < candidates->len; i++) {
            const struct value *c = &candidates->items[i];
            const char *node = text_field(a, c, "node");
            if (is_chosen(c) == (chosen == 1))
                fprintf(cli->io->out, "%s%s%*s  %s\n", indent, node,
                        (int)(width - text_width(node)), "", text_candidate(a, c));
        }
    }
}
