#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/call.h"

#define SOCKET_DEFAULT "/run/holdfast/api.sock"
enum { PORT_DEFAULT = 7400, TIMEOUT_S_MAX = 30 * 86400 };

/* ------------------------------------------------------------------ words */

enum option_id option_named(const char *word, const char **ret_value)
{
    size_t len = strcspn(word, "=");

    *ret_value = word[len] == '=' ? word + len + 1 : NULL;
    if (strcmp(word, "-h") == 0)
        return OPTION_HELP;
    if (strncmp(word, "--", 2) != 0)
        return OPTION_COUNT;
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        if (strlen(option_specs[id].name) == len - 2 &&
            strncmp(option_specs[id].name, word + 2, len - 2) == 0)
            return (enum option_id)id;
    }
    return OPTION_COUNT;
}

static void take_option(struct cli *cli, enum option_id id, const char *value)
{
    if (id == OPTION_SET)
        cli->sets[cli->set_count++] = value;
    cli->options[id] = value;
}

/* Noun, verb, operand, and the rest, in this order. */
static void take_word(struct cli *cli, const char *word)
{
    if (cli->noun == NULL && strcmp(word, "help") == 0) {
        cli->options[OPTION_HELP] = "";
    } else if (cli->noun == NULL) {
        cli->noun = word;
        cli->command = command_find(word, NULL);
    } else if (cli->command == NULL && cli->verb == NULL) {
        cli->verb = word;
        cli->command = command_find(cli->noun, word);
    } else if (cli->operand == NULL && cli->command != NULL && cli->command->operand != WORD_NONE) {
        cli->operand = word;
    } else {
        cli->rest[cli->rest_count++] = word;
    }
}

/* Shared by the strict and the lenient way. Strict: stops at the first fault
 * and says it. Lenient: passes over faults. */
static int take_words(struct cli *cli, int argc, char *const argv[], bool strict,
                      enum option_id *ret_awaited)
{
    bool options_end = false;

    cli->sets = arena_alloc(&cli->arena, (size_t)argc * sizeof(*cli->sets) + 1);
    cli->rest = arena_alloc(&cli->arena, (size_t)argc * sizeof(*cli->rest) + 1);
    *ret_awaited = OPTION_COUNT;
    for (int i = 0; i < argc; i++) {
        const char *value;
        enum option_id id;

        if (options_end || argv[i][0] != '-' || argv[i][1] == '\0') {
            take_word(cli, argv[i]);
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            options_end = true;
            continue;
        }
        id = option_named(argv[i], &value);
        if (id == OPTION_COUNT) {
            if (strict)
                return cli_usage(cli, "unknown option %s", argv[i]);
            continue;
        }
        if (option_specs[id].argument == NULL && value != NULL && strict)
            return cli_usage(cli, "--%s takes no value", option_specs[id].name);
        if (option_specs[id].argument != NULL && value == NULL) {
            if (i + 1 == argc) {
                *ret_awaited = id;
                return strict ? cli_usage(cli, "--%s needs a value: %s", option_specs[id].name,
                                          option_specs[id].argument)
                              : CLI_DONE;
            }
            value = argv[++i];
        }
        take_option(cli, id, value == NULL ? "" : value);
    }
    return CLI_DONE;
}

/* ----------------------------------------------------------- what it means */

/* How many letters to change, add or drop to make `b` of `a` (at most 15). */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[16];
    size_t m = strlen(a), n = strlen(b);

    if (m > 15 || n > 15)
        return 15;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= m; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned above = row[j];
            unsigned best = corner + (a[i - 1] != b[j - 1]);
            best = above + 1 < best ? above + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            corner = above;
        }
    }
    return row[n];
}

/* "; did you mean X?" for the noun (`noun` NULL) or verb nearest to `word`. */
static const char *suggestion(struct cli *cli, const char *noun, const char *word)
{
    const char *best = NULL;
    unsigned best_distance = 3;

    for (unsigned i = 0; i < command_count; i++) {
        const char *name = noun == NULL ? commands[i].noun : commands[i].verb;
        if (name == NULL || (noun != NULL && strcmp(noun, commands[i].noun) != 0))
            continue;
        if (distance(word, name) < best_distance) {
            best = name;
            best_distance = distance(word, name);
        }
    }
    return best == NULL ? "" : arena_printf(&cli->arena, "; did you mean `%s`?", best);
}

