/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's figure.gp over a file of its sections, by gnuplot (docs/decisions/0017). */
#include "cli/lab_report.h"

#include "base/alloc.h"
#include "cli/lab_place.h"
#include "host/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_head(FILE *out, const char *name)
{
    fprintf(out, "# %s\nsection,x", name);
    for (unsigned i = 0; i < measure_metric_count(); i++)
        fprintf(out, ",%s%s", measure_metric(i)->name,
                strcmp(measure_metric(i)->unit, "ns") ? "" : "_ns");
    fputc('\n', out);
}

static void put_row(FILE *out, const struct lab_result *r, unsigned section, const uint64_t *x)
{
    struct measure_of of = {.section = section, .has_x = x != NULL, .x = x ? *x : 0, .source = -1};

    fprintf(out, "%s,%" PRIu64, r->lab->section[section].name, of.x);
    for (unsigned i = 0; i < measure_metric_count(); i++) {
        double value = 0;

        (void)measure_get(r->measure, &of, measure_metric(i), &value, NULL);
        fprintf(out, ",%.3f", value);
    }
    fputc('\n', out);
}

/* A block a section, and one of the values: name,value. */
static int write_data(const struct lab_result *r, const char *path, struct err *err)
{
    uint64_t *x = xcalloc(MEASURE_ROWS_MAX, sizeof *x);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    int result;

    for (unsigned s = 0; out && s < r->lab->sections; s++) {
        size_t n = measure_series(r->measure, s, x, MEASURE_ROWS_MAX);

        put_head(out, r->lab->section[s].name);
        for (size_t i = 0; i < n && i < MEASURE_ROWS_MAX; i++)
            put_row(out, r, s, &x[i]);
        if (!r->lab->section[s].x_name)
            put_row(out, r, s, NULL);
        fputs("\n\n", out);
    }
    if (out && r->lab->value.count) {
        fputs("# values\nname,value\n", out);
        for (size_t i = 0; i < r->lab->value.count; i++)
            fprintf(out, "%s,%.6f\n", r->lab->value.item[i].name,
                    r->value[i].ok ? r->value[i].number : 0);
    }
    free(x);
    if (!out || fclose(out))
        return err_set(err, "out of memory");
    result = file_write("figure's data", path, text, size, err);
    free(text);
    return result;
}

/* Text for a gnuplot string in single quotes. */
static void put_quoted(FILE *out, const char *name, const char *text)
{
    fprintf(out, "%s = '", name);
    for (; *text; text++)
        fprintf(out, *text == '\'' ? "''" : "%c", *text);
    fputs("'\n", out);
}

static int write_script(const struct lab_result *r, const char *script, const char *data,
                        const char *picture, const char *path, struct err *err)
{
    char *style = lab_path(lab_root(), "../studies/lib/style.gp"), *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    int result;

    if (!out) {
        free(style);
        return err_set(err, "out of memory");
    }
    put_quoted(out, "data", data);
    put_quoted(out, "style", style);
    put_quoted(out, "title_text", r->lab->title);
    put_quoted(out, "picture", picture);
    fputs("kind = 'svg'\n"
          "load style\n"
          "set output picture\n", out);
    put_quoted(out, "script", script);
    fputs("load script\n", out);
    fclose(out);
    result = file_write("figure's script", path, text, size, err);
    free(style);
    free(text);
    return result;
}

static int draw(const struct lab_result *r, const char *folder, const char *script,
                const char *work_script, const char *picture, const char *path, struct err *err)
{
    char *data = lab_path(r->build.work, "figure.csv");
    char *argv[] = {"gnuplot", (char *)work_script, NULL};
    uint8_t *bytes;
    size_t size;
    int status = -1, result = -1;

    if (!write_data(r, data, err) && !write_script(r, script, data, picture, work_script, err))
        status = lab_spawn(argv, folder, NULL, err);
    if (status == 127)
        err_set(err, "--figure needs gnuplot: tools/setup --studies installs it");
    else if (status > 0)
        err_set(err, "gnuplot: see above (the data are described in labs/README.md)");
    else if (status == 0 && !file_read("figure", picture, UINT64_C(64) << 20, &bytes, &size, err)) {
        result = file_write("figure", path, bytes, size, err);
        free(bytes);
    }
    free(data);
    return result;
}

int lab_figure(const struct lab_result *r, const struct lab_sources *from, const char *path,
               struct err *err)
{
    char *script = lab_path(from->folder, "figure.gp");
    char *work_script = lab_path(r->build.work, "figure.gp");
    char *picture = lab_path(r->build.work, "figure.svg");
    int result = -1;

    if (access(script, R_OK))
        err_set(err, "--figure: this lab has none (no figure.gp)");
    else
        result = draw(r, from->folder, script, work_script, picture, path, err);
    free(picture);
    free(work_script);
    free(script);
    return result;
}
