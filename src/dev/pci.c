/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from configuration space is derived anew after every write to it (follow()), never
 * kept beside it: bus mastering, the INTx wire, mapped BARs, messages that a mask held back.
 *
 *   signal ---- unmasked -----> sending --- arrived ---> idle
 *     |                           ^  | signal: again
 *     +-- masked --> pending -----+  +--- arrived, again ---> sending
 *                     unmasked
 */
#include "dev/pci.h"

#include <assert.h>

enum { PCI_CONFIG_REGS(REG_OFFSET) };
enum { PCI_CONFIG_FIELDS(REG_FIELD_ENUM) };

static const struct reg header_regs[] = {PCI_HEADER_REGS(REG_ROW)};
static const struct reg pm_regs[] = {PCI_PM_REGS(REG_ROW)};
static const struct reg msi_regs[] = {PCI_MSI_REGS(REG_ROW)};
static const struct reg msix_regs[] = {PCI_MSIX_REGS(REG_ROW)};
static const struct reg exp_regs[] = {PCI_EXP_REGS(REG_ROW)};

/* ---- configuration space as bytes ---- */

static uint16_t word(const struct pci_function *fn, unsigned offset)
{
    return le16_get(fn->config + offset);
}

static uint32_t dword(const struct pci_function *fn, unsigned offset)
{
    return le32_get(fn->config + offset);
}

/* Lays a table's reset values and masks into the function's arrays. */
static void lay(struct pci_function *fn, const struct reg *regs, size_t count)
{
    for (const struct reg *r = regs; r < regs + count; r++)
        for (unsigned i = 0; i < r->repeat; i++) {
            unsigned at = r->offset + i * r->step;
            le_put(fn->power_on + at, r->size, r->reset);
            le_put(fn->writable + at, r->size, r->rw);
            le_put(fn->w1c + at, r->size, r->w1c);
        }
}

/* Lays a capability and links it in; the list runs in the order of offsets. */
static void lay_capability(struct pci_function *fn, const struct reg *regs, size_t count)
{
    unsigned at = regs[0].offset, prev = PCI_CAP_POINTER_OFFSET;

    lay(fn, regs, count);
    while (fn->power_on[prev] && fn->power_on[prev] < at)
        prev = fn->power_on[prev] + 1u;
    fn->power_on[at + 1] = fn->power_on[prev];
    fn->power_on[prev] = (uint8_t)at;
    fn->power_on[PCI_STATUS_OFFSET] |= (uint8_t)FMASK(PCI_STATUS_CAPABILITIES);
}

/* ---- BARs ---- */

static bool in_d0(const struct pci_function *fn)
{
    return !fn->cap_pm || FGET(dword(fn, PCI_PM_CSR_OFFSET), PCI_PM_STATE) == 0;
}

bool pci_bar_wanted(const struct pci_function *fn, unsigned index, uint64_t *addr)
{
    const struct pci_bar *bar = &fn->bar[index];
    unsigned at = PCI_BAR_OFFSET + 4 * index;
    uint16_t command = word(fn, PCI_COMMAND_OFFSET);

    if (!bar->size || !in_d0(fn))
        return false;
    if (bar->flags & PCI_BAR_IO) {
        *addr = dword(fn, at) & ~UINT32_C(3);
        return FGET(command, PCI_COMMAND_IO) && *addr;
    }
    *addr = dword(fn, at) & ~UINT32_C(15);
    if (bar->flags & PCI_BAR_MEM64)
        *addr |= (uint64_t)dword(fn, at + 4) << 32;
    return FGET(command, PCI_COMMAND_MEMORY) && *addr && *addr + (bar->size - 1) >= *addr;
}

void pci_bar_map(struct pci_function *fn, unsigned index, uint64_t addr)
{
    struct pci_bar *bar = &fn->bar[index];

    bar->region.base = addr;
    bar->mapped = space_map(fn->space, &bar->region, NULL) == 0;
}

void pci_bars_unmap(struct pci_function *fn)
{
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (fn->bar[i].mapped) {
            space_unmap(fn->space, &fn->bar[i].region);
            fn->bar[i].mapped = false;
        }
}

