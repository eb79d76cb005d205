/* The configuration file of a node that joins. What one says is asked of holdfastd itself,
 * so that there is one reader of it; writing changes only what joining is about. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/join.h"
#include "cli/output.h"

#define CONFIG_DEFAULT "/etc/holdfast/holdfast.conf"
#define DATA_DEFAULT "/var/lib/holdfast"
#define SOCKET_DEFAULT "/run/holdfast/api.sock"

enum { SEEDS_BYTES_MAX = 185 }; /* A line of the file has 198 at most. */

/* ----------------------------------------------------------------- programs */

/* The ends of a pipe, of which only those that are dup'ed outlive an exec. */
static pid_t spawn(char *const argv[], int *ret_fd)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    *ret_fd = ends[0];
    if (pid < 0)
        close(ends[0]);
    return pid;
}

int join_run(struct join *j, char *const argv[], const char **ret_output)
{
    struct bytes output = BYTES_INIT;
    char part[4096];
    ssize_t n;
    int fd, status;
    pid_t pid = spawn(argv, &fd);

    *ret_output = "";
    if (pid < 0)
        return -1;
    while ((n = read(fd, part, sizeof(part))) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            bytes_append(&output, part, (size_t)n);
    close(fd);
    *ret_output = arena_strndup(&j->cli->arena, (const char *)output.data, output.len);
    bytes_release(&output);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

/* Where `make` puts it beside this program, where `make install` does, or in PATH. */
static const char *find_holdfastd(struct arena *a)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    const char *path;

    self[n < 0 ? 0 : n] = '\0';
    self[strrchr(self, '/') != NULL ? (size_t)(strrchr(self, '/') - self) : 0] = '\0';
    path = arena_printf(a, "%s/holdfastd", self);
    if (access(path, X_OK) == 0)
        return path;
    path = arena_printf(a, "%s/../sbin/holdfastd", self);
    if (access(path, X_OK) == 0)
        return path;
    return access("/usr/sbin/holdfastd", X_OK) == 0 ? "/usr/sbin/holdfastd" : "holdfastd";
}

/* ------------------------------------------------------------------- reading */

static void add_seed(struct join *j, const char *address, size_t len)
{
    const char *own = j->address != NULL ? j->address : "";
    const char *copy;

    if (len == 0 || j->seed_count == SEEDS_MAX ||
        (strncmp(own, address, len) == 0 && (own[len] == '\0' || own[len] == '/')))
        return;
    copy = arena_strndup(&j->cli->arena, address, len);
    for (unsigned i = 0; i < j->seed_count; i++)
        if (strcmp(j->seeds[i], copy) == 0)
            return;
    j->seeds[j->seed_count++] = copy;
}

static void add_seeds(struct join *j, const char *list)
{
    while (*list != '\0') {
        size_t len = strcspn(list, " \t,");

        add_seed(j, list, len);
        list += len + strspn(list + len, " \t,");
    }
}

/* NAME=HOST:PORT, perhaps with /ROLE. */
static void add_peer(struct join *j, const char *peer)
{
    const char *address = strchr(peer, '=');
    const char *end;

    if (address == NULL ||
        name_equal(arena_strndup(&j->cli->arena, peer, (size_t)(address - peer)), j->name))
        return;
    end = strrchr(++address, '/');
    add_seed(j, address, end != NULL ? (size_t)(end - address) : strlen(address));
}

/* One line of `holdfastd --print`. The file's own name and address stand first. */
static void take_line(struct join *j, const char *key, const char *value)
{
    const struct {
        const char *key, **field;
    } fields[] = {{"node.name", &j->name},       {"node.data", &j->data},
                  {"node.socket", &j->socket},   {"node.log", &j->log},
                  {"node.address", &j->address}, {"cluster.name", &j->cluster}};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (strcmp(key, fields[i].key) == 0)
            *fields[i].field = value;
    if (strcmp(key, "cluster.join") == 0) {
        j->file_joins = true;
        add_seeds(j, value);
    } else if (strcmp(key, "cluster.peers") == 0) {
        add_peer(j, value);
    }
}

static int read_file(struct join *j)
{
    char *const argv[] = {(char *)j->holdfastd, (char *)"--print", (char *)"--config",
                          (char *)j->config, NULL};
    struct arena *a = &j->cli->arena;
    const char *output;
    int status = join_run(j, argv, &output);

    if (status != 0) {
        cli_report(j->cli, "node join", status < 0 ? ERROR_FILE_NOT_FOUND : ERROR_INVALID_DATA,
                   status < 0 ? arena_printf(a, "%s cannot be run", j->holdfastd) : output,
                   status < 0 ? "install holdfastd beside this program, or in PATH"
                              : arena_printf(a, "put %s right, or move it away", j->config));
        return CLI_FAILED;
    }
    while (*output != '\0') {
        size_t len = strcspn(output, "\n");
        const char *line = arena_strndup(a, output, len);
        const char *equals = strstr(line, " = ");

        if (equals != NULL)
            take_line(j, arena_strndup(a, line, (size_t)(equals - line)), equals + 3);
        output += len + (output[len] == '\n');
    }
    return CLI_DONE;
}

/* ------------------------------------------------------------ the command line */

static const char *absolute(struct arena *a, const char *path)
{
    char folder[4096];

    if (path[0] == '/' || getcwd(folder, sizeof(folder)) == NULL)
        return path;
    return arena_printf(a, "%s/%s", folder, path);
}

static const char *host_name(struct arena *a)
{
    char name[256] = "";

    if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
        return "node";
    return arena_strndup(a, name, strlen(name));
}

static int differs(struct join *j, const char *key, const char *is, const char *wanted)
{
    struct arena *a = &j->cli->arena;

    cli_report(j->cli, "node join", ERROR_ALREADY_EXISTS,
               arena_printf(a, "%s says %s = %s, not %s", j->config, key, is, wanted),
               "leave the option out, take another --config, or change the file by hand");
    return CLI_FAILED;
}

/* HOST:PORT without the role behind it. */
static const char *plain(struct arena *a, const char *address)
{
    const char *slash = strrchr(address, '/');

    return slash != NULL ? arena_strndup(a, address, (size_t)(slash - address)) : address;
}

/* An existing file is what counts, but for where the node is to be found and what it is. */
static int check_options(struct join *j)
{
    struct arena *a = &j->cli->arena;
    const char *const *options = j->cli->options;
    bool replaces = cli_has(j->cli, OPTION_REPLACE);

    if (options[OPTION_NAME] != NULL && !name_equal(options[OPTION_NAME], j->name))
        return differs(j, "name", j->name, options[OPTION_NAME]);
    if (options[OPTION_DATA] != NULL && strcmp(absolute(a, options[OPTION_DATA]), j->data) != 0)
        return differs(j, "data", j->data, absolute(a, options[OPTION_DATA]));
    if (!replaces && options[OPTION_ADDRESS] != NULL &&
        strcmp(options[OPTION_ADDRESS], plain(a, j->address)) != 0)
        return differs(j, "address", j->address, options[OPTION_ADDRESS]);
    if (!replaces && cli_has(j->cli, OPTION_WITNESS) && strstr(j->address, "/witness") == NULL)
        return differs(j, "address", j->address, arena_printf(a, "%s/witness", j->address));
    return CLI_DONE;
}

static void fill_in(struct join *j)
{
    struct arena *a = &j->cli->arena;
    const char *const *options = j->cli->options;

    j->name = options[OPTION_NAME] != NULL ? options[OPTION_NAME] : host_name(a);
    j->data = options[OPTION_DATA] != NULL ? absolute(a, options[OPTION_DATA]) : DATA_DEFAULT;
    /* A node that has a folder of its own has its socket there. */
    if (options[OPTION_SOCKET] != NULL)
        j->socket = absolute(a, options[OPTION_SOCKET]);
    else
        j->socket =
            options[OPTION_DATA] != NULL ? arena_printf(a, "%s/api.sock", j->data) : SOCKET_DEFAULT;
}

static void take_address(struct join *j)
{
    struct arena *a = &j->cli->arena;
    const char *given = j->cli->options[OPTION_ADDRESS];
    bool witness = cli_has(j->cli, OPTION_WITNESS) ||
                   (j->address != NULL && strstr(j->address, "/witness") != NULL);

    if (given == NULL && j->address == NULL)
        return;
    given = given != NULL ? given : plain(a, j->address);
    j->address = witness ? arena_printf(a, "%s/witness", given) : given;
}

int join_read_file(struct join *j)
{
    struct cli *cli = j->cli;
    struct arena *a = &cli->arena;
    struct address address;
    int status = CLI_DONE;

    j->about = "node join";
    j->holdfastd = find_holdfastd(a);
    j->config =
        absolute(a, cli_has(cli, OPTION_CONFIG) ? cli->options[OPTION_CONFIG] : CONFIG_DEFAULT);
    for (unsigned i = 0; i < cli->rest_count; i++)
        if (address_parse(cli->rest[i], 0, &address) != 0 || address.is_unix)
            return cli_usage(cli, "`%s` is no HOST:PORT of a member", cli->rest[i]);
    if (cli_has(cli, OPTION_ADDRESS) &&
        (address_parse(cli->options[OPTION_ADDRESS], 0, &address) != 0 || address.is_unix))
        return cli_usage(cli, "--address %s: not HOST:PORT", cli->options[OPTION_ADDRESS]);
    j->file_exists = access(j->config, F_OK) == 0;
    for (unsigned i = 0; i < cli->rest_count; i++) /* These are asked first. */
        add_seed(j, cli->rest[i], strlen(cli->rest[i]));
    status = j->file_exists ? read_file(j) : CLI_DONE;
    if (status == CLI_DONE && j->file_exists)
        status = check_options(j);
    if (status != CLI_DONE)
        return status;
    if (!j->file_exists)
        fill_in(j);
    take_address(j);
    if (j->seed_count == 0)
        return cli_usage(cli, "who is in the cluster? Give HOST:PORT of a member%s",
                         j->file_exists ? ": the file names no other node" : "");
    j->about = arena_printf(a, "node %s", j->name);
    return CLI_DONE;
}

/* ------------------------------------------------------------------- writing */

/* As many members as a line holds, those that were asked for first. */
static const char *seed_line(struct join *j)
{
    const char *line = "";

    for (uint32_t i = 0; j->nodes != NULL && i < j->nodes->len; i++) {
        const char *name = "", *address = "";

        value_get_str(&j->nodes->items[i], "name", SIZE_MAX, &name);
        if (value_get_str(&j->nodes->items[i], "address", SIZE_MAX, &address) &&
            !name_equal(name, j->name))
            add_seed(j, address, strlen(address));
    }
    for (unsigned i = 0; i < j->seed_count; i++)
        if (strlen(line) + strlen(j->seeds[i]) < SEEDS_BYTES_MAX)
            line = arena_printf(&j->cli->arena, "%s%s%s", line, i > 0 ? " " : "", j->seeds[i]);
    return line;
}

static void write_new(struct join *j, FILE *to)
{
    static const char *const timing[] = {"lease_ms",     "pulse_ms", "election_ms",
                                         "heartbeat_ms", "guard_ms", "voter_grace_ms"};
    const struct value *numbers = value_get_map(j->settings, "timing");
    struct arena *a = &j->cli->arena;

    fprintf(to,
            "# Written by `holdfast node join`: docs/configuration.md.\n"
            "[node]\nname = %s\ndata = %s\nsocket = %s\naddress = %s\n",
            j->name, j->data, j->socket, j->address);
    if (!join_has_unit(j))
        fprintf(to, "log = %s/log\n", j->data);
    fprintf(to, "\n[cluster]\nname = %s\njoin = %s\n", j->cluster, seed_line(j));
    if (value_is_str(value_get(j->settings, "voters"), "fixed"))
        fputs("voters = fixed\n", to);
    fputs("\n# As all nodes of this cluster have them.\n[timing]\n", to);
    for (size_t i = 0; i < sizeof(timing) / sizeof(timing[0]); i++)
        fprintf(to, "%s = %s\n", timing[i], text_field(a, numbers, timing[i]));
}

/* What one line of a file is to joining. */
enum line_kind { LINE_OTHER, LINE_NODE, LINE_CLUSTER, LINE_PEERS, LINE_OLD };

static enum line_kind line_kind(const char *line, char section[16])
{
    const char *at = line + strspn(line, " \t");
    size_t len = strcspn(at, "=:");

    if (at[0] == '[') {
        snprintf(section, 16, "%.*s", (int)strcspn(at + 1, "]\n"), at + 1);
        return strcmp(section, "node") == 0      ? LINE_NODE
               : strcmp(section, "cluster") == 0 ? LINE_CLUSTER
                                                 : LINE_OTHER;
    }
    while (len > 0 && isspace((unsigned char)at[len - 1]))
        len--;
    if (strcmp(section, "cluster") == 0 && len == 5 && strncmp(at, "peers", len) == 0)
        return LINE_PEERS;
    if ((strcmp(section, "cluster") == 0 && len == 4 && strncmp(at, "join", len) == 0) ||
        (strcmp(section, "node") == 0 && len == 7 && strncmp(at, "address", len) == 0))
        return LINE_OLD;
    return LINE_OTHER;
}

/* All but `peers`, which is kept as a comment, `join` and `address` stays as it is. A line
 * that begins with a blank goes on with the key before it. */
static void write_changed(struct join *j, FILE *from, FILE *to)
{
    enum line_kind kind = LINE_OTHER;
    bool node = false, cluster = false;
    char section[16] = "";
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, from) > 0) {
        bool goes_on = (line[0] == ' ' || line[0] == '\t') &&
                       (kind == LINE_PEERS || kind == LINE_OLD) &&
                       line[strspn(line, " \t\r\n")] != '\0';
        if (!goes_on)
            kind = line_kind(line, section);
        if (kind == LINE_OLD)
            continue;
        fprintf(to, "%s%s%s", kind == LINE_PEERS ? "# " : "", line,
                strchr(line, '\n') == NULL ? "\n" : "");
        if (kind == LINE_NODE && !node)
            fprintf(to, "address = %s\n", j->address);
        if (kind == LINE_CLUSTER && !cluster)
            fprintf(to, "join = %s\n", seed_line(j));
        node |= kind == LINE_NODE;
        cluster |= kind == LINE_CLUSTER;
    }
    free(line);
}

