#include <criterion/criterion.h>
#include <string.h>

#include "cli/call.h"
#include "tests/cli/fake.h"

static void expect_setting(const char *text, const char *name, enum setting_kind kind,
                           uint32_t dword, const char *value)
{
    struct arena a = {0};
    struct setting s = {0};
    const char *fault = setting_parse(&a, text, &s);

    cr_assert_null(fault, "%s: %s", text, fault);
    cr_expect_str_eq(s.name, name, "%s", text);
    cr_expect_eq(s.kind, kind, "%s", text);
    if (kind == SETTING_DWORD)
        cr_expect_eq(s.dword, dword, "%s", text);
    cr_expect_str_eq(s.text, value, "%s", text);
    arena_release(&a);
}

Test(settings, numbers_are_told_from_text)
{
    expect_setting("p=2", "p", SETTING_DWORD, 2, "2");
    expect_setting("p=0", "p", SETTING_DWORD, 0, "0");
    expect_setting("p=0x1F", "p", SETTING_DWORD, 31, "0x1F");
    expect_setting("p=4294967295", "p", SETTING_DWORD, UINT32_MAX, "4294967295");
    expect_setting("p=4294967296", "p", SETTING_SZ, 0, "4294967296");
    expect_setting("p=007", "p", SETTING_SZ, 0, "007");
    expect_setting("p=-1", "p", SETTING_SZ, 0, "-1");
    expect_setting("p=0x", "p", SETTING_SZ, 0, "0x");
    expect_setting("p=2 ", "p", SETTING_SZ, 0, "2 ");
    expect_setting("p=", "p", SETTING_SZ, 0, "");
    expect_setting("p=a=b", "p", SETTING_SZ, 0, "a=b");
}

Test(settings, a_kind_can_be_forced)
{
    expect_setting("p:sz=2", "p", SETTING_SZ, 0, "2");
    expect_setting("p:dword=007", "p", SETTING_DWORD, 7, "007");
    expect_setting("p:DWORD=0x10", "p", SETTING_DWORD, 16, "0x10");
    expect_setting("p:multi=x", "p", SETTING_MULTI_SZ, 0, "x");
}

Test(settings, colons_belong_to_names)
{
    expect_setting("ocf:heartbeat:IPaddr2=1", "ocf:heartbeat:IPaddr2", SETTING_DWORD, 1, "1");
    expect_setting("ocf:heartbeat:IPaddr2:sz=1", "ocf:heartbeat:IPaddr2", SETTING_SZ, 0, "1");
}

Test(settings, faults_are_told)
{
    static const char *const wrong[] = {
        "p",          "",          "=v", ":sz=v", "p:dword=", "p:dword=x", "p:dword=4294967296",
        "p:dword=-1", "p:dword=1 "};
    struct arena a = {0};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct setting s;
        cr_expect_not_null(setting_parse(&a, wrong[i], &s), "%s", wrong[i]);
    }
    arena_release(&a);
}

/* What a command line sent under `key`, in an arena. */
static const struct value *sent(struct arena *a, const char *method, const char *key,
                                const char *const words[])
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = run_words(f, words);
    const struct bytes *params = fake_seen(f, method, 0);
    const struct value *v;

    cr_assert_eq(r.status, 0, "%s", r.err);
    cr_assert_not_null(params);
    cr_assert_eq(msgpack_read(params->data, params->len, a, &v), 0);
    run_release(&r);
    fake_stop(f);
    return value_get(v, key);
}
#define SENT(a, method, key, ...) sent(a, method, key, (const char *const[]){__VA_ARGS__, NULL})

Test(settings, instructions_are_a_property_list_of_windows)
{
    static const uint8_t expected[60] = {
        1,   0, 0,   0, 3,   0, 4,   0, 0x20, 0, 0,   0, 'V', 0, 'i', 0, 'r', 0, 't', 0,
        'u', 0, 'a', 0, 'l', 0, ' ', 0, 'M',  0, 'a', 0, 'c', 0, 'h', 0, 'i', 0, 'n', 0,
        'e', 0, 0,   0, 2,   0, 1,   0, 4,    0, 0,   0, 2,   0, 0,   0, 0,   0, 0,   0};
    struct arena a = {0};
    const struct value *v = SENT(&a, "group.offline", "instructions", "group", "offline",
                                 "DemoGroup", "--set", "Virtual Machine=2");

    cr_assert_not_null(v);
    cr_assert_eq(v->type, VALUE_BIN);
    cr_assert_eq(v->len, sizeof(expected));
    cr_expect_arr_eq(v->bin, expected, sizeof(expected));
    arena_release(&a);
}

Test(settings, every_set_is_a_property_of_its_own)
{
    struct arena a = {0};
    const struct value *v = SENT(&a, "group.move", "instructions", "group", "move", "DemoGroup",
                                 "--set", "x=1", "--set=x:sz=1", "--to", "n2");

    cr_assert_not_null(v);
    cr_expect_eq(v->bin[0], 2, "two properties");
    cr_expect_eq(v->len, 4 + (8 + 4 + 8 + 4 + 4) + (8 + 4 + 8 + 4 + 4));
    arena_release(&a);
}

Test(settings, without_options_no_flags_and_no_instructions_are_sent)
{
    struct arena a = {0};

    cr_expect_null(SENT(&a, "group.offline", "instructions", "group", "offline", "g"));
    cr_expect_null(SENT(&a, "group.offline", "flags", "group", "offline", "g"));
    arena_release(&a);
}

Test(settings, ignore_locked_is_flag_1)
{
    struct arena a = {0};
    const struct value *v =
        SENT(&a, "group.offline", "flags", "--ignore-locked", "group", "offline", "g");

    cr_assert_not_null(v);
    cr_expect_eq(v->uint, 1);
    arena_release(&a);
}

Test(settings, properties_are_numbers_texts_and_lists)
{
    struct arena a = {0};
    uint64_t n = 0;
    const char *text = "";
    const struct value *p, *list;

    p = SENT(&a, "resource.create", "properties", "resource", "create", "g/r", "--type", "dummy",
             "OnlineMs=20", "Text=hello", "Hosts=a", "hosts=2", "One:multi=x", "None:multi=");
    cr_assert_not_null(p);
    cr_expect_eq(p->len, 5);
    cr_expect(value_get_uint(p, "OnlineMs", &n) && n == 20);
    cr_expect(value_get_str(p, "Text", 99, &text) && strcmp(text, "hello") == 0);
    list = value_get_array(p, "Hosts");
    cr_assert(list != NULL && list->len == 2);
    cr_expect(value_is_str(&list->items[0], "a"));
    cr_expect(value_is_str(&list->items[1], "2"), "in a list even a number is text");
    cr_expect(value_get_array(p, "One") != NULL && value_get_array(p, "One")->len == 1);
    cr_expect(value_get_array(p, "None") != NULL && value_get_array(p, "None")->len == 0);
    arena_release(&a);
}

Test(settings, preferred_nodes_are_a_list)
{
    struct arena a = {0};
    const struct value *v =
        SENT(&a, "group.create", "preferred", "group", "create", "g", "--preferred", "n1, n2,,n3");

    cr_assert(v != NULL && v->type == VALUE_ARRAY && v->len == 3);
    cr_expect(value_is_str(&v->items[1], "n2"));
    v = SENT(&a, "group.set", "preferred", "group", "set", "g", "--preferred", "");
    cr_assert(v != NULL && v->type == VALUE_ARRAY && v->len == 0);
    cr_expect_null(SENT(&a, "group.create", "preferred", "group", "create", "g"));
    arena_release(&a);
}
