#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/output.h"

enum { COLUMNS_MAX = 16 };

static const struct column pair_columns[] = {{NULL, false, false}, {NULL, false, false}};

void table_init(struct table *t, struct arena *a, const struct column *columns, unsigned count)
{
    assert(count > 0 && count <= COLUMNS_MAX);
    *t = (struct table){.arena = a, .columns = columns, .column_count = count, .indent = ""};
}

void table_release(struct table *t)
{
    free(t->cells);
    t->cells = NULL;
    t->cell_count = t->cell_size = 0;
}

void table_add_styled(struct table *t, const char *text, enum style style)
{
    if (t->cell_count == t->cell_size) {
        t->cell_size = t->cell_size == 0 ? 64 : 2 * t->cell_size;
        t->cells = xrealloc(t->cells, t->cell_size * sizeof(*t->cells));
    }
    if (text == NULL || text[0] == '\0')
        text = "-";
    t->cells[t->cell_count++] = (struct cell){.text = text, .style = style};
}

void table_add(struct table *t, const char *text)
{
    table_add_styled(t, text, STYLE_PLAIN);
}

void table_add_state(struct table *t, const struct value *v, const char *key)
{
    const char *state = text_field(t->arena, v, key);
    table_add_styled(t, state, style_of_state(state));
}

/* The width of each column; 0 for one that is left out. */
static void table_measure(const struct table *t, unsigned widths[])
{
    for (unsigned c = 0; c < t->column_count; c++) {
        const char *title = t->columns[c].title;
        bool empty = true;

        widths[c] = title == NULL ? 1 : text_width(title);
        for (unsigned i = c; i < t->cell_count; i += t->column_count) {
            unsigned width = text_width(t->cells[i].text);
            widths[c] = width > widths[c] ? width : widths[c];
            empty = empty && strcmp(t->cells[i].text, "-") == 0;
        }
        if (empty && t->columns[c].optional)
            widths[c] = 0;
    }
}

/* One line. Blanks are written when something follows them, so that no line
 * ends in any. */
static void table_print_row(const struct table *t, const struct cli *cli, const unsigned widths[],
                            const struct cell *row)
{
    FILE *out = cli->io->out;
    unsigned blanks = 0;

    fputs(t->indent, out);
    for (unsigned c = 0; c < t->column_count; c++) {
        unsigned pad;

        if (widths[c] == 0)
            continue;
        pad = widths[c] - text_width(row[c].text);
        if (t->columns[c].right)
            blanks += pad;
        fprintf(out, "%*s%s", (int)blanks, "",
                style_text(cli, t->arena, row[c].style, row[c].text));
        blanks = t->columns[c].right ? 2 : pad + 2;
    }
    fputc('\n', out);
}

void table_print(const struct table *t, const struct cli *cli)
{
    unsigned widths[COLUMNS_MAX];
    struct cell titles[COLUMNS_MAX];

    assert(t->cell_count % t->column_count == 0);
    table_measure(t, widths);
    if (t->columns[0].title != NULL) {
        for (unsigned c = 0; c < t->column_count; c++)
            titles[c] = (struct cell){.text = t->columns[c].title, .style = STYLE_HEAD};
        table_print_row(t, cli, widths, titles);
    }
    for (unsigned i = 0; i < t->cell_count; i += t->column_count)
        table_print_row(t, cli, widths, &t->cells[i]);
}

void pairs_init(struct table *t, struct arena *a)
{
    table_init(t, a, pair_columns, 2);
    t->indent = "  ";
}

void pairs_add(struct table *t, const char *name, const char *text)
{
    table_add(t, name);
    table_add(t, text);
}
