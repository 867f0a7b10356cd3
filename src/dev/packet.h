/* SPDX-License-Identifier: Apache-2.0 */
/* Ethernet frames as a NIC's parser sees them: where each header is, checksums, hashes,
 * segmentation.  Pure functions of bytes: no device, no clock.  Frames are without check sequence,
 * hostile, and of any length: nothing here reads past `len`.
 *
 * (IEEE 802.3, 802.1Q; RFC 791, 8200, 768, 9293, 9260; Microsoft's RSS hash; 82599 datasheet
 * 7.1.2 receive queues, 7.1.10-7.1.12 checksums, 7.2.4 TSO, 7.1.2.7 flow director.) */
#ifndef DEV_PACKET_H
#define DEV_PACKET_H

#include <stdbool.h>
#include <stdint.h>

enum packet_l4 { PACKET_NO_L4, PACKET_TCP, PACKET_UDP, PACKET_SCTP, PACKET_OTHER_L4 };

struct packet {
    uint16_t ethertype;   /* after a VLAN tag; 0: an 802.3 length, or too short */
    uint16_t vlan;        /* tag control information, if tagged */
    bool tagged;
    uint8_t ip;           /* 4, 6, or 0: none, or its header is not sound */
    bool fragment;        /* any fragment, the first as well: L4 is not looked at */
    bool ip_options;      /* IPv4 options, or IPv6 extension headers */
    uint8_t l4;           /* enum packet_l4; set only with the whole L4 header inside the frame */
    uint8_t tos, ip_proto; /* last next-header for IPv6 */
    uint8_t tcp_flags;
    uint16_t l3_at, l4_at, payload_at; /* offsets; 0: none. payload: after the last header known */
    uint16_t ip_end;      /* end of the IP packet in the frame (less than len: padding) */
    uint8_t src[16], dst[16]; /* addresses; IPv4 in the first four bytes */
    uint16_t src_port, dst_port;
    uint32_t tcp_seq, tcp_ack;
};

/* Never fails: what is not there or not sound is left 0.  One tag of type 0x8100 is looked through
 * (as with CTRL_EXT.EXTENDED_VLAN clear); a second one, or 802.1ad's, is the ethertype of a payload
 * that is not looked into, and so are LLC and SNAP. */
void packet_parse(struct packet *p, const uint8_t *frame, uint32_t len);

/* One's-complement sum of bytes (big-endian 16-bit words, odd end padded), folded to 16 bits; to be
 * added up with packet_sum_add.  Fast: the NIC calls it for every byte that it checks. */
uint16_t packet_sum(const uint8_t *bytes, uint32_t len);
uint16_t packet_sum_add(uint16_t a, uint16_t b);
/* Sum of the TCP/UDP pseudo header of an IPv4 (ip = 4) or IPv6 header at `l3`. */
uint16_t packet_pseudo_sum(const uint8_t *l3, unsigned ip, uint8_t proto, uint32_t l4_bytes);
/* CRC32c; SCTP places it with its low byte first. */
uint32_t packet_crc32c(const uint8_t *bytes, uint32_t len);

enum packet_check { PACKET_UNCHECKED, PACKET_GOOD, PACKET_BAD };
/* The IPv4 header checksum; UNCHECKED for anything but IPv4. */
enum packet_check packet_check_ip(const struct packet *p, const uint8_t *frame);
/* TCP, UDP (an IPv4 datagram's zero checksum: UNCHECKED), SCTP; UNCHECKED for fragments. */
enum packet_check packet_check_l4(const struct packet *p, const uint8_t *frame);

/* Toeplitz hash over `len` bytes with a 40-byte key (RSSRK in register order). */
uint32_t packet_toeplitz(const uint8_t key[40], const uint8_t *input, uint32_t len);

/* RSS as MRQC's field enable bits choose it (datasheet 7.1.2.8): the type that goes into the
 * descriptor and the hash; false: no type of `enabled` fits. */
enum { /* MRQC bits 31:16, and the RSS type in the write-back descriptor */
    RSS_TCP4 = 1 << 0, RSS_IP4 = 1 << 1, RSS_IP6 = 1 << 4, RSS_TCP6 = 1 << 5,
    RSS_UDP4 = 1 << 6, RSS_UDP6 = 1 << 7,
};
bool packet_rss(const struct packet *p, const uint8_t key[40], unsigned enabled, unsigned *type,
                uint32_t *hash);
/* The bytes that it hashes (at most 36): how many; 0: no type fits. */
uint32_t packet_rss_input(const struct packet *p, unsigned enabled, unsigned *type,
                          uint8_t input[36]);

/* What a transmit context and its data descriptor ask of hardware (datasheet 7.2.3.2.3, 7.2.4,
 * 7.2.5), as lengths of headers. */
struct packet_offload {
    uint16_t mac_bytes, ip_bytes, l4_bytes; /* MACLEN, IPLEN, L4LEN */
    uint16_t mss;
    bool ip4;        /* TUCMD.IPV4 */
    uint8_t l4;      /* PACKET_TCP, PACKET_UDP, PACKET_SCTP or PACKET_NO_L4 */
    bool insert_ip, insert_l4; /* POPTS.IXSM, TXSM */
};

/* Fills the checksum fields of one whole frame.  The pseudo-header sum is in the field already, as
 * drivers put it there.  Offsets beyond the frame: nothing is done. */
void packet_insert_checksums(uint8_t *frame, uint32_t len, const struct packet_offload *o);

/* Segment `index` of a TSO: `frame` holds a copy of the header (mac + ip + l4 bytes) followed by
 * `payload_bytes` of this segment; `at` is this segment's offset in the whole payload, `last` says
 * whether it is the final one.  Updates lengths, IPv4 identification, sequence number, flags (FIN,
 * PSH only on the last, CWR only on the first: masks as in DTXTCPFLGL/H) and checksums. */
void packet_segment(uint8_t *frame, uint32_t payload_bytes, uint32_t index, uint32_t at, bool last,
                    const struct packet_offload *o, const uint16_t flag_mask[3]);

/* Flow director's hash, 15 bits, with FDIRHKEY (bucket) or FDIRSKEY (signature) as key (datasheet
 * 7.1.2.7; it is linear, so the input comes added up already).  Both are words as a big-endian
 * reader sees them: `first` is pool in 31:24, flow type in 23:16 (IPv6 in its bit 2; SCTP 3, TCP 2,
 * UDP 1), VLAN in 15:0; `others` the sum (exclusive or) of the eight words of the addresses, source
 * port and destination port (31:16, 15:0), flexible bytes in 31:16. */
uint32_t packet_fdir_hash(uint32_t first, uint32_t others, uint32_t key);

#endif
