/* SPDX-License-Identifier: Apache-2.0 */
/* The board: which devices there are, where, and how their wires run.  Read top to bottom. */
#include "machine/board.h"

#include "base/alloc.h"
#include "dev/bochs_display.h"
#include "dev/dw_axi_dmac.h"
#include "dev/i82599.h"
#include "host/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct device_env env(struct machine *m, const char *name, struct link *link,
                             const void *config)
{
    return (struct device_env){.name = name, .clock = &m->clock, .trace = &m->trace,
                               .space = &m->space, .link = link, .params = &m->params,
                               .seed = m->config->seed, .config = config};
}

/* Initialises a device; from then on the board resets and frees it. */
static int add(struct machine *m, const struct device_class *class, void *device,
               const struct device_env *e, struct err *err)
{
    if (class->init(device, e, err))
        return -1;
    m->device[m->devices++] = (struct board_device){class, device};
    return 0;
}

/* Puts the device's regions into the address map. */
static int map(struct machine *m, const struct device_class *class, void *device, struct err *err)
{
    struct region *r;

    for (unsigned i = 0; (r = class->region(device, i)); i++)
        if (space_map(&m->space, r, err))
            return -1;
    return 0;
}

static int add_mapped(struct machine *m, const struct device_class *class, void *device,
                      const char *name, const void *config, struct err *err)
{
    struct device_env e = env(m, name, &m->soc, config);

    return add(m, class, device, &e, err) || map(m, class, device, err) ? -1 : 0;
}

/* ---- memory ---- */

static int add_memory(struct machine *m, struct err *err)
{
    m->rom = (struct region){.name = "rom", .base = VIRT_ROM_BASE, .size = VIRT_ROM_BYTES,
                             .ram = xcalloc(1, VIRT_ROM_BYTES),
                             .code_page = xcalloc(1, VIRT_ROM_BYTES >> PAGE_SHIFT),
                             .read_only = true};
    m->ram = (struct region){.name = "ram", .base = VIRT_RAM_BASE,
                             .size = m->config->memory_bytes, .link = &m->memory,
                             .ram = host_memory_new(m->config->memory_bytes),
                             .code_page = calloc(1, m->config->memory_bytes >> PAGE_SHIFT)};
    if (!m->ram.ram || !m->ram.code_page)
        return err_set(err, "--memory: the host cannot give %llu MiB",
                       (unsigned long long)(m->config->memory_bytes >> 20));
    return space_map(&m->space, &m->rom, err) || space_map(&m->space, &m->ram, err) ? -1 : 0;
}

/* ---- harts and their interrupt controllers ---- */

static void add_harts(struct machine *m)
{
    m->shared = (struct machine_shared){
        .clock = &m->clock, .trace = &m->trace, .space = &m->space, .soc = &m->soc,
        .memory = &m->memory, .harts = (unsigned)m->config->harts, .aia = m->config->irq == IRQ_AIA,
        .aclint = &m->aclint,
    };
    for (unsigned i = 0; i < m->config->harts; i++) {
        m->hart[i] = xcalloc(1, sizeof *m->hart[i]);
        snprintf(m->hart_name[i], sizeof m->hart_name[i], "hart%u", i);
        hart_init(m->hart[i], i, &m->shared, &m->hart_params,
                  trace_source(&m->trace, m->hart_name[i]));
    }
    m->shared.code = code_new(&m->shared, m->hart, (unsigned)m->config->harts);
    m->space.code_written = code_written;
    m->space.code_ctx = m->shared.code;
    m->engine = &interp_engine;
}

static void time_moved(void *machine)
{
    struct machine *m = machine;

    for (unsigned i = 0; i < m->config->harts; i++)
        hart_timer_fired(m->hart[i]);
}

static int add_aclint(struct machine *m, struct err *err)
{
    struct aclint_config config = {.harts = (unsigned)m->config->harts};

    if (add_mapped(m, &aclint_class, &m->aclint, "aclint", &config, err))
        return -1;
    m->aclint.time_moved = time_moved;
    m->aclint.time_ctx = m;
    for (unsigned i = 0; i < m->config->harts; i++) {
        line_connect(&m->aclint.msip[i], hart_drive, m->hart[i], IRQ_MSI);
        line_connect(&m->aclint.mtip[i], hart_drive, m->hart[i], IRQ_MTI);
        line_connect(&m->aclint.ssip[i], hart_drive_ssip, m->hart[i], IRQ_SSI);
    }
    return 0;
}

