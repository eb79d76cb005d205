/* One call of a fence agent: what it is told, what is made of its answers, and
 * what becomes of it when it misbehaves. */
#include "resources/fence_agent.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/secret.h"

struct call {
    uv_loop_t loop;
    char dir[64];
    char program[PATH_MAX];
    struct fence_agent *agent;
    unsigned done;
    enum fence_outcome outcome;
    char text[FENCE_TEXT_MAX];
};

static void call_setup(struct call *c)
{
    memset(c, 0, sizeof *c);
    signal(SIGPIPE, SIG_IGN);
    strcpy(c->dir, "/tmp/holdfast-fence-XXXXXX");
    cr_assert_not_null(mkdtemp(c->dir));
    cr_assert_not_null(realpath("tests/resources/fake_agent", c->program));
    cr_assert_eq(uv_loop_init(&c->loop), 0);
}

static void call_teardown(struct call *c)
{
    char *command = xasprintf("rm -rf %s", c->dir);

    uv_run(&c->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&c->loop), 0); /* No handle is left. */
    cr_assert_eq(system(command), 0);
    free(command);
}

static void on_done(enum fence_outcome outcome, const char *text, void *data)
{
    struct call *c = data;

    c->done++;
    c->outcome = outcome;
    strcpy(c->text, text);
}

static uint32_t call_begin(struct call *c, const char *action, const char *mode, const char *more,
                           const char *value, unsigned timeout_ms)
{
    struct fence_parameter parameters[] = {
        {"dir", c->dir}, {"port", "7"}, {"mode", mode}, {more, value}};
    struct fence_call call = {.agent = c->program,
                              .action = action,
                              .node = "n1",
                              .parameters = parameters,
                              .parameter_count = more != NULL ? 4 : 3,
                              .timeout_ms = timeout_ms};

    return fence_agent_start(&c->loop, &call, on_done, c, &c->agent);
}

static enum fence_outcome call_run(struct call *c, const char *action, const char *mode)
{
    unsigned before = c->done;

    cr_assert_eq(call_begin(c, action, mode, NULL, NULL, 20000), 0);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    cr_assert_eq(c->done, before + 1);
    return c->outcome;
}

static char *file_read(struct call *c, const char *name)
{
    static char text[4096];
    char *path = xasprintf("%s/%s", c->dir, name);
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;

    text[n] = '\0';
    if (f != NULL)
        fclose(f);
    free(path);
    return text;
}

Test(fence_agent, obeys_and_tells_its_state)
{
    struct call c;

    call_setup(&c);
    cr_assert_eq(call_run(&c, "status", ""), FENCE_DONE);
    cr_assert_eq(call_run(&c, "off", ""), FENCE_DONE);
    cr_assert_eq(call_run(&c, "status", ""), FENCE_OFF);
    cr_assert_str_eq(c.text, "Status: off");
    cr_assert_eq(call_run(&c, "monitor", ""), FENCE_OFF);
    cr_assert_eq(call_run(&c, "on", ""), FENCE_DONE);
    cr_assert_eq(call_run(&c, "status", ""), FENCE_DONE);
    cr_assert_eq(call_run(&c, "reboot", ""), FENCE_DONE);
    cr_assert_eq(call_run(&c, "metadata", ""), FENCE_DONE);
    cr_assert_str_eq(file_read(&c, "log"),
                     "status 7 n1\noff 7 n1\nstatus 7 n1\nmonitor 7 n1\non 7 n1\nstatus 7 n1\n"
                     "reboot 7 n1\nmetadata 7 n1\n");
    call_teardown(&c);
}

Test(fence_agent, off_is_an_answer_to_questions_only)
{
    struct call c;

    call_setup(&c);
    cr_assert_eq(call_run(&c, "explode", ""), FENCE_FAILED);
    cr_assert_str_eq(c.text, "no action \"explode\"");
    call_teardown(&c);
}

Test(fence_agent, a_lie_shows_in_the_status)
{
    struct call c;

    call_setup(&c);
    cr_assert_eq(call_run(&c, "off", "lie"), FENCE_DONE);
    cr_assert_eq(call_run(&c, "status", "lie"), FENCE_DONE); /* Still on. */
    call_teardown(&c);
}

Test(fence_agent, one_that_hangs_is_killed_in_time)
{
    struct call c;
    uint64_t begun = clock_boot_ms();

    call_setup(&c);
    cr_assert_eq(call_begin(&c, "off", "hang", NULL, NULL, 300), 0);
    uv_run(&c.loop, UV_RUN_DEFAULT);
    cr_assert_eq(c.done, 1);
    cr_assert_eq(c.outcome, FENCE_TIMEOUT);
    cr_assert_lt(clock_boot_ms() - begun, 10000);
    call_teardown(&c);
}

