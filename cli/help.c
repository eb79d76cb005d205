/* --help, written from the table of commands. */
#include <ctype.h>
#include <string.h>

#include "cli/output.h"

enum { OPTION_WIDTH = 24 };

static const char *operand_text(enum word_kind kind)
{
    switch (kind) {
    case WORD_GROUP:
    case WORD_NODE:
    case WORD_NEW_GROUP:
        return " NAME";
    case WORD_RESOURCE:
        return " [GROUP/]NAME";
    case WORD_NEW_RESOURCE:
        return " GROUP/NAME";
    case WORD_TYPE:
        return " TYPE";
    case WORD_OPERATION:
        return " ID";
    case WORD_ANYTHING:
        return " GROUP|NODE|RESOURCE";
    case WORD_NONE:
    case WORD_FILE:
        break;
    }
    return "";
}

static const char *rest_text(enum rest_kind kind)
{
    switch (kind) {
    case REST_SETTINGS:
        return " [PROP=VALUE]...";
    case REST_NAMES:
        return " [PROP]...";
    case REST_ADDRESSES:
        return " [HOST:PORT]...";
    case REST_NODES:
        return " [NODE]...";
    case REST_NODE:
        return " [NODE]";
    case REST_SWITCH:
        return " on|off";
    case REST_OWNERS:
        return " [add|remove|set NODE...]";
    case REST_NONE:
        break;
    }
    return "";
}

static void print_option(FILE *to, enum option_id id)
{
    const struct option_spec *o = &option_specs[id];
    char words[64];

    snprintf(words, sizeof(words), "--%s%s%s", o->name, o->argument == NULL ? "" : " ",
             o->argument == NULL ? "" : o->argument);
    fprintf(to, "  %-*s  %s\n", OPTION_WIDTH, words, o->help);
}

static void print_common_options(FILE *to)
{
    fputs("\nWith every command, anywhere on the line:\n", to);
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        if (option_specs[id].everywhere)
            print_option(to, (enum option_id)id);
    }
}

/* "group offline NAME [--wait]": what is typed after `holdfast`. */
static void print_usage(FILE *to, const struct command *c)
{
    fprintf(to, "Usage: holdfast %s%s%s%s", c->noun, c->verb == NULL ? "" : " ",
            c->verb == NULL ? "" : c->verb, operand_text(c->operand));
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        const struct option_spec *o = &option_specs[id];
        bool needed = c->needed & option_bit(id);
        if (!(c->options & option_bit(id)))
            continue;
        fprintf(to, " %s--%s%s%s%s%s", needed ? "" : "[", o->name, o->argument == NULL ? "" : " ",
                o->argument == NULL ? "" : o->argument, needed ? "" : "]",
                id == OPTION_SET ? "..." : "");
    }
    fprintf(to, "%s\n", rest_text(c->rest));
}

static void print_commands(FILE *to, const char *noun)
{
    for (unsigned i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        char words[64];
        if (noun != NULL && strcmp(c->noun, noun) != 0)
            continue;
        snprintf(words, sizeof(words), "%s%s%s%s", c->noun, c->verb == NULL ? "" : " ",
                 c->verb == NULL ? "" : c->verb, operand_text(c->operand));
        fprintf(to, "  %-35s  %s\n", words, c->summary);
    }
}

static void help_command(const struct command *c, FILE *to)
{
    print_usage(to, c);
    fprintf(to, "%c%s.\n", toupper((unsigned char)c->summary[0]), c->summary + 1);
    if (c->options != 0)
        fputs("\nOptions:\n", to);
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        if (c->options & option_bit(id))
            print_option(to, (enum option_id)id);
    }
    if (c->notes != NULL)
        fprintf(to, "\n%s", c->notes);
    print_common_options(to);
}

static void help_all(FILE *to)
{
    fputs("Usage: holdfast [OPTION]... NOUN VERB ...\n"
          "The command of Holdfast, the failover cluster manager.\n\n",
          to);
    print_commands(to, NULL);
    print_common_options(to);
    fputs("\nOptions of a command: holdfast NOUN VERB --help\n"
          "Exit status: 0 done, 1 refused or failed, 2 usage, 3 no cluster reached, 4 timed out\n",
          to);
}

void cli_help(const struct cli *cli, FILE *to)
{
    if (cli->command != NULL) {
        help_command(cli->command, to);
    } else if (cli->noun != NULL) {
        fprintf(to, "Usage: holdfast %s VERB ...\n\n", cli->noun);
        print_commands(to, cli->noun);
        fprintf(to, "\nOptions of each: holdfast %s VERB --help\n", cli->noun);
    } else {
        help_all(to);
    }
}
