/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell explain receive and send: runs the guest with the traffic generator at the other end of
 * its wire, and lays its packets out. */
#include "cli/cli.h"
#include "cli/explain_run.h"
#include "cli/guest.h"

#include "base/bits.h"
#include "insight/packets.h"
#include "machine/config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the generator sends at most for each packet that is asked for: where most are dropped, the
 * run ends some time all the same. */
#define SENT_PER_PACKET 16
/* Frames that come before the generator's: answers to ARP, and to the order to start. */
#define OTHER_FRAMES 2
/* And what the guest sends before its packets: it asks for the station's address. */
#define OTHER_PACKETS 1

enum mode { MODE_NAPI, MODE_THREADED, MODE_BUSY, MODE_XDP, MODE_AF_XDP };
static const char *const mode_names[] = {"napi", "threaded-napi", "busy-poll", "xdp", "af-xdp",
                                         NULL};
static const char *const reader_names[] = {"recv", "recvmmsg", "epoll", "uring", "multishot", NULL};
enum { SENDER_GSO = 3, GSO_SEGMENTS = 16 }; /* what udp-send makes of one call */
static const char *const sender_names[] = {"send", "sendmmsg", "zerocopy", "gso", "uring",
                                           "uring-zc", NULL};
static const char *const arrival_names[] = {"constant", "poisson", "burst", NULL};
static const char *const pause_names[] = {"on", "off", NULL};
static const char *const choice_names[] = {"median", "marked", "fastest", "slowest", NULL};

struct net_options {
    struct board_config config; /* first: the option callbacks are given it */
    unsigned mode, reader, sender, arrivals, pause, choice;
    uint64_t size, flows, packets, warmups, bytes, per_second;
    const char *rate, *moderation, *words, *from, *svg;
    bool json;
};

#define CONFIG(member) offsetof(struct net_options, config.member)
#define OWN(member) offsetof(struct net_options, member)

#define RECEIVE_ROWS \
    {NULL, OPT_GROUP, .help = "What is explained:"}, \
    {"mode", OPT_CHOICE, "MODE", "napi", "napi: interrupts and softirq; threaded-napi: a thread\n" \
     "polls; busy-poll: the reader polls; xdp: a program in\n" \
     "the driver drops; af-xdp: a ring in the reader's memory", OWN(mode), \
     .choices = mode_names}, \
    {"reader", OPT_CHOICE, "CALL", "recv", "how the program receives: recv, recvmmsg, epoll,\n" \
     "uring, multishot (not with xdp, af-xdp)", OWN(reader), .choices = reader_names}, \
    {"rate", OPT_TEXT, "RATE", "10k", "frames/s (N, Nk, NM), Nbit/s (NMbit), N% of the line, or\n" \
     "line", OWN(rate)}, \
    {"arrivals", OPT_CHOICE, "KIND", "constant", "constant, poisson, or burst", OWN(arrivals), \
     .choices = arrival_names}, \
    {"size", OPT_NUMBER, "BYTES", "64", "of a frame with its check sequence", OWN(size), 64, \
     1518}, \
    {"flows", OPT_NUMBER, "N", "1", "UDP source ports, taken in turn", OWN(flows), 1, 4096}, \
    {"pause", OPT_CHOICE, "HOW", "on", "off: the generator does not wait when the NIC asks it to", \
     OWN(pause), .choices = pause_names}

#define SEND_ROWS \
    {NULL, OPT_GROUP, .help = "What is explained:"}, \
    {"mode", OPT_CHOICE, "CALL", "send", "send, sendmmsg, zerocopy, gso, uring or uring-zc", \
     OWN(sender), .choices = sender_names}, \
    {"rate", OPT_NUMBER, "N", "10000", "packets/s; 0: as fast as it goes", OWN(per_second), 0, \
     100000000}, \
    {"size", OPT_NUMBER, "BYTES", "18", "of UDP payload", OWN(bytes), 1, 65000}