static int add_plic(struct machine *m, struct err *err)
{
    struct plic_config config = {.harts = (unsigned)m->config->harts};

    if (add_mapped(m, &plic_class, &m->plic, "plic", &config, err))
        return -1;
    for (unsigned i = 0; i < m->config->harts; i++) {
        line_connect(&m->plic.meip[i], hart_drive, m->hart[i], IRQ_MEI);
        line_connect(&m->plic.seip[i], hart_drive, m->hart[i], IRQ_SEI);
    }
    return 0;
}

static int add_aia(struct machine *m, struct err *err)
{
    struct imsic_config imsic = {.harts = (unsigned)m->config->harts};
    struct aplic_config aplic = {.harts = (unsigned)m->config->harts};

    if (add_mapped(m, &imsic_class, &m->imsic, "imsic", &imsic, err) ||
        add_mapped(m, &aplic_class, &m->aplic, "aplic", &aplic, err))
        return -1;
    for (unsigned i = 0; i < m->config->harts; i++) {
        line_connect(&m->imsic.meip[i], hart_drive, m->hart[i], IRQ_MEI);
        line_connect(&m->imsic.seip[i], hart_drive, m->hart[i], IRQ_SEI);
        m->hart[i]->imsic_m = &m->imsic.m[i];
        m->hart[i]->imsic_s = &m->imsic.s[i];
    }
    return 0;
}

/* A device's wire to input `irq` of whichever controller there is. */
static void wire(struct machine *m, struct line *line, unsigned irq)
{
    if (m->config->irq == IRQ_PLIC)
        line_connect(line, plic_drive, &m->plic, irq);
    else
        line_connect(line, aplic_drive, &m->aplic, irq);
}

/* ---- devices ---- */

static void finish(void *machine, enum finisher_action action, uint32_t code)
{
    machine_end(machine, action == FINISHER_RESET ? END_RESET : END_FINISHER, code);
}

static int add_devices(struct machine *m, struct err *err)
{
    struct finisher_config finisher = {.base = VIRT_FINISHER_BASE, .finish = finish, .ctx = m};
    struct goldfish_rtc_config rtc = goldfish_rtc_config_default;
    struct uart_config uart = {.base = VIRT_UART_BASE, .put = console_put, .host = m};
    struct pcie_host_config pcie = pcie_host_config_default;

    pcie.mem64.base = config_pci_high_base(m->config);
    if (add_mapped(m, &finisher_class, &m->finisher, "finisher", &finisher, err) ||
        add_mapped(m, &goldfish_rtc_class, &m->rtc, "rtc", &rtc, err) ||
        add_mapped(m, &uart_class, &m->uart, "uart0", &uart, err) ||
        add_mapped(m, &pcie_host_class, &m->pcie, "pcie", &pcie, err))
        return -1;
    wire(m, &m->rtc.irq, VIRT_IRQ_RTC);
    wire(m, &m->uart.irq, VIRT_IRQ_UART);
    for (unsigned pin = 0; pin < PCIE_HOST_LINES; pin++)
        wire(m, &m->pcie.irq[pin], VIRT_IRQ_PCI + pin);
    return 0;
}

/* Harts reach its registers by the bus of all peripherals; its data go by a link of its own. */
static int add_dma(struct machine *m, struct err *err)
{
    struct dw_axi_dmac_config config = {.base = VIRT_DMA_BASE};
    struct device_env e = env(m, "dma0", &m->dma_link, &config);

    link_init(&m->dma_link, "dma0.link", &m->clock, &m->space, &m->trace);
    params_add(&m->params, "dma0.link", dw_axi_dmac_link_params, &m->dma_link.p);
    m->dma = xcalloc(1, dw_axi_dmac_class.size);
    if (add(m, &dw_axi_dmac_class, m->dma, &e, err))
        return -1;
    dw_axi_dmac_class.region(m->dma, 0)->link = &m->soc;
    wire(m, dw_axi_dmac_irq(m->dma), VIRT_IRQ_DMA);
    line_connect(&m->uart.txrdy, dw_axi_dmac_request, m->dma, VIRT_DMA_REQUEST_UART_TX);
    line_connect(&m->uart.rxrdy, dw_axi_dmac_request, m->dma, VIRT_DMA_REQUEST_UART_RX);
    return map(m, &dw_axi_dmac_class, m->dma, err);
}

