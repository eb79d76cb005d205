/* The main() of programs that define wmain() instead.
 *
 * A program with a main() of its own never meets this one: its definition comes
 * first. A program without one has the C runtime's reference to main resolved
 * here, and the linker, seeing the references to wmain below in this library,
 * exports the program's wmain to it. They are weak so that programs without
 * wmain link too. In C++ wmain has a mangled name, one for each of its forms.
 *
 * Does not work for a wmain compiled with hidden visibility. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/memory.h"

typedef int entry(int argc, wchar_t **argv, wchar_t **envp);

#define WMAIN(identifier, symbol) extern entry identifier __asm__(symbol) __attribute__((weak))
WMAIN(wmain_c, "wmain");
WMAIN(wmain_cxx_void, "_Z5wmainv");
WMAIN(wmain_cxx_argv, "_Z5wmainiPPw");
WMAIN(wmain_cxx_const_argv, "_Z5wmainiPPKw");
WMAIN(wmain_cxx_envp, "_Z5wmainiPPwS0_");

/* A form with fewer parameters ignores the others: the calling conventions of
 * Linux leave them to the caller. */
static entry *entry_find(void)
{
    entry *const forms[] = {wmain_c, wmain_cxx_argv, wmain_cxx_void, wmain_cxx_const_argv,
                            wmain_cxx_envp};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i] != NULL)
            return forms[i];
    }
    return NULL;
}

/* `text` in wide characters, to free; bytes that mean nothing in the locale
 * become U+FFFD. */
static wchar_t *text_widen(const char *text)
{
    size_t left = strlen(text);
    wchar_t *wide = xcalloc(left + 1, sizeof(*wide));
    wchar_t *to = wide;
    mbstate_t state = {0};
    while (left > 0) {
        size_t used = mbrtowc(to, text, left, &state);
        if (used == (size_t)-1 || used == (size_t)-2) {
            *to = L'\xFFFD';
            used = 1;
            memset(&state, 0, sizeof(state));
        }
        text += used;
        left -= used;
        to++;
    }
    return wide;
}

static wchar_t **vector_widen(char **texts)
{
    size_t count = 0;
    while (texts[count] != NULL)
        count++;
    wchar_t **wide = xcalloc(count + 1, sizeof(wchar_t *));
    for (size_t i = 0; i < count; i++)
        wide[i] = text_widen(texts[i]);
    return wide;
}

__attribute__((weak, visibility("default"))) int main(int argc, char **argv, char **envp)
{
    entry *wmain = entry_find();
    if (wmain == NULL) {
        fprintf(stderr, "%s: the program has neither main nor wmain (hidden, perhaps)\n", argv[0]);
        return 127;
    }
    /* The encoding that the user has; without any, the one that everybody has. */
    if (setlocale(LC_ALL, "") == NULL || MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
    /* Never freed: the program may keep pointers to them until exit(). Static, so
     * that leak checkers find them still in use. */
    static wchar_t **volatile wide_argv, **volatile wide_envp;
    wide_argv = vector_widen(argv);
    wide_envp = vector_widen(envp);
    return wmain(argc, wide_argv, wide_envp);
}
