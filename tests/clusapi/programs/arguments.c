/* Prints its arguments: arguments TEXT... For tests of wmain(). */
#include <windows.h>

#include <stdio.h>

int wmain(int argc, wchar_t **argv)
{
    int i;
    for (i = 1; i < argc; i++)
        wprintf(L"%u:%ls\n", (unsigned)wcslen(argv[i]), argv[i]);
    return argc - 1;
}
