/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of the marks, as lab.txt has them: which interrupt, plus which step. */
#ifndef LABS_INTERRUPT_COST_MARKS_H
#define LABS_INTERRUPT_COST_MARKS_H

#define TIMER 100
#define WIRE 200
#define MESSAGE 300

#define FIRST 0     /* the entry's first instruction */
#define SAVED 1     /* registers are saved */
#define KNOWN 2     /* scause was read */
#define CLAIMED 3   /* the controller has said who, and considers it taken */
#define SERVED 4    /* the device has let go of it */
#define COMPLETED 5 /* the controller may send the next one */
#define HANDLED 6   /* back from C */
#define RESTORED 7  /* registers are restored */

#endif
