/* Dependency expressions: what is read, kept, told, and what they mean for a
 * group that lives. */
#include "groupmgr/expression.h"

#include <stdio.h>
#include <string.h>

#include "tests/groupmgr/world.h"

/* ------------------------------------------------------- reading and telling */

static const char *normal_form(const char *text, struct bytes *out)
{
    struct arena a = {0};
    struct expression e;
    struct expression_error error;
    const char *names[PROVIDERS_MAX];

    bytes_clear(out);
    if (expression_parse(text, &a, &e, names, &error))
        expression_text(&e, names, out);
    else
        bytes_printf(out, "%zu: %s", error.position, error.what);
    bytes_append(out, "", 1);
    arena_release(&a);
    return (const char *)out->data;
}

static void check_forms(const char *const forms[][2], unsigned count)
{
    struct bytes out = BYTES_INIT;

    for (unsigned i = 0; i < count; i++)
        check_text(normal_form(forms[i][0], &out), forms[i][1]);
    bytes_release(&out);
}

#define CHECK_FORMS(forms) check_forms(forms, sizeof(forms) / sizeof((forms)[0]))

Test(expression, is_told_with_brackets_where_operators_meet)
{
    static const char *const forms[][2] = {
        {"", ""},
        {" \t ", ""},
        {"[a]", "[a]"},
        {"  ( ( [a] ) )  ", "[a]"},
        {"[a] and [b]", "[a] and [b]"},
        {"[a]AND[b]Or[c]", "([a] and [b]) or [c]"},
        {"[a] or [b] and [c]", "[a] or ([b] and [c])"},
        {"([a] or [b]) and [c]", "([a] or [b]) and [c]"},
        {"[a] and ([b] and ([c] and [d]))", "[a] and [b] and [c] and [d]"},
        {"[a] or ([b] or [c]) or ([d] or [e])", "[a] or [b] or [c] or [d] or [e]"},
        {"[a] and (([b] or [c]) and [d])", "[a] and ([b] or [c]) and [d]"},
        {"[a] or (([b] or [c]) and [d])", "[a] or (([b] or [c]) and [d])"},
        {"([a] and [b]) or ([c] and [d]) or [e]", "([a] and [b]) or ([c] and [d]) or [e]"},
    };

    CHECK_FORMS(forms);
}

Test(expression, name_may_hold_anything)
{
    static const char *const forms[][2] = {
        {"[ a ] or [and]", "[ a ] or [and]"},
        {"[(] and [[]", "[(] and [[]"},
        {"[a]]b] and []]]", "[a]]b] and []]]"},
        {"[Gr\xc3\xb6\xc3\x9f"
         "e]",
         "[Gr\xc3\xb6\xc3\x9f"
         "e]"},
    };

    CHECK_FORMS(forms);
}

Test(expression, nonsense_is_refused_with_its_place)
{
    static const char *const forms[][2] = {
        {"a", "1: a [ or ( expected"},
        {"[a", "1: a ] is missing"},
        {"[a]]", "1: a ] is missing"},
        {"[a] []", "5: \"and\" or \"or\" expected"},
        {"[a] and", "8: a [ or ( expected"},
        {"[a] and and [b]", "9: a [ or ( expected"},
        {"and [a]", "1: a [ or ( expected"},
        {"[a] and []", "9: a name is missing"},
        {"()", "2: a [ or ( expected"},
        {"(", "2: a [ or ( expected"},
        {"([a] and [b]", "13: a ) is missing"},
        {"[a] and [b])", "12: no ( before this )"},
        {"[a] xor [b]", "5: \"and\" or \"or\" expected"},
        {"[a] an", "5: \"and\" or \"or\" expected"},
        {"[a])(", "4: no ( before this )"},
    };

    CHECK_FORMS(forms);
}

/* `text` over and over, then the rest. */
static char *repeated(const char *text, unsigned times, const char *rest)
{
    struct bytes b = BYTES_INIT;

    for (unsigned i = 0; i < times; i++)
        bytes_append(&b, text, strlen(text));
    bytes_append(&b, rest, strlen(rest) + 1);
    return (char *)bytes_detach(&b, &(size_t){0});
}

static void check_limit(char *text, const char *expected)
{
    struct bytes out = BYTES_INIT;
    const char *form = normal_form(text, &out);

    if (expected != NULL)
        check_text(form, expected);
    else
        cr_assert_eq(form[0], '[', "%s", form);
    bytes_release(&out);
    free(text);
}

