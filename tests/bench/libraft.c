/* One of the three nodes of a bare libraft cluster: what the library does on
 * this machine's disk with one log entry for each request, and nothing else.
 *
 *   libraft --dir DIR --id 1|2|3 --ports P1,P2,P3 [--bytes B]
 *
 * Its own TCP transport, pre-vote, and the same limits as consensus/consensus.c.
 * Lines on standard input: `run K WARMUP SECONDS` keeps K requests outstanding
 * inside this process, if it leads. Answers: `ready`, `follower`, or JSON. Ends
 * with its input. */
#include <getopt.h>
#include <raft.h>
#include <raft/uv.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <uv.h>

#include "base/memory.h"
#include "tests/bench/histogram.h"

enum {
    NODES = 3,
    OUTSTANDING_MAX = 4096,
    LINE_BYTES_MAX = 100,
    /* As Holdfast's daemon sets them. */
    ELECTION_MS = 400,
    HEARTBEAT_MS = 80,
    INFLIGHT_ENTRIES = 1024,
    SNAPSHOT_ENTRIES = 8192,
};

struct slot {
    struct raft_apply req; /* First. */
    struct node *node;
    uint64_t sent_ns;
};

struct node {
    uv_loop_t loop;
    struct raft_uv_transport transport;
    struct raft_io io;
    struct raft_fsm fsm;
    struct raft raft;
    uv_pipe_t input;
    char line[LINE_BYTES_MAX];
    size_t line_len;
    size_t bytes;
    uint64_t applied;
    /* The run under way. */
    struct slot slots[OUTSTANDING_MAX];
    unsigned outstanding;
    uint64_t begin_ns, end_ns, errors;
    struct histogram latencies;
};

static void die(const char *what, const char *why) __attribute__((noreturn));
static void die(const char *what, const char *why)
{
    fprintf(stderr, "libraft: %s: %s\n", what, why);
    exit(1);
}

/* ------------------------------------------------------------------ the machine */

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf, void **result)
{
    struct node *n = fsm->data;

    (void)buf;
    n->applied++;
    *result = NULL;
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[], unsigned *n_bufs)
{
    struct node *n = fsm->data;

    *bufs = raft_malloc(sizeof **bufs);
    void *copy = raft_malloc(sizeof n->applied);
    if (*bufs == NULL || copy == NULL)
        die("snapshot", "out of memory");
    memcpy(copy, &n->applied, sizeof n->applied);
    (*bufs)[0] = (struct raft_buffer){.base = copy, .len = sizeof n->applied};
    *n_bufs = 1;
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
    struct node *n = fsm->data;

    memcpy(&n->applied, buf->base, sizeof n->applied);
    raft_free(buf->base);
    return 0;
}

/* ---------------------------------------------------------------------- the load */

static void report(const struct node *n)
{
    const struct histogram *h = &n->latencies;

    printf("{\"calls_per_s\": %.1f, \"p50_us\": %llu, \"p99_us\": %llu, \"max_us\": %llu, "
           "\"errors\": %llu}\n",
           (double)h->count * 1e9 / (double)(n->end_ns - n->begin_ns),
           (unsigned long long)histogram_percentile(h, 50),
           (unsigned long long)histogram_percentile(h, 99), (unsigned long long)h->max_us,
           (unsigned long long)n->errors);
}

/* The last one out reports. */
static void slot_done(struct node *n)
{
    if (--n->outstanding == 0)
        report(n);
}

static void submit(struct slot *s);

static void applied(struct raft_apply *req, int status, void *result)
{
    struct slot *s = (struct slot *)req;
    struct node *n = s->node;
    uint64_t now = uv_hrtime();

    (void)result;
    if (status != 0)
        n->errors++;
    else if (now >= n->begin_ns && now < n->end_ns)
        histogram_add(&n->latencies, (now - s->sent_ns) / 1000);
    if (status == 0 && now < n->end_ns)
        submit(s);
    slot_done(n);
}

static void submit(struct slot *s)
{
    struct node *n = s->node;
    struct raft_buffer buf = {.base = raft_malloc(n->bytes), .len = n->bytes};

    if (buf.base == NULL)
        die("submit", "out of memory");
    memset(buf.base, 'x', buf.len);
    s->sent_ns = uv_hrtime();
    n->outstanding++;
    if (raft_apply(&n->raft, &s->req, &buf, 1, applied) == 0)
        return;
    raft_free(buf.base);
    n->errors++;
    slot_done(n);
}

static void run(struct node *n, unsigned outstanding, double warmup, double seconds)
{
    if (raft_state(&n->raft) != RAFT_LEADER) {
        puts("follower");
        return;
    }
    n->latencies = (struct histogram){0};
    n->errors = 0;
    n->begin_ns = uv_hrtime() + (uint64_t)(warmup * 1e9);
    n->end_ns = n->begin_ns + (uint64_t)(seconds * 1e9);
    n->outstanding = 1; /* So that a refusal on the way does not report yet. */
    for (unsigned i = 0; i < outstanding; i++) {
        n->slots[i].node = n;
        submit(&n->slots[i]);
    }
    slot_done(n);
}

