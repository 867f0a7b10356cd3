/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of random programs: what program_steps.c and program_odd.c share. */
#ifndef CPU_LOCKSTEP_PROGRAM_STEPS_H
#define CPU_LOCKSTEP_PROGRAM_STEPS_H

#include "cpu/lockstep/program_impl.h"

unsigned step_other(struct maker *m, unsigned than);
unsigned step_changing(struct maker *m);
uint32_t step_half(struct maker *m);
uint32_t step_word_of(struct maker *m, int class);
unsigned step_any_register(struct maker *m);
unsigned step_access_size(unsigned op);
void step_idiom(struct maker *m);
void step_filler(struct maker *m, unsigned most);
uint32_t step_target(struct maker *m, unsigned size);
uint32_t step_good_page(struct maker *m);

/* program_loops.c */
void step_float(struct maker *m);
void step_run(struct maker *m);
void step_hot_loop(struct maker *m);

/* program_odd.c: control flow */
void step_branch(struct maker *m);
void step_call(struct maker *m);
void step_jump_table(struct maker *m);
void step_odd_jump(struct maker *m);
void step_middle(struct maker *m);
void step_recursion(struct maker *m);
/* code that changes */
void step_patch_near(struct maker *m);
void step_patch_far(struct maker *m);
/* the system */
void step_csr(struct maker *m);
void step_status(struct maker *m);
void step_system(struct maker *m);
void step_illegal(struct maker *m);
void step_device(struct maker *m);
void step_device_code(struct maker *m);
void step_remap(struct maker *m);
void step_turn_under(struct maker *m);
void step_patch_under(struct maker *m);
void step_space(struct maker *m);
void step_rights(struct maker *m);
void step_timer(struct maker *m);
void step_wait(struct maker *m);
void step_long_loop(struct maker *m);

#endif
