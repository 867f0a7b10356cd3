/* SPDX-License-Identifier: Apache-2.0 */
/* The test finisher (spec/finisher.h): how a lab ends the machine. */
#ifndef LABS_LIB_FINISHER_H
#define LABS_LIB_FINISHER_H

/* Lets the UART send what it holds, then ends the machine with this status (its low 16 bits; 1 if
 * these are 0 and it is not). */
_Noreturn void finish(int status);

/* Prints why and ends the machine with status 1. */
_Noreturn void die(const char *why);

#endif
