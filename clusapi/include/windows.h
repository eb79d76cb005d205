/* The part of <windows.h> that programs for the cluster API use.
 *
 * For sources written for Windows, compiled here unmodified. WCHAR is the
 * platform's wchar_t (32 bits), so that L"..." literals, wcslen() and wprintf()
 * work as they stand; DWORD and its kin have 32 bits as on Windows and are
 * therefore never `long`. Include this before ClusAPI.h, as on Windows.
 *
 * The system headers come first because the marks of sal.h collide with names
 * inside some of them: see there. */
#ifndef HOLDFAST_WINDOWS_H
#define HOLDFAST_WINDOWS_H

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>
#if defined(__cplusplus) && !defined(HOLDFAST_NO_OLD_SAL)
/* Those of libstdc++ that have the names, or include what has. */
#if __cplusplus >= 201703L
#include <filesystem>
#endif
#include <algorithm>
#include <functional>
#include <iomanip>
#include <iostream>
#include <locale>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#endif

#include "sal.h"

#if __SIZEOF_WCHAR_T__ != 4
#error "libclusapi takes 32-bit wchar_t strings: compile without -fshort-wchar"
#endif

/* ------------------------------------------------- calling conventions etc. */

#define WINAPI
#define APIENTRY
#define CALLBACK
#define PASCAL
#ifndef __stdcall
#define __stdcall
#endif
#define _stdcall
#ifndef __cdecl
#define __cdecl
#endif
#define _cdecl
#ifndef __fastcall
#define __fastcall
#endif
#define STDAPICALLTYPE
#define FAR
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define UNALIGNED
#define FORCEINLINE static inline
#ifndef __forceinline
#define __forceinline inline
#endif
#ifndef __declspec
#define __declspec(attribute)
#endif
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN __attribute__((noreturn))
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif

/* -------------------------------------------------------------------- types */

