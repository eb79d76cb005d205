/* A fuzz target for dependency expressions. What is accepted must be sound, read
 * the same when it is told, mean the same in another form, and stay sound when
 * operands leave it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "groupmgr/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert() would do, but must not depend on how the target is compiled. */
#define MUST(claim)                                                               \
    do {                                                                          \
        if (!(claim)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim); \
            abort();                                                              \
        }                                                                         \
    } while (0)

static const uint32_t *tokens_of(const struct expression *e)
{
    return expression_is_plain(e) ? NULL : e->tokens;
}

static void check_sound(const struct expression *e)
{
    MUST(e->count <= PROVIDERS_MAX);
    MUST(e->len == (e->count == 0 ? 0 : 2 * e->count - 1));
    if (tokens_of(e) != NULL)
        MUST(expression_fault(e->tokens, e->len, e->count) == NULL);
}

/* What is needed makes it hold, and is all that holds already if that is enough. */
static void check_needs(const struct expression *e, const bool holds[])
{
    const uint32_t *tokens = tokens_of(e);
    bool needed[PROVIDERS_MAX];
    bool enough = expression_holds(tokens, e->len, holds, e->count);

    expression_needs(tokens, e->len, holds, e->count, needed);
    MUST(expression_holds(tokens, e->len, needed, e->count));
    for (unsigned i = 0; i < e->count; i++)
        MUST(!enough || !needed[i] || holds[i]);
}

static void check_meaning(const struct expression *e, const struct expression *again, size_t seed)
{
    bool holds[PROVIDERS_MAX] = {0};

    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < e->count; i++)
            holds[i] = ((seed * 2654435761u + i * 40503u + round * 7919u) >> 7 & 1) != 0;
        MUST(expression_holds(tokens_of(e), e->len, holds, e->count) ==
             expression_holds(tokens_of(again), again->len, holds, again->count));
        check_needs(e, holds);
    }
}

static void check_told(const struct expression *e, const char *const names[], size_t seed)
{
    struct arena a = {0};
    struct bytes text = BYTES_INIT;
    struct expression again;
    struct expression_error error;
    const char *names_again[PROVIDERS_MAX];

    expression_text(e, names, &text);
    bytes_append(&text, "", 1);
    if (text.len <= EXPRESSION_BYTES_MAX) {
        MUST(expression_parse((const char *)text.data, &a, &again, names_again, &error));
        MUST(again.len == e->len && again.count == e->count);
        MUST(memcmp(again.tokens, e->tokens, e->len * sizeof(*e->tokens)) == 0);
        for (unsigned i = 0; i < e->count; i++)
            MUST(strcmp(names[i], names_again[i]) == 0);
        check_meaning(e, &again, seed);
    }
    bytes_release(&text);
    arena_release(&a);
}

/* Take operands away until nothing is left. */
static void check_removal(struct expression e, size_t seed)
{
    while (e.count > 0) {
        unsigned before = e.count;

        expression_remove(&e, (unsigned)(seed % e.count));
        MUST(e.count == before - 1);
        check_sound(&e);
        seed = seed * 31 + 7;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct expression e;
    struct expression_error error = {0};
    const char *names[PROVIDERS_MAX];
    char *text = xmalloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    if (expression_parse(text, &a, &e, names, &error)) {
        check_sound(&e);
        check_told(&e, names, size);
        check_removal(e, size);
        if (e.count < PROVIDERS_MAX) {
            expression_add(&e);
            check_sound(&e);
        }
    } else {
        MUST(error.what != NULL && error.position >= 1 && error.position <= size + 1);
    }
    arena_release(&a);
    free(text);
    return 0;
}
