/* `holdfast fence`: what it asks for, and that nobody reads a password. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "net/msgpack.h"
#include "tests/cli/fake.h"

static const struct value *asked(const struct fake *f, const char *method, struct arena *a)
{
    const struct bytes *seen = fake_seen(f, method, 0);
    const struct value *v;

    cr_assert_not_null(seen, "%s", method);
    cr_assert_eq(msgpack_read(seen->data, seen->len, a, &v), 0);
    return v;
}

Test(fence, parameters_are_texts_as_typed)
{
    struct fake *f = fake_start(NULL, NULL);
    struct arena a = {0};
    struct run r = RUN(f, "fence", "create", "ipmi", "agent=fence_x", "passwd=0x1f=7", "port=007");
    const struct value *properties = value_get_map(asked(f, "fence.create", &a), "properties");

    cr_assert_eq(r.status, 0, "%s", r.err);
    cr_assert_eq(properties->len, 3);
    cr_assert(value_is_str(value_get(properties, "passwd"), "0x1f=7"));
    cr_assert(value_is_str(value_get(properties, "port"), "007"));
    cr_assert_null(strstr(r.out, "0x1f"));
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

Test(fence, level_takes_a_row_of_devices_or_none)
{
    struct fake *f = fake_start(NULL, NULL);
    struct arena a = {0};
    struct run r = RUN(f, "fence", "level", "n1", "2", "pdu-left:7,pdu-right:7");
    const struct value *params = asked(f, "fence.level", &a);
    const struct value *devices = value_get_array(params, "devices");

    cr_assert_eq(r.status, 0, "%s", r.err);
    cr_assert_eq(value_get(params, "level")->uint, 2);
    cr_assert_eq(devices->len, 2);
    cr_assert(value_is_str(&devices->items[1], "pdu-right:7"));
    run_release(&r);
    r = RUN(f, "fence", "level", "n1", "12", "x");
    cr_assert_eq(r.status, 2);
    run_release(&r);
    r = RUN(f, "fence", "node", "n1", "explode");
    cr_assert_eq(r.status, 2);
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}
