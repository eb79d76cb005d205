/* sim --seed 123 --trace: one history, told.
 * sim --seeds 1000 --from 1 --jobs 2: many, counted. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/history.h"

static const char usage[] = "usage: sim --seed N [--trace[=LEVEL]] [--steps] [--shrink FILE]\n"
                            "       sim --file FILE... [--trace[=LEVEL]] [--shrink FILE]\n"
                            "       sim --seeds COUNT [--from N] [--jobs J]\n";

struct options {
    uint64_t seed, seeds, from;
    bool has_seed, steps;
    int trace;
    unsigned jobs;
    const char *file, *shrink;
};

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        {"seed", required_argument, NULL, 's'},
        {"seeds", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},
        {"jobs", required_argument, NULL, 'j'},
        {"trace", optional_argument, NULL, 't'},
        {"file", required_argument, NULL, 'F'},
        {"shrink", required_argument, NULL, 'S'},
        {"steps", no_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    int c;

    *o = (struct options){.from = 1, .jobs = 1};
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 's':
            o->seed = strtoull(optarg, NULL, 0);
            o->has_seed = true;
            break;
        case 'n':
            o->seeds = strtoull(optarg, NULL, 0);
            break;
        case 'f':
            o->from = strtoull(optarg, NULL, 0);
            break;
        case 'j':
            o->jobs = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 't':
            o->trace = optarg != NULL ? atoi(optarg) : 1;
            break;
        case 'F':
            o->file = optarg;
            break;
        case 'S':
            o->shrink = optarg;
            break;
        case 'p':
            o->steps = true;
            break;
        default:
            return false;
        }
    }
    return o->jobs > 0 && (o->has_seed || o->seeds > 0 || o->file != NULL);
}

static void generate(struct schedule *s, uint64_t seed)
{
    struct profile profile;

    profile_choose(&profile, seed);
    schedule_generate(s, seed, &profile);
}

static int write_file(const struct schedule *s, const char *path)
{
    FILE *f = fopen(path, "w");

    if (f == NULL) {
        perror(path);
        return 2;
    }
    schedule_write(s, f);
    fclose(f);
    printf("%zu steps written to %s; replay: %s --file %s --trace\n", s->count, path,
           program_invocation_name, path);
    return 1;
}

static int run_one(const struct options *o, struct schedule *s)
{
    char failure[FAILURE_BYTES];

    if (o->steps) {
        schedule_write(s, stdout);
        return 0;
    }
    if (o->shrink != NULL) {
        if (history_try(s, failure)) {
            printf("it does not fail\n");
            return 0;
        }
        printf("%zu steps fail: %s\n", s->count, failure);
        schedule_shrink(s, failure);
        return write_file(s, o->shrink);
    }
    if (history_run(s, o->trace, failure))
        return 0;
    printf("seed %" PRIu64 " fails: %s\n", s->seed, failure);
    return 1;
}

static int run_files(const struct options *o, int argc, char **argv, int first)
{
    int worst = 0, count = 0;

    for (int i = first - 1; i < argc; i++) {
        const char *path = i < first ? o->file : argv[i];
        FILE *f = fopen(path, "r");
        struct schedule s;
        if (f == NULL || !schedule_read(&s, f)) {
            fprintf(stderr, "cannot read %s\n", path);
            return 2;
        }
        fclose(f);
        int status = run_one(o, &s);
        if (status != 0)
            printf("%s fails\n", path);
        worst = status > worst ? status : worst;
        count++;
        schedule_release(&s);
    }
    printf("%d schedules %s\n", count, worst == 0 ? "hold" : "do not all hold");
    return worst;
}

/* ------------------------------------------------------------------- many seeds */

static uint64_t work(const struct options *o, unsigned job)
{
    char failure[FAILURE_BYTES];
    uint64_t failed = 0;

    for (uint64_t seed = o->from + job; seed < o->from + o->seeds; seed += o->jobs) {
        struct schedule s;
        generate(&s, seed);
        if (!history_try(&s, failure)) {
            failed++;
            printf("seed %" PRIu64 " FAILED: %s\n    %s --seed %" PRIu64 " --trace\n", seed,
                   failure, program_invocation_name, seed);
            fflush(stdout);
        }
        schedule_release(&s);
    }
    return failed;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_many(const struct options *o)
{
    double began = now_s();
    unsigned bad = 0;
    int status;

    fflush(NULL);
    for (unsigned job = 0; job < o->jobs; job++)
        if (fork() == 0)
            exit(work(o, job) > 0 ? 1 : 0);
    for (unsigned job = 0; job < o->jobs; job++)
        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            bad++;
    double took = now_s() - began;
    printf("%" PRIu64 " histories in %.1f s, %.1f a second; %s\n", o->seeds, took,
           (double)o->seeds / took, bad == 0 ? "all hold" : "NOT all hold");
    return bad == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct schedule s;
    struct options o;
    int status;

    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    if (!parse(argc, argv, &o)) {
        fputs(usage, stderr);
        return 2;
    }
    if (o.seeds > 0)
        return run_many(&o);
    if (o.file != NULL)
        return run_files(&o, argc, argv, optind);
    generate(&s, o.seed);
    status = run_one(&o, &s);
    schedule_release(&s);
    return status;
}