static int check_command(struct cli *cli)
{
    const char *verbs = NULL;

    if (cli->command != NULL)
        return CLI_DONE;
    if (cli->noun == NULL)
        return cli_usage(cli, "nothing to do: name a noun and a verb, as in `holdfast cluster "
                              "status`");
    if (!command_noun_exists(cli->noun))
        return cli_usage(cli, "unknown noun `%s`%s", cli->noun, suggestion(cli, NULL, cli->noun));
    if (cli->verb != NULL)
        return cli_usage(cli, "`%s` has no verb `%s`%s", cli->noun, cli->verb,
                         suggestion(cli, cli->noun, cli->verb));
    for (unsigned i = 0; i < command_count; i++) {
        if (strcmp(commands[i].noun, cli->noun) == 0)
            verbs = verbs == NULL ? commands[i].verb
                                  : arena_printf(&cli->arena, "%s, %s", verbs, commands[i].verb);
    }
    return cli_usage(cli, "`%s` needs a verb: %s", cli->noun, verbs);
}

/* "group offline", "why" */
static const char *command_words(struct cli *cli)
{
    return cli->command->verb == NULL
               ? cli->command->noun
               : arena_printf(&cli->arena, "%s %s", cli->command->noun, cli->command->verb);
}

static int check_options(struct cli *cli)
{
    const char *words = command_words(cli);

    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        const struct option_spec *o = &option_specs[id];
        if (cli->options[id] != NULL && !o->everywhere && !(cli->command->options & option_bit(id)))
            return cli_usage(cli, "`%s` has no option --%s", words, o->name);
        if (cli->options[id] == NULL && (cli->command->needed & option_bit(id)))
            return cli_usage(cli, "`%s` needs --%s %s", words, o->name, o->argument);
        if (cli->options[id] != NULL && cli->options[id][0] == '\0' && o->argument != NULL &&
            id != OPTION_PREFERRED)
            return cli_usage(cli, "--%s is empty: it needs a value: %s", o->name, o->argument);
    }
    return CLI_DONE;
}

/* NAME, or GROUP/NAME with both parts where the group is needed. */
static int check_operand(struct cli *cli)
{
    const struct command *command = cli->command;
    const char *what = command->operand == WORD_NEW_RESOURCE ? "GROUP/NAME"
                       : command->operand == WORD_OPERATION  ? "the number of an operation"
                                                             : "a name";
    const char *slash;

    if (command->operand == WORD_NONE) {
        if (cli->rest_count > 0 && command->rest == REST_NONE)
            return cli_usage(cli, "`%s` is too much here", cli->rest[0]);
        return CLI_DONE;
    }
    if (cli->operand == NULL || cli->operand[0] == '\0')
        return cli_usage(cli, "`%s` needs %s", command_words(cli), what);
    if (command->rest == REST_NONE && cli->rest_count > 0)
        return cli_usage(cli, "`%s` is too much after `%s`", cli->rest[0], cli->operand);
    if (command->rest == REST_NODE && cli->rest_count > 1)
        return cli_usage(cli, "`%s` is too much after `%s`", cli->rest[1], cli->rest[0]);
    if (command->rest == REST_SWITCH &&
        (cli->rest_count != 1 ||
         (strcmp(cli->rest[0], "on") != 0 && strcmp(cli->rest[0], "off") != 0)))
        return cli_usage(cli, "`%s` needs on or off after `%s`", command_words(cli), cli->operand);
    if (command->operand == WORD_OPERATION &&
        cli->operand[strspn(cli->operand, "0123456789")] != '\0')
        return cli_usage(cli, "`%s` is no number of an operation", cli->operand);
    if (command->operand != WORD_RESOURCE && command->operand != WORD_NEW_RESOURCE)
        return CLI_DONE;
    slash = strchr(cli->operand, '/');
    if (slash == NULL && command->operand == WORD_NEW_RESOURCE)
        return cli_usage(cli, "`%s` does not say in which group: write GROUP/%s", cli->operand,
                         cli->operand);
    if (slash != NULL && (slash == cli->operand || slash[1] == '\0'))
        return cli_usage(cli, "`%s` is no GROUP/NAME", cli->operand);
    return CLI_DONE;
}

