/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/config.h"

#include "tests/check.h"

static struct err err;
static struct board_config config;

static int add(const char *text)
{
    config_fini(&config);
    config_init(&config);
    err.text[0] = '\0';
    return config_add_nvme(&config, text, &err);
}

static void test_nvme_file_alone(void)
{
    CHECK(add("disk.img") == 0);
    CHECK_EQ_U64(config.nvmes, 1);
    CHECK_EQ_U64(config.nvme[0].spaces, 1);
    CHECK_EQ_STR(config.nvme[0].space[0].file, "disk.img");
    CHECK_EQ_U64(config.nvme[0].space[0].block_bytes, 512);
    CHECK(config.nvme[0].msix && !config.nvme[0].space[0].read_only);
}

static void test_nvme_keys_belong_to_their_namespace(void)
{
    CHECK(add("a,,1.img,overlay=o,blocksize=4096,namespace=b.img,readonly,profile=970pro,"
              "msix=off,queues=4") == 0);
    CHECK_EQ_STR(config.nvme[0].space[0].file, "a,1.img");
    CHECK_EQ_STR(config.nvme[0].space[0].overlay, "o");
    CHECK_EQ_U64(config.nvme[0].space[0].block_bytes, 4096);
    CHECK(!config.nvme[0].space[0].read_only);
    CHECK_EQ_STR(config.nvme[0].space[1].file, "b.img");
    CHECK_EQ_U64(config.nvme[0].space[1].block_bytes, 512);
    CHECK(config.nvme[0].space[1].read_only);
    CHECK_EQ_STR(config.nvme[0].profile, "970pro");
    CHECK(!config.nvme[0].msix);
    CHECK_EQ_U64(config.nvme[0].queues, 4);
}

static void refused(const char *text, const char *why)
{
    CHECK(add(text) == -1);
    CHECK_EQ_STR(err.text, why);
}

static void test_nvme_errors_say_what_is_accepted(void)
{
    refused("", "an image file is missing: --nvme FILE[,key=value...]");
    refused("a,overly=x", "unknown key \"overly\": did you mean overlay?");
    refused("a,qqqqqq=x", "unknown key \"qqqqqq\" (doorbell run --help lists them; a comma in a "
                          "file name is written ,,)");
    refused("a,overlay", "overlay needs a value: overlay=...");
    refused("a,overlay=", "overlay= needs a file name");
    refused("a,blocksize=1024", "blocksize is 512 or 4096, not \"1024\"");
    refused("a,msix=maybe", "msix is on or off, not \"maybe\"");
    refused("a,queues=0", "queues is 1 to 64, not \"0\"");
    refused("a,namespace=b,namespace=b,namespace=b,namespace=b,namespace=b,namespace=b,"
            "namespace=b,namespace=b", "at most 8 namespaces a controller");
}

static void test_too_many_controllers_are_refused(void)
{
    CHECK(add("a") == 0);
    for (unsigned i = 1; i < CONFIG_NVME_MAX; i++)
        CHECK(config_add_nvme(&config, "a", &err) == 0);
    CHECK(config_add_nvme(&config, "a", &err) == -1);
    CHECK_EQ_STR(err.text, "at most 8 controllers");
}

static void test_what_excludes_each_other_is_told(void)
{
    CHECK(add("a,overlay=o,readonly") == 0);
    config.initrd = "i";
    CHECK(config_check(&config, &err) == -1);
    CHECK_EQ_STR(err.text, "--initrd needs --kernel");
    config.kernel = "k";
    CHECK(config_check(&config, &err) == -1);
    CHECK_EQ_STR(err.text, "--nvme a: overlay= cannot be combined with readonly");
    CHECK(add("a,overlay=o") == 0);
    config.kernel = "k";
    CHECK(config_check(&config, &err) == 0);
    config.memory_bytes++;
    CHECK(config_check(&config, &err) == -1);
    CHECK(config_add_set(&config, "cpu.clock", &err) == -1);
    CHECK_EQ_STR(err.text, "\"cpu.clock\" is not path=value (doorbell run --show-parameters lists "
                           "the paths)");
    config_fini(&config);
}

TEST_MAIN(test_nvme_file_alone, test_nvme_keys_belong_to_their_namespace,
          test_nvme_errors_say_what_is_accepted, test_too_many_controllers_are_refused,
          test_what_excludes_each_other_is_told)