static int cannot(struct join *j, const char *what, const char *path)
{
    int error = errno;

    cli_report(j->cli, j->about, error_from_errno(error),
               arena_printf(&j->cli->arena, "cannot %s %s: %s", what, path, strerror(error)),
               error == EACCES || error == EPERM ? "run it as root, or as the user of holdfastd"
                                                 : NULL);
    return CLI_FAILED;
}

/* Nobody but its owner need read it; one that was there keeps what it had. */
static FILE *create(struct join *j, const char *path)
{
    struct stat old = {.st_mode = 0600, .st_uid = (uid_t)-1, .st_gid = (gid_t)-1};
    int fd;

    if (j->file_exists)
        (void)stat(j->config, &old);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    if (j->file_exists && fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM)
        (void)errno; /* It is ours now: as good. */
    (void)fchmod(fd, old.st_mode & 0777);
    return fdopen(fd, "w");
}

static bool write_text(struct join *j, const char *path)
{
    FILE *from = j->file_exists ? fopen(j->config, "re") : NULL;
    FILE *to = create(j, path);
    bool good = to != NULL && (from != NULL || !j->file_exists);

    if (good && from != NULL)
        write_changed(j, from, to);
    else if (good)
        write_new(j, to);
    if (from != NULL)
        fclose(from);
    good = good && fflush(to) == 0 && fsync(fileno(to)) == 0;
    if (to != NULL)
        good = fclose(to) == 0 && good;
    return good;
}

