/* The one table of error codes: those of the Windows API, with what each means
 * here and what to do about it. 0 is success; ERROR_IO_PENDING (997) means
 * accepted and going on. All functions: any thread. */
#ifndef HOLDFAST_BASE_ERROR_H
#define HOLDFAST_BASE_ERROR_H

#include <stdint.h>

/* Defines ERROR_... as an enum; base/error_list.h is the table itself. Include
 * this before clusapi's <windows.h>, whose macros of the same names and values
 * then take over. */
enum error_code {
#define ERROR_ENTRY(number, name, text, advice) name = number,
#include "base/error_list.h"
#undef ERROR_ENTRY
};

const char *error_name(uint32_t code);   /* "ERROR_GROUP_NOT_FOUND"; unknown: "ERROR_<n>" is not made up: "unknown". */
const char *error_text(uint32_t code);   /* What it means, without a full stop. */
const char *error_advice(uint32_t code); /* What to do, or "". */
uint32_t error_from_errno(int errnum);   /* Nearest code of a positive errno. */

#endif
