/* `holdfast node join`: its words, the file that it writes, the folder that it sets aside.
 * tests/cluster/test_join_command.py has the rest. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reset_mark.h"
#include "cli/join.h"
#include "tests/cli/fake.h"

struct place {
    char dir[64];
    struct cli_io io;
    struct cli cli;
    struct join join;
};

static void place_setup(struct place *p)
{
    *p = (struct place){.join.lock = -1, .join.monitor_lock = -1};
    strcpy(p->dir, "/tmp/holdfast-join-XXXXXX");
    cr_assert_not_null(mkdtemp(p->dir));
    p->io = (struct cli_io){.out = stdout, .err = stderr};
    p->cli.io = &p->io;
    p->join.cli = &p->cli;
    p->join.about = "node n4";
    p->join.name = "n4";
    p->join.holdfastd = "true"; /* A program that finds every file good. */
    p->join.data = p->dir;
    p->join.config = arena_printf(&p->cli.arena, "%s/conf", p->dir);
    p->join.address = "10.0.0.4:7400";
    p->join.seeds[p->join.seed_count++] = "10.0.0.1:7400";
    p->join.seeds[p->join.seed_count++] = "10.0.0.2:7400";
}

static void place_teardown(struct place *p)
{
    char *const words[] = {(char *)"rm", (char *)"-r", p->dir, NULL};
    const char *output;

    cr_assert_eq(join_run(&p->join, words, &output), 0, "%s", output);
    arena_release(&p->cli.arena);
}

static const char *path_of(struct place *p, const char *name)
{
    return arena_printf(&p->cli.arena, "%s/%s", p->dir, name);
}

