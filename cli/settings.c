/* PROP=VALUE: properties of the create and set commands, and the instructions
 * of --set. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/proplist.h"
#include "base/text.h"
#include "cli/call.h"

enum { FLAG_IGNORE_LOCKED = 1 }; /* CLUSAPI_GROUP_OFFLINE_IGNORE_RESOURCE_STATUS and its kin. */

/* A number of 32 bits, as people write one. "007" is none: its zeros mean
 * something to whoever typed them. */
static bool parse_dword(const char *text, bool zeros_too, uint32_t *ret)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    unsigned long long n;
    char *end;

    if (!isdigit((unsigned char)text[0]) || (hex && !isxdigit((unsigned char)text[2])))
        return false;
    if (!hex && !zeros_too && text[0] == '0' && text[1] != '\0')
        return false;
    errno = 0;
    n = strtoull(text, &end, hex ? 16 : 10);
    if (*end != '\0' || errno != 0 || n > UINT32_MAX)
        return false;
    *ret = (uint32_t)n;
    return true;
}

/* Take a trailing ":sz" and its kin off `name`. Names may hold colons
 * themselves (ocf:heartbeat:IPaddr2): only these words count. */
static void take_kind(char *name, struct setting *s)
{
    static const struct {
        const char *word;
        enum setting_kind kind;
    } kinds[] = {{"sz", SETTING_SZ},
                 {"dword", SETTING_DWORD},
                 {"multi", SETTING_MULTI_SZ},
                 {"multi_sz", SETTING_MULTI_SZ}};
    char *colon = strrchr(name, ':');

    for (size_t i = 0; colon != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!name_equal(colon + 1, kinds[i].word))
            continue;
        *colon = '\0';
        s->kind = kinds[i].kind;
        s->forced = true;
        return;
    }
}

const char *setting_parse(struct arena *a, const char *text, struct setting *ret)
{
    const char *equals = strchr(text, '=');
    struct setting s = {.kind = SETTING_SZ};
    char *name;

    if (equals == NULL)
        return arena_printf(a, "`%s` is no PROP=VALUE", text);
    name = arena_strndup(a, text, (size_t)(equals - text));
    take_kind(name, &s);
    if (name[0] == '\0')
        return arena_printf(a, "`%s` names no property before the =", text);
    s.name = name;
    s.text = equals + 1;
    if (s.forced && s.kind == SETTING_DWORD && !parse_dword(s.text, true, &s.dword))
        return arena_printf(a, "`%s`: the value is no number from 0 to 4294967295", text);
    if (!s.forced && parse_dword(s.text, false, &s.dword))
        s.kind = SETTING_DWORD;
    *ret = s;
    return NULL;
}

/* Parse `count` words into an array in the arena; NULL with the fault said. */
static struct setting *parse_all(struct cli *cli, const char **words, unsigned count)
{
    struct setting *all = arena_alloc(&cli->arena, count * sizeof(*all) + 1);

    for (unsigned i = 0; i < count; i++) {
        const char *fault = setting_parse(&cli->arena, words[i], &all[i]);
        if (fault != NULL) {
            cli_usage(cli, "%s", fault);
            return NULL;
        }
    }
    return all;
}

/* How often the name of all[i] occurs from there on; 0 if it occurred before. */
static unsigned occurrences(const struct setting *all, unsigned count, unsigned i)
{
    unsigned n = 0;

    for (unsigned j = 0; j < count; j++) {
        if (!name_equal(all[j].name, all[i].name))
            continue;
        if (j < i)
            return 0;
        n++;
    }
    return n;
}

static void write_list(struct sink *s, const struct setting *all, unsigned count, unsigned i,
                       unsigned items)
{
    /* PROP:multi= alone is the list without items. */
    if (items == 1 && all[i].text[0] == '\0') {
        sink_array(s, 0);
        return;
    }
    sink_array(s, items);
    for (unsigned j = i; j < count; j++) {
        if (name_equal(all[j].name, all[i].name))
            sink_str(s, all[j].text);
    }
}

int cli_add_properties(struct cli *cli, struct call *call)
{
    unsigned count = cli->rest_count, names = 0;
    struct setting *all = parse_all(cli, cli->rest, count);
    struct sink *s;

    if (all == NULL)
        return CLI_USAGE;
    if (count == 0)
        return CLI_DONE;
    for (unsigned i = 0; i < count; i++) {
        unsigned n = occurrences(all, count, i);
        if (n > 1 && all[i].forced && all[i].kind != SETTING_MULTI_SZ)
            return cli_usage(cli, "`%s` is given %u times, which makes a list of texts",
                             all[i].name, n);
        names += n > 0;
    }
    s = call_value(call, "properties");
    sink_map(s, names);
    for (unsigned i = 0; i < count; i++) {
        unsigned n = occurrences(all, count, i);
        if (n == 0)
            continue;
        sink_str(s, all[i].name);
        if (n > 1 || all[i].kind == SETTING_MULTI_SZ)
            write_list(s, all, count, i, n);
        else if (all[i].kind == SETTING_DWORD)
            sink_uint(s, all[i].dword);
        else
            sink_str(s, all[i].text);
    }
    return CLI_DONE;
}

/* ----------------------------------------------------------- instructions */

/* A name may be repeated in instructions: each stays a property of its own. */
static uint32_t add_instruction(struct proplist_builder *list, const struct setting *s)
{
    switch (s->kind) {
    case SETTING_DWORD:
        return proplist_add_dword(list, s->name, s->dword);
    case SETTING_SZ:
        return proplist_add_sz(list, s->name, s->text);
    case SETTING_MULTI_SZ:
        return proplist_add_multi_sz(list, s->name, &s->text, s->text[0] == '\0' ? 0 : 1);
    }
    return ERROR_INVALID_PARAMETER;
}

int cli_add_instructions(struct cli *cli, struct call *call, uint32_t flags)
{
    struct setting *all = parse_all(cli, cli->sets, cli->set_count);
    struct proplist_builder list;
    int status = CLI_DONE;

    if (all == NULL)
        return CLI_USAGE;
    if (cli_has(cli, OPTION_IGNORE_LOCKED))
        flags |= FLAG_IGNORE_LOCKED;
    if (flags != 0)
        call_uint(call, "flags", flags);
    if (cli->set_count == 0)
        return CLI_DONE;
    proplist_builder_init(&list, PROPLIST_UTF16);
    for (unsigned i = 0; i < cli->set_count && status == CLI_DONE; i++) {
        if (add_instruction(&list, &all[i]) != 0)
            status = cli_usage(cli, "--set %s: not text in UTF-8, or too long", cli->sets[i]);
    }
    if (status == CLI_DONE)
        sink_bin(call_value(call, "instructions"), list.bytes.data, list.bytes.len);
    proplist_builder_release(&list);
    return status;
}