static void remap(struct pci_function *fn)
{
    uint64_t addr;

    if (fn->remap) {
        fn->remap(fn->host);
        return;
    }
    /* No host bridge: bus addresses are those of the space. */
    pci_bars_unmap(fn);
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (pci_bar_wanted(fn, i, &addr))
            pci_bar_map(fn, i, addr);
}

void pci_add_bar(struct pci_function *fn, unsigned index, uint64_t size, unsigned flags,
                 enum fault (*access)(void *owner, struct txn *txn), void *owner)
{
    struct pci_bar *bar = &fn->bar[index];
    unsigned at = PCI_BAR_OFFSET + 4 * index;
    uint64_t mask = ~(size - 1);

    assert(index < PCI_BARS && (size & (size - 1)) == 0 && size >= (flags & PCI_BAR_IO ? 4 : 16));
    assert(!(flags & PCI_BAR_MEM64) || index + 1 < PCI_BARS);
    bar->size = size;
    bar->flags = (uint8_t)flags;
    bar->region = (struct region){.name = fn->name, .size = size, .access = access,
                                  .owner = owner, .link = fn->port.link, .source = fn->source,
                                  .non_posted = flags & PCI_BAR_IO};
    le32_put(fn->power_on + at, flags);
    le32_put(fn->writable + at, (uint32_t)mask & (flags & PCI_BAR_IO ? ~3u : ~15u));
    if (flags & PCI_BAR_MEM64)
        le32_put(fn->writable + at + 4, (uint32_t)(mask >> 32));
    if (flags & PCI_BAR_IO)
        fn->writable[PCI_COMMAND_OFFSET] |= (uint8_t)FMASK(PCI_COMMAND_IO);
    memcpy(fn->config, fn->power_on, sizeof fn->config);
}

void pci_add_bar_memory(struct pci_function *fn, unsigned index, const char *name, uint64_t size,
                        unsigned flags, uint8_t *memory)
{
    assert(!(flags & PCI_BAR_IO) && size >= PAGE_BYTES);
    pci_add_bar(fn, index, size, flags, NULL, NULL);
    fn->bar[index].region.name = name;
    fn->bar[index].region.ram = memory;
    fn->bar[index].region.io_memory = true;
}

/* ---- message-signalled interrupts ---- */

static bool msix_enabled(const struct pci_function *fn)
{
    return fn->cap_msix && FGET(word(fn, PCI_MSIX_CONTROL_OFFSET), PCI_MSIX_ENABLE);
}

static bool msi_enabled(const struct pci_function *fn)
{
    return fn->cap_msi && FGET(word(fn, PCI_MSI_CONTROL_OFFSET), PCI_MSI_ENABLE);
}

enum pci_irq_mode pci_irq_mode(const struct pci_function *fn)
{
    return msix_enabled(fn) ? PCI_IRQ_MSIX : msi_enabled(fn) ? PCI_IRQ_MSI : PCI_IRQ_INTX;
}

static void send_message(struct pci_function *fn, unsigned index, uint64_t addr, uint32_t data)
{
    struct pci_vector *v = &fn->vector[index];

    /* Not dma_op_busy(): a message may end in a register that signals its own vector, and then
     * its operation is already out of the clock but not yet done. */
    if (v->sending) {
        v->again = true;
        v->again_cause = fn->clock->cause;
        return;
    }
    v->sending = true;
    port_msi(&v->op, addr, data);
}

static void message_arrived(void *owner, struct dma_op *op)
{
    struct pci_function *fn = owner;
    struct pci_vector *v = container_of(op, struct pci_vector, op);
    unsigned index = (unsigned)(v - fn->vector);
    uint64_t cause = fn->clock->cause;

    v->sending = false;
    if (!v->again)
        return;
    v->again = false;
    fn->clock->cause = v->again_cause;
    if (msix_enabled(fn))
        pci_msix_send(fn, index);
    else
        pci_msi_send(fn, index);
    fn->clock->cause = cause;
}

static void ready_vectors(struct pci_function *fn, unsigned count)
{
    for (; fn->ops_ready < count; fn->ops_ready++)
        dma_op_init(&fn->vector[fn->ops_ready].op, &fn->port, "pci.message", message_arrived, fn);
}

