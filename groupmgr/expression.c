#include "groupmgr/expression.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

static bool is_operator(uint32_t token)
{
    return token == EXPRESSION_AND || token == EXPRESSION_OR;
}

/* --------------------------------------------------------------- building
 * From left to right over a stack of parts, each a run of tokens. */

struct part {
    unsigned start;
    unsigned first_end; /* Of what its operator joins, where the first one ends. */
    uint32_t root;      /* Its operator; 0: an operand. */
    bool is_empty;      /* All of it was left out. */
};

struct builder {
    struct expression *e;
    struct part parts[PROVIDERS_MAX];
    unsigned part_count;
};

static void builder_init(struct builder *b, struct expression *e)
{
    assert(e != NULL);
    b->e = e;
    b->part_count = 0;
    e->len = e->count = 0;
}

static void builder_operand(struct builder *b)
{
    struct expression *e = b->e;

    assert(e->count < PROVIDERS_MAX && b->part_count < PROVIDERS_MAX);
    b->parts[b->part_count++] = (struct part){.start = e->len, .first_end = e->len + 1};
    e->tokens[e->len++] = e->count++;
}

static void builder_nothing(struct builder *b)
{
    assert(b->part_count < PROVIDERS_MAX);
    b->parts[b->part_count++] = (struct part){.start = b->e->len, .is_empty = true};
}

/* Join the last two parts. If the right one is joined by the same operator, its
 * members are hung one by one behind the left: the operator that would come last
 * goes behind the first of them, and all others stand where they have to. */
static void builder_join(struct builder *b, uint32_t operator)
{
    struct expression *e = b->e;
    struct part right = b->parts[b->part_count - 1], *left;
    unsigned at = right.root == operator? right.first_end : e->len;

    assert(b->part_count >= 2 && is_operator(operator));
    b->part_count--;
    left = &b->parts[b->part_count - 1];
    if (right.is_empty)
        return;
    if (left->is_empty) {
        *left = right;
        return;
    }
    memmove(&e->tokens[at + 1], &e->tokens[at], (e->len - at) * sizeof(*e->tokens));
    e->tokens[at] = operator;
    e->len++;
    if (left->root != operator)
        left->first_end = right.start;
    left->root = operator;
}

void expression_all(struct expression *e, unsigned count)
{
    struct builder b;

    assert(count <= PROVIDERS_MAX);
    builder_init(&b, e);
    for (unsigned i = 0; i < count; i++) {
        builder_operand(&b);
        if (i > 0)
            builder_join(&b, EXPRESSION_AND);
    }
}

void expression_copy(struct expression *e, const uint32_t *tokens, unsigned len, unsigned count)
{
    if (tokens == NULL) {
        expression_all(e, count);
        return;
    }
    assert(expression_fault(tokens, len, count) == NULL);
    memcpy(e->tokens, tokens, len * sizeof(*tokens));
    e->len = len;
    e->count = count;
}

void expression_add(struct expression *e)
{
    assert(e->count < PROVIDERS_MAX && e->len + 2 <= 2 * PROVIDERS_MAX);
    e->tokens[e->len++] = e->count++;
    if (e->count > 1)
        e->tokens[e->len++] = EXPRESSION_AND;
}

void expression_remove(struct expression *e, unsigned operand)
{
    const struct expression whole = *e;
    struct builder b;

    assert(operand < e->count);
    builder_init(&b, e);
    for (unsigned i = 0; i < whole.len; i++) {
        if (is_operator(whole.tokens[i]))
            builder_join(&b, whole.tokens[i]);
        else if (whole.tokens[i] == operand)
            builder_nothing(&b);
        else
            builder_operand(&b);
    }
    assert(b.part_count == 1 && e->count == whole.count - 1);
}

bool expression_is_plain(const struct expression *e)
{
    assert(e->count <= PROVIDERS_MAX);
    for (unsigned i = 0; i < e->len; i++)
        if (e->tokens[i] == EXPRESSION_OR)
            return false;
    return true;
}

/* ---------------------------------------------------------------- parsing
 * Operators wait on a stack of their own until what they join is complete, so
 * the depth of a text costs nothing but places on it. */

#define OPEN 0u /* A round bracket among the operators. */

enum { WAITING_MAX = 3 * (EXPRESSION_NESTING_MAX + 1) }; /* Of each level: "or", "and", "(". */

struct parser {
    const char *text;
    size_t at;
    struct arena *arena;
    const char **names;
    struct expression_error *error;
    struct builder builder;
    uint32_t waiting[WAITING_MAX];
    unsigned waiting_count;
    unsigned nesting;
};

static bool fail(struct parser *p, const char *what)
{
    assert(what != NULL);
    *p->error = (struct expression_error){.what = what, .position = p->at + 1};
    return false;
}

static void skip_blanks(struct parser *p)
{
    assert(p->text != NULL);
    while (p->text[p->at] != '\0' && strchr(" \t\r\n", p->text[p->at]) != NULL)
        p->at++;
}

