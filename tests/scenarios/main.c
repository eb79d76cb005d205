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
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/scenarios/story.h"

enum mode { COMPARE, ACCEPT, SHOW, FACTS };

struct score {
    unsigned played, failed, rewritten, facts, commands;
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
    score->facts += story.facts;
    score->commands += story.commands;
    if (!sound || mode == SHOW)
        print(&story.transcript);
    print(&story.complaints);
    if (!sound)
        status = 1;
    else if (mode == COMPARE && !story_is_told(&story))
        status = end_differs(&story);
    else if (mode == ACCEPT && !story_is_told(&story)) {
        status = story_write(&story) ? 0 : 1;
        score->rewritten++;
        printf("%s: %s\n", path, status == 0 ? "written anew" : "cannot be written");
    }
    story_release(&story);
    return status;
}

static void play_apart(const char *path, enum mode mode, struct score *score)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        status = play(path, mode, score);
        fflush(stdout);
        /* A story that ended in the middle has left memory behind. */
        if (status != 0)
            _exit(status);
        exit(0);
    }
    score->played++;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        score->failed++;
        if (pid >= 0 && WIFSIGNALED(status))
            printf("%s: ended by signal %d\n", path, WTERMSIG(status));
        printf("%s FAILED\n\n", path);
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
    for (int i = first; i < argc; i++)
        play_apart(argv[i], mode, score);
    printf("scenarios: %u played, %u failed, %u written anew, %u facts, %u commands\n",
           score->played, score->failed, score->rewritten, score->facts, score->commands);
    return score->failed == 0 ? 0 : 1;
}