/* --------------------------------------------------------------------- the input */

static void command(struct node *n, const char *line)
{
    unsigned outstanding;
    double warmup, seconds;

    if (sscanf(line, "run %u %lf %lf", &outstanding, &warmup, &seconds) != 3 || outstanding == 0 ||
        outstanding > OUTSTANDING_MAX || n->outstanding > 0)
        die("not understood", line);
    run(n, outstanding, warmup, seconds);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct node *n = handle->data;

    (void)suggested;
    *buf = uv_buf_init(n->line + n->line_len, (unsigned)(sizeof n->line - 1 - n->line_len));
}

static void on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct node *n = stream->data;
    char *end;

    (void)buf;
    if (len < 0)
        exit(0); /* Whoever started this process has ended, or wants its end. */
    n->line_len += (size_t)len;
    n->line[n->line_len] = '\0';
    while ((end = strchr(n->line, '\n')) != NULL) {
        *end = '\0';
        command(n, n->line);
        n->line_len -= (size_t)(end + 1 - n->line);
        memmove(n->line, end + 1, n->line_len + 1);
    }
}

/* -------------------------------------------------------------------------- life */

static void start_raft(struct node *n, const char *dir, unsigned id, const unsigned *ports)
{
    struct raft_configuration conf;
    char address[NODES][32];
    int rv;

    for (unsigned i = 0; i < NODES; i++)
        snprintf(address[i], sizeof address[i], "127.0.0.1:%u", ports[i]);
    n->transport.version = 1;
    n->io.version = 1;
    n->fsm = (struct raft_fsm){.version = 1,
                               .data = n,
                               .apply = fsm_apply,
                               .snapshot = fsm_snapshot,
                               .restore = fsm_restore};
    if (raft_uv_tcp_init(&n->transport, &n->loop) != 0 ||
        raft_uv_init(&n->io, &n->loop, dir, &n->transport) != 0)
        die(dir, n->io.errmsg);
    rv = raft_init(&n->raft, &n->io, &n->fsm, id, address[id - 1]);
    if (rv != 0)
        die("raft_init", raft_errmsg(&n->raft));
    raft_uv_set_connect_retry_delay(&n->io, ELECTION_MS / 3);
    raft_set_election_timeout(&n->raft, ELECTION_MS);
    raft_set_heartbeat_timeout(&n->raft, HEARTBEAT_MS);
    raft_set_pre_vote(&n->raft, true);
    raft_set_max_inflight_entries(&n->raft, INFLIGHT_ENTRIES);
    raft_set_snapshot_threshold(&n->raft, SNAPSHOT_ENTRIES);
    raft_set_snapshot_trailing(&n->raft, SNAPSHOT_ENTRIES);
    raft_configuration_init(&conf);
    for (unsigned i = 0; i < NODES && rv == 0; i++)
        rv = raft_configuration_add(&conf, i + 1, address[i], RAFT_VOTER);
    if (rv == 0)
        rv = raft_bootstrap(&n->raft, &conf);
    raft_configuration_close(&conf);
    if (rv == 0)
        rv = raft_start(&n->raft);
    if (rv != 0)
        die("cannot start", raft_errmsg(&n->raft));
}

static void start_input(struct node *n)
{
    uv_pipe_init(&n->loop, &n->input, 0);
    n->input.data = n;
    if (uv_pipe_open(&n->input, STDIN_FILENO) != 0 ||
        uv_read_start((uv_stream_t *)&n->input, on_alloc, on_input) != 0)
        die("standard input", "it must be a pipe");
    puts("ready");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"id", required_argument, NULL, 'i'},
                                            {"ports", required_argument, NULL, 'p'},
                                            {"bytes", required_argument, NULL, 'b'},
                                            {0}};
    struct node *n = xcalloc(1, sizeof *n);
    unsigned ports[NODES] = {0}, id = 0;
    const char *dir = NULL;
    int option;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    n->bytes = 200;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd')
            dir = optarg;
        else if (option == 'i')
            id = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'b') /* libraft wants whole words. */
            n->bytes = (strtoul(optarg, NULL, 10) + 7) / 8 * 8;
        else if (option != 'p' ||
                 sscanf(optarg, "%u,%u,%u", &ports[0], &ports[1], &ports[2]) != NODES)
            id = 0;
    }
    if (dir == NULL || id == 0 || id > NODES || ports[0] == 0) {
        fputs("usage: libraft --dir DIR --id 1|2|3 --ports P1,P2,P3 [--bytes B]\n", stderr);
        return 2;
    }
    uv_loop_init(&n->loop);
    start_raft(n, dir, id, ports);
    start_input(n);
    return uv_run(&n->loop, UV_RUN_DEFAULT);
}
