/* SPDX-License-Identifier: Apache-2.0 */
/* SiFive's test finisher ("sifive,test0", "sifive,test1"): one register that ends or resets the
 * machine.  Row format: bus/reg.h. */
#ifndef SPEC_FINISHER_H
#define SPEC_FINISHER_H

/*    name offset size view repeat step reset rw w1c flags what it is */
#define FINISHER_REGS(R) \
    R(FINISHER, 0x0, 4, 1, 1, 1, 0, 0, 0, REG_FX_W | REG_NO_STORE | REG_NARROW, \
      "what to do; reads 0.  A 2-byte write is the action alone, with code 0")

#define FINISHER_FIELDS(F) \
    F(FINISHER, FINISHER_ACTION, 0, 16, "0x5555 pass, 0x3333 fail, 0x7777 reset; others nothing") \
    F(FINISHER, FINISHER_CODE, 16, 16, "exit status, with fail")

enum { FINISHER_IS_FAIL = 0x3333, FINISHER_IS_PASS = 0x5555, FINISHER_IS_RESET = 0x7777 };

#endif
