/* Small files of one line in a node's data folder: whole or not at all, whatever happens.
 * Block for as long as the disk takes. */
#ifndef HOLDFAST_NODE_SMALL_FILE_H
#define HOLDFAST_NODE_SMALL_FILE_H

#include <stdint.h>

/* A crash leaves the old file or the new one; once this returns 0, the new one, after a
 * power cut too. Else the code of what failed: then it is the old one, or, if only its
 * name was not made durable, the new one. */
uint32_t small_file_write(const char *dir, const char *name, const char *text);
/* The same for what may be lost: does not wait for the disk, so a power cut may leave it empty. */
uint32_t small_file_hint(const char *dir, const char *name, const char *text);
/* The first line, to free; NULL if there is no such file. One that is there but empty or
 * not to be read gives "": it must not pass for one that was never made. */
char *small_file_read(const char *dir, const char *name);
/* Once this returns 0 it is gone, after a power cut too. It need not be there. */
uint32_t small_file_remove(const char *dir, const char *name);
/* Names that were made or taken away in `dir` are durable. Returns 0 or the code. */
uint32_t small_file_sync(const char *dir);

#endif
