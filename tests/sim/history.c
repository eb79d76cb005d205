#include "tests/sim/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct sim sim;

static void begin(const struct schedule *s, int trace_level)
{
    uint64_t seed = s->seed;

    memset(&sim, 0, sizeof sim);
    sim.seed = seed;
    sim.trace = trace_level;
    sim.profile = s->profile;
    rng_seed(&sim.net, seed, 10);
    clients_init();
    fence_agents_init();
    oracle_init();
    links_mend();
    trace(1, "seed %" PRIu64 ": %u machines, %u voters, lease %u ms", seed, sim.profile.machines,
          sim.profile.voters, sim.profile.lease_ms);
    machines_init();
}

static void end(void)
{
    machines_release();
    events_drop();
    sockets_release();
    processes_release();
    truth_release();
    clients_release();
    oracle_release();
}

bool history_run(const struct schedule *s, int trace_level, char *failure)
{
    begin(s, trace_level);
    for (size_t i = 0; i < s->count && !sim.failed; i++) {
        events_run(s->steps[i].at_ms * MS);
        if (!sim.failed)
            step_run(s->steps[i].text);
    }
    if (!sim.failed)
        events_run((uint64_t)DURATION_MS * MS);
    if (!sim.failed)
        finale_run();
    trace(1, "%s after %.1f s, %" PRIu64 " events, index %" PRIu64, sim.failed ? "failed" : "fine",
          (double)sim.now_ns / 1e9, sim.steps, oracle_index());
    snprintf(failure, FAILURE_BYTES, "%s", sim.failure);
    end();
    return !sim.failed;
}

/* The child writes what was wrong, nothing if all was well. */
bool history_try(const struct schedule *s, char *failure)
{
    size_t len = 0;
    int ends[2], status;
    ssize_t n;

    fflush(NULL);
    if (pipe(ends) != 0)
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        bool fine = history_run(s, 0, failure);
        if (!fine && write(ends[1], failure, strlen(failure)) < 0)
            abort();
        exit(fine ? 0 : 1);
    }
    close(ends[1]);
    while (len < FAILURE_BYTES - 1 &&
           (n = read(ends[0], failure + len, FAILURE_BYTES - 1 - len)) > 0)
        len += (size_t)n;
    failure[len] = '\0';
    close(ends[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        abort();
    if (WIFSIGNALED(status))
        snprintf(failure, FAILURE_BYTES, "the process died of signal %d", WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
