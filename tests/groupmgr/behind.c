/* Nodes whose log is behind: they keep what they have, get nothing, and are not waited for. */
#include "tests/groupmgr/world.h"

static uint64_t renew(struct world *w, const char *node, uint64_t seq, uint32_t flags)
{
    const struct node *n = world_node(w, node);
    struct renewal r = {n->id, n->incarnation, seq, flags};
    struct command pulse = {.kind = COMMAND_PULSE, .renewals = &r, .renewal_count = 1};

    check_code(world_apply(w, &pulse), 0);
    return world_node(w, node)->renewed_seq;
}

Test(behind, who_has_nothing_to_do_keeps_its_lease)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_story(&w);
    cr_assert_eq(renew(&w, "A", 1, RENEWAL_TELL), 1);
    cr_assert_eq(world_node(&w, "A")->log, LOG_CURRENT, "it may only be slow to come");
    cr_assert_eq(renew(&w, "A", 2, RENEWAL_TELL | RENEWAL_BEHIND), 2);
    cr_assert_eq(world_node(&w, "A")->log, LOG_BEHIND);
    cr_assert_eq(renew(&w, "A", 3, RENEWAL_TELL), 3);
    cr_assert_eq(world_node(&w, "A")->log, LOG_BEHIND, "who only asks does not know");
    check_text(world_states(&w, "db"), "Online: app Online");
    cr_assert_eq(renew(&w, "A", 4, 0), 4);
    cr_assert_eq(world_node(&w, "A")->log, LOG_CURRENT);
    check_text(world_story(&w), "A@A log-behind\nA@A log-caught-up\n");
    world_teardown(&w);
}

Test(behind, who_has_something_to_do_is_not_waited_for)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    renew(&w, "A", 1, RENEWAL_BEHIND);
    check_code(world_do(&w, "move db to B"), ERROR_IO_PENDING);
    cr_assert_eq(renew(&w, "A", 2, RENEWAL_BEHIND), 1, "refused");
    cr_assert_eq(world_node(&w, "A")->log, LOG_REFUSED);
    cr_assert_eq(renew(&w, "A", 3, RENEWAL_TELL), 1, "still");
    check_code(world_do(&w, "down A"), 0);
    cr_assert_eq(world_node(&w, "A")->log, LOG_CURRENT);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(behind, a_failure_that_is_asked_for_is_something_to_do)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    renew(&w, "A", 1, RENEWAL_BEHIND);
    check_code(world_do(&w, "fail app"), 0);
    cr_assert_eq(renew(&w, "A", 2, RENEWAL_BEHIND), 1);
    cr_assert_eq(renew(&w, "A", 3, 0), 3, "its log has caught up in time");
    world_run(&w);
    check_text(world_states(&w, "db"), "Failed: app Failed");
    world_teardown(&w);
}

Test(behind, it_is_given_no_groups)
{
    struct world w;

    world_setup(&w, "A B C; db: app; web: page");
    renew(&w, "A", 1, RENEWAL_BEHIND);
    check_code(world_do(&w, "move db to A"), ERROR_HOST_NODE_NOT_AVAILABLE);
    cr_assert(strstr(w.reply.detail, "its log waits") != NULL, "%s", w.reply.detail);
    world_do(&w, "online web");
    world_run(&w);
    check_text(world_states(&w, "web"), "Online: page Online");
    cr_assert_str_neq(world_owner(&w, "web"), "A");
    renew(&w, "A", 2, 0);
    check_code(world_do(&w, "move web to A"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "web"), "A");
    world_teardown(&w);
}

Test(behind, it_is_part_of_a_snapshot_and_ends_with_the_life)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    uint64_t digest = cluster_objects_digest(w.cluster);
    renew(&w, "A", 1, RENEWAL_BEHIND); /* world_apply() compares with a copy. */
    cr_assert_neq(cluster_objects_digest(w.cluster), digest);
    check_code(world_do(&w, "up A"), 0);
    cr_assert_eq(world_node(&w, "A")->log, LOG_CURRENT);
    world_teardown(&w);
}
