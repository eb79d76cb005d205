/* What comes behind a cut waits for it; and why it has to: raft_uv tells nobody that one failed. */
#include "consensus/cut.h"

#include <criterion/criterion.h>
#include <raft/uv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "consensus/acked.h"
#include "consensus/guard.h"
#include "consensus/segments.h"
#include "tests/consensus/world.h"

static char dir[32];

static void setup(void)
{
    strcpy(dir, "/tmp/holdfast-cut-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void teardown(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -r %s", dir);
    cr_assert_eq(system(command), 0);
}

TestSuite(cut, .init = setup, .fini = teardown, .timeout = 60);

static char *path_of(const char *name)
{
    static char path[100];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

/* ------------------------------------------------------------------ in order */

struct step {
    struct cut_call call;
    struct cut *cut;
    uint64_t cuts_at; /* 0: it only writes. */
    char name;
};

static char done[32];

static void step_go(struct cut_call *call, bool cancelled)
{
    struct step *s = CUT_CALL_OF(call, struct step);

    done[strlen(done)] = cancelled ? '-' : s->name;
    if (!cancelled && s->cuts_at != 0)
        cut_begin(s->cut, s->cuts_at);
}

static void steps(struct cut *c, struct step *s, unsigned n)
{
    cut_init(c);
    c->dir = dir;
    for (unsigned i = 0; i < n; i++) {
        s[i].cut = c;
        s[i].call.go = step_go;
        s[i].call.cuts = s[i].cuts_at != 0;
        cut_do(c, &s[i].call);
    }
}

static enum cut_state look(struct cut *c, uint64_t now_ms)
{
    enum cut_state state = cut_look(c, now_ms);

    if (state == CUT_DONE)
        cut_end(c);
    cut_go_on(c);
    return state;
}

static const char whole[] = "0000000000000001-0000000000000007";
static const char shorter[] = "0000000000000001-0000000000000004";

Test(cut, what_comes_behind_it_waits_until_the_folder_shows_it)
{
    struct step s[] = {{.name = 'a'}, {.name = 'b', .cuts_at = 5}, {.name = 'c'},
                       {.name = 'd'}, {.name = 'e', .cuts_at = 3}, {.name = 'f'}};
    struct cut c = {0};

    file_write(path_of(whole), "x", 1);
    steps(&c, s, 6);
    cr_assert_str_eq(done, "ab");
    cr_assert_eq(look(&c, 100), CUT_UNDER_WAY);
    cr_assert_str_eq(done, "ab");
    unlink(path_of(whole));
    file_write(path_of(shorter), "x", 1);
    c.flying = 1; /* A write is under way that began before it. */
    cr_assert_eq(look(&c, 200), CUT_UNDER_WAY);
    cr_assert_str_eq(done, "ab");
    c.flying = 0;
    cr_assert_eq(look(&c, 300), CUT_DONE);
    cr_assert_str_eq(done, "abcde", "up to the next cut");
    unlink(path_of(shorter));
    cr_assert_eq(look(&c, 400), CUT_DONE);
    cr_assert_str_eq(done, "abcdef");
    cr_assert_eq(look(&c, 500), CUT_NONE);
}

Test(cut, one_waits_for_a_snapshot_that_is_being_taken)
{
    struct step s[] = {{.name = 'a'}, {.name = 'b', .cuts_at = 5}, {.name = 'c'}};
    struct cut c = {.taking = 1};

    steps(&c, s, 3);
    cr_assert_eq(look(&c, 100), CUT_NONE);
    cr_assert_str_eq(done, "a");
    c.taking = 0;
    cr_assert_eq(look(&c, 200), CUT_NONE);
    cr_assert_str_eq(done, "ab");
    cr_assert_eq(look(&c, 300), CUT_DONE);
    cr_assert_str_eq(done, "abc");
}

Test(cut, one_that_does_not_come_about_is_told)
{
    struct step s[] = {{.name = 'a', .cuts_at = 5}, {.name = 'b'}};
    struct cut c = {0};
    uint64_t ms = 1000;

    file_write(path_of(whole), "x", 1);
    steps(&c, s, 2);
    c.flying = 1;
    for (; ms < 60000; ms += 80)
        cr_assert_eq(look(&c, ms), CUT_UNDER_WAY, "it has not begun");
    c.flying = 0;
    uint64_t began_ms = ms;
    while (look(&c, ms) == CUT_UNDER_WAY)
        ms += 80;
    cr_assert_eq(look(&c, ms), CUT_FAILED);
    cr_assert_geq(ms - began_ms, CUT_PATIENCE_MS - 200);
    cr_assert_leq(ms - began_ms, CUT_PATIENCE_MS + 200);
    cr_assert_str_eq(done, "a");
    cut_cancel(&c);
    cr_assert_str_eq(done, "a-");
}

Test(cut, time_in_which_the_process_stood_still_does_not_count)
{
    struct step s[] = {{.name = 'a', .cuts_at = 5}, {.name = 'b'}};
    struct cut c = {0};

    file_write(path_of(whole), "x", 1);
    steps(&c, s, 2);
    for (uint64_t ms = 0; ms < 60 * 3600000ull; ms += 3600000)
        cr_assert_eq(look(&c, ms), CUT_UNDER_WAY);
    unlink(path_of(whole));
    cr_assert_eq(look(&c, 1), CUT_DONE);
    cr_assert_str_eq(done, "ab");
}

/* ------------------------------------------------------------- with raft_uv */

/* In a child nothing may be asserted. */
static void need(bool condition)
{
    if (!condition)
        _exit(99);
}

/* No server, only its log. */
struct log {
    uv_loop_t loop;
    struct raft_uv_transport transport;
    struct raft_io io;
    struct acked *acked;
    struct guard *guard; /* NULL: without. */
    struct raft raft;    /* Only for io.data. */
    unsigned written;
    struct raft_entry *loaded;
    raft_index first; /* Of those. */
};

static int transport_init(struct raft_uv_transport *t, raft_id id, const char *address)
{
    (void)t;
    (void)id;
    (void)address;
    return 0;
}

static void transport_close(struct raft_uv_transport *t, raft_uv_transport_close_cb cb)
{
    cb(t);
}

static void on_fatal(const char *message, void *data) __attribute__((noreturn));
static void on_fatal(const char *message, void *data)
{
    (void)data;
    fprintf(stderr, "fatal: %s\n", message);
    _exit(WORLD_FATAL);
}

static raft_index log_load(struct log *l)
{
    struct raft_snapshot *snapshot;
    raft_term term;
    raft_id vote;
    size_t n;

    need(l->io.load(&l->io, &term, &vote, &snapshot, &l->first, &l->loaded, &n) == 0);
    return n; /* In a child that ends: nothing is freed. */
}

static void log_open(struct log *l, bool guarded)
{
    char *why;

    memset(l, 0, sizeof *l);
    uv_loop_init(&l->loop);
    l->transport.version = 1;
    l->transport.init = transport_init;
    l->transport.close = transport_close;
    need(raft_uv_init(&l->io, &l->loop, dir, &l->transport) == 0);
    l->io.data = &l->raft;
    raft_uv_set_auto_recovery(&l->io, false);
    if (guarded) {
        need(acked_open(dir, &l->acked) == 0);
        l->guard = guard_open(&l->io, l->acked, on_fatal, NULL);
        guard_look_into(l->guard, dir);
        need(acked_cut(l->acked) == 0 || segments_repair(dir, acked_cut(l->acked), &why) == 0);
        need(acked_set_cut(l->acked, 0) == 0);
    }
    need(l->io.init(&l->io, 1, "1") == 0);
}

static void on_written(struct raft_io_append *req, int status)
{
    struct log *l = req->data;

    need(status == 0);
    l->written++;
}

enum { APPEND_MAX = 8 };

static struct raft_entry entries[APPEND_MAX];
static uint64_t words[APPEND_MAX];

/* As raft does: a cut first, if there is something to be cut off. */
static void log_append(struct log *l, struct raft_io_append *req, raft_index first, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        entries[i] = (struct raft_entry){
            .term = 1, .type = RAFT_COMMAND, .buf = {.base = &words[i], .len = sizeof words[i]}};
    req->data = l;
    need(l->io.truncate(&l->io, first) == 0);
    need(l->io.append(&l->io, req, entries, n, on_written) == 0);
}

static void log_step(struct log *l)
{
    uv_run(&l->loop, UV_RUN_NOWAIT);
    if (l->guard != NULL)
        guard_watch(l->guard);
    usleep(1000);
}

struct plan {
    bool guarded, obstructed;
};

/* Five entries, of which the last three are replaced by one. Obstructed: the name of the segment
 * that is to be written anew is taken, so it fails as on a full disk. */
static int cut_and_go_on(void *data)
{
    const struct plan *plan = data;
    struct raft_io_append a, b;
    struct log l;

    log_open(&l, plan->guarded);
    log_load(&l);
    log_append(&l, &a, 1, 5);
    while (l.written < 1)
        log_step(&l);
    need(!plan->obstructed || mkdir(path_of("0000000000000001-0000000000000002"), 0700) == 0);
    log_append(&l, &b, 3, 1);
    while (l.written < 2)
        log_step(&l);
    return 0;
}

/* How long the log is for the next one. */
static int count_entries(void *data)
{
    const struct plan *plan = data;
    struct log l;

    rmdir(path_of("0000000000000001-0000000000000002")); /* There is room again. */
    log_open(&l, plan->guarded);
    return 10 + (int)log_load(&l);
}

Test(cut, raft_uv_goes_on_behind_it)
{
    struct plan plan = {.guarded = true};

    cr_assert_eq(in_child(cut_and_go_on, &plan), 0);
    cr_assert_eq(in_child(count_entries, &plan), 13);
}

Test(cut, raft_uv_tells_nobody_of_one_that_failed_and_makes_another_log_of_it)
{
    struct plan plan = {.obstructed = true};

    cr_assert_eq(in_child(cut_and_go_on, &plan), 0, "it says that all is written");
    cr_assert_eq(in_child(count_entries, &plan), 16, "what was cut off is there again");
}

Test(cut, nothing_is_written_behind_one_that_failed)
{
    struct plan plan = {.guarded = true, .obstructed = true};

    cr_assert_eq(in_child(cut_and_go_on, &plan), WORLD_FATAL);
    cr_assert_eq(in_child(count_entries, &plan), 15, "as before it");
}

static void on_put(struct raft_io_snapshot_put *req, int status)
{
    struct log *l = req->data;

    need(status == 0);
    l->written++;
}

static void log_put(struct log *l, raft_index index)
{
    static uint8_t state[8];
    struct raft_buffer buf = {.base = state, .len = sizeof state};
    struct raft_io_snapshot_put req = {.data = l};
    struct raft_snapshot s = {
        .index = index, .term = 1, .configuration_index = 1, .bufs = &buf, .n_bufs = 1};
    unsigned before = l->written;

    raft_configuration_init(&s.configuration);
    need(raft_configuration_add(&s.configuration, 1, "1", RAFT_VOTER) == 0);
    need(l->io.snapshot_put(&l->io, 100, &req, &s, on_put) == 0);
    while (l->written == before)
        log_step(l);
}

static void log_append_wait(struct log *l, raft_index first, unsigned n)
{
    struct raft_io_append req;
    unsigned before = l->written;

    log_append(l, &req, first, n);
    while (l->written == before)
        log_step(l);
}

/* A snapshot has raft_uv close the segment, which fails: its name is taken. */
static int close_and_go_on(void *data)
{
    struct log l;

    (void)data;
    log_open(&l, false);
    log_load(&l);
    log_append_wait(&l, 1, 5);
    need(mkdir(path_of("0000000000000001-0000000000000005"), 0700) == 0);
    log_put(&l, 5);
    log_append_wait(&l, 6, 1);
    log_put(&l, 6);
    log_append_wait(&l, 7, 1);
    return 0;
}

static int last_entry(void *data)
{
    struct log l;

    (void)data;
    rmdir(path_of("0000000000000001-0000000000000005"));
    log_open(&l, false);
    raft_index n = log_load(&l);
    return (int)(l.first + n - 1);
}

/* Why consensus/fsm.c takes no snapshot then. */
Test(cut, raft_uv_reads_a_segment_that_it_could_not_close_behind_the_others)
{
    cr_assert_eq(in_child(close_and_go_on, NULL), 0, "it says that all is written");
    cr_assert_eq(in_child(last_entry, NULL), 12, "of seven entries");
}

/* ---------------------------------------------------------- killed at any moment */

enum { LOG_MAX = 20000, ROUNDS = 40 };

/* What a process has in memory, and had before its last step. Shared with those to come. */
struct memory {
    struct {
        uint64_t words[LOG_MAX], n;
    } logs[2];
    unsigned current, rounds, loaded;
    uint64_t word;
};

static bool is_part_of(const struct log *l, uint64_t n, const struct memory *m, unsigned which)
{
    if (n > m->logs[which].n)
        return false;
    for (uint64_t i = 0; i < n; i++)
        if (memcmp(l->loaded[i].buf.base, &m->logs[which].words[i], sizeof(uint64_t)) != 0)
            return false;
    return true;
}

/* A few entries more, every other time in the place of some at the end. */
static void next_step(struct log *l, struct memory *m)
{
    unsigned next = 1 - m->current, n = 1 + (unsigned)rand() % APPEND_MAX;
    uint64_t keep = m->logs[m->current].n, back = rand() % 2 == 0 ? 0 : (uint64_t)rand() % 12;
    unsigned before = l->written;
    struct raft_io_append req;

    keep -= back < keep ? back : keep;
    need(keep + n <= LOG_MAX);
    memcpy(m->logs[next].words, m->logs[m->current].words, keep * sizeof(uint64_t));
    for (unsigned i = 0; i < n; i++)
        m->logs[next].words[keep + i] = words[i] = ++m->word;
    m->logs[next].n = keep + n;
    m->current = next;
    log_append(l, &req, keep + 1, n);
    while (l->written == before)
        log_step(l);
}

static void go_on_until_killed(struct memory *m) __attribute__((noreturn));
static void go_on_until_killed(struct memory *m)
{
    struct log l;

    srand(++m->rounds);
    log_open(&l, true);
    uint64_t n = log_load(&l);
    if (!is_part_of(&l, n, m, m->current)) {
        need(is_part_of(&l, n, m, 1 - m->current));
        m->current = 1 - m->current;
    }
    m->logs[m->current].n = n;
    m->loaded++;
    for (;;)
        next_step(&l, m);
}

Test(cut, whoever_is_killed_within_one_has_a_log_that_was_in_memory)
{
    struct memory *m =
        mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    cr_assert(m != MAP_FAILED);
    for (unsigned round = 0; round < ROUNDS; round++) {
        pid_t pid = fork();

        cr_assert_geq(pid, 0);
        if (pid == 0)
            go_on_until_killed(m);
        while (m->loaded <= round && waitpid(pid, &status, WNOHANG) == 0)
            usleep(500);
        usleep((unsigned)rand() % 40000);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        cr_assert_eq(m->loaded, round + 1, "round %u", round);
        cr_assert(WIFSIGNALED(status), "round %u: it ended by itself", round);
    }
    cr_assert_gt(m->word, ROUNDS);
    munmap(m, sizeof *m);
}
