#include "resources/fence_agent.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/secret.h"

enum {
    DRAIN_MS = 1000, /* For what it has said to come through after its end. */
    STREAMS = 3,
    OUTPUT_MAX = 4096, /* More is read, but not kept. */
};

struct fence_agent {
    uv_process_t process;
    uv_timer_t timer;
    uv_pipe_t pipes[STREAMS]; /* Its standard input, output, error. */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct bytes input;
    char *secrets[FENCE_PARAMETERS_MAX];
    unsigned secret_count;
    char output[OUTPUT_MAX];
    size_t output_len;
    unsigned open_handles;
    unsigned open_streams; /* Of output and error, not yet at their end. */
    bool asks;             /* status or monitor: 2 is an answer. */
    bool exited, killed, ending;
    int64_t status;
    int signal;
    fence_agent_done done; /* NULL: cancelled. */
    void *data;
};

const char *fence_outcome_name(enum fence_outcome o)
{
    static const char *const names[] = {"done", "off", "failed", "timeout"};

    return (unsigned)o < sizeof(names) / sizeof(names[0]) ? names[o] : "?";
}

/* ------------------------------------------------------------------ the end */

static void wipe_text(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void agent_free(struct fence_agent *f)
{
    if (f->input.data != NULL)
        explicit_bzero(f->input.data, f->input.len);
    bytes_release(&f->input);
    for (unsigned i = 0; i < f->secret_count; i++)
        wipe_text(f->secrets[i]);
    explicit_bzero(f->output, sizeof f->output);
    free(f);
}

static enum fence_outcome outcome_of(const struct fence_agent *f)
{
    if (f->killed)
        return FENCE_TIMEOUT;
    if (f->signal == 0 && f->status == 0)
        return FENCE_DONE;
    return f->asks && f->signal == 0 && f->status == 2 ? FENCE_OFF : FENCE_FAILED;
}

/* Its last line that says something, without secrets. Anything may be in it. */
static void last_words(struct fence_agent *f, char text[FENCE_TEXT_MAX])
{
    char *end = f->output + f->output_len, *line;
    size_t len;

    for (char *at = f->output; at < end; at++)
        if ((unsigned char)*at < ' ' && *at != '\n')
            *at = ' ';
        else if ((unsigned char)*at >= 0x7f)
            *at = '?';
    while (end > f->output && (end[-1] == '\n' || end[-1] == ' '))
        end--;
    *end = '\0';
    for (unsigned i = 0; i < f->secret_count; i++)
        secret_strike(f->output, f->secrets[i]);
    line = strrchr(f->output, '\n');
    line = line != NULL ? line + 1 : f->output;
    len = strnlen(line, FENCE_TEXT_MAX - 1);
    memcpy(text, line, len);
    text[len] = '\0';
}

static void on_closed(uv_handle_t *handle)
{
    struct fence_agent *f = handle->data;
    char text[FENCE_TEXT_MAX];

    assert(f->open_handles > 0);
    if (--f->open_handles > 0)
        return;
    if (f->done != NULL) {
        last_words(f, text);
        f->done(outcome_of(f), text, f->data);
    }
    agent_free(f);
}

static void end(struct fence_agent *f)
{
    if (f->ending)
        return;
    f->ending = true;
    for (unsigned i = 0; i < STREAMS; i++)
        uv_close((uv_handle_t *)&f->pipes[i], on_closed);
    uv_close((uv_handle_t *)&f->timer, on_closed);
    uv_close((uv_handle_t *)&f->process, on_closed);
}

/* Over when it has ended and what it said is read. */
static void end_if_over(struct fence_agent *f)
{
    if (f->exited && f->open_streams == 0)
        end(f);
}

/* ------------------------------------------------------------- while it runs */

static void on_drained(uv_timer_t *timer)
{
    end(timer->data);
}

static void kill_all(const struct fence_agent *f)
{
    assert(f->process.pid > 1);
    kill(-f->process.pid, SIGKILL);
}

static void on_timeout(uv_timer_t *timer)
{
    struct fence_agent *f = timer->data;

    f->killed = true;
    kill_all(f);
}

static void on_exit_(uv_process_t *process, int64_t status, int signal_number)
{
    struct fence_agent *f = process->data;

    f->exited = true;
    f->status = status;
    f->signal = signal_number;
    /* What it has left behind is of no use to anybody, and may hold the pipes. */
    kill_all(f);
    if (f->done == NULL)
        end(f);
    else if (!f->ending)
        uv_timer_start(&f->timer, on_drained, DRAIN_MS, 0);
    end_if_over(f);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct fence_agent *f = handle->data;

    (void)suggested;
    assert(f->output_len < OUTPUT_MAX - 1); /* See make_room(). */
    *ret = uv_buf_init(f->output + f->output_len, (unsigned)(OUTPUT_MAX - 1 - f->output_len));
}

/* Its end matters most: of much output the later half is kept. */
static void make_room(struct fence_agent *f)
{
    size_t half = OUTPUT_MAX / 2;

    if (f->output_len < OUTPUT_MAX - 1)
        return;
    memmove(f->output, f->output + half, f->output_len - half);
    f->output_len -= half;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct fence_agent *f = stream->data;

    if (n < 0) {
        uv_read_stop(stream);
        f->open_streams--;
        end_if_over(f);
        return;
    }
    assert(buf->base == f->output + f->output_len);
    f->output_len += (size_t)n;
    make_room(f);
}

static void on_shut_down(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown;
    (void)status;
}

static void on_written(uv_write_t *write, int status)
{
    struct fence_agent *f = write->data;

    (void)status; /* One that does not read what it is told has failed by itself. */
    if (!f->ending)
        uv_shutdown(&f->shutdown, (uv_stream_t *)&f->pipes[0], on_shut_down);
}

/* --------------------------------------------------------------- the beginning */

/* What a line can carry. */
static bool parameter_is_valid(const struct fence_parameter *p)
{
    return p->name[0] != '\0' && strpbrk(p->name, " =\t\r\n#") == NULL &&
           strpbrk(p->value, "\r\n") == NULL;
}

static uint32_t input_write(struct fence_agent *f, const struct fence_call *call)
{
    for (unsigned i = 0; i < call->parameter_count; i++) {
        const struct fence_parameter *p = &call->parameters[i];

        if (!parameter_is_valid(p) || f->secret_count == FENCE_PARAMETERS_MAX)
            return ERROR_INVALID_PARAMETER;
        bytes_printf(&f->input, "%s=%s\n", p->name, p->value);
        if (!secret_may_show(p->name))
            f->secrets[f->secret_count++] = xstrdup(p->value);
    }
    if (call->node != NULL)
        bytes_printf(&f->input, "nodename=%s\n", call->node);
    /* Last: of one that is given twice the last counts. */
    bytes_printf(&f->input, "action=%s\n", call->action);
    return 0;
}

static int spawn(struct fence_agent *f, uv_loop_t *loop, char *path)
{
    static char setpriv[] = "/usr/bin/setpriv", death[] = "--pdeathsig", how[] = "KILL";
    static char search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C";
    char *args[] = {setpriv, death, how, path, NULL};
    char *environment[] = {search, language, NULL};
    uv_stdio_container_t stdio[STREAMS];
    uv_process_options_t options = {
        .exit_cb = on_exit_,
        .file = setpriv,
        .args = args,
        .env = environment,
        .cwd = "/",
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = STREAMS,
        .stdio = stdio,
    };

    for (unsigned i = 0; i < STREAMS; i++) {
        stdio[i].flags = UV_CREATE_PIPE | (i == 0 ? UV_READABLE_PIPE : UV_WRITABLE_PIPE);
        stdio[i].data.stream = (uv_stream_t *)&f->pipes[i];
    }
    return uv_spawn(loop, &f->process, &options);
}

static void handles_init(struct fence_agent *f, uv_loop_t *loop)
{
    for (unsigned i = 0; i < STREAMS; i++) {
        uv_pipe_init(loop, &f->pipes[i], 0);
        f->pipes[i].data = f;
    }
    uv_timer_init(loop, &f->timer);
    f->timer.data = f;
    f->process.data = f;
    f->write.data = f;
    f->open_handles = STREAMS + 2;
}

static void begin(struct fence_agent *f, unsigned timeout_ms)
{
    uv_buf_t buf = uv_buf_init((char *)f->input.data, (unsigned)f->input.len);

    f->open_streams = 2;
    uv_read_start((uv_stream_t *)&f->pipes[1], on_alloc, on_read);
    uv_read_start((uv_stream_t *)&f->pipes[2], on_alloc, on_read);
    uv_write(&f->write, (uv_stream_t *)&f->pipes[0], &buf, 1, on_written);
    uv_timer_start(&f->timer, on_timeout, timeout_ms, 0);
}

uint32_t fence_agent_start(uv_loop_t *loop, const struct fence_call *call, fence_agent_done done,
                           void *data, struct fence_agent **ret)
{
    char *path =
        call->agent[0] == '/' ? xstrdup(call->agent) : xasprintf("/usr/sbin/%s", call->agent);
    struct fence_agent *f = xcalloc(1, sizeof *f);
    uint32_t code = input_write(f, call);
    int rc;

    assert(done != NULL && call->timeout_ms > 0);
    if (code == 0 && call->agent[0] != '/' && strchr(call->agent, '/') != NULL)
        code = ERROR_INVALID_PARAMETER;
    if (code == 0 && access(path, X_OK) != 0)
        code = ERROR_FILE_NOT_FOUND;
    if (code != 0) {
        free(path);
        agent_free(f);
        return code;
    }
    f->asks = strcmp(call->action, "status") == 0 || strcmp(call->action, "monitor") == 0;
    f->data = data;
    handles_init(f, loop);
    rc = spawn(f, loop, path);
    free(path);
    if (rc != 0) {
        end(f); /* Without done: nobody is told twice. */
        return error_from_errno(-rc);
    }
    f->done = done;
    begin(f, call->timeout_ms);
    *ret = f;
    return 0;
}

void fence_agent_cancel(struct fence_agent *f)
{
    assert(f->done != NULL);
    f->done = NULL;
    if (f->exited)
        end(f);
    else
        kill_all(f); /* Its end is waited for, so that it is reaped. */
}