/* The folder of `path`; made if it is missing, but not those above it. */
static const char *folder_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path || slash == NULL ? "/" : arena_strndup(a, path, (size_t)(slash - path));
}

static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

int join_write_file(struct join *j)
{
    struct arena *a = &j->cli->arena;
    const char *path = arena_printf(a, "%s.new", j->config);
    const char *folder = folder_of(a, j->config);
    char *const argv[] = {(char *)j->holdfastd, (char *)"--check", (char *)"--config", (char *)path,
                          NULL};
    const char *output;
    int status;

    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return cannot(j, "make folder", folder);
    if (!write_text(j, path)) {
        status = cannot(j, "write", path);
        unlink(path);
        return status;
    }
    status = join_run(j, argv, &output);
    if (status != 0) {
        unlink(path);
        cli_report(j->cli, j->about, status < 0 ? ERROR_FILE_NOT_FOUND : ERROR_INVALID_DATA,
                   status < 0
                       ? arena_printf(a, "%s cannot be run", j->holdfastd)
                       : arena_printf(a, "that would make no good %s: %s", j->config, output),
                   NULL);
        return CLI_FAILED;
    }
    if (rename(path, j->config) != 0) {
        status = cannot(j, "write", j->config);
        unlink(path);
        return status;
    }
    sync_folder(folder);
    j->file_exists = true;
    return CLI_DONE;
}
