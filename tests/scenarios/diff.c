/* A unified diff of two short texts: the longest common subsequence of lines, by
 * the table. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/scenarios/story.h"

enum { CONTEXT = 3 };

struct line {
    const char *text;
    size_t len;
};

static struct line *split(const struct bytes *b, unsigned *ret_count)
{
    struct line *lines = xcalloc(b->len + 1, sizeof(*lines));
    const char *at = (const char *)b->data, *end = at + b->len;
    unsigned count = 0;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        if (stop == NULL)
            stop = end;
        lines[count++] = (struct line){at, (size_t)(stop - at)};
        at = stop + 1;
    }
    *ret_count = count;
    return lines;
}

static bool equal(const struct line *a, const struct line *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

struct edit {
    char sign; /* ' ', '-', '+' */
    const struct line *line;
};

/* The common lines of what follows in `a` from i and in `b` from j on stand in
 * table[i * (m + 1) + j]. */
static unsigned *table_of(const struct line *a, unsigned n, const struct line *b, unsigned m)
{
    unsigned *table = xcalloc((size_t)(n + 1) * (m + 1), sizeof(*table));

    for (unsigned i = n; i-- > 0;)
        for (unsigned j = m; j-- > 0;) {
            unsigned *cell = &table[(size_t)i * (m + 1) + j], *below = cell + m + 1;

            if (equal(&a[i], &b[j]))
                *cell = below[1] + 1;
            else
                *cell = below[0] > cell[1] ? below[0] : cell[1];
        }
    return table;
}

static unsigned edits_of(const struct line *a, unsigned n, const struct line *b, unsigned m,
                         struct edit *edits)
{
    unsigned *table = table_of(a, n, b, m), i = 0, j = 0, count = 0;

    while (i < n || j < m) {
        const unsigned *cell = &table[(size_t)i * (m + 1) + j];

        if (i < n && j < m && equal(&a[i], &b[j])) {
            edits[count++] = (struct edit){' ', &a[i++]};
            j++;
        } else if (j == m || (i < n && cell[m + 1] >= cell[1])) {
            edits[count++] = (struct edit){'-', &a[i++]};
        } else {
            edits[count++] = (struct edit){'+', &b[j++]};
        }
    }
    free(table);
    return count;
}

/* A change stands within CONTEXT lines of edit `at`. */
static bool is_near(const struct edit *edits, unsigned count, unsigned at)
{
    unsigned from = at > CONTEXT ? at - CONTEXT : 0;

    for (unsigned i = from; i < count && i <= at + CONTEXT; i++)
        if (edits[i].sign != ' ')
            return true;
    return false;
}

void diff_lines(const struct bytes *old, const struct bytes *new, struct bytes *out)
{
    unsigned n, m, count;
    struct line *a = split(old, &n), *b = split(new, &m);
    struct edit *edits = xcalloc(n + m + 1, sizeof(*edits));
    bool gap = true;

    count = edits_of(a, n, b, m, edits);
    for (unsigned i = 0, line = 1; i < count; i++) {
        if (is_near(edits, count, i)) {
            if (gap)
                bytes_printf(out, "@@ line %u @@\n", line);
            bytes_printf(out, "%c%.*s\n", edits[i].sign, (int)edits[i].line->len,
                         edits[i].line->text);
        }
        gap = !is_near(edits, count, i);
        line += edits[i].sign != '+';
    }
    free(edits);
    free(a);
    free(b);
}
