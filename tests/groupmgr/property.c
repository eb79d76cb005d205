/* Properties of resources and groups. */
#include <stdio.h>
#include <string.h>

#include "tests/groupmgr/world.h"

Test(property, common_ones_have_their_documented_defaults)
{
    struct world w;
    const struct resource *r;

    world_setup(&w, "A; db: app");
    r = world_resource(&w, "app");
    cr_assert_eq(r->restart_action, 2);
    cr_assert_eq(r->restart_threshold, 1);
    cr_assert_eq(r->restart_period_ms, 900000);
    cr_assert_eq(r->restart_delay_ms, 500);
    cr_assert_eq(r->pending_timeout_ms, 180000);
    cr_assert_eq(r->looks_alive_ms, UINT32_MAX);
    cr_assert_eq(r->is_alive_ms, 60000);
    cr_assert_eq(world_group(&w, "db")->failover_threshold, UINT32_MAX);
    cr_assert_eq(world_group(&w, "db")->failover_period_h, 6);
    world_teardown(&w);
}

Test(property, number_may_come_as_text)
{
    struct world w;
    struct property p = {
        .name = "restartdelay", .type = PROPERTY_SZ, .text = "1500", .text_len = 4};
    struct command set = {
        .kind = COMMAND_RESOURCE_SET, .name = "app", .properties = &p, .property_count = 1};

    world_setup(&w, "A; db: app");
    check_code(world_apply(&w, &set), 0);
    cr_assert_eq(world_resource(&w, "app")->restart_delay_ms, 1500);
    p.text = "4294967296";
    p.text_len = 10;
    check_code(world_apply(&w, &set), ERROR_INVALID_PARAMETER);
    p.text = "-1";
    p.text_len = 2;
    check_code(world_apply(&w, &set), ERROR_INVALID_PARAMETER);
    p.type = PROPERTY_MULTI_SZ;
    p.text = "1\0";
    check_code(world_apply(&w, &set), ERROR_INVALID_PARAMETER);
    world_teardown(&w);
}

Test(property, private_ones_are_kept_as_given_and_deleted_when_empty)
{
    struct world w;
    struct property p[2] = {
        {.name = "Args", .type = PROPERTY_MULTI_SZ, .text = "one\0two\0", .text_len = 8},
        {.name = "Port", .type = PROPERTY_DWORD, .dword = 80},
    };
    struct command set = {
        .kind = COMMAND_RESOURCE_SET, .name = "app", .properties = p, .property_count = 2};
    const struct resource *r;

    world_setup(&w, "A; db: app");
    check_code(world_apply(&w, &set), 0);
    r = world_resource(&w, "app");
    cr_assert_eq(r->property_count, 2);
    check_text(r->properties[0].name, "Args");
    cr_assert_eq(r->properties[0].text_len, 8);
    cr_assert_eq(memcmp(r->properties[0].text, "one\0two\0", 9), 0);
    cr_assert_eq(r->properties[1].dword, 80);
    p[0].name = "ARGS";
    p[0].text = "";
    p[0].text_len = 0;
    check_code(world_apply(&w, &set), 0);
    cr_assert_eq(r->property_count, 1);
    check_text(r->properties[0].name, "Port");
    world_teardown(&w);
}

Test(property, list_is_set_whole_or_not_at_all)
{
    struct world w;
    struct property p[2] = {
        {.name = "Port", .type = PROPERTY_DWORD, .dword = 80},
        {.name = "RestartAction", .type = PROPERTY_DWORD, .dword = 7},
    };
    struct command set = {
        .kind = COMMAND_RESOURCE_SET, .name = "app", .properties = p, .property_count = 2};
    uint64_t digest;

    world_setup(&w, "A; db: app");
    digest = cluster_objects_digest(w.cluster);
    check_code(world_apply(&w, &set), ERROR_INVALID_PARAMETER);
    p[1].name = "port";
    check_code(world_apply(&w, &set), ERROR_INVALID_PARAMETER);
    cr_assert_eq(cluster_objects_digest(w.cluster), digest);
    world_teardown(&w);
}

