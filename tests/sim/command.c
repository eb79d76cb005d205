#include "tests/sim/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum command_kind kind_of(const char *verb)
{
    for (unsigned k = COMMAND_TICK; k < COMMAND_KIND_END; k++)
        if (strcmp(command_kind_name((enum command_kind)k), verb) == 0)
            return (enum command_kind)k;
    return COMMAND_KIND_END;
}

static void take_names(struct parsed *p, char *list)
{
    char *rest = NULL;

    p->command.has_names = true;
    for (char *n = strtok_r(list, ",", &rest); n != NULL; n = strtok_r(NULL, ",", &rest))
        if (p->command.name_count < COMMAND_NAMES_MAX)
            p->names[p->command.name_count++] = n;
    p->command.names = p->names;
}

/* "a,b": its strings, each with its NUL, then a NUL. */
static void take_list(struct parsed *p, struct property *prop, char *list)
{
    size_t len = strlen(list);
    char *copy = &p->lists[p->lists_used];

    p->command.properties = p->properties;
    p->command.property_count++;
    if (p->lists_used + len + 2 > sizeof p->lists)
        abort();
    memcpy(copy, list, len + 1);
    copy[len + 1] = '\0';
    p->lists_used += len + 2;
    for (size_t i = 0; i < len; i++)
        if (copy[i] == ',')
            copy[i] = '\0';
    *prop = (struct property){
        .name = prop->name, .type = PROPERTY_MULTI_SZ, .text = copy, .text_len = len + 1};
}

/* "Name:value", a number if it looks like one, a list behind an @. */
static void take_property(struct parsed *p, char *name, char *value)
{
    struct property *prop = &p->properties[p->command.property_count];
    char *end;

    if (p->command.property_count == COMMAND_PROPERTIES_MAX)
        return;
    *prop = (struct property){.name = name, .type = PROPERTY_DWORD};
    if (value[0] == '@') {
        take_list(p, prop, value + 1);
        return;
    }
    prop->dword = (uint32_t)strtoul(value, &end, 0);
    if (*end != '\0' || end == value)
        *prop = (struct property){
            .name = name, .type = PROPERTY_SZ, .text = value, .text_len = strlen(value)};
    p->command.properties = p->properties;
    p->command.property_count++;
}

static void take_instructions(struct parsed *p)
{
    proplist_builder_init(&p->instructions, PROPLIST_UTF16);
    if (proplist_add_dword(&p->instructions, "Sim", 2) != 0)
        abort();
    p->command.instructions = p->instructions.bytes.data;
    p->command.instructions_len = p->instructions.bytes.len;
}

/* '_' stands for a blank. */
static void take_expression(struct command *c, char *value)
{
    for (char *at = value; *at != '\0'; at++)
        if (*at == '_')
            *at = ' ';
    c->expression = value;
}

/* As take_names(), of a level. */
static void take_devices(struct parsed *p, char *list)
{
    take_names(p, list);
    p->command.has_names = false;
}

/* The members of struct command that a call may set; one line each. */
static void take_member(struct parsed *p, const char *key, char *value)
{
    struct command *c = &p->command;
    uint64_t number = strtoull(value, NULL, 0);

    if (strcmp(key, "name") == 0)
        c->name = value;
    else if (strcmp(key, "other") == 0)
        c->other = value;
    else if (strcmp(key, "type") == 0)
        c->type = value;
    else if (strcmp(key, "flags") == 0)
        c->flags = (uint32_t)number;
    else if (strcmp(key, "node") == 0)
        c->node = (uint32_t)number;
    else if (strcmp(key, "level") == 0)
        c->level = (uint32_t)number;
    else if (strcmp(key, "drain") == 0)
        c->drain = number != 0;
    else if (strcmp(key, "expression") == 0)
        take_expression(c, value);
    else if (strcmp(key, "owners") == 0)
        take_names(p, value);
    else if (strcmp(key, "devices") == 0)
        take_devices(p, value);
    else if (strcmp(key, "instructions") == 0)
        take_instructions(p);
    else
        fail("no member of a command: %s", key);
}

bool command_parse(const char *text, struct parsed *p)
{
    char *rest = NULL;

    memset(p, 0, sizeof *p);
    snprintf(p->text, sizeof p->text, "%s", text);
    char *word = strtok_r(p->text, " ", &rest);
    p->command.kind = kind_of(word != NULL ? word : "");
    if (p->command.kind == COMMAND_KIND_END)
        return false;
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        char *mark = strpbrk(word, "=:");
        if (mark == NULL)
            return false;
        char kind = *mark;
        *mark = '\0';
        if (kind == '=')
            take_member(p, word, mark + 1);
        else
            take_property(p, word, mark + 1);
    }
    return true;
}

void command_release(struct parsed *p)
{
    if (p->command.instructions != NULL)
        proplist_builder_release(&p->instructions);
}
