#include "base/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

/* A log in a folder of its own. */
struct fixture {
    char dir[32];
    char *path;
    char *old_path;
};

static void setup(struct fixture *f, enum log_level level_min)
{
    strcpy(f->dir, "/tmp/holdfast-log-XXXXXX");
    cr_assert_not_null(mkdtemp(f->dir));
    f->path = xasprintf("%s/log", f->dir);
    f->old_path = xasprintf("%s/log.1", f->dir);
    cr_assert_eq(log_open(f->path, "n1", level_min), 0);
}

static void teardown(struct fixture *f)
{
    log_close();
    unlink(f->path);
    unlink(f->old_path);
    rmdir(f->dir);
    free(f->path);
    free(f->old_path);
}

static char *read_all(const char *path)
{
    char *text = xcalloc(1, 1 << 20);
    FILE *file = fopen(path, "r");
    size_t len;

    cr_assert_not_null(file, "%s", path);
    len = fread(text, 1, (1 << 20) - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    bool found;

    cr_assert_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

Test(log, a_line_has_stamp_level_who_area_and_text)
{
    struct fixture f;
    char *text;

    setup(&f, LOG_INFO_);
    log_info("pulse", "%d nodes", 3);
    text = read_all(f.path);
    cr_assert(matches(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                            "INFO n1 pulse: 3 nodes\n$"),
              "%s", text);
    free(text);
    teardown(&f);
}

Test(log, what_is_below_the_level_is_not_written)
{
    struct fixture f;
    char *text;

    setup(&f, LOG_WARN_);
    log_debug("a", "one");
    log_info("a", "two");
    log_warn("a", "three");
    log_error("a", "four");
    text = read_all(f.path);
    cr_assert(!strstr(text, "one") && !strstr(text, "two"));
    cr_assert(strstr(text, "WARN n1 a: three\n") && strstr(text, "ERROR n1 a: four\n"));
    free(text);
    teardown(&f);
}

Test(log, a_text_cannot_begin_a_line_of_its_own)
{
    struct fixture f;
    char *text;

    setup(&f, LOG_INFO_);
    log_info("a", "x\ny\x1B[31mz\r\n");
    text = read_all(f.path);
    cr_assert(strstr(text, "x y [31mz  \n"), "%s", text);
    cr_assert_eq(strchr(text, '\n')[1], '\0');
    free(text);
    teardown(&f);
}

Test(log, a_long_line_is_cut_and_still_ends)
{
    struct fixture f;
    char *text;
    char *big = xcalloc(1, 100001);

    memset(big, 'x', 100000);
    setup(&f, LOG_INFO_);
    log_info("a", "%s", big);
    log_info(big, "%s", big);
    log_info("a", "%s", "next");
    text = read_all(f.path);
    cr_assert_leq(strchr(text, '\n') - text, 4096);
    cr_assert(strstr(text, "INFO n1 a: next\n"));
    free(big);
    free(text);
    teardown(&f);
}

Test(log, reopen_goes_on_in_a_new_file)
{
    struct fixture f;
    char *text;

    setup(&f, LOG_INFO_);
    log_info("a", "before");
    cr_assert_eq(rename(f.path, f.old_path), 0);
    log_info("a", "still old");
    cr_assert_eq(log_reopen(), 0);
    log_info("a", "after");
    text = read_all(f.old_path);
    cr_assert(strstr(text, "before") && strstr(text, "still old") && !strstr(text, "after"));
    free(text);
    text = read_all(f.path);
    cr_assert(!strstr(text, "before") && strstr(text, "after"));
    free(text);
    teardown(&f);
}

Test(log, opening_again_appends)
{
    struct fixture f;
    char *text;

    setup(&f, LOG_INFO_);
    log_info("a", "first");
    cr_assert_eq(log_open(f.path, "n2", LOG_INFO_), 0);
    log_info("a", "second");
    text = read_all(f.path);
    cr_assert(strstr(text, "n1 a: first") && strstr(text, "n2 a: second"));
    free(text);
    teardown(&f);
}

Test(log, a_path_that_cannot_be_opened_is_an_error_and_changes_nothing)
{
    struct fixture f;
    char *text;

    setup(&f, LOG_INFO_);
    cr_assert_eq(log_open("/nonexistent/folder/log", "n2", LOG_INFO_), ERROR_FILE_NOT_FOUND);
    log_info("a", "here");
    text = read_all(f.path);
    cr_assert(strstr(text, "n1 a: here"));
    free(text);
    teardown(&f);
}

Test(log, writing_leaves_errno_alone)
{
    struct fixture f;

    setup(&f, LOG_INFO_);
    errno = ENOTTY;
    log_info("a", "%s", "text");
    cr_assert_eq(errno, ENOTTY);
    teardown(&f);
}

static void *write_lines(void *arg)
{
    for (int i = 0; i < 200; i++)
        log_info("thread", "%s", (const char *)arg);
    return NULL;
}

Test(log, lines_of_several_threads_do_not_mix)
{
    static char *const texts[] = {"aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb",
                                  "cccccccccccccccccccc"};
    pthread_t threads[3];
    struct fixture f;
    char *text;
    int lines = 0;

    setup(&f, LOG_INFO_);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, write_lines, texts[i]), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    text = read_all(f.path);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++)
        cr_assert(matches(line, "Z INFO n1 thread: (a{20}|b{20}|c{20})$"), "%s", line);
    cr_assert_eq(lines, 600);
    free(text);
    teardown(&f);
}
