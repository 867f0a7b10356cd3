/* SPDX-License-Identifier: Apache-2.0 */
#include "host/netif.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    TAP_FRAME_MAX = 65536,
    TAP_TAKE_MAX = 64, /* frames taken at one poll: the guest must get to run */
};

struct netif_tap {
    struct netif netif;
    char interface[IFNAMSIZ];
    int fd;        /* -1: gone */
    bool told;     /* that frames cannot be sent at present */
    size_t index;  /* in the poll set */
    bool polled;
    uint8_t frame[TAP_FRAME_MAX];
};

static void gone(struct netif_tap *t, const char *why)
{
    log_line("%s: the tap interface %s is gone (%s): its frames are dropped from now on",
             t->netif.env.name, t->interface, why);
    close(t->fd);
    t->fd = -1;
}

static void transmit(struct netif *netif, const uint8_t *frame, uint32_t len)
{
    struct netif_tap *t = container_of(netif, struct netif_tap, netif);
    ssize_t n = -1;

    if (t->fd >= 0) {
        do {
            n = write(t->fd, frame, len);
        } while (n < 0 && errno == EINTR);
    }
    if (n == (ssize_t)len) {
        t->told = false;
        netif->count.sent++;
        netif->count.sent_bytes += len;
        return;
    }
    netif->count.dropped++;
    if (t->fd < 0 || n >= 0 || errno == EAGAIN || t->told)
        return;
    if (errno == EBADFD || errno == EPIPE || errno == ECONNREFUSED || errno == ECONNRESET) {
        gone(t, strerror(errno));
        return;
    }
    /* An interface that is down may come up again. */
    t->told = true;
    log_line("%s: the tap interface %s takes no frames (%s): they are dropped; is it up?",
             netif->env.name, t->interface, strerror(errno));
}

static bool room(const struct netif_tap *t)
{
    return t->netif.env.room(t->netif.env.ctx, TAP_FRAME_MAX);
}

static void prepare(struct netif *netif, struct pollset *set)
{
    struct netif_tap *t = container_of(netif, struct netif_tap, netif);

    t->polled = t->fd >= 0;
    if (t->polled)
        t->index = pollset_add(set, t->fd, room(t) ? POLLIN : 0);
}

static void done(struct netif *netif, const struct pollset *set)
{
    struct netif_tap *t = container_of(netif, struct netif_tap, netif);

    if (!t->polled || t->fd < 0 || !pollset_events(set, t->index))
        return;
    for (unsigned i = 0; i < TAP_TAKE_MAX && room(t); i++) {
        ssize_t n = read(t->fd, t->frame, sizeof t->frame);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            /* Nothing to read and yet something to report, and it would be so for ever. */
            if (pollset_events(set, t->index) & (POLLERR | POLLHUP | POLLNVAL))
                gone(t, "the host closed it");
            return;
        }
        if (n <= 0) {
            gone(t, n ? strerror(errno) : "the host closed it");
            return;
        }
        netif_receive(netif, t->frame, (uint32_t)n);
    }
}

static int close_tap(struct netif *netif, struct err *err)
{
    struct netif_tap *t = container_of(netif, struct netif_tap, netif);

    (void)err;
    if (t->fd >= 0)
        close(t->fd);
    free(t);
    return 0;
}

static const struct netif_class netif_tap_class = {
    .name = "tap", .send = transmit, .prepare = prepare, .done = done, .close = close_tap,
};

struct netif *netif_tap_new(const struct netif_env *env, const char *interface, int fd)
{
    struct netif_tap *t = xcalloc(1, sizeof *t);

    t->netif = (struct netif){.class = &netif_tap_class, .env = *env};
    snprintf(t->interface, sizeof t->interface, "%s", interface);
    t->fd = fd;
    return &t->netif;
}

static int refused(int number, const char *interface, struct err *err)
{
    if (number == EPERM || number == EACCES)
        return err_set(err, "the tap interface %s: not allowed; as root, make it for yourself "
                       "first: ip tuntap add %s mode tap user NAME; ip link set %s up", interface,
                       interface, interface);
    if (number == EBUSY)
        return err_set(err, "the tap interface %s is in use by another program", interface);
    if (number == EINVAL)
        return err_set(err, "%s is an interface, but no tap interface", interface);
    return err_set(err, "the tap interface %s: %s", interface, strerror(number));
}

struct netif *netif_tap_open(const struct netif_env *env, const char *interface, struct err *err)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd;

    if (!*interface || strlen(interface) >= IFNAMSIZ) {
        err_set(err, "\"%s\" is no name of an interface (1 to %d characters)", interface,
                IFNAMSIZ - 1);
        return NULL;
    }
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        err_set(err, "cannot open /dev/net/tun: %s", strerror(errno));
        return NULL;
    }
    memcpy(request.ifr_name, interface, strlen(interface) + 1);
    if (ioctl(fd, TUNSETIFF, &request)) {
        refused(errno, interface, err);
        close(fd);
        return NULL;
    }
    return netif_tap_new(env, interface, fd);
}
