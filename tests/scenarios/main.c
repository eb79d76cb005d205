/* Plays scenarios and compares what happens with what their transcripts say.
 *
 *     play FILE...           exit status 1 if one differs or a fact does not hold
 *     play --accept FILE...  write the transcripts anew, unless a fact does not hold
 *     play --show FILE...    print the transcripts
 *     play --facts FILE...   look at the facts only
 *
 * Each scenario is played in a process of its own: a failed assertion of the
 * state machine ends one story, not all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/scenarios/story.h"

enum mode { COMPARE, ACCEPT, SHOW, FACTS };
enum { SECONDS_MAX = 20 }; /* Of a processor, for one story. */

struct score {
    unsigned played, failed, rewritten, facts, commands, foresights;
};

static void print(const struct bytes *b)
{
    if (b->len > 0)
        fwrite(b->data, 1, b->len, stdout);
}

static int end_differs(const struct story *story)
{
    struct bytes diff = BYTES_INIT;

    diff_lines(&story->file, &story->transcript, &diff);
    printf("%s: another story than its transcript\n", story->path);
    print(&diff);
    bytes_release(&diff);
    return 1;
}

static int play(const char *path, enum mode mode, struct score *score)
{
    struct story story;
    bool sound;
    int status = 0;

    if (!story_read(&story, path)) {
        printf("%s: cannot be read\n", path);
        return 1;
    }
    sound = story_play(&story);
    __atomic_fetch_add(&score->facts, story.facts, __ATOMIC_RELAXED);
    __atomic_fetch_add(&score->commands, story.commands, __ATOMIC_RELAXED);
    __atomic_fetch_add(&score->foresights, story.foresights, __ATOMIC_RELAXED);
    if (!sound || mode == SHOW)
        print(&story.transcript);
    print(&story.complaints);
    if (!sound)
        status = 1;
    else if (mode == COMPARE && !story_is_told(&story))
        status = end_differs(&story);
    else if (mode == ACCEPT && !story_is_told(&story)) {
        status = story_write(&story) ? 0 : 1;
        __atomic_fetch_add(&score->rewritten, 1, __ATOMIC_RELAXED);
        printf("%s: %s\n", path, status == 0 ? "written anew" : "cannot be written");
    }
    story_release(&story);
    return status;
}

/* A story being told in a process of its own. */
struct telling {
    const char *path;
    pid_t pid;
    FILE *words; /* What it prints. */
};

static void telling_begin(struct telling *t, const char *path, enum mode mode, struct score *score)
{
    t->path = path;
    t->words = tmpfile();
    fflush(stdout);
    t->pid = t->words != NULL ? fork() : -1;
    if (t->pid == 0) {
        const struct rlimit limit = {SECONDS_MAX, SECONDS_MAX};
        int status;

        /* A rule that goes round in circles must not hang all stories. */
        setrlimit(RLIMIT_CPU, &limit);
        dup2(fileno(t->words), STDOUT_FILENO);
        dup2(fileno(t->words), STDERR_FILENO);
        status = play(path, mode, score);
        fflush(stdout);
        /* A story that ended in the middle has left memory behind. */
        if (status != 0)
            _exit(status);
        exit(0);
    }
}

static void telling_end(struct telling *t, struct score *score)
{
    char text[4096];
    size_t got;
    int status = 1 << 8; /* As of an exit with 1. */

    if (t->pid > 0)
        waitpid(t->pid, &status, 0);
    if (t->words != NULL) {
        rewind(t->words);
        while ((got = fread(text, 1, sizeof(text), t->words)) > 0)
            fwrite(text, 1, got, stdout);
        fclose(t->words);
    }
    score->played++;
    if (status != 0) {
        score->failed++;
        if (WIFSIGNALED(status))
            printf("%s: ended by signal %d\n", t->path, WTERMSIG(status));
        printf("%s FAILED\n\n", t->path);
    }
}

/* As many at once as there are processors, told in the order of their names. */
static void play_all(char *paths[], unsigned count, enum mode mode, struct score *score)
{
    enum { AT_ONCE_MAX = 8 };
    struct telling tellings[AT_ONCE_MAX];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned at_once = processors < 1             ? 1
                       : processors > AT_ONCE_MAX ? AT_ONCE_MAX
                                                  : (unsigned)processors;

    for (unsigned i = 0; i < count + at_once; i++) {
        if (i >= at_once)
            telling_end(&tellings[i % at_once], score);
        if (i < count)
            telling_begin(&tellings[i % at_once], paths[i], mode, score);
    }
}

int main(int argc, char *argv[])
{
    static const char *const modes[] = {
        [ACCEPT] = "--accept", [SHOW] = "--show", [FACTS] = "--facts"};
    enum mode mode = COMPARE;
    int first = 1;
    struct score *score =
        mmap(NULL, sizeof(*score), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (score == MAP_FAILED)
        return 2;
    for (unsigned i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
        if (modes[i] != NULL && strcmp(argv[1], modes[i]) == 0) {
            mode = (enum mode)i;
            first = 2;
        }
    if (first >= argc) {
        fprintf(stderr, "usage: %s [--accept|--show|--facts] FILE...\n", argv[0]);
        return 2;
    }
    play_all(argv + first, (unsigned)(argc - first), mode, score);
    printf("scenarios: %u played, %u failed, %u written anew, %u facts, %u commands, %u of them "
           "foreseen\n",
           score->played, score->failed, score->rewritten, score->facts, score->commands,
           score->foresights);
    return score->failed == 0 ? 0 : 1;
}