#ifdef __cplusplus
extern "C" {
#endif

typedef char CHAR, *PCHAR, *LPSTR, *PSTR;
typedef const char *LPCSTR, *PCSTR;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE, *LPBYTE, BOOLEAN, *PBOOLEAN;
typedef wchar_t WCHAR, TCHAR, *PWCHAR, *LPWSTR, *PWSTR, *LPTSTR, *PTSTR;
typedef const wchar_t *LPCWSTR, *PCWSTR, *LPCTSTR, *PCTSTR;
typedef short SHORT, *PSHORT;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD, *LPWORD;
typedef int INT, *PINT, *LPINT, BOOL, *PBOOL, *LPBOOL, LONG, *PLONG, *LPLONG, HRESULT;
typedef unsigned int UINT, *PUINT, ULONG, *PULONG, DWORD, *PDWORD, *LPDWORD;
typedef int32_t INT32, LONG32;
typedef uint32_t UINT32, ULONG32, DWORD32;
typedef long long LONGLONG, *PLONGLONG, INT64, LONG64;
typedef unsigned long long ULONGLONG, *PULONGLONG, UINT64, ULONG64, DWORD64, DWORDLONG;
typedef intptr_t INT_PTR, LONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR, *PDWORD_PTR;
typedef size_t SIZE_T, *PSIZE_T;
typedef ptrdiff_t SSIZE_T;
typedef void *PVOID, *LPVOID, *HANDLE, **PHANDLE, **LPHANDLE, *HLOCAL, *HMODULE, *HINSTANCE;
typedef const void *LPCVOID, *PCVOID;
typedef DWORD REGSAM, ACCESS_MASK, SECURITY_INFORMATION, LCID;
typedef WORD LANGID;
typedef PVOID PSECURITY_DESCRIPTOR;
typedef struct HKEY__ *HKEY, **PHKEY;

typedef union _LARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _FILETIME {
    DWORD dwLowDateTime; /* 100 ns since 1601-01-01 UTC. */
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SYSTEMTIME {
    WORD wYear, wMonth, wDayOfWeek, wDay, wHour, wMinute, wSecond, wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;

typedef struct _GUID {
    DWORD Data1;
    WORD Data2;
    WORD Data3;
    BYTE Data4[8];
} GUID;

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef WORD SECURITY_DESCRIPTOR_CONTROL;
typedef struct _SECURITY_DESCRIPTOR_RELATIVE {
    BYTE Revision;
    BYTE Sbz1;
    SECURITY_DESCRIPTOR_CONTROL Control;
    DWORD Owner; /* Offsets from the start; 0: none. */
    DWORD Group;
    DWORD Sacl;
    DWORD Dacl;
} SECURITY_DESCRIPTOR_RELATIVE, *PISECURITY_DESCRIPTOR_RELATIVE;

/* ---------------------------------------------------------------- constants */

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
#define INFINITE 0xFFFFFFFFU
#define MAX_PATH 260
#define MAXDWORD 0xFFFFFFFFU
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define WAIT_OBJECT_0 0
#define WAIT_FAILED 0xFFFFFFFFU

#define GENERIC_READ 0x80000000U
#define GENERIC_WRITE 0x40000000U
#define GENERIC_EXECUTE 0x20000000U
#define GENERIC_ALL 0x10000000U
#define MAXIMUM_ALLOWED 0x02000000U

#define LMEM_FIXED 0x0000U
#define LMEM_ZEROINIT 0x0040U
#define LPTR (LMEM_FIXED | LMEM_ZEROINIT)

/* ------------------------------------------------------------------- macros */

#define TEXT(literal) L##literal
#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define LOWORD(value) ((WORD)((DWORD_PTR)(value)&0xFFFF))
#define HIWORD(value) ((WORD)(((DWORD_PTR)(value) >> 16) & 0xFFFF))
#define LOBYTE(value) ((BYTE)((DWORD_PTR)(value)&0xFF))
#define HIBYTE(value) ((BYTE)(((DWORD_PTR)(value) >> 8) & 0xFF))
#define MAKELONG(low, high) ((LONG)(((WORD)(low)) | ((DWORD)((WORD)(high))) << 16))
#define MAKEWORD(low, high) ((WORD)(((BYTE)(low)) | ((WORD)((BYTE)(high))) << 8))
#ifndef ARRAYSIZE
#define ARRAYSIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif
#ifndef _countof
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#endif
#if !defined(NOMINMAX) && !defined(__cplusplus)
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif
#endif
#define ZeroMemory(to, size) memset((to), 0, (size))
#define FillMemory(to, size, byte) memset((to), (byte), (size))
#define CopyMemory(to, from, size) memcpy((to), (from), (size))
#define MoveMemory(to, from, size) memmove((to), (from), (size))
#define RtlZeroMemory ZeroMemory
#define RtlCopyMemory CopyMemory

/* `int wmain(int, wchar_t **)` and `int wmain(void)` work as on Windows: the
 * library brings a main() that calls it, with the arguments converted. */

/* ---------------------------------------------------------------- functions */

#pragma GCC visibility push(default)

/* Each thread has its own. A call that succeeds leaves it as it was. */
DWORD WINAPI GetLastError(void);
void WINAPI SetLastError(DWORD dwErrCode);

/* INFINITE: for ever. Goes on sleeping after a signal. */
void WINAPI Sleep(DWORD dwMilliseconds);

/* Milliseconds since the machine booted. */
ULONGLONG WINAPI GetTickCount64(void);
DWORD WINAPI GetTickCount(void);

/* LMEM_FIXED or LPTR (zeroed). NULL and ERROR_NOT_ENOUGH_MEMORY on failure;
 * other flags are ERROR_INVALID_PARAMETER: movable memory does not exist here. */
HLOCAL WINAPI LocalAlloc(UINT uFlags, SIZE_T uBytes);
HLOCAL WINAPI LocalFree(HLOCAL hMem); /* Returns NULL. NULL is fine. */

int WINAPI lstrlenW(LPCWSTR lpString); /* NULL: 0. */
#define lstrlen lstrlenW

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#include "winerror.h"

#endif