Test(expression, limits_hold)
{
    char brackets[EXPRESSION_NESTING_MAX + 8], name[NAME_BYTES_MAX + 3];

    snprintf(brackets, sizeof(brackets), "[a]%0*d", (int)EXPRESSION_NESTING_MAX, 0);
    for (char *c = brackets + 3; *c != '\0'; c++)
        *c = ')';
    check_limit(repeated("(", EXPRESSION_NESTING_MAX, brackets), "[a]");
    check_limit(repeated("(", EXPRESSION_NESTING_MAX + 1, brackets),
                "65: brackets nested too deeply");
    check_limit(repeated("[a] or ", PROVIDERS_MAX - 1, "[a]"), NULL);
    check_limit(repeated("[a] or ", PROVIDERS_MAX, "[a]"), "897: too many resources");
    check_limit(repeated(" ", EXPRESSION_BYTES_MAX - 3, "[a]"), "[a]");
    check_limit(repeated(" ", EXPRESSION_BYTES_MAX - 2, "[a]"), "16385: the text is too long");
    memset(name, 'n', sizeof(name));
    name[NAME_BYTES_MAX] = ']';
    name[NAME_BYTES_MAX + 1] = '\0';
    check_limit(repeated("[", 1, name), NULL);
    name[NAME_BYTES_MAX] = 'n';
    name[NAME_BYTES_MAX + 1] = ']';
    name[NAME_BYTES_MAX + 2] = '\0';
    check_limit(repeated("[", 1, name), "1: a name is too long");
}

/* The deepest that is read: each level leaves an "or", an "and" and a bracket
 * waiting. */
Test(expression, deepest_one_has_room)
{
    char *close = repeated(")", EXPRESSION_NESTING_MAX, "");
    struct bytes text = BYTES_INIT, out = BYTES_INIT;

    bytes_printf(&text, "[x] or ");
    for (unsigned i = 0; i < EXPRESSION_NESTING_MAX - 2; i++)
        bytes_printf(&text, i % 2 == 0 ? "[a] and (" : "[a] or (");
    bytes_printf(&text, "[a] or [b] and [c]%.*s", (int)EXPRESSION_NESTING_MAX - 2, close);
    bytes_append(&text, "", 1);
    normal_form((const char *)text.data, &out);
    check_text(normal_form((const char *)out.data, &text), (const char *)out.data);
    cr_assert_eq(out.data[0], '[');
    free(close);
    bytes_release(&text);
    bytes_release(&out);
}

/* ------------------------------------------------------------------ meaning */

/* `held` is a bit for each of [a] to [f]. */
static bool holds(const char *text, unsigned held)
{
    struct arena a = {0};
    struct expression e;
    struct expression_error error;
    const char *names[PROVIDERS_MAX];
    bool values[PROVIDERS_MAX];

    cr_assert(expression_parse(text, &a, &e, names, &error));
    for (unsigned i = 0; i < e.count; i++)
        values[i] = (held >> (names[i][0] - 'a') & 1) != 0;
    arena_release(&a);
    return e.count == 0 || expression_holds(e.tokens, e.len, values, e.count);
}

Test(expression, means_what_it_says)
{
    for (unsigned held = 0; held < 64; held++) {
        bool a = held & 1, b = held & 2, c = held & 4, d = held & 8, e = held & 16, f = held & 32;

        cr_assert_eq(holds("[a] or [b] and [c]", held), a || (b && c));
        cr_assert_eq(holds("([a] or [b]) and [c]", held), (a || b) && c);
        cr_assert_eq(holds("[f] and ([e] or ([d] and ([c] or [b])))", held),
                     f && (e || (d && (c || b))));
        cr_assert_eq(holds("([a] and [b]) or ([c] and [d]) or ([e] and [f])", held),
                     (a && b) || (c && d) || (e && f));
    }
}

static void check_needs(const char *text, const char *held, const char *needed)
{
    struct arena a = {0};
    struct expression e;
    struct expression_error error;
    const char *names[PROVIDERS_MAX];
    bool values[PROVIDERS_MAX], needs[PROVIDERS_MAX];
    char said[PROVIDERS_MAX + 1] = "";

    cr_assert(expression_parse(text, &a, &e, names, &error));
    for (unsigned i = 0; i < e.count; i++)
        values[i] = strchr(held, names[i][0]) != NULL;
    expression_needs(e.tokens, e.len, values, e.count, needs);
    for (unsigned i = 0; i < e.count; i++)
        if (needs[i])
            strcat(said, names[i]);
    check_text(said, needed);
    arena_release(&a);
}

Test(expression, needs_the_alternative_that_holds_or_the_first)
{
    check_needs("[a] and [b]", "", "ab");
    check_needs("[a] or [b] or [c]", "", "a");
    check_needs("[a] or [b] or [c]", "b", "b");
    check_needs("[a] or [b] or [c]", "bc", "b");
    check_needs("([a] and [b]) or [c]", "a", "ab");
    check_needs("([a] and [b]) or [c]", "ac", "c");
    check_needs("([a] or [b]) and ([c] or [d])", "d", "ad");
    check_needs("[a] or ([b] and ([c] or [d]))", "bd", "bd");
}

static void check_fault(const uint32_t *tokens, unsigned len, unsigned count)
{
    cr_assert_not_null(expression_fault(tokens, len, count));
}

