/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_timeline.h"

#include "cli/explain_lab.h"

#include <string.h>

static bool is_state(const char *name)
{
    for (const char *const *s = explain_lab_states; *s; s++)
        if (!strcmp(*s, name))
            return true;
    return false;
}

static const struct measure_section *find(const struct lab_manifest *lab, const char *name)
{
    for (size_t i = 0; i < lab->sections; i++) {
        const struct measure_section *s = &lab->section[i];

        if (name ? !strcmp(s->name, name) : is_state(s->name))
            return s;
    }
    return NULL;
}

int lab_timeline(const struct lab_result *r, const char *section, const char *svg, bool quiet,
                 struct err *err)
{
    const struct measure_section *s = find(r->lab, section);
    struct explain_lab what = {.config = &r->config};
    struct timeline t;
    int rc;

    if (!r->lab->kernel)
        return err_set(err, "--timeline: this lab has no kernel (`uses: kernel`), and no system "
                       "calls");
    if (!s || !is_state(s->name))
        return err_set(err, "--timeline: the lab has no section%s%s; it draws sections named cold, "
                       "hot, ring or polled", section ? " of a read named " : "",
                       section ? section : "");
    if (s->begin.kind != TRACE_KIND_mark || s->end.kind != TRACE_KIND_mark)
        return err_set(err, "--timeline: section %s is not between two marks", s->name);
    what.state = s->name;
    what.begin = (unsigned)s->begin.number;
    what.end = (unsigned)s->end.number;
    rc = explain_lab(&t, &what, err);
    if (!rc)
        rc = explain_show(&t, quiet ? EXPLAIN_NOTHING : EXPLAIN_TEXT, svg, err);
    timeline_free(&t);
    return rc;
}