/* `discard`: an overlay that no one else sees and that is gone with the process. */
static struct block *open_discarding(const struct drive_config *c, struct err *err)
{
    const char *dir = getenv("TMPDIR");
    char path[512];
    struct block_config config = {.image = c->file, .overlay = path};
    struct block *b;
    int fd;

    snprintf(path, sizeof path, "%s/doorbell-discard-XXXXXX", dir && *dir ? dir : "/tmp");
    fd = mkstemp(path);
    if (fd < 0) {
        err_set(err, "%s: cannot keep changes in %s", c->file, path);
        return NULL;
    }
    close(fd);
    unlink(path);
    b = block_open(&config, err);
    unlink(path);
    return b;
}

static int add_drive(struct machine *m, unsigned n, struct err *err)
{
    const struct nvme_drive_config *c = &m->config->nvme[n];
    struct drive *d = &m->drive[n];
    struct nvme_config config = {.profile = c->profile, .io_queues = (unsigned)c->queues,
                                 /* Without MSI-X the drive is to use its pin: a driver would
                                  * prefer MSI. */
                                 .no_msix = !c->msix, .no_msi = !c->msix,
                                 .namespaces = c->spaces};
    struct device_env e;

    snprintf(d->name, sizeof d->name, "nvme%u", n);
    snprintf(d->link_name, sizeof d->link_name, "nvme%u.link", n);
    for (unsigned s = 0; s < c->spaces; s++) {
        const struct drive_config *image = &c->space[s];
        struct block_config bc = {.image = image->file, .overlay = image->overlay,
                                  .read_only = image->read_only};
        struct block *b = image->discard ? open_discarding(image, err) : block_open(&bc, err);

        if (!b)
            return err_prefix(err, "--nvme");
        d->block[d->blocks++] = b;
        config.ns[s] = (struct nvme_namespace_config){b, (unsigned)image->block_bytes};
    }
    link_init(&d->link, d->link_name, &m->clock, &m->space, &m->trace);
    params_add(&m->params, d->link_name, link_pcie_params, &d->link.p);
    d->device = xcalloc(1, nvme_class.size);
    e = env(m, d->name, &d->link, &config);
    if (add(m, &nvme_class, d->device, &e, err))
        return -1;
    return pcie_host_add(&m->pcie, nvme_pci(d->device), 1 + n, 0, err);
}

static int add_nic(struct machine *m, unsigned n, struct err *err)
{
    struct nic *nic = &m->nic[n];
    struct i82599_config config = {.wire = &nic->wire, .speed = nic->config->speed};
    struct device_env e;

    memcpy(config.mac, nic->config->mac, sizeof config.mac);
    link_init(&nic->link, nic->link_name, &m->clock, &m->space, &m->trace);
    params_add(&m->params, nic->link_name, i82599_link_params, &nic->link.p);
    nic->device = xcalloc(1, i82599_class.size);
    e = env(m, nic->name, &nic->link, &config);
    if (add(m, &i82599_class, nic->device, &e, err))
        return -1;
    return pcie_host_add(&m->pcie, i82599_pci(nic->device), 1 + m->config->nvmes + n, 0, err);
}

/* After the drives and NICs, whose slots do not depend on it. */
static int add_display(struct machine *m, struct err *err)
{
    struct bochs_display_config config = {.width = m->config->display_width,
                                          .height = m->config->display_height};
    struct display *d = &m->display;
    struct device_env e;

    link_init(&d->link, "display0.link", &m->clock, &m->space, &m->trace);
    params_add(&m->params, "display0.link", link_pcie_params, &d->link.p);
    d->device = xcalloc(1, bochs_display_class.size);
    e = env(m, "display0", &d->link, &config);
    if (add(m, &bochs_display_class, d->device, &e, err))
        return -1;
    return pcie_host_add(&m->pcie, bochs_display_pci(d->device),
                         1 + m->config->nvmes + m->config->nics, 0, err);
}

