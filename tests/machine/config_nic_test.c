/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/netgen.h"
#include "machine/config.h"

#include "tests/check.h"

static struct err err;
static struct board_config config;

static int add(const char *text)
{
    config_fini(&config);
    config_init(&config);
    err.text[0] = '\0';
    return config_add_nic(&config, text, &err);
}

static int check_mac(const struct nic_config *nic, const char *want)
{
    char text[20];

    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", nic->mac[0], nic->mac[1],
             nic->mac[2], nic->mac[3], nic->mac[4], nic->mac[5]);
    CHECK_EQ_STR(text, want);
    return 0;
}

static void test_a_backend_alone_has_defaults(void)
{
    for (unsigned i = 0; config_nic_names[i]; i++) {
        CHECK(add(config_nic_names[i]) == 0);
        CHECK_EQ_U64(config.nics, 1);
        CHECK_EQ_U64(config.nic[0].backend, i);
        CHECK_EQ_U64(config.nic[0].speed, 10);
        CHECK_EQ_U64(config.nic[0].scale, NETIF_SCALE_ONE);
        CHECK(!config.nic[0].record && !config.nic[0].host && !config.nic[0].forwards);
        CHECK(!config.nic[0].gen == (i != NIC_GEN));
    }
}

static void test_each_controller_has_a_mac_of_its_own(void)
{
    CHECK(add("user") == 0);
    for (unsigned i = 1; i < CONFIG_NICS_MAX; i++)
        CHECK(config_add_nic(&config, "none", &err) == 0);
    check_mac(&config.nic[0], "52:54:00:12:34:56");
    check_mac(&config.nic[3], "52:54:00:12:34:59");
    CHECK(config_check(&config, &err) == 0);
    CHECK(config_add_nic(&config, "none", &err) == -1);
    CHECK_EQ_STR(err.text, "at most 4 controllers");
    config_fini(&config);
    config_init(&config);
    config.second = 1;
    CHECK(config_add_nic(&config, "peer", &err) == 0);
    check_mac(&config.nic[0], "52:54:00:12:34:66");
}

static void test_keys_of_user(void)
{
    CHECK(add("user,hostfwd=tcp::2222-:22,hostfwd=udp:0.0.0.0:53-:53,restrict,mac=02:00:00:00:aA:"
              "0f,speed=1,record=a,,b.pcapng") == 0);
    CHECK_EQ_U64(config.nic[0].forwards, 2);
    CHECK_EQ_U64(config.nic[0].forward[0].host_port, 2222);
    CHECK(config.nic[0].forward[1].udp);
    CHECK(config.nic[0].restrict_ && !config.nic[0].host);
    CHECK_EQ_U64(config.nic[0].speed, 1);
    CHECK_EQ_STR(config.nic[0].record, "a,b.pcapng");
    check_mac(&config.nic[0], "02:00:00:00:aa:0f");
    CHECK(add("user,host=off") == 0 && !config.nic[0].host);
    CHECK(add("user,host=on") == 0 && config.nic[0].host);
}

static void test_keys_of_tap_and_pcap(void)
{
    CHECK(add("tap,ifname=tap3") == 0);
    CHECK_EQ_STR(config.nic[0].interface, "tap3");
    CHECK(add("pcap,in=a,out=b,start=1.5s,scale=0.25") == 0);
    CHECK_EQ_STR(config.nic[0].in, "a");
    CHECK_EQ_STR(config.nic[0].out, "b");
    CHECK(config.nic[0].start_given);
    CHECK_EQ_U64(config.nic[0].start_ps, PS_PER_S * 3 / 2);
    CHECK_EQ_U64(config.nic[0].scale, NETIF_SCALE_ONE / 4);
    CHECK(add("pcap,in=a,scale=0") == 0 && config.nic[0].scale == 0);
    CHECK(add("pcap,in=a,scale=12.5") == 0 && config.nic[0].scale == NETIF_SCALE_ONE * 25 / 2);
}

