/* SPDX-License-Identifier: Apache-2.0 */
/* One interrupt wire: a level with one source and one sink.  The source does not know who listens.
 * Changes travel, repeats do not. */
#ifndef BUS_LINE_H
#define BUS_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct line {
    void (*drive)(void *sink, unsigned pin, bool level); /* NULL: not connected */
    void *sink;
    unsigned pin;
    bool level;
};

static inline void line_connect(struct line *line, void (*drive)(void *, unsigned, bool),
                                void *sink, unsigned pin)
{
    *line = (struct line){drive, sink, pin, false};
}

static inline void line_set(struct line *line, bool level)
{
    if (line->level == level)
        return;
    line->level = level;
    if (line->drive)
        line->drive(line->sink, line->pin, level);
}

#endif
