/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's own sources are no part of the library: these are built in. */
#include "cli/lab_manifest.c"
#include "cli/words.c"

#include "base/hash.h"
#include "tests/check.h"

#define HEAD "title: A lab\nnumber: 3\nlimit: 50ms\n"

static struct lab_manifest lab;
static struct err err;

static int parse(const char *text)
{
    err.text[0] = '\0';
    return lab_manifest_parse(&lab, "x/lab.txt", text, &err);
}

/* A fourth line is wrong, and the message says so. */
static void says(const char *line, const char *what)
{
    size_t sure = strlen(strchr(line, '\n') ? "x/lab.txt:" : "x/lab.txt:4: ");
    char text[2000];

    snprintf(text, sizeof text, HEAD "%s\n", line);
    CHECK(parse(text) == -1);
    if (strncmp(err.text, "x/lab.txt:4: ", sure) || !strstr(err.text, what)) {
        printf("  %s: %s\n", line, err.text);
        CHECK(!"another error");
    }
}

static void test_all_keys(void)
{
    CHECK(!parse("# comment\n" HEAD
                 "uses: kernel\n"
                 "machine: --irq plic --memory 64M\n"
                 "machine: --nvme {work}/disk.img,discard\n"
                 "disk: disk.img 16M\n"
                 "input: ab\\n\\x41\\\\\n"
                 "\n"
                 "section: poll 1 2 putc by polling: slow\n"
                 "section: copy 10 11 by bytes: the CPU\n"
                 "  copies\n"
                 "# a comment between\n"
                 "section: edge irq_line=10 trap@hart0\n"
                 "show: time, busy mmio_loads, each = busy / max(chars, 1), value\n"
                 "value: ratio = poll.time / copy[64].time | how often\n"
                 "check: ratio > 2 and poll.uart0.mmio_loads < 5us | think | twice\n"
                 "check: output ~ \"a | b\" | a bar in quotes is none\n"
                 "check: run.interrupts == 0\n"
                 "broken: hangs.c hang | it hangs\n"));
    CHECK_EQ_STR(lab.title, "A lab");
    CHECK_EQ_U64(lab.number, 3);
    CHECK(lab.kernel);
    CHECK_EQ_U64(lab.limit_ps, 50 * (PS_PER_S / 1000));
    CHECK_EQ_U64(lab.machine.count, 6);
    CHECK_EQ_STR(lab.machine.word[5], "{work}/disk.img,discard");
    CHECK_EQ_U64(lab.disks, 1);
    CHECK_EQ_U64(lab.disk[0].bytes, 16 << 20);
    CHECK_EQ_STR(lab.input, "ab\nA\\");
    CHECK_EQ_U64(lab.sections, 3);
    CHECK_EQ_STR(lab.section[0].text, "putc by polling: slow");
    CHECK(!lab.section[0].x_name);
    CHECK_EQ_STR(lab.section[1].x_name, "bytes");
    CHECK_EQ_STR(lab.section[1].text, "the CPU copies");
    CHECK(lab.section[2].begin.kind == TRACE_KIND_irq_line && lab.section[2].begin.numbered &&
          lab.section[2].begin.number == 10);
    CHECK_EQ_STR(lab.section[2].end.source, "hart0");
    CHECK_EQ_U64(lab.column.count, 5);
    CHECK_EQ_STR(lab.column.item[3].expression, "busy / max(chars, 1)");
    CHECK_EQ_U64(lab.value.count, 1);
    CHECK_EQ_U64(lab.check.count, 3);
    CHECK_EQ_STR(lab.check.item[0].text, "think | twice");
    CHECK_EQ_STR(lab.check.item[1].expression, "output ~ \"a | b\"");
    CHECK_EQ_STR(lab.check.item[2].text, "");
    CHECK_EQ_U64(lab.check.item[2].line, 20);
    CHECK_EQ_U64(lab.brokens, 1);
    CHECK(lab.broken[0].kind == LAB_HANG);
    CHECK(lab_manifest_section(&lab, "copy") == 1);
    CHECK(lab_manifest_section(&lab, "run") == 3);
    CHECK(lab_manifest_section(&lab, "walk") == -1);
    lab_manifest_free(&lab);
}

static void test_what_is_needed_is_missed(void)
{
    CHECK(parse("number: 1\nlimit: 1ms\n") == -1);
    CHECK_EQ_STR(err.text, "x/lab.txt: there is no line \"title: ...\"");
    CHECK(parse("title: a\nlimit: 1ms\n") == -1);
    CHECK(strstr(err.text, "number") != NULL);
    CHECK(parse("title: a\nnumber: 1\n") == -1);
    CHECK(strstr(err.text, "limit") != NULL);
    CHECK(parse("") == -1);
    CHECK(!parse(HEAD));
    lab_manifest_free(&lab);
}