/* As a snapshot may have them. */
Test(expression, unsound_tokens_are_found)
{
#define TOKENS(...) (const uint32_t[]){__VA_ARGS__}
    cr_assert_null(expression_fault(NULL, 0, 2));
    cr_assert_null(expression_fault(TOKENS(0, 1, EXPRESSION_OR), 3, 2));
    cr_assert_null(expression_fault(TOKENS(0, 1, EXPRESSION_OR, 2, EXPRESSION_AND), 5, 3));
    check_fault(TOKENS(0, 1, EXPRESSION_AND), 3, 2);                  /* Plain. */
    check_fault(TOKENS(1, 0, EXPRESSION_OR), 3, 2);                   /* Order. */
    check_fault(TOKENS(0, 0, EXPRESSION_OR), 3, 2);                   /* Twice. */
    check_fault(TOKENS(0, 2, EXPRESSION_OR), 3, 2);                   /* None such. */
    check_fault(TOKENS(0, EXPRESSION_OR, 1), 3, 2);                   /* One side. */
    check_fault(TOKENS(0, 1, EXPRESSION_OR), 3, 3);                   /* Too few. */
    check_fault(TOKENS(0, 1, 2, EXPRESSION_OR, EXPRESSION_OR), 5, 3); /* From the right. */
    check_fault(TOKENS(0, 1, 2), 3, 2);
    check_fault(TOKENS(0), 1, 1);
    check_fault(TOKENS(0), 0, 0);
#undef TOKENS
}

/* --------------------------------------------------------------- at random */

struct dice {
    uint64_t state;
};

static unsigned roll(struct dice *d, unsigned sides)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return (unsigned)(d->state * 2685821657736338717u >> 33) % sides;
}

enum { RESOURCES = 8 };

/* Of resources with lower numbers, each at most once, so it is always sound. */
static void throw_text(struct dice *d, unsigned below, unsigned depth, struct bytes *out)
{
    unsigned split = below > 1 ? 1 + roll(d, below - 1) : 0;

    if (depth == 0 || split == 0 || roll(d, 3) == 0) {
        bytes_printf(out, "[r%u]", roll(d, below));
        return;
    }
    bytes_append(out, "(", 1);
    throw_text(d, split, depth - 1, out);
    bytes_printf(out, roll(d, 2) ? " and " : " or ");
    bytes_printf(out, "[r%u]", split + roll(d, below - split));
    bytes_append(out, ")", 1);
}

static void throw_needs(struct world *w, struct dice *d)
{
    struct bytes text = BYTES_INIT;
    unsigned r = 1 + roll(d, RESOURCES - 1);

    throw_text(d, r, 3, &text);
    bytes_append(&text, "", 1);
    world_do(w, "needs r%u %s", r, (const char *)text.data);
    bytes_release(&text);
}

static void throw_one(struct world *w, struct dice *d)
{
    static const char *const reports[] = {"failed", "offline", "cannot-here", "cannot-anywhere"};
    unsigned r = roll(d, RESOURCES);

    switch (roll(d, 12)) {
    case 0:
        world_do(w, roll(d, 3) > 0 ? "online db" : roll(d, 2) ? "offline db" : "move db");
        break;
    case 1:
    case 2:
    case 3:
        world_do(w, "report r%u %s", r, reports[roll(d, 4)]);
        break;
    case 4:
        world_do(w, "stop r%u flags %u", r, roll(d, 2) * 4);
        break;
    case 5:
        world_do(w, "bring r%u flags %u", r, roll(d, 2) * 2);
        break;
    case 6:
        throw_needs(w, d);
        break;
    case 7:
        world_do(w, "undepend r%u r%u", r, roll(d, RESOURCES));
        break;
    case 8:
        world_do(w, "wait %u", roll(d, 1500));
        break;
    case 9:
        world_do(w, "report r%u online", r);
        break;
    default:
        world_step(w);
    }
    bytes_clear(&w->story);
}

/* Whatever happened to it: once nobody disturbs it any more and all its owner
 * does is well, all that is wanted comes online. */
static void play(uint64_t seed)
{
    struct dice d = {seed};
    struct world w;

    world_setup(&w, "A B; db: r0 r1 r2 r3 r4 r5 r6 r7");
    for (unsigned i = 0; i < RESOURCES; i++)
        world_do(&w, "set r%u RestartThreshold %u", i, roll(&d, 4));
    for (unsigned i = 0; i < 8; i++)
        throw_needs(&w, &d);
    for (unsigned i = 0; i < 400; i++)
        throw_one(&w, &d);
    world_run(&w);
    world_do(&w, "wait 4000000");
    world_run(&w);
    for (unsigned i = 0; i < RESOURCES; i++)
        cr_assert_neq(resource_visible_state(world_group(&w, "db")->resources[i]),
                      RESOURCE_ONLINE_PENDING, "seed %llu", (unsigned long long)seed);
    check_code(world_do(&w, "offline db") & ~(uint32_t)ERROR_IO_PENDING, 0);
    world_run(&w);
    world_do(&w, "online db");
    world_run(&w);
    cr_assert_str_eq(world_state(&w, "db"), "Online", "seed %llu", (unsigned long long)seed);
    world_teardown(&w);
}

Test(expression, groups_live_by_them_seeds_1_to_60)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        play(seed);
}