void board_reset(struct machine *m)
{
    /* Those that use the bus first, so that nothing is under way when their targets reset. */
    for (unsigned i = m->devices; i-- > 0; )
        m->device[i].class->reset(m->device[i].device);
    link_reset(&m->soc);
    link_reset(&m->dma_link);
    link_reset(&m->memory);
    for (unsigned i = 0; i < m->config->nvmes; i++)
        link_reset(&m->drive[i].link);
    for (unsigned i = 0; i < m->config->nics; i++)
        nic_reset(&m->nic[i]);
    if (m->display.device)
        link_reset(&m->display.link);
    for (unsigned i = 0; i < m->config->harts; i++)
        hart_reset(m->hart[i], m->boot.reset_pc);
}

int board_build(struct machine *m, struct err *err)
{
    m->params.level = (enum timing_level)m->config->timing;
    clock_init(&m->clock);
    trace_init(&m->trace, &m->clock);
    params_add(&m->params, "cpu", hart_param_rows, &m->hart_params);
    link_init(&m->soc, "soc", &m->clock, &m->space, &m->trace);
    params_add(&m->params, "soc", link_soc_params, &m->soc.p);
    link_init(&m->memory, "memory", &m->clock, &m->space, &m->trace);
    params_add(&m->params, "memory", link_memory_params, &m->memory.p);
    if (add_memory(m, err))
        return -1;
    add_harts(m);
    m->ram.source = trace_source(&m->trace, "ram"); /* after the harts: hart n is source n */
    if (add_aclint(m, err) ||
        (m->config->irq == IRQ_PLIC ? add_plic(m, err) : add_aia(m, err)) || add_devices(m, err) ||
        add_dma(m, err))
        return -1;
    for (unsigned n = 0; n < m->config->nvmes; n++)
        if (add_drive(m, n, err))
            return -1;
    for (unsigned n = 0; n < m->config->nics; n++)
        if (nic_init(&m->nic[n], m, n, err) || add_nic(m, n, err))
            return -1;
    if (m->config->display && add_display(m, err))
        return -1;
    for (unsigned i = 0; i < m->config->sets; i++)
        if (params_set(&m->params, m->config->set[i], err))
            return -1;
    link_update(&m->soc);
    link_update(&m->dma_link);
    link_update(&m->memory);
    for (unsigned n = 0; n < m->config->nvmes; n++)
        link_update(&m->drive[n].link);
    for (unsigned n = 0; n < m->config->nics; n++)
        nic_update(&m->nic[n]);
    if (m->display.device)
        link_update(&m->display.link);
    for (unsigned i = 0; i < m->config->harts; i++)
        hart_configure(m->hart[i]);
    if (m->config->engine == ENGINE_JIT)
        m->shared.jit = jit_new(&m->hart_params, m->shared.code);
    m->shared.hot = BLOCK_HOT;
    return 0;
}

void board_fini(struct machine *m)
{
    for (unsigned i = m->devices; i-- > 0; )
        m->device[i].class->fini(m->device[i].device);
    free(m->dma);
    for (unsigned n = 0; n < m->config->nvmes; n++) {
        free(m->drive[n].device);
        for (unsigned s = 0; s < m->drive[n].blocks; s++)
            block_close(m->drive[n].block[s]);
    }
    for (unsigned n = 0; n < m->config->nics; n++)
        nic_fini(&m->nic[n]);
    free(m->display.device);
    for (unsigned i = 0; i < m->config->harts; i++)
        free(m->hart[i]);
    text_watch_fini(&m->exit_on);
    jit_free(m->shared.jit);
    code_free(m->shared.code);
    free(m->rom.ram);
    free(m->rom.code_page);
    host_memory_free(m->ram.ram, m->config->memory_bytes);
    free(m->ram.code_page);
    trace_fini(&m->trace);
    clock_fini(&m->clock);
}