static void test_errors_name_the_line_and_what_to_do(void)
{
    says("no colon", "key: value");
    says("sektion: a 1 2", "did you mean section?");
    says("zzz: 1", "no key \"zzz\"");
    says("title: again", "a second time");
    CHECK(parse("title: a\nnumber: 0\nlimit: 1ms\n") == -1 && strstr(err.text, "a number from 1"));
    CHECK(parse("title: a\nnumber: x\nlimit: 1ms\n") == -1 && strstr(err.text, "a number from 1"));
    says("number: 4", "a second time");
    says("uses: libc", "kernel");
    CHECK(parse("title: a\nnumber: 1\nlimit: soon\n") == -1 && strstr(err.text, "as 50ms, not"));
    CHECK(parse("title: a\nnumber: 1\nlimit: 1000s\n") == -1 && strstr(err.text, "as 50ms, not"));
    says("limit: 5ms", "a second time");
    says("machine: --kernel 'x", "quote");
    says("machine: @file", "no @FILE");
    says("disk: ../x 4K", "name is that of a file");
    says("disk: x 5", "4K");
    says("disk: lab.elf 4K", "is taken");
    says("disk: figure.csv 4K", "is taken");
    says("disk: x 4K\ndisk: x 8K", "a disk x already");
    says("disk: x 100G", "4K");
    says("input: \\q", "backslash");
    says("input: \\x00", "backslash");
    says("section: 1 2 3", "no name of a section");
    says("section: a-b 2 3", "letters, digits and _");
    says("section: min 2 3", "expressions use the word");
    says("section: run 2 3", "a section run already");
    says("section: a", "NAME BEGIN END TEXT");
    says("section: a 1", "NAME BEGIN END TEXT");
    says("section: a 1 1", "would end with the mark");
    says("section: a 0 1", "1 to 2047");
    says("section: a 1 9999", "1 to 2047");
    says("section: a trip 2", "did you mean trap?");
    says("section: a mark 2", "by its number");
    says("section: a irq_line=x 2", "no number");
    says("show: tyme", "did you mean time?");
    says("show: a = time +", "column 7");
    says("show: a = time > 3", "a number belongs here");
    says("value: 3", "NAME = EXPRESSION");
    says("value: or = 3", "expressions use the word");
    says("value: a = 1\nvalue: a = 2", "there is a already");
    says("show: a = time, a = busy", "there is a already");
    says("value: a = b", "neither exit nor a value");
    says("check: run.time", "a check is a comparison");
    says("check: walk.time > 1", "there is no section walk");
    says("check: run.spead > 1", "there is no measure");
    says("check: run[3].time > 1", "no series");
    says("check: run.uart0.time > 1", "not measured by device");
    says("check: run.instructions > 1", "between two marks");
    says("section: e trap 2\ncheck: e.instructions > 1", "between two marks");
    says("check: 1 <", "column 4");
    says("broken: x.c explodes", "no kind of end");
    says("broken: ../x.c hang", "FILE is one of the folder");
    says("broken: x.c", "no kind of end");
}

static void test_a_mark_of_utf8_is_read_over(void)
{
    CHECK(!parse("\xef\xbb\xbf" HEAD));
    lab_manifest_free(&lab);
}

/* A value may be named below its line, not above; of a lost first line, all is freed. */
static void test_values_come_before_their_use(void)
{
    CHECK(!parse(HEAD "value: a = run.time\nvalue: b = a * 2\ncheck: b == 2 * a\n"));
    lab_manifest_free(&lab);
    says("value: b = a * 2\nvalue: a = run.time", "neither exit nor a value");
}

static void test_too_many_are_refused(void)
{
    size_t size = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);

    fputs(HEAD, out);
    for (unsigned i = 0; i < 300; i++)
        fprintf(out, "section: s%u 1 2\n", i);
    fclose(out);
    CHECK(parse(text) == -1);
    CHECK(strstr(err.text, "x/lab.txt:260: section: there are 256 sections already") != NULL);
    free(text);
    out = open_memstream(&text, &size);
    fputs(HEAD, out);
    for (unsigned i = 0; i < 300; i++)
        fprintf(out, "check: 1 < 2 | hint\n");
    fclose(out);
    CHECK(parse(text) == -1);
    CHECK_EQ_STR(err.text, "x/lab.txt:260: check: there are 256 already");
    free(text);
}

/* A good manifest with bytes changed: read, or one line of error. */
static void test_damaged_manifests_end(void)
{
    static const char good[] = HEAD "machine: --irq 'plic'\nsection: a 1 2 text\nsection: b irq_line=3 "
                               "trap by n: more\nshow: time, x = busy / (time + 1)\nvalue: v = a.time "
                               "| t\ncheck: v > 2us and b[3].uart0.bytes == 3 | hint\n goes on\nbroken: a.c "
                               "hang | t\ninput: \\x41\\n\ndisk: d 4K\n";
    unsigned fine = 0;

    for (unsigned round = 0; round < 20000; round++) {
        char text[sizeof good];

        memcpy(text, good, sizeof good);
        for (unsigned i = 0; i <= round % 4; i++) {
            uint64_t h = hash_u64(hash_u64(HASH_START, round), i);

            text[h % (sizeof good - 1)] = i % 2 ? " :=\n|()[].,\\\"'#"[(h >> 32) % 15] : (char)(h >> 40);
        }
        if (!parse(text)) {
            fine++;
            lab_manifest_free(&lab);
        } else {
            CHECK(!strncmp(err.text, "x/lab.txt:", 10) && !strchr(err.text, '\n'));
        }
    }
    CHECK(fine > 100);
}

TEST_MAIN(test_all_keys, test_a_mark_of_utf8_is_read_over, test_what_is_needed_is_missed, test_errors_name_the_line_and_what_to_do,
          test_values_come_before_their_use, test_too_many_are_refused,
          test_damaged_manifests_end)