static int check_number(struct cli *cli, enum option_id id, uint64_t smallest, uint64_t largest)
{
    const char *text = cli->options[id];
    unsigned long long n;
    char *end;

    if (text == NULL)
        return CLI_DONE;
    errno = 0;
    n = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || n < smallest ||
        n > largest)
        return cli_usage(cli, "--%s %s: not a number from %u on", option_specs[id].name, text,
                         (unsigned)smallest);
    return CLI_DONE;
}

static int take_timeout(struct cli *cli)
{
    const char *text = cli->options[OPTION_TIMEOUT];
    double seconds;
    char *end;

    cli->timeout_ms = CALL_TIMEOUT_MS;
    if (text == NULL)
        return CLI_DONE;
    seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0.001) || !(seconds <= TIMEOUT_S_MAX))
        return cli_usage(cli, "--timeout %s: not a number of seconds above 0", text);
    cli->timeout_ms = (unsigned)lround(seconds * 1000);
    cli->deadline_ms = clock_boot_ms() + cli->timeout_ms;
    return CLI_DONE;
}

static int take_address(struct cli *cli)
{
    const char *path = cli->options[OPTION_SOCKET];
    const char *connect = cli->options[OPTION_CONNECT];

    if (path != NULL && connect != NULL)
        return cli_usage(cli, "--socket and --connect exclude each other");
    if (path == NULL && connect == NULL)
        path = cli->io->socket != NULL && cli->io->socket[0] != '\0' ? cli->io->socket
                                                                     : SOCKET_DEFAULT;
    if (connect != NULL) {
        if (address_parse(connect, PORT_DEFAULT, &cli->address) != 0)
            return cli_usage(cli, "--connect %s: not an address like HOST:PORT or [::1]:7400",
                             connect);
    } else {
        if (strlen(path) >= sizeof(cli->address.host))
            return cli_usage(cli, "--socket: the path is too long");
        cli->address = (struct address){.is_unix = true};
        strcpy(cli->address.host, path);
    }
    address_format(&cli->address, cli->where, sizeof(cli->where));
    return CLI_DONE;
}

int cli_parse(struct cli *cli, int argc, char *const argv[])
{
    enum option_id awaited;
    int status;

    /* Where faults before it are concerned, --json counts already. */
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0)
            cli->options[OPTION_JSON] = "";
    }
    status = take_words(cli, argc, argv, true, &awaited);
    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_VERSION) || (cli_has(cli, OPTION_HELP) && cli->noun == NULL))
        return CLI_DONE;
    if (cli_has(cli, OPTION_HELP) && cli->verb == NULL && command_noun_exists(cli->noun))
        return CLI_DONE;
    status = check_command(cli);
    if (status != CLI_DONE || cli_has(cli, OPTION_HELP))
        return status;
    status = check_options(cli);
    if (status == CLI_DONE)
        status = check_operand(cli);
    if (status == CLI_DONE)
        status = check_number(cli, OPTION_SINCE, 0, UINT64_MAX);
    if (status == CLI_DONE)
        status = check_number(cli, OPTION_LIMIT, 1, UINT32_MAX);
    if (status == CLI_DONE)
        status = check_number(cli, OPTION_LEVEL, 1, UINT32_MAX);
    if (status == CLI_DONE)
        status = take_timeout(cli);
    if (status == CLI_DONE)
        status = take_address(cli);
    return status;
}

bool cli_parse_leniently(struct cli *cli, int argc, char *const argv[], enum option_id *ret_awaited)
{
    cli->quiet = true;
    take_words(cli, argc, argv, false, ret_awaited);
    return take_address(cli) == CLI_DONE;
}
