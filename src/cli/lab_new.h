/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LAB_NEW_H
#define CLI_LAB_NEW_H

#include "base/err.h"

/* Makes the folder in/NAME out of the template, with this title (NULL: the template's) and the next
 * free number; -1 with err. */
int lab_new(const char *name, const char *in, const char *title, struct err *err);

#endif
