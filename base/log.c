#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

#define LOG_LINE_BYTES 4096

/* The one place with state of the process: a log is where the process writes,
 * and every part needs it without being handed it. */
static struct {
    pthread_mutex_t lock;
    int fd;
    char *path; /* NULL for standard error. */
    char *who;
    enum log_level level_min;
} process_log = {PTHREAD_MUTEX_INITIALIZER, STDERR_FILENO, NULL, NULL, LOG_INFO_};

static int log_open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

/* Lock held. */
static void log_use(int fd)
{
    if (process_log.fd != STDERR_FILENO)
        close(process_log.fd);
    process_log.fd = fd;
}

unsigned log_open(const char *path, const char *who, enum log_level level_min)
{
    int fd = path == NULL ? STDERR_FILENO : log_open_file(path);

    if (fd < 0)
        return error_from_errno(errno);
    pthread_mutex_lock(&process_log.lock);
    log_use(fd);
    free(process_log.path);
    free(process_log.who);
    process_log.path = xstrdup(path);
    process_log.who = xstrdup(who);
    process_log.level_min = level_min;
    pthread_mutex_unlock(&process_log.lock);
    return 0;
}

unsigned log_reopen(void)
{
    unsigned code = 0;

    pthread_mutex_lock(&process_log.lock);
    if (process_log.path != NULL) {
        int fd = log_open_file(process_log.path);
        if (fd < 0)
            code = error_from_errno(errno);
        else
            log_use(fd);
    }
    pthread_mutex_unlock(&process_log.lock);
    return code;
}

void log_close(void)
{
    pthread_mutex_lock(&process_log.lock);
    log_use(STDERR_FILENO);
    free(process_log.path);
    free(process_log.who);
    process_log.path = NULL;
    process_log.who = NULL;
    pthread_mutex_unlock(&process_log.lock);
}

static size_t log_stamp(char *out, size_t size)
{
    struct timespec now;
    struct tm utc;
    size_t len;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    len = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
    return len + (size_t)snprintf(out + len, size - len, ".%03ldZ", now.tv_nsec / 1000000);
}

/* Texts come from clients and scripts too: none of them may begin a line of
 * its own or steer a terminal. */
static void log_clean(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7F)
            text[i] = ' ';
    }
}

static void log_put(int fd, const char *line, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, line, len);
        if (written < 0 && errno == EINTR)
            continue;
        /* Nobody is left to tell that the log cannot be written. */
        if (written <= 0)
            return;
        line += written;
        len -= (size_t)written;
    }
}

/* What snprintf() answered, as the number of characters that are there. */
static size_t printed(int answer, size_t size)
{
    if (answer < 0)
        return 0;
    return (size_t)answer < size ? (size_t)answer : size - 1;
}

void log_write(enum log_level level, const char *area, const char *format, ...)
{
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    char line[LOG_LINE_BYTES];
    const size_t room = sizeof line - 1; /* The newline's place. */
    int saved_errno = errno;             /* So that logging an error does not change it. */
    va_list args;
    size_t len;

    pthread_mutex_lock(&process_log.lock);
    if (level < process_log.level_min)
        goto unlock;
    len = log_stamp(line, room);
    len += printed(snprintf(line + len, room - len, " %s %s %s: ", names[level],
                            process_log.who == NULL ? "-" : process_log.who, area),
                   room - len);
    va_start(args, format);
    len += printed(vsnprintf(line + len, room - len, format, args), room - len);
    va_end(args);
    log_clean(line, len);
    line[len++] = '\n';
    log_put(process_log.fd, line, len);
unlock:
    pthread_mutex_unlock(&process_log.lock);
    errno = saved_errno;
}
