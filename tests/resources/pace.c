/* Turns, one after the other and not too many at once. */
#include <criterion/criterion.h>

#include "resources/pace.h"

enum { COUNT = 10, MAX = 3, SHORT_MS = 20, LONG_MS = 600000 };

struct world {
    uv_loop_t loop;
    struct pace pace;
    struct turn turns[COUNT];
    unsigned order[COUNT], begun;
    bool closed;
};

static struct world *the_world; /* begin() is told of a turn alone. */

static void on_begin(struct turn *t)
{
    struct world *w = the_world;

    w->order[w->begun++] = (unsigned)(t - w->turns);
}

static void setup(struct world *w, unsigned patience_ms)
{
    *w = (struct world){0};
    the_world = w;
    uv_loop_init(&w->loop);
    pace_init(&w->pace, &w->loop, MAX, patience_ms, on_begin);
    for (unsigned i = 0; i < COUNT; i++)
        cr_assert_eq(pace_ask(&w->pace, &w->turns[i]), i < MAX, "turn %u", i);
}

static void run_until_begun(struct world *w, unsigned count)
{
    while (w->begun < count)
        uv_run(&w->loop, UV_RUN_NOWAIT);
    cr_assert_eq(w->begun, count);
}

static void on_closed(uv_handle_t *handle)
{
    ((struct world *)handle->data)->closed = true;
}

static void teardown(struct world *w)
{
    for (unsigned i = 0; i < COUNT; i++)
        pace_end(&w->pace, &w->turns[i]);
    pace_close(&w->pace, on_closed, w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    cr_assert(w->closed);
    cr_assert_eq(uv_loop_close(&w->loop), 0);
}

Test(pace, who_waits_begins_when_another_has_ended_and_in_order)
{
    struct world w;

    setup(&w, LONG_MS);
    pace_end(&w.pace, &w.turns[1]);
    pace_end(&w.pace, &w.turns[0]);
    cr_assert_eq(w.begun, 0, "never from inside");
    run_until_begun(&w, 2);
    cr_assert_eq(w.order[0], 3);
    cr_assert_eq(w.order[1], 4);
    cr_assert(pace_is_waiting(&w.turns[5]));
    teardown(&w);
}

Test(pace, who_takes_too_long_keeps_nobody_waiting)
{
    struct world w;

    setup(&w, SHORT_MS);
    run_until_begun(&w, COUNT - MAX);
    for (unsigned i = 0; i < COUNT - MAX; i++)
        cr_assert_eq(w.order[i], i + MAX);
    teardown(&w);
}

Test(pace, who_ends_while_waiting_never_begins)
{
    struct world w;

    setup(&w, LONG_MS);
    pace_end(&w.pace, &w.turns[3]);
    pace_end(&w.pace, &w.turns[0]);
    run_until_begun(&w, 1);
    cr_assert_eq(w.order[0], 4);
    teardown(&w);
}

Test(pace, who_hurries_waits_for_no_number)
{
    struct world w;

    setup(&w, LONG_MS);
    pace_hurry(&w.pace, &w.turns[8]);
    pace_hurry(&w.pace, &w.turns[0]); /* Has its turn: nothing to hurry. */
    cr_assert_eq(w.begun, 0, "never from inside");
    run_until_begun(&w, 1);
    cr_assert_eq(w.order[0], 8);
    teardown(&w);
}
