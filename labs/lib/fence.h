/* SPDX-License-Identifier: Apache-2.0 */
/* Fences, named by what they are for.  `volatile` binds the compiler alone: the hart may still
 * let one access overtake another unless a fence stands between them (unprivileged spec 2.7;
 * chapter 17 has the rules).  `fence P, S`: no access of kind S begins before all of kind P are
 * seen, where r and w are of memory, i and o of devices. */
#ifndef LABS_LIB_FENCE_H
#define LABS_LIB_FENCE_H

#define FENCE_(before, after) __asm__ volatile("fence " #before ", " #after ::: "memory")

/* Memory that a device will read (descriptors, commands, data) is written before the store to its
 * doorbell that makes it look. */
static inline void fence_doorbell(void)
{
    FENCE_(w, o);
}

/* The flag in memory that says "done" (a phase bit, DD) is read before the data that it covers. */
static inline void fence_completion(void)
{
    FENCE_(r, r);
}

/* A device's register was read (a status, an interrupt cause) before memory that it vouches for. */
static inline void fence_status(void)
{
    FENCE_(i, r);
}

/* What was read is done with before the store that gives its place back to the device. */
static inline void fence_release(void)
{
    FENCE_(r, o);
}

/* Empties the write-combining buffers: the frame is there before what follows. */
static inline void fence_write_combining(void)
{
    FENCE_(w, iorw);
}

/* A thread published data, then a flag; the other reads the flag, then the data
 * (fence_completion). */
static inline void fence_publish(void)
{
    FENCE_(w, w);
}

/* Everything before everything after. */
static inline void fence_all(void)
{
    FENCE_(iorw, iorw);
}

/* Nothing for the hart: only the compiler forgets what it knows of memory. */
static inline void fence_compiler(void)
{
    __asm__ volatile("" ::: "memory");
}

#endif
