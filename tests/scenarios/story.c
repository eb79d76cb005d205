#include "tests/scenarios/story.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/scenarios/act.h"

struct player {
    struct story *story;
    struct stage stage;
    struct words words;
    const char *line;
    unsigned number;
    bool told; /* The set-up is over. */
    jmp_buf end;
};

/* -------------------------------------------------------------------- file */

bool story_read(struct story *story, const char *path)
{
    FILE *f = fopen(path, "r");
    size_t got = 1;

    memset(story, 0, sizeof(*story));
    story->path = path;
    while (f != NULL && got > 0) {
        got = fread(bytes_reserve(&story->file, 4096), 1, 4096, f);
        story->file.len += got;
    }
    if (f != NULL)
        fclose(f);
    return f != NULL;
}

bool story_write(const struct story *story)
{
    char *part = xasprintf("%s.new", story->path);
    FILE *f = fopen(part, "w");
    bool done = f != NULL && fwrite(story->transcript.data, 1, story->transcript.len, f) ==
                                 story->transcript.len;

    if (f != NULL)
        done = fclose(f) == 0 && done;
    done = done && rename(part, story->path) == 0;
    free(part);
    return done;
}

void story_release(struct story *story)
{
    bytes_release(&story->file);
    bytes_release(&story->transcript);
    bytes_release(&story->complaints);
}

bool story_is_told(const struct story *story)
{
    return story->file.len == story->transcript.len &&
           memcmp(story->file.data, story->transcript.data, story->file.len) == 0;
}

/* ------------------------------------------------------------------- lines */

static void complain(struct player *p, const char *text)
{
    bytes_printf(&p->story->complaints, "%s:%u: %s\n    %s\n", p->story->path, p->number, text,
                 p->line);
}

static void on_alarm(void *arg, const char *text)
{
    struct player *p = arg;

    bytes_append(&p->story->transcript, p->stage.lines.data, p->stage.lines.len);
    complain(p, text);
    longjmp(p->end, 1);
}

static void play_act(struct player *p, bool set_up)
{
    if (set_up && p->told)
        stage_alarm(&p->stage, "the set-up comes first");
    if (!set_up && !p->told) {
        p->told = true;
        p->stage.quiet = false;
        p->stage.clock_told_ms = p->stage.now_ms;
        p->stage.story_from = p->stage.told_count;
    }
    act(&p->stage, &p->words);
    bytes_append(&p->story->transcript, p->stage.lines.data, p->stage.lines.len);
    bytes_clear(&p->stage.lines);
}

static void play_fact(struct player *p)
{
    struct bytes instead = BYTES_INIT;

    p->story->facts++;
    if (!fact_holds(&p->stage, &p->words, &instead)) {
        bytes_append(&instead, "", 1);
        complain(p, (const char *)instead.data);
    }
    bytes_release(&instead);
}

/* The first letter says what a line is. Lines of the transcript are dropped: they
 * are written anew. */
static void play_line(struct player *p)
{
    char kind = p->line[0];

    if (kind == '|')
        return;
    bytes_printf(&p->story->transcript, "%s\n", p->line);
    if (kind == '#' || kind == '\0')
        return;
    if (strchr(":>=", kind) == NULL || p->line[1] != ' ')
        stage_alarm(&p->stage, "a line begins with #, : or > or = or |");
    words_release(&p->words);
    if (!words_split(&p->words, p->line + 2))
        stage_alarm(&p->stage, "a quote or bracket is open");
    if (kind == '=')
        play_fact(p);
    else
        play_act(p, kind == ':');
}

static void play_lines(struct player *p)
{
    char *text = xstrndup((const char *)p->story->file.data, p->story->file.len), *next;

    p->line = text;
    if (setjmp(p->end) == 0) {
        for (char *line = text; line != NULL && *line != '\0'; line = next) {
            next = strchr(line, '\n');
            if (next != NULL)
                *next++ = '\0';
            p->line = line;
            p->number++;
            play_line(p);
        }
    }
    free(text);
}

bool story_play(struct story *story)
{
    struct player *p = xcalloc(1, sizeof(*p));

    p->story = story;
    stage_init(&p->stage);
    p->stage.alarm = on_alarm;
    p->stage.alarm_arg = p;
    if (story->file.len < 2 || memcmp(story->file.data, "# ", 2) != 0)
        bytes_printf(&story->complaints, "%s:1: the first line is the claim: # ...\n", story->path);
    play_lines(p);
    if (story->complaints.len == 0 && story->facts == 0)
        bytes_printf(&story->complaints, "%s: no fact (= ...) makes the claim true\n", story->path);
    story->commands = p->stage.commands;
    story->foresights = p->stage.foresights;
    words_release(&p->words);
    stage_release(&p->stage);
    free(p);
    return story->complaints.len == 0;
}
