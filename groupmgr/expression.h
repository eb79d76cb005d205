/* Dependency expressions as such: text to postfix and back, and what they say.
 * Knows no resources: an operand is a number, in order of appearance. Private
 * to groupmgr.
 *
 * One form for each expression: operands are 0, 1, 2, ... from left to right,
 * each once, and what is joined by the same operator is joined from the left
 * (a and b, and c; never a and, b and c). So equal expressions are equal bytes. */
#ifndef HOLDFAST_GROUPMGR_EXPRESSION_H
#define HOLDFAST_GROUPMGR_EXPRESSION_H

#include "base/bytes.h"
#include "base/value.h"
#include "groupmgr/objects.h"

enum { EXPRESSION_NESTING_MAX = 64 }; /* Brackets within brackets. */

struct expression {
    uint32_t tokens[2 * PROVIDERS_MAX]; /* As resource.expression. */
    unsigned len;
    unsigned count; /* Operands. */
};

/* What is wrong with a text, and where. */
struct expression_error {
    const char *what;
    size_t position; /* Byte, from 1. */
};

/* `text` may be NULL, which is empty, as are blanks. The names of operands go
 * into `names`, which has room for PROVIDERS_MAX; they are allocated in `a`.
 *
 *   expression  = and-chain { "or" and-chain }
 *   and-chain   = operand { "and" operand }
 *   operand     = "[" name "]" | "(" expression ")"
 *
 * Blanks may stand between all of these; within square brackets everything
 * belongs to the name, and "]]" is one "]". Keywords are of any case. Returns
 * false and fills `error` if `text` is nothing of the kind or beyond a limit. */
bool expression_parse(const char *text, struct arena *a, struct expression *ret,
                      const char *names[PROVIDERS_MAX], struct expression_error *error);
/* The other way round, appended to `text`. Round brackets stand where the one
 * operator meets the other, and nowhere else. */
void expression_text(const struct expression *e, const char *const names[], struct bytes *text);

/* All of `count` operands. */
void expression_all(struct expression *e, unsigned count);
/* From the tokens kept with a resource; NULL: all of `count`. They are sound. */
void expression_copy(struct expression *e, const uint32_t *tokens, unsigned len, unsigned count);
/* One more operand, with "and". There is room for it. */
void expression_add(struct expression *e);
/* Without operand `operand`; those behind it move up. */
void expression_remove(struct expression *e, unsigned operand);
/* It has no "or". */
bool expression_is_plain(const struct expression *e);

/* Of tokens kept with a resource that has `count` providers: what is wrong with
 * them, NULL: nothing. Total. */
const char *expression_fault(const uint32_t *tokens, unsigned len, unsigned count);
/* Does it hold, if those operands do? NULL tokens: all of `count`. */
bool expression_holds(const uint32_t *tokens, unsigned len, const bool holds[], unsigned count);
/* Which operands make it hold with the least to be done, as `holds` says what
 * has been done already: of alternatives the first that holds, else the first. */
void expression_needs(const uint32_t *tokens, unsigned len, const bool holds[], unsigned count,
                      bool ret_needed[]);

#endif
