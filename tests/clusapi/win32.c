#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include <windows.h>

static void *other_thread(void *arg)
{
    *(DWORD *)arg = GetLastError();
    SetLastError(2);
    return NULL;
}

Test(win32, every_thread_has_its_own_last_error)
{
    pthread_t thread;
    DWORD seen = 99;
    SetLastError(1);
    pthread_create(&thread, NULL, other_thread, &seen);
    pthread_join(thread, NULL);
    cr_expect_eq(seen, 0);
    cr_expect_eq(GetLastError(), 1);
}

Test(win32, sleep_takes_at_least_its_time)
{
    ULONGLONG begin = GetTickCount64();
    Sleep(30);
    cr_expect_geq(GetTickCount64(), begin + 29); /* Both ends are rounded down. */
    Sleep(0);
}

Test(win32, lptr_memory_is_zeroed_and_movable_memory_does_not_exist)
{
    static const char zeros[100];
    HLOCAL memory = LocalAlloc(LPTR, sizeof(zeros));
    cr_expect_eq(memcmp(memory, zeros, sizeof(zeros)), 0);
    cr_expect_null(LocalFree(memory));
    cr_expect_null(LocalFree(NULL));
    memory = LocalAlloc(LMEM_FIXED, 0);
    cr_expect_not_null(memory);
    LocalFree(memory);
    cr_expect_null(LocalAlloc(0x0002, 8));
    cr_expect_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