Test(fence_agent, its_children_die_with_it)
{
    struct call c;
    pid_t child;

    call_setup(&c);
    cr_assert_eq(call_begin(&c, "off", "stubborn", NULL, NULL, 6000), 0);
    uv_run(&c.loop, UV_RUN_DEFAULT);
    cr_assert_eq(c.outcome, FENCE_TIMEOUT);
    child = atoi(file_read(&c, "child"));
    cr_assert_gt(child, 1);
    /* It is init's to reap. */
    for (unsigned i = 0; i < 500 && kill(child, 0) == 0; i++) {
        char *path = xasprintf("/proc/%d/stat", (int)child);
        FILE *f = fopen(path, "r");
        char state = 'Z';

        free(path);
        if (f == NULL || fscanf(f, "%*d (%*[^)]) %c", &state) != 1 || state == 'Z') {
            if (f != NULL)
                fclose(f);
            break;
        }
        fclose(f);
        cr_assert_lt(i, 499);
        usleep(10000);
    }
    call_teardown(&c);
}

Test(fence_agent, garbage_is_a_failure_and_printable)
{
    struct call c;

    call_setup(&c);
    cr_assert_eq(call_run(&c, "status", "garbage"), FENCE_FAILED);
    cr_assert_eq(strlen(c.text), FENCE_TEXT_MAX - 1);
    for (const char *s = c.text; *s != '\0'; s++)
        cr_assert(*s >= ' ' && *s < 0x7f);
    call_teardown(&c);
}

Test(fence_agent, much_output_is_read_and_its_end_kept)
{
    struct call c;

    call_setup(&c);
    cr_assert_eq(call_run(&c, "off", "flood"), FENCE_DONE);
    cr_assert_str_eq(c.text, "Success: off");
    call_teardown(&c);
}

Test(fence_agent, secrets_are_struck_out_of_its_words)
{
    struct call c;

    call_setup(&c);
    cr_assert_eq(call_begin(&c, "off", "echo", "passwd", "tr0ub4dor", 20000), 0);
    uv_run(&c.loop, UV_RUN_DEFAULT);
    cr_assert_eq(c.outcome, FENCE_FAILED);
    cr_assert_null(strstr(c.text, "tr0ub4dor"), "%s", c.text);
    cr_assert_not_null(strstr(c.text, "cannot log in"), "%s", c.text);
    cr_assert_not_null(strstr(c.text, "passwd=*********"), "%s", c.text);
    call_teardown(&c);
}

Test(fence_agent, what_the_protocol_cannot_carry_is_refused)
{
    struct call c;

    call_setup(&c);
    cr_assert_eq(call_begin(&c, "off", "", "passwd", "a\nmode=lie", 1000), ERROR_INVALID_PARAMETER);
    cr_assert_eq(call_begin(&c, "off", "", "a b", "c", 1000), ERROR_INVALID_PARAMETER);
    cr_assert_eq(call_begin(&c, "off", "", "a=b", "c", 1000), ERROR_INVALID_PARAMETER);
    strcpy(c.program, "../bin/sh");
    cr_assert_eq(call_begin(&c, "off", "", NULL, NULL, 1000), ERROR_INVALID_PARAMETER);
    strcpy(c.program, "fence_of_nobody");
    cr_assert_eq(call_begin(&c, "off", "", NULL, NULL, 1000), ERROR_FILE_NOT_FOUND);
    cr_assert_eq(c.done, 0);
    call_teardown(&c);
}

Test(fence_agent, a_cancelled_one_is_not_heard_of)
{
    struct call c;

    call_setup(&c);
    cr_assert_eq(call_begin(&c, "off", "hang", NULL, NULL, 60000), 0);
    fence_agent_cancel(c.agent);
    uv_run(&c.loop, UV_RUN_DEFAULT); /* Ends, so it is dead. */
    cr_assert_eq(c.done, 0);
    call_teardown(&c);
}

Test(fence_agent, harmless_parameters_may_be_shown)
{
    cr_assert(secret_may_show("port"));
    cr_assert(secret_may_show("IPaddr"));
    cr_assert_not(secret_may_show("passwd"));
    cr_assert_not(secret_may_show("a_name_that_nobody_has_thought_of"));
}