#define COMMON_ROWS \
    {"packets", OPT_NUMBER, "N", "1000", "that are looked at", OWN(packets), 1, 200000}, \
    {"warmups", OPT_NUMBER, "N", "200", "before them", OWN(warmups), 1, 100000}, \
    {"show", OPT_CHOICE, "WHICH", "median", "the packet shown in full: median, marked (the last\n" \
     "between marks), fastest, slowest", OWN(choice), .choices = choice_names}, \
    {"moderation", OPT_TEXT, "USECS", NULL, "least time between interrupts, as ethtool -C\n" \
     "rx-usecs: 0: none, 1: as the driver thinks; default: as it is", OWN(moderation)}, \
    {"guest", OPT_TEXT, "WORDS", NULL, "more for the guest's job, with commas: ring=4096,\n" \
     "queues=2, feature=gro:off (guest/README.md)", OWN(words)}, \
    {NULL, OPT_GROUP, .help = "On what:"}, \
    {"set", OPT_CALL, "PATH=VALUE", NULL, "change a parameter of the model; may be repeated", \
     .call = config_add_set}, \
    {"timing", OPT_CHOICE, "LEVEL", "io", "off or io", CONFIG(timing), \
     .choices = config_timing_names}, \
    {"engine", OPT_CHOICE, "NAME", "jit", "who executes: jit or interp (the same timeline)", \
     CONFIG(engine), .choices = config_engine_names}, \
    {"irq", OPT_CHOICE, "KIND", "aia", "interrupt controllers: plic, or aia (APLIC and IMSIC)", \
     CONFIG(irq), .choices = config_irq_names}, \
    {"harts", OPT_NUMBER, "N", "1", "processors, 1 to 16", CONFIG(harts), 1, VIRT_HARTS_MAX}, \
    {"memory", OPT_SIZE, "SIZE", "1G", "RAM", CONFIG(memory_bytes), CONFIG_MEMORY_MIN, \
     CONFIG_MEMORY_MAX}, \
    {"seed", OPT_NUMBER, "N", "1", "of everything random", CONFIG(seed), 0, INT64_MAX}, \
    {"kernel", OPT_TEXT, "FILE", NULL, "default: the one that guest/fetch made", CONFIG(kernel)}, \
    {"initrd", OPT_TEXT, "FILE", NULL, "default: the one that guest/initrd net made", \
     CONFIG(initrd)}, \
    {NULL, OPT_GROUP, .help = "What comes out:"}, \
    {"json", OPT_FLAG, .help = "schema doorbell.explain-net/1 (docs/explain.md)", \
     .offset = OWN(json)}, \
    {"svg", OPT_TEXT, "FILE", NULL, "draw it, too", OWN(svg)}, \
    {"trace", OPT_TEXT, "FILE", NULL, "keep the trace", CONFIG(trace)}, \
    {"console", OPT_TEXT, "WHERE", "null", "the guest's console: stdio, pty, null, or a file", \
     CONFIG(console)}, \
    {NULL, OPT_GROUP, .help = "Instead of running:"}, \
    {"from", OPT_TEXT, "TRACE", NULL, "explain the packets in a trace that was kept", \
     OWN(from)}, \
    OPT_END

static const struct opt receive_options[] = {RECEIVE_ROWS, COMMON_ROWS};
static const struct opt send_options[] = {SEND_ROWS, COMMON_ROWS};

static const char receive_usage[] =
    "receive [OPTION]...\n"
    "       doorbell explain --compare A B\n"
    "Sends frames to the 82599 of an unmodified Debian guest and shows where each nanosecond went\n"
    "between the wire and the program that receives: of one packet in full, of all as percentiles.";
static const char send_usage[] =
    "send [OPTION]...\n"
    "       doorbell explain --compare A B\n"
    "A program in an unmodified Debian guest sends UDP packets through its 82599: where each\n"
    "nanosecond went between the system call and the wire.";

/* ---- the guest's job ---- */

struct text {
    char at[1536];
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(t->at + t->used, sizeof t->at - t->used, format, args);
    va_end(args);
    t->used = n < 0 || (size_t)n >= sizeof t->at - t->used ? sizeof t->at - 1 : t->used + (size_t)n;
}

