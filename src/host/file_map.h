/* SPDX-License-Identifier: Apache-2.0 */
/* A file that nobody here writes, read through a mapping: a copy instead of a system call.
 *
 * The host may cut the file while it is mapped.  A page that is gone then raises SIGBUS; the handler
 * puts a page of zeros there and notes that the map is lost, and the reader, who looks at that after
 * each copy, gives up the mapping and reads the file itself, which says what is wrong.  A cut within a
 * page raises nothing and leaves zeros behind it, but it removes the last page of the file: each read
 * touches that too, and nothing is read through the mapping from it. */
#ifndef HOST_FILE_MAP_H
#define HOST_FILE_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct file_map;

/* NULL when it cannot be mapped or is too small to matter: then read it otherwise. */
struct file_map *file_map_new(int fd, uint64_t size);
void file_map_free(struct file_map *m);

/* Copies [offset, offset + len) to buf; false when that cannot be had from the mapping, now or (after
 * the file has been cut) ever: then read it otherwise. */
bool file_map_read(struct file_map *m, uint64_t offset, void *buf, uint64_t len);

#endif