Test(property, malformed_text_is_refused)
{
    static const struct property bad[] = {
        {.name = "P", .type = PROPERTY_SZ, .text = "a\0b", .text_len = 3},
        {.name = "P", .type = PROPERTY_SZ, .text = "abc", .text_len = 2},
        {.name = "P", .type = PROPERTY_MULTI_SZ, .text = "abc", .text_len = 3},
        {.name = "P", .type = PROPERTY_MULTI_SZ, .text = "a\0\0b\0", .text_len = 5},
        {.name = "P", .type = PROPERTY_SZ, .text = NULL, .text_len = 1},
        {.name = "P", .type = (enum property_type)9, .text = "a", .text_len = 1},
        {.name = "", .type = PROPERTY_SZ, .text = "a", .text_len = 1},
        {.name = NULL, .type = PROPERTY_SZ, .text = "a", .text_len = 1},
    };
    struct world w;

    world_setup(&w, "A; db: app");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct command set = {.kind = COMMAND_RESOURCE_SET,
                              .name = "app",
                              .properties = &bad[i],
                              .property_count = 1};

        cr_assert_eq(world_apply(&w, &set), (uint32_t)ERROR_INVALID_PARAMETER, "%zu", i);
    }
    world_teardown(&w);
}

Test(property, limits_hold_at_the_limit)
{
    struct world w;
    static char text[PROPERTY_BYTES_MAX + 2];
    char name[16];
    struct property p = {.name = name, .type = PROPERTY_SZ, .text = text};
    struct command set = {
        .kind = COMMAND_RESOURCE_SET, .name = "app", .properties = &p, .property_count = 1};

    world_setup(&w, "A; db: app");
    memset(text, 'x', PROPERTY_BYTES_MAX);
    p.text_len = PROPERTY_BYTES_MAX;
    for (unsigned i = 0; i < PROPERTIES_PER_RESOURCE_MAX; i++) {
        snprintf(name, sizeof(name), "P%u", i);
        check_code(world_apply(&w, &set), 0);
    }
    snprintf(name, sizeof(name), "one more");
    check_code(world_apply(&w, &set), ERROR_INVALID_PARAMETER);
    snprintf(name, sizeof(name), "P0");
    check_code(world_apply(&w, &set), 0);
    text[PROPERTY_BYTES_MAX] = 'x';
    p.text_len++;
    check_code(world_apply(&w, &set), ERROR_INVALID_PARAMETER);
    world_teardown(&w);
}

Test(property, what_the_handler_must_learn_is_stored_until_its_next_online)
{
    struct world w;

    world_setup(&w, "A; db: app");
    check_code(world_do(&w, "set app Command run"), 0);
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "set app Command walk"), ERROR_RESOURCE_PROPERTIES_STORED);
    check_text(world_resource(&w, "app")->properties[0].text, "walk");
    check_code(world_do(&w, "set app PendingTimeout 1000"), ERROR_RESOURCE_PROPERTIES_STORED);
    /* Policy is decided here and counts from now on. */
    check_code(world_do(&w, "set app RestartAction 1"), 0);
    world_teardown(&w);
}

Test(property, group_has_its_own)
{
    struct world w;
    const char *const names[] = {"B", "A"};
    struct command set = {.kind = COMMAND_GROUP_SET, .name = "db", .names = names, .name_count = 2};

    world_setup(&w, "A B; db prefers A");
    check_code(world_do(&w, "set db Description words"), 0);
    check_text(world_group(&w, "db")->description, "words");
    check_code(world_do(&w, "set db FailoverThreshold 5"), 0);
    cr_assert_eq(world_group(&w, "db")->failover_threshold, 5);
    check_code(world_apply(&w, &set), 0);
    cr_assert_eq(world_group(&w, "db")->preferred_count, 1, "not unless told to");
    set.has_names = true;
    check_code(world_apply(&w, &set), 0);
    cr_assert_eq(world_group(&w, "db")->preferred[0], 2);
    set.name_count = 0;
    check_code(world_apply(&w, &set), 0);
    cr_assert_eq(world_group(&w, "db")->preferred_count, 0);
    world_teardown(&w);
}