static void receive_job(const struct net_options *o, struct text *t)
{
    if (o->mode == MODE_XDP)
        add(t, "doorbell.job=xdp doorbell.args=drop,marks=1,count=%" PRIu64,
            o->warmups + o->packets);
    else if (o->mode == MODE_AF_XDP)
        add(t, "doorbell.job=af-xdp doorbell.args=drop,measure=%" PRIu64 ",marks=%" PRIu64,
            o->warmups + 1, o->packets);
    else
        add(t, "doorbell.job=receive doorbell.args=%s,measure=%" PRIu64 ",marks=%" PRIu64,
            o->mode == MODE_BUSY && !o->reader ? "busy" : reader_names[o->reader],
            o->warmups + 1, o->packets);
    if (o->mode == MODE_THREADED)
        add(t, ",threaded=1");
    if (o->mode == MODE_BUSY && o->reader)
        add(t, ",poll_us=1000");
    /* Without it the interrupt is on again after each poll. */
    if (o->mode == MODE_BUSY)
        add(t, ",defer=2000000");
    add(t, ",start=size=%" PRIu64, o->size); /* and as --nic says */
}

static void send_job(const struct net_options *o, struct text *t)
{
    add(t, "doorbell.job=send doorbell.args=%s,measure=%" PRIu64 ",marks=%" PRIu64 ",count=%" PRIu64
        ",size=%" PRIu64 ",rate=%" PRIu64, sender_names[o->sender], o->warmups + 1, o->packets,
        o->warmups + o->packets + 64, o->bytes, o->per_second);
}

static int prepare(struct net_options *o, enum packets_direction direction, char **owned,
                   struct text *words, struct err *err)
{
    struct text nic = {{0}, 0};

    if ((!o->config.kernel &&
         !(o->config.kernel = owned[0] = cli_guest_path("guest/Image", "fetch", err))) ||
        (!o->config.initrd &&
         !(o->config.initrd = owned[1] = cli_guest_path("initrd-net.cpio", "initrd net", err))))
        return -1;
    add(words, CLI_GUEST_WORDS " ");
    if (direction == PACKETS_RECEIVE)
        receive_job(o, words);
    else
        send_job(o, words);
    if (o->moderation)
        add(words, ",usecs=%s", o->moderation);
    if (o->words)
        add(words, ",%s", o->words);
    if (words->used + 1 >= sizeof words->at || strpbrk(words->at + strlen(CLI_GUEST_WORDS) + 1,
                                                       "\"'\n\t"))
        return err_set(err, "--guest and --moderation are words without quotes and blanks");
    add(&nic, "gen,start=control,stop=on,settle=5ms");
    if (direction == PACKETS_RECEIVE)
        add(&nic, ",rate=%s,size=%" PRIu64 ",arrivals=%s,flows=%" PRIu64 ",pause=%s,count=%"
            PRIu64, o->rate, o->size, arrival_names[o->arrivals], o->flows, pause_names[o->pause],
            SENT_PER_PACKET * (o->warmups + o->packets));
    if (config_add_nic(&o->config, nic.at, err))
        return -1;
    o->config.append = words->at;
    o->config.max_ps = 120 * PS_PER_S;
    return 0;
}

/* Frames per second as asked for, when that was the question; 0: otherwise. */
static uint64_t rate_of(const char *rate)
{
    char *end;
    unsigned long long n = strtoull(rate, &end, 10);

    if (!strcmp(end, "k"))
        return n * 1000;
    if (!strcmp(end, "M"))
        return n * 1000000;
    return *end ? 0 : n;
}

/* Packets that come before those that are looked at. */
static uint64_t skipped(const struct net_options *o, enum packets_direction direction)
{
    if (direction == PACKETS_RECEIVE)
        return o->warmups + OTHER_FRAMES;
    return OTHER_PACKETS + o->warmups / (o->sender == SENDER_GSO ? GSO_SEGMENTS : 1);
}

