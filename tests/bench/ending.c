/* How long it takes until as many services as at the end of a lease are gone: from
 * guardians_kill() to the last one's word, as ALLOWANCE_US (resources/lease.h) counts on.
 *
 *     ending [ROUNDS]     `make bench-ending`
 *
 * The services are the lightest there are, `sleep`, so what is measured is the kernel's
 * and the guardians' part. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "resources/guardian.h"
#include "resources/lease.h"
#include "resources/realtime.h"

enum { SERVICES_MAX = 500 };

struct crowd {
    struct guardian *guardians[SERVICES_MAX];
    unsigned started, gone;
};

static void on_started(pid_t pid, void *data)
{
    (void)pid;
    ((struct crowd *)data)->started++;
}

static void on_not_started(uint32_t code, const char *text, void *data)
{
    (void)data;
    fprintf(stderr, "a service did not start: %s (%u)\n", text, code);
    exit(1);
}

static void on_exited(int status, void *data)
{
    (void)status;
    (void)data;
}

static void on_gone(void *data)
{
    ((struct crowd *)data)->gone++;
}

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double measure(uv_loop_t *loop, struct guardians *all, unsigned count)
{
    static const struct guardian_events events = {
        .started = on_started, .not_started = on_not_started, .exited = on_exited, .gone = on_gone};
    static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
    struct guardian_plan plan = {.commands = {[GUARDIAN_MAIN] = "exec sleep 1000"},
                                 .directory = "/",
                                 .environment = environment,
                                 .log_path = "/dev/null"};
    struct crowd c = {0};
    double began_ms;

    for (unsigned i = 0; i < count; i++)
        if (guardian_start(all, &plan, &events, &c, &c.guardians[i]) != 0)
            exit(1);
    while (c.started < count)
        uv_run(loop, UV_RUN_ONCE);
    began_ms = now_ms();
    guardians_kill(all);
    while (c.gone < count)
        uv_run(loop, UV_RUN_ONCE);
    began_ms = now_ms() - began_ms;
    for (unsigned i = 0; i < count; i++)
        guardian_free(c.guardians[i]);
    return began_ms;
}

int main(int argc, char **argv)
{
    static const unsigned counts[] = {1, 50, 100, 200, 300, 500};
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 5;
    struct guardians *all;
    uv_loop_t loop;

    realtime_enter();
    uv_loop_init(&loop);
    if (guardians_open(&loop, -1, NULL, &all) != 0)
        return 1;
    printf("services  worst of %u, ms   more than one, us each   allowance, ms\n", rounds);
    for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        static double one_ms;
        double worst_ms = 0;

        for (unsigned round = 0; round < rounds; round++) {
            double ms = measure(&loop, all, counts[i]);
            worst_ms = ms > worst_ms ? ms : worst_ms;
        }
        if (i == 0)
            one_ms = worst_ms;
        printf("%8u  %17.1f   %22.0f   %13.1f\n", counts[i], worst_ms,
               (worst_ms - one_ms) * 1e3 / counts[i], counts[i] * (double)ALLOWANCE_US / 1e3);
    }
    guardians_close(all);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return 0;
}
