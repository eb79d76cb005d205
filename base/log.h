/* The log of a process: one line per event, on standard error or in a file.
 *
 * Lines read `2026-01-31T12:00:00.123Z INFO n1 pulse: text`. Whoever can act on
 * an error logs it; those below return it. Each line is one
 * write(2), so that lines of several processes do not mix; it is cut at 4 KiB,
 * and control characters in it become blanks. Thread-safe. */
#ifndef HOLDFAST_BASE_LOG_H
#define HOLDFAST_BASE_LOG_H

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };

/* Write to `path` (appended; reopened by log_reopen()), NULL for standard
 * error, as `who`; both copied. Returns 0 or an error code of base/error.h. */
unsigned log_open(const char *path, const char *who, enum log_level level_min);
/* Open the file of log_open() again, after somebody renamed it. On error the
 * old one stays in use. */
unsigned log_reopen(void);
/* Close the file; what is written from now on goes to standard error. */
void log_close(void);
void log_write(enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(area, ...) log_write(LOG_DEBUG_, area, __VA_ARGS__)
#define log_info(area, ...) log_write(LOG_INFO_, area, __VA_ARGS__)
#define log_warn(area, ...) log_write(LOG_WARN_, area, __VA_ARGS__)
#define log_error(area, ...) log_write(LOG_ERROR_, area, __VA_ARGS__)

#endif