static void test_keys_of_the_generator_are_its_own(void)
{
    CHECK(add("gen,rate=line,size=1518,report=r.json,mac=02:00:00:00:00:01,"
              "genmac=02:00:00:00:00:02") == 0);
    CHECK_EQ_STR(config.nic[0].report, "r.json");
    check_mac(&config.nic[0], "02:00:00:00:00:01");
    CHECK_EQ_U64(config.nic[0].gen->stream.size_min, 1518);
    CHECK_EQ_U64(config.nic[0].gen->mac[5], 2);
}

static void refused(const char *text, const char *why)
{
    CHECK(add(text) == -1);
    CHECK_EQ_STR(err.text, why);
}

static void test_errors_say_what_is_accepted(void)
{
    static const char mac[] = "mac is the address of a station, like 52:54:00:12:34:56";

    refused("", "unknown backend \"\": user, tap, pcap, peer, gen and none are there");
    refused("usr", "unknown backend \"usr\": did you mean user?");
    refused("user,hostfw=x", "unknown key \"hostfw\" of user: did you mean hostfwd?");
    refused("user,in=x", "in= is a key of pcap, not of user");
    refused("none,qqqqqqqqqq=1", "unknown key \"qqqqqqqqqq\" of none (doorbell run --help lists "
                                 "them; a comma in a file name is written ,,)");
    refused("user,record", "record needs a value: record=...");
    refused("user,record=", "record= needs a name");
    refused("user,host=maybe", "host is on or off, not \"maybe\"");
    refused("user,speed=100", "speed is 10 or 1 (Gb/s), not \"100\"");
    refused("user,mac=", mac);
    refused("user,mac=52:54:00:12:34", mac);
    refused("user,mac=52:54:00:12:34:5", mac);
    refused("user,mac=52:54:00:12:34:567", mac);
    refused("user,mac=01:00:00:00:00:01", mac);
    refused("user,mac=00:00:00:00:00:00", mac);
    refused("user,mac=52-54-00-12-34-56", mac);
    refused("pcap,start=soon", "start is a time, like 10s, not \"soon\"");
    refused("pcap,scale=-1", "scale is a number up to 1000000, like 0.5, not \"-1\"");
    refused("pcap,scale=99999999", "scale is a number up to 1000000, like 0.5, not \"99999999\"");
    refused("pcap,scale=.", "scale is a number up to 1000000, like 0.5, not \".\"");
    refused("user,hostfwd=tcp:22", "hostfwd is tcp|udp:[ADDR]:PORT-[ADDR]:PORT, as tcp::2222-:22, "
                                   "not \"tcp:22\"");
}

static void test_what_is_missing_or_excludes_each_other_is_told(void)
{
    CHECK(add("tap") == 0 && config_check(&config, &err) == -1);
    CHECK_EQ_STR(err.text, "--nic tap needs ifname=NAME");
    CHECK(add("pcap") == 0 && config_check(&config, &err) == -1);
    CHECK_EQ_STR(err.text, "--nic pcap needs in=FILE or out=FILE");
    CHECK(add("user,host,restrict") == 0 && config_check(&config, &err) == -1);
    CHECK_EQ_STR(err.text, "--nic user: restrict cannot be combined with host");
    CHECK(add("none,mac=52:54:00:12:34:57") == 0 && config_add_nic(&config, "none", &err) == 0);
    CHECK(config_check(&config, &err) == -1);
    CHECK_EQ_STR(err.text, "--nic: two controllers have the same mac=");
    CHECK(add("peer") == 0 && config_add_nic(&config, "peer", &err) == 0);
    CHECK(config_check(&config, &err) == -1);
    config_fini(&config);
}

static void test_help_is_no_controller(void)
{
    CHECK(add("help") == 0);
    CHECK(config.nic_help && config.nics == 0);
}

TEST_MAIN(test_a_backend_alone_has_defaults,
          test_each_controller_has_a_mac_of_its_own,
          test_keys_of_user,
          test_keys_of_tap_and_pcap,
          test_keys_of_the_generator_are_its_own,
          test_errors_say_what_is_accepted,
          test_what_is_missing_or_excludes_each_other_is_told,
          test_help_is_no_controller)