static bool vector_masked(const struct pci_function *fn, unsigned vector)
{
    return FGET(word(fn, PCI_MSIX_CONTROL_OFFSET), PCI_MSIX_MASK_ALL) ||
           fn->msix_table[vector * PCI_MSIX_ENTRY_BYTES + PCI_MSIX_ENTRY_CONTROL] & 1;
}

void pci_msix_send(struct pci_function *fn, unsigned vector)
{
    const uint8_t *entry = fn->msix_table + (size_t)vector * PCI_MSIX_ENTRY_BYTES;

    if (vector >= fn->vectors || !msix_enabled(fn))
        return;
    if (vector_masked(fn, vector))
        fn->msix_pending[vector / 64] |= UINT64_C(1) << vector % 64;
    else
        send_message(fn, vector, le64_get(entry), le32_get(entry + PCI_MSIX_ENTRY_DATA));
}

void pci_msix_cancel(struct pci_function *fn, unsigned vector)
{
    if (vector < fn->vectors)
        fn->msix_pending[vector / 64] &= ~(UINT64_C(1) << vector % 64);
}

void pci_msi_send(struct pci_function *fn, unsigned message)
{
    uint16_t control = word(fn, PCI_MSI_CONTROL_OFFSET);
    uint64_t addr = dword(fn, PCI_MSI_ADDRESS_OFFSET) |
                    (uint64_t)dword(fn, PCI_MSI_ADDRESS_HIGH_OFFSET) << 32;
    unsigned given;

    if (!msi_enabled(fn))
        return;
    given = 1u << u64_min(FGET(control, PCI_MSI_GIVEN), FGET(control, PCI_MSI_CAPABLE));
    message &= given - 1;
    if (dword(fn, PCI_MSI_MASK_OFFSET) >> message & 1)
        le32_put(fn->config + PCI_MSI_PENDING_OFFSET,
                 dword(fn, PCI_MSI_PENDING_OFFSET) | UINT32_C(1) << message);
    else
        send_message(fn, message, addr, (dword(fn, PCI_MSI_DATA_OFFSET) & ~(given - 1)) | message);
}

/* Sends what a mask held back and does not any longer. */
static void send_pending(struct pci_function *fn)
{
    uint32_t msi = fn->cap_msi ? dword(fn, PCI_MSI_PENDING_OFFSET) : 0;

    if (msix_enabled(fn))
        for (unsigned v = 0; v < fn->vectors; v++)
            if (fn->msix_pending[v / 64] >> v % 64 & 1 && !vector_masked(fn, v)) {
                pci_msix_cancel(fn, v);
                pci_msix_send(fn, v);
            }
    if (msi && msi_enabled(fn)) {
        msi &= ~dword(fn, PCI_MSI_MASK_OFFSET);
        le32_put(fn->config + PCI_MSI_PENDING_OFFSET, dword(fn, PCI_MSI_PENDING_OFFSET) & ~msi);
        for (unsigned m = 0; m < PCI_MSI_MESSAGES_MAX; m++)
            if (msi >> m & 1)
                pci_msi_send(fn, m);
    }
}

static uint32_t table_read(const struct pci_function *fn, uint64_t at)
{
    uint64_t pba = at - PCI_MSIX_PBA_AT;

    if (at < (uint64_t)fn->vectors * PCI_MSIX_ENTRY_BYTES)
        return le32_get(fn->msix_table + at);
    if (at >= PCI_MSIX_PBA_AT && pba < sizeof fn->msix_pending)
        return (uint32_t)(fn->msix_pending[pba / 8] >> (pba % 8 * 8));
    return 0;
}

static void table_write(struct pci_function *fn, uint64_t at, uint32_t value)
{
    if (at >= (uint64_t)fn->vectors * PCI_MSIX_ENTRY_BYTES)
        return;
    switch (at % PCI_MSIX_ENTRY_BYTES) {
    case PCI_MSIX_ENTRY_ADDRESS: value &= ~3u; break;
    case PCI_MSIX_ENTRY_CONTROL: value &= 1; break;
    }
    le32_put(fn->msix_table + at, value);
}