static json_t *request_of(const struct net_options *o, enum packets_direction direction)
{
    bool receive = direction == PACKETS_RECEIVE;
    json_t *q = json_pack("{ss ss sI sI sI sI}", "what", receive ? "receive" : "send", "how",
                          receive ? mode_names[o->mode] : sender_names[o->sender], "bytes",
                          (json_int_t)(receive ? o->size - 46 : o->bytes), "packets",
                          (json_int_t)o->packets, "warmups", (json_int_t)o->warmups, "skip",
                          (json_int_t)skipped(o, direction));

    if (receive) {
        if (o->mode != MODE_XDP && o->mode != MODE_AF_XDP)
            json_object_set_new(q, "reader", json_string(reader_names[o->reader]));
        json_object_set_new(q, "rate", json_string(o->rate));
        json_object_set_new(q, "rate_per_s", json_integer((json_int_t)rate_of(o->rate)));
        json_object_set_new(q, "arrivals", json_string(arrival_names[o->arrivals]));
        json_object_set_new(q, "frame_bytes", json_integer((json_int_t)o->size));
        json_object_set_new(q, "flows", json_integer((json_int_t)o->flows));
        json_object_set_new(q, "pause", json_string(pause_names[o->pause]));
    } else {
        json_object_set_new(q, "rate_per_s", json_integer((json_int_t)o->per_second));
    }
    if (o->moderation)
        json_object_set_new(q, "moderation_us", json_string(o->moderation));
    if (o->words)
        json_object_set_new(q, "guest", json_string(o->words));
    return q;
}

static int run(struct net_options *o, enum packets_direction direction, char *trace,
               size_t trace_size, struct err *err)
{
    struct explain_job job = {.config = &o->config, .functions = packets_functions,
                              .may_end = true};
    struct text words = {{0}, 0};
    char *owned[2] = {0};
    int rc = -1;

    job.request = request_of(o, direction);
    if (!prepare(o, direction, owned, &words, err))
        rc = explain_record(&job, trace, trace_size, err);
    json_decref(job.request);
    for (unsigned i = 0; i < ARRAY_LEN(owned); i++)
        free(owned[i]);
    return rc;
}

/* ---- output ---- */

static void draw(const void *packets, FILE *out)
{
    packets_svg(packets, out);
}

static int show(const struct net_options *o, enum packets_direction direction, const char *trace,
                struct err *err)
{
    const struct packets_options how = {.direction = direction,
                                        .choice = (enum packet_choice)o->choice,
                                        .own_skip = true};
    struct packets p;
    int rc = packets_build(&p, trace, &how, err);

    if (!rc && o->svg)
        rc = explain_draw(draw, &p, o->svg, err);
    if (!rc && o->json) {
        json_t *j = packets_json(&p);
        json_dumpf(j, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(j);
    } else if (!rc) {
        packets_print(&p, stdout);
    }
    packets_free(&p);
    return rc;
}

static int explain(struct net_options *o, enum packets_direction direction, int *status,
                   struct err *err)
{
    char trace[4096] = "";
    int rc;

    *status = CLI_NO_RUN;
    if (o->from)
        return show(o, direction, o->from, err);
    rc = run(o, direction, trace, sizeof trace, err);
    if (!rc)
        rc = show(o, direction, trace, err);
    explain_forget(&o->config, trace);
    return rc;
}

int cli_explain_net(int argc, char **argv)
{
    enum packets_direction direction = strcmp(argv[1], "send") ? PACKETS_RECEIVE : PACKETS_SEND;
    bool receive = direction == PACKETS_RECEIVE;
    struct net_options o = {0};
    struct err err;
    int arguments, status;

    status = cli_options("explain", receive ? receive_usage : send_usage,
                         receive ? receive_options : send_options, &o, argc, argv, &arguments);
    if (status >= 0)
        return status;
    if (arguments != 1) {
        err_set(&err, "%s takes options only", argv[0]);
        status = cli_fail("explain", CLI_USAGE, &err);
    } else if (explain(&o, direction, &status, &err)) {
        status = cli_fail("explain", status, &err);
    } else {
        status = cli_flush("explain", CLI_OK);
    }
    config_fini(&o.config);
    return status;
}
