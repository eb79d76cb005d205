#include <criterion/criterion.h>
#include <string.h>

#include "cli/cli.h"
#include "net/msgpack.h"
#include "tests/cli/fake.h"

#define EVENT(index, name)                                                                  \
    "{\"index\":" index ",\"stamp_ms\":1700000000123,\"object\":\"group\",\"name\":\"" name \
    "\",\"node\":\"n1\",\"from\":\"Online\",\"to\":\"Failed\",\"cause\":\"failed\","        \
    "\"cause_text\":\"it failed\",\"code\":1117,\"text\":\"disk is gone\"}"

Test(events, are_one_line_each)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "events", "--limit", "5", "--since", "7");
    const struct bytes *params = fake_seen(f, "events.list", 0);

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect(strstr(r.out, ".123  group DemoGroup  Online -> Pending on n1  "
                            "a client asked for offline\n"),
              "%s", r.out);
    cr_expect_not_null(memmem(params->data, params->len, "\xa5limit\5", 7));
    cr_expect_not_null(memmem(params->data, params->len, "\xa5since\7", 7));
    run_release(&r);
    fake_stop(f);
}

/* A list with one event, then a stream that breaks once in the middle and, the
 * second time, for good. */
static void stream(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)data;
    if (strcmp(request->method, "events.list") == 0) {
        answer->json = "[" EVENT("42", "old") "]";
        return;
    }
    answer->hang_up = request->seen >= 2;
    answer->hang_up_after = true;
    answer->notify[0] = EVENT("42", "old");
    answer->notify[1] = EVENT("43", "first");
    answer->notify[2] = EVENT("43", "second");
    answer->notify[3] = request->seen > 0 ? EVENT("44", "third") : NULL;
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

Test(events, following_shows_each_event_once_and_comes_back)
{
    struct fake *f = fake_start(stream, NULL);
    struct run r = RUN(f, "events", "--follow", "--timeout", "3");

    cr_expect_eq(r.status, CLI_NO_CLUSTER, "%d %s", r.status, r.err);
    cr_expect_eq(count(r.out, "group old  "), 1, "%s", r.out);
    cr_expect_eq(count(r.out, "group first  "), 1, "%s", r.out);
    cr_expect_eq(count(r.out, "group second  "), 1, "of the same index: %s", r.out);
    cr_expect_eq(count(r.out, "group third  "), 1, "%s", r.out);
    cr_expect(strstr(r.out, "Online -> Failed on n1  it failed  disk is gone (1117 "
                            "ERROR_IO_DEVICE)\n"),
              "%s", r.out);
    run_release(&r);
    fake_stop(f);
}

Test(events, followed_as_json_are_a_document_a_line)
{
    struct fake *f = fake_start(stream, NULL);
    struct run r = RUN(f, "events", "--follow", "--json", "--timeout", "3");
    unsigned lines = 0;

    for (char *line = strtok(r.out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *j = json_loads(line, 0, NULL);
        cr_expect_not_null(j, "%s", line);
        json_decref(j);
        lines++;
    }
    cr_expect_eq(lines, 4);
    run_release(&r);
    fake_stop(f);
}