/* The MSI-X BAR: only whole aligned dwords and qwords (PCI 3.0 6.8.2). */
static enum fault msix_access(void *owner, struct txn *txn)
{
    struct pci_function *fn = owner;

    if (txn->size < 4)
        return FAULT_SIZE;
    for (unsigned at = 0; at < txn->size; at += 4)
        if (txn->write)
            table_write(fn, txn->addr + at, (uint32_t)(txn->data >> at * 8));
    if (txn->write) {
        send_pending(fn);
        return FAULT_NONE;
    }
    txn->data = table_read(fn, txn->addr);
    if (txn->size == 8)
        txn->data |= (uint64_t)table_read(fn, txn->addr + 4) << 32;
    return FAULT_NONE;
}

void pci_add_msix(struct pci_function *fn, unsigned bar, unsigned vectors)
{
    assert(vectors >= 1 && vectors <= PCI_MSIX_VECTORS_MAX);
    fn->cap_msix = PCI_CAP_AT_MSIX;
    fn->vectors = (uint16_t)vectors;
    lay_capability(fn, msix_regs, ARRAY_LEN(msix_regs));
    le16_put(fn->power_on + PCI_MSIX_CONTROL_OFFSET, (uint16_t)(vectors - 1));
    le32_put(fn->power_on + PCI_MSIX_TABLE_OFFSET, PCI_MSIX_TABLE_AT | bar);
    le32_put(fn->power_on + PCI_MSIX_PBA_OFFSET, PCI_MSIX_PBA_AT | bar);
    ready_vectors(fn, vectors);
    pci_add_bar(fn, bar, PCI_MSIX_BAR_BYTES, PCI_BAR_MEM32, msix_access, fn);
}

void pci_add_msi(struct pci_function *fn, unsigned messages)
{
    unsigned log2 = 0;

    assert(messages >= 1 && messages <= PCI_MSI_MESSAGES_MAX && !(messages & (messages - 1)));
    while (1u << log2 < messages)
        log2++;
    fn->cap_msi = PCI_CAP_AT_MSI;
    fn->messages = (uint16_t)messages;
    lay_capability(fn, msi_regs, ARRAY_LEN(msi_regs));
    le16_put(fn->power_on + PCI_MSI_CONTROL_OFFSET,
             (uint16_t)FPUT(le16_get(fn->power_on + PCI_MSI_CONTROL_OFFSET), PCI_MSI_CAPABLE,
                            log2));
    le32_put(fn->writable + PCI_MSI_MASK_OFFSET, (uint32_t)mask_bits(messages));
    ready_vectors(fn, messages);
    memcpy(fn->config, fn->power_on, sizeof fn->config);
}

void pci_set_multifunction(struct pci_function *fn)
{
    fn->power_on[PCI_HEADER_TYPE_OFFSET] |= 0x80;
    fn->config[PCI_HEADER_TYPE_OFFSET] |= 0x80;
}

/* ---- INTx ---- */

void pci_add_intx(struct pci_function *fn, unsigned pin)
{
    assert(pin <= 4);
    fn->intx_pin = (uint8_t)pin;
    fn->power_on[PCI_INTERRUPT_PIN_OFFSET] = (uint8_t)pin;
    memcpy(fn->config, fn->power_on, sizeof fn->config);
}

static void drive_intx(struct pci_function *fn)
{
    uint16_t status = word(fn, PCI_STATUS_OFFSET);

    le16_put(fn->config + PCI_STATUS_OFFSET,
             (uint16_t)FPUT(status, PCI_STATUS_INTERRUPT, fn->intx_level));
    line_set(&fn->intx, fn->intx_level && pci_irq_mode(fn) == PCI_IRQ_INTX && in_d0(fn) &&
                            !FGET(word(fn, PCI_COMMAND_OFFSET), PCI_COMMAND_INTX_OFF));
}

void pci_intx_set(struct pci_function *fn, bool level)
{
    fn->intx_level = level && fn->intx_pin;
    drive_intx(fn);
}

/* ---- configuration accesses ---- */