static void put(struct place *p, const char *name, const char *text)
{
    FILE *f = fopen(path_of(p, name), "w");

    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static void expect_text(struct place *p, const char *name, const char *wanted)
{
    char text[4096];
    FILE *f = fopen(path_of(p, name), "r");

    cr_assert_not_null(f, "%s", name);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    cr_assert_str_eq(text, wanted);
}

Test(join, words_that_make_no_sense)
{
    struct run r = RUN(NULL, "node", "join", "--config", "/nonexistent/holdfast.conf");

    cr_assert_eq(r.status, 2);
    cr_assert_not_null(strstr(r.err, "HOST:PORT of a member"), "%s", r.err);
    run_release(&r);
    r = RUN(NULL, "node", "join", "n1", "--config", "/nonexistent/holdfast.conf");
    cr_assert_eq(r.status, 2);
    cr_assert_not_null(strstr(r.err, "`n1` is no HOST:PORT"), "%s", r.err);
    run_release(&r);
    r = RUN(NULL, "node", "join", "n1:7400", "--address", "unix:/x", "--config", "/nonexistent/x");
    cr_assert_eq(r.status, 2);
    run_release(&r);
}

Test(join, an_existing_file_keeps_all_that_joining_is_not_about)
{
    struct place p;

    place_setup(&p);
    p.join.file_exists = true;
    put(&p, "conf",
        "# ours\n[node]\nname = n4\naddress = old:1\ndata=/x\n\n[cluster]\nname = prod\n"
        "peers = n1=10.0.0.1:7400\n  n4=10.0.0.4:7400\npeers: n2=10.0.0.2:7400\n"
        "profile = fast\njoin = old:2\n[timing]\npulse_ms = 99");
    chmod(path_of(&p, "conf"), 0640);
    cr_assert_eq(join_write_file(&p.join), CLI_DONE);
    expect_text(&p, "conf",
                "# ours\n[node]\naddress = 10.0.0.4:7400\nname = n4\ndata=/x\n\n[cluster]\n"
                "join = 10.0.0.1:7400 10.0.0.2:7400\nname = prod\n"
                "# peers = n1=10.0.0.1:7400\n#   n4=10.0.0.4:7400\n# peers: n2=10.0.0.2:7400\n"
                "profile = fast\n[timing]\npulse_ms = 99\n");
    struct stat st;
    cr_assert_eq(stat(path_of(&p, "conf"), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0640);
    place_teardown(&p);
}

Test(join, a_file_that_holdfastd_does_not_take_is_not_written)
{
    struct place p;

    place_setup(&p);
    p.io.err = fopen("/dev/null", "w");
    p.join.file_exists = true;
    p.join.holdfastd = "false";
    put(&p, "conf", "[node]\n[cluster]\n");
    cr_assert_eq(join_write_file(&p.join), CLI_FAILED);
    expect_text(&p, "conf", "[node]\n[cluster]\n");
    cr_assert_neq(access(path_of(&p, "conf.new"), F_OK), 0);
    fclose(p.io.err);
    place_teardown(&p);
}

Test(join, a_line_takes_as_many_members_as_it_holds)
{
    struct place p;

    place_setup(&p);
    p.join.file_exists = true;
    while (p.join.seed_count < 40) {
        p.join.seeds[p.join.seed_count] =
            arena_printf(&p.cli.arena, "host%u.example:7400", p.join.seed_count);
        p.join.seed_count++;
    }
    put(&p, "conf", "[node]\n[cluster]\n");
    cr_assert_eq(join_write_file(&p.join), CLI_DONE);
    char line[1000];
    FILE *f = fopen(p.join.config, "r");
    while (fgets(line, sizeof(line), f) != NULL)
        cr_assert_leq(strlen(line), 198);
    fclose(f);
    place_teardown(&p);
}

Test(join, what_is_in_the_folder_is_set_aside_whole)
{
    struct place p;

    place_setup(&p);
    mkdir(path_of(&p, "raft"), 0700);
    put(&p, "raft/metadata1", "m");
    put(&p, "identity", "0123\n");
    put(&p, "member", "id 3\n");
    put(&p, "epoch", "2\n");
    put(&p, "recover", "epoch 3 highest 3 begun\n");
    put(&p, "log", "words\n");
    join_read_folder(&p.join);
    cr_assert_str_eq(p.join.disk, "0123");
    cr_assert(p.join.begun && !p.join.rejoins && !join_is_running(&p.join));
    cr_assert_eq(join_lock_folder(&p.join), CLI_DONE);
    cr_assert_eq(join_set_aside(&p.join), CLI_DONE);
    join_unlock_folder(&p.join);
    cr_assert_eq(access(arena_printf(&p.cli.arena, "%s/raft/metadata1", p.join.set_aside), F_OK),
                 0);
    cr_assert_eq(access(arena_printf(&p.cli.arena, "%s/diverged", p.join.set_aside), F_OK), 0);
    expect_text(&p, "log", "words\n");
    cr_assert_neq(access(path_of(&p, "epoch"), F_OK), 0, "its own epoch is not brought along");
    cr_assert_neq(access(path_of(&p, "recover"), F_OK), 0, "and forces nothing upon the next life");
    join_read_folder(&p.join);
    cr_assert(p.join.disk == NULL && !p.join.begun && p.join.rejoins);

    /* Again: there is nothing left to do. */
    const char *first = p.join.set_aside;
    cr_assert_eq(join_lock_folder(&p.join), CLI_DONE);
    cr_assert_eq(join_set_aside(&p.join), CLI_DONE);
    join_unlock_folder(&p.join);
    cr_assert_eq(p.join.set_aside, first);
    place_teardown(&p);
}

Test(join, a_folder_in_use_is_not_touched)
{
    struct place p;

    place_setup(&p);
    p.io.err = fopen("/dev/null", "w");
    put(&p, "lock", "");
    int fd = open(path_of(&p, "lock"), O_RDWR);
    cr_assert_eq(flock(fd, LOCK_EX), 0);
    cr_assert(join_is_running(&p.join));
    cr_assert_eq(join_lock_folder(&p.join), CLI_FAILED);
    cr_assert(p.join.lock == -1 && p.join.monitor_lock == -1);
    close(fd);
    fclose(p.io.err);
    place_teardown(&p);
}

/* The monitor's lock is free, but what only a reset ends may go on. */
Test(join, a_folder_that_waits_for_a_reset_is_left_alone)
{
    struct place p;

    place_setup(&p);
    p.io.err = fopen("/dev/null", "w");
    cr_assert_eq(reset_mark_set(p.join.data), 0);
    cr_assert_eq(join_lock_folder(&p.join), CLI_FAILED);
    cr_assert(p.join.lock == -1 && p.join.monitor_lock == -1);
    cr_assert_eq(reset_mark_clear(p.join.data), 0);
    cr_assert_eq(join_lock_folder(&p.join), CLI_DONE);
    join_unlock_folder(&p.join);
    fclose(p.io.err);
    place_teardown(&p);
}
