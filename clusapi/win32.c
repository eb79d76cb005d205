/* The few functions of Windows itself that windows.h promises. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/error.h"

#include <windows.h>

static _Thread_local DWORD last_error;

DWORD WINAPI GetLastError(void)
{
    return last_error;
}

void WINAPI SetLastError(DWORD dwErrCode)
{
    last_error = dwErrCode;
}

static void sleep_until(const struct timespec *when)
{
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, when, NULL) == EINTR)
        ;
}

void WINAPI Sleep(DWORD dwMilliseconds)
{
    struct timespec when;
    if (dwMilliseconds == 0) {
        sched_yield();
        return;
    }
    do {
        clock_gettime(CLOCK_MONOTONIC, &when);
        when.tv_sec += dwMilliseconds / 1000;
        when.tv_nsec += (long)(dwMilliseconds % 1000) * 1000000;
        if (when.tv_nsec >= 1000000000) {
            when.tv_nsec -= 1000000000;
            when.tv_sec++;
        }
        sleep_until(&when);
    } while (dwMilliseconds == INFINITE);
}

ULONGLONG WINAPI GetTickCount64(void)
{
    return clock_boot_ms();
}

DWORD WINAPI GetTickCount(void)
{
    return (DWORD)clock_boot_ms();
}

HLOCAL WINAPI LocalAlloc(UINT uFlags, SIZE_T uBytes)
{
    if ((uFlags & ~LPTR) != 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    /* Zero bytes are a valid block on Windows. */
    SIZE_T size = uBytes > 0 ? uBytes : 1;
    HLOCAL memory = uFlags & LMEM_ZEROINIT ? calloc(1, size) : malloc(size);
    if (memory == NULL)
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return memory;
}

HLOCAL WINAPI LocalFree(HLOCAL hMem)
{
    free(hMem);
    return NULL;
}

int WINAPI lstrlenW(LPCWSTR lpString)
{
    return lpString == NULL ? 0 : (int)wcslen(lpString);
}