/* The wires that follow from configuration space. */
static void follow(struct pci_function *fn)
{
    fn->port.enabled = in_d0(fn) && FGET(word(fn, PCI_COMMAND_OFFSET), PCI_COMMAND_MASTER);
    drive_intx(fn);
}

static bool valid_access(unsigned offset, unsigned size)
{
    return (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
           offset < PCI_CONFIG_BYTES;
}

uint32_t pci_config_read(struct pci_function *fn, unsigned offset, unsigned size)
{
    return valid_access(offset, size) ? (uint32_t)le_get(fn->config + offset, size) : UINT32_MAX;
}

static bool asks_flr(const struct pci_function *fn, unsigned offset, unsigned size, uint32_t value)
{
    unsigned top = PCI_EXP_DEVCTL_OFFSET + 1;

    return fn->cap_pcie && fn->ops && fn->ops->flr && offset <= top && offset + size > top &&
           value >> (top - offset) * 8 & 0x80;
}

void pci_config_write(struct pci_function *fn, unsigned offset, unsigned size, uint32_t value)
{
    uint64_t before[PCI_BARS] = {0}, after[PCI_BARS] = {0};
    uint8_t power;

    if (!valid_access(offset, size))
        return;
    if (asks_flr(fn, offset, size, value)) {
        pci_function_reset(fn);
        fn->ops->flr(fn->owner);
        return;
    }
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (!pci_bar_wanted(fn, i, &before[i]))
            before[i] = 0;
    power = fn->config[PCI_PM_CSR_OFFSET];
    for (unsigned i = 0; i < size; i++) {
        uint8_t *byte = &fn->config[offset + i], rw = fn->writable[offset + i];
        uint8_t v = (uint8_t)(value >> i * 8);
        *byte = (uint8_t)(((*byte & ~rw) | (v & rw)) & ~(v & fn->w1c[offset + i]));
    }
    if (fn->cap_pm) {
        uint64_t state = FGET(fn->config[PCI_PM_CSR_OFFSET], PCI_PM_STATE);
        if (state == 1 || state == 2)
            fn->config[PCI_PM_CSR_OFFSET] = power;
    }
    follow(fn);
    send_pending(fn);
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (!pci_bar_wanted(fn, i, &after[i]))
            after[i] = 0;
    if (memcmp(before, after, sizeof before))
        remap(fn);
}

/* ---- life ---- */

static unsigned log2_of(uint64_t v)
{
    unsigned n = 0;

    while (v >>= 1)
        n++;
    return n;
}

/* What software reads about the link is what the timing uses. */
static void lay_link_values(struct pci_function *fn)
{
    const struct link_params *p = &fn->port.link->p;
    unsigned gen = (unsigned)u64_min(u64_max(p->generation, 1), 5);
    unsigned lanes = (unsigned)u64_min(u64_max(p->lanes, 1), 32);
    unsigned payload = (unsigned)u64_min(log2_of(p->max_payload_bytes / 128), 5);
    unsigned request = (unsigned)u64_min(log2_of(p->max_read_request_bytes / 128), 5);
    uint8_t *c = fn->config;
    uint64_t v;

    v = FPUT(dword(fn, PCI_EXP_DEVCAP_OFFSET), PCI_EXP_PAYLOAD_MAX, payload);
    le32_put(c + PCI_EXP_DEVCAP_OFFSET,
             (uint32_t)FPUT(v, PCI_EXP_FLR, fn->ops && fn->ops->flr));
    v = FPUT(word(fn, PCI_EXP_DEVCTL_OFFSET), PCI_EXP_PAYLOAD, payload);
    le16_put(c + PCI_EXP_DEVCTL_OFFSET, (uint16_t)FPUT(v, PCI_EXP_READ_REQUEST, request));
    v = FPUT(dword(fn, PCI_EXP_LNKCAP_OFFSET), PCI_EXP_SPEED_MAX, gen);
    le32_put(c + PCI_EXP_LNKCAP_OFFSET, (uint32_t)FPUT(v, PCI_EXP_WIDTH_MAX, lanes));
    v = FPUT(word(fn, PCI_EXP_LNKSTA_OFFSET), PCI_EXP_SPEED, gen);
    le16_put(c + PCI_EXP_LNKSTA_OFFSET, (uint16_t)FPUT(v, PCI_EXP_WIDTH, lanes));
    le32_put(c + PCI_EXP_LNKCAP2_OFFSET, (uint32_t)FPUT(0, PCI_EXP_SPEEDS, mask_bits(gen)));
    le16_put(c + PCI_EXP_LNKCTL2_OFFSET, (uint16_t)FPUT(0, PCI_EXP_SPEED_TARGET, gen));
}

void pci_function_reset(struct pci_function *fn)
{
    for (unsigned i = 0; i < fn->ops_ready; i++) {
        struct pci_vector *v = &fn->vector[i];
        dma_op_cancel(&v->op);
        v->op.addr = v->op.len = v->op.kind = 0;
        v->op.sampled = false;
        v->op.fault = FAULT_NONE;
        v->op.began = v->op.sampled_at = 0;
        memset(v->op.msi_data, 0, sizeof v->op.msi_data);
        v->sending = v->again = false;
        v->again_cause = 0;
    }
    memcpy(fn->config, fn->power_on, sizeof fn->config);
    if (fn->cap_pcie)
        lay_link_values(fn);
    memset(fn->msix_table, 0, sizeof fn->msix_table);
    for (unsigned v = 0; v < fn->vectors; v++)
        fn->msix_table[v * PCI_MSIX_ENTRY_BYTES + PCI_MSIX_ENTRY_CONTROL] = 1;
    memset(fn->msix_pending, 0, sizeof fn->msix_pending);
    fn->intx_level = false;
    follow(fn);
    remap(fn);
}

void pci_function_restore(struct pci_function *fn)
{
    follow(fn);
    remap(fn);
}

void pci_function_init_plain(struct pci_function *fn, const struct device_env *env,
                             const struct pci_ids *ids, const struct pci_ops *ops, void *owner)
{
    uint8_t *c = fn->power_on;

    memset(fn, 0, sizeof *fn);
    fn->name = env->name;
    fn->space = env->space;
    fn->clock = env->clock;
    fn->trace = env->trace;
    fn->ops = ops;
    fn->owner = owner;
    fn->source = trace_source(env->trace, env->name);
    port_init(&fn->port, env->link, fn->source, REQUESTER_PCI);
    lay(fn, header_regs, ARRAY_LEN(header_regs));
    fn->writable[PCI_COMMAND_OFFSET] &= (uint8_t)~FMASK(PCI_COMMAND_IO);
    le16_put(c + PCI_VENDOR_OFFSET, ids->vendor);
    le16_put(c + PCI_DEVICE_OFFSET, ids->device);
    le16_put(c + PCI_SUBSYSTEM_VENDOR_OFFSET, ids->subsystem_vendor);
    le16_put(c + PCI_SUBSYSTEM_OFFSET, ids->subsystem);
    c[PCI_REVISION_OFFSET] = ids->revision;
    c[PCI_PROG_IF_OFFSET] = (uint8_t)ids->class_code;
    c[PCI_SUBCLASS_OFFSET] = (uint8_t)(ids->class_code >> 8);
    c[PCI_CLASS_OFFSET] = (uint8_t)(ids->class_code >> 16);
    memcpy(fn->config, c, sizeof fn->config);
}

void pci_function_init(struct pci_function *fn, const struct device_env *env,
                       const struct pci_ids *ids, const struct pci_ops *ops, void *owner)
{
    pci_function_init_plain(fn, env, ids, ops, owner);
    fn->cap_pm = PCI_CAP_AT_PM;
    lay_capability(fn, pm_regs, ARRAY_LEN(pm_regs));
    fn->cap_pcie = PCI_CAP_AT_PCIE;
    lay_capability(fn, exp_regs, ARRAY_LEN(exp_regs));
    memcpy(fn->config, fn->power_on, sizeof fn->config);
}

void pci_function_fini(struct pci_function *fn)
{
    pci_bars_unmap(fn);
    for (unsigned i = 0; i < fn->ops_ready; i++)
        dma_op_cancel(&fn->vector[i].op);
}