/* A name from behind its bracket to behind the other. */
static bool parse_name(struct parser *p)
{
    const char *from = p->text + p->at + 1;
    char *name;
    size_t len = 0, used = 0;

    assert(p->text[p->at] == '[');
    if (p->builder.e->count == PROVIDERS_MAX)
        return fail(p, "too many resources");
    name = arena_alloc(p->arena, NAME_BYTES_MAX + 1);
    for (; from[used] != ']' || from[used + 1] == ']'; used++) {
        if (from[used] == '\0')
            return fail(p, "a ] is missing");
        if (len == NAME_BYTES_MAX)
            return fail(p, "a name is too long");
        name[len++] = from[used];
        used += from[used] == ']';
    }
    if (len == 0)
        return fail(p, "a name is missing");
    name[len] = '\0';
    p->names[p->builder.e->count] = name;
    builder_operand(&p->builder);
    p->at += used + 2;
    return true;
}

/* Join what binds at least as tightly as `operator`. EXPRESSION_AND is less
 * than EXPRESSION_OR, and OPEN less than both. */
static void join_waiting(struct parser *p, uint32_t operator)
{
    while (p->waiting_count > 0 && p->waiting[p->waiting_count - 1] != OPEN &&
           p->waiting[p->waiting_count - 1] <= operator)
        builder_join(&p->builder, p->waiting[--p->waiting_count]);
    assert(p->waiting_count < WAITING_MAX);
}

static bool parse_open(struct parser *p)
{
    assert(p->text[p->at] == '(');
    if (p->nesting == EXPRESSION_NESTING_MAX)
        return fail(p, "brackets nested too deeply");
    p->nesting++;
    p->waiting[p->waiting_count++] = OPEN;
    p->at++;
    return true;
}

static bool parse_close(struct parser *p)
{
    assert(p->text[p->at] == ')');
    if (p->nesting == 0)
        return fail(p, "no ( before this )");
    join_waiting(p, EXPRESSION_OR);
    assert(p->waiting[p->waiting_count - 1] == OPEN);
    p->waiting_count--;
    p->nesting--;
    p->at++;
    return true;
}

static bool keyword_is(const struct parser *p, const char *word)
{
    const char *text = p->text + p->at;

    assert(*word != '\0');
    for (; *word != '\0'; word++, text++)
        if (ascii_lower((unsigned char)*text) != *word)
            return false;
    return true;
}

static bool parse_operator(struct parser *p)
{
    bool is_and = keyword_is(p, "and");

    assert(p->waiting_count < WAITING_MAX);
    if (!is_and && !keyword_is(p, "or"))
        return fail(p, "\"and\" or \"or\" expected");
    join_waiting(p, is_and ? EXPRESSION_AND : EXPRESSION_OR);
    p->waiting[p->waiting_count++] = is_and ? EXPRESSION_AND : EXPRESSION_OR;
    p->at += is_and ? 3 : 2;
    return true;
}

static bool parse_all(struct parser *p)
{
    bool has_operand = false; /* Before this place: then no other may follow at once. */

    assert(p->at == 0);
    for (skip_blanks(p); p->text[p->at] != '\0'; skip_blanks(p)) {
        char c = p->text[p->at];
        bool sound;

        if (!has_operand && c != '[' && c != '(')
            return fail(p, "a [ or ( expected");
        if (!has_operand)
            sound = c == '[' ? parse_name(p) : parse_open(p);
        else
            sound = c == ')' ? parse_close(p) : parse_operator(p);
        if (!sound)
            return false;
        has_operand = c == '[' || c == ')';
    }
    if (!has_operand && p->waiting_count > 0)
        return fail(p, "a [ or ( expected");
    if (p->nesting > 0)
        return fail(p, "a ) is missing");
    join_waiting(p, EXPRESSION_OR);
    return true;
}

bool expression_parse(const char *text, struct arena *a, struct expression *ret,
                      const char *names[PROVIDERS_MAX], struct expression_error *error)
{
    struct parser p = {
        .text = text != NULL ? text : "", .arena = a, .names = names, .error = error};

    builder_init(&p.builder, ret);
    if (strnlen(p.text, EXPRESSION_BYTES_MAX + 1) > EXPRESSION_BYTES_MAX) {
        p.at = EXPRESSION_BYTES_MAX;
        return fail(&p, "the text is too long");
    }
    if (!parse_all(&p))
        return false;
    assert(p.waiting_count == 0 && p.builder.part_count == (ret->count > 0));
    return true;
}

/* ------------------------------------------------------------------- text */

static void text_name(const char *name, struct bytes *text)
{
    assert(name != NULL);
    bytes_append(text, "[", 1);
    for (; *name != '\0'; name++)
        bytes_append(text, *name == ']' ? "]]" : name, *name == ']' ? 2 : 1);
    bytes_append(text, "]", 1);
}

/* A run of operands that some operator joined. */
struct run {
    unsigned first, last;
    uint32_t root;
};

/* What stands around each operand. */
struct layout {
    unsigned opened[PROVIDERS_MAX], closed[PROVIDERS_MAX];
    uint32_t behind[PROVIDERS_MAX]; /* The operator that follows; 0: none. */
};

static void layout_embrace(struct layout *l, const struct run *run, uint32_t operator)
{
    assert(run->first <= run->last);
    if (run->root == 0 || run->root == operator)
        return;
    l->opened[run->first]++;
    l->closed[run->last]++;
}

static void layout_make(const struct expression *e, struct layout *l)
{
    struct run runs[PROVIDERS_MAX];
    unsigned count = 0;

    memset(l, 0, sizeof(*l));
    for (unsigned i = 0; i < e->len; i++) {
        uint32_t token = e->tokens[i];

        if (!is_operator(token)) {
            runs[count++] = (struct run){.first = token, .last = token};
            continue;
        }
        count--;
        layout_embrace(l, &runs[count - 1], token);
        layout_embrace(l, &runs[count], token);
        l->behind[runs[count - 1].last] = token;
        runs[count - 1].last = runs[count].last;
        runs[count - 1].root = token;
    }
    assert(count == (e->count > 0));
}

void expression_text(const struct expression *e, const char *const names[], struct bytes *text)
{
    struct layout l;

    layout_make(e, &l);
    for (unsigned i = 0; i < e->count; i++) {
        assert(names[i] != NULL);
        for (unsigned j = 0; j < l.opened[i]; j++)
            bytes_append(text, "(", 1);
        text_name(names[i], text);
        for (unsigned j = 0; j < l.closed[i]; j++)
            bytes_append(text, ")", 1);
        if (l.behind[i] != 0)
            bytes_append(text, l.behind[i] == EXPRESSION_AND ? " and " : " or ",
                         l.behind[i] == EXPRESSION_AND ? 5 : 4);
    }
}

/* ---------------------------------------------------------------- meaning */

const char *expression_fault(const uint32_t *tokens, unsigned len, unsigned count)
{
    uint32_t roots[PROVIDERS_MAX];
    unsigned depth = 0, operands = 0;
    bool has_or = false;

    if (tokens == NULL)
        return len == 0 ? NULL : "an expression has tokens";
    if (count > PROVIDERS_MAX || len != 2 * count - 1)
        return "an expression joins all its operands";
    for (unsigned i = 0; i < len; i++) {
        if (!is_operator(tokens[i])) {
            if (tokens[i] != operands++ || operands > count)
                return "operands are numbered from left to right";
            roots[depth++] = 0;
            continue;
        }
        if (depth < 2)
            return "an operator has two sides";
        depth--;
        if (roots[depth] == tokens[i])
            return "an expression is joined from the left";
        roots[depth - 1] = tokens[i];
        has_or |= tokens[i] == EXPRESSION_OR;
    }
    return has_or && depth == 1 ? NULL : "an expression is one, and not plain";
}

bool expression_holds(const uint32_t *tokens, unsigned len, const bool holds[], unsigned count)
{
    bool stack[PROVIDERS_MAX];
    unsigned depth = 0;

    for (unsigned i = 0; tokens == NULL && i < count; i++)
        if (!holds[i])
            return false;
    for (unsigned i = 0; tokens != NULL && i < len; i++) {
        if (!is_operator(tokens[i])) {
            assert(tokens[i] < count && depth < PROVIDERS_MAX);
            stack[depth++] = holds[tokens[i]];
            continue;
        }
        assert(depth >= 2);
        depth--;
        if (tokens[i] == EXPRESSION_AND)
            stack[depth - 1] &= stack[depth];
        else
            stack[depth - 1] |= stack[depth];
    }
    return tokens == NULL || stack[0];
}

void expression_needs(const uint32_t *tokens, unsigned len, const bool holds[], unsigned count,
                      bool ret_needed[])
{
    struct run runs[PROVIDERS_MAX]; /* `root`: whether it holds. */
    unsigned depth = 0;

    memset(ret_needed, true, count * sizeof(*ret_needed));
    for (unsigned i = 0; tokens != NULL && i < len; i++) {
        struct run *left, *right, *spared;

        if (!is_operator(tokens[i])) {
            assert(tokens[i] < count);
            runs[depth++] = (struct run){tokens[i], tokens[i], holds[tokens[i]]};
            continue;
        }
        assert(depth >= 2);
        right = &runs[--depth];
        left = &runs[depth - 1];
        if (tokens[i] == EXPRESSION_OR) {
            spared = right->root && !left->root ? left : right;
            memset(&ret_needed[spared->first], false,
                   (spared->last - spared->first + 1) * sizeof(*ret_needed));
            left->root |= right->root;
        } else {
            left->root &= right->root;
        }
        left->last = right->last;
    }
}
