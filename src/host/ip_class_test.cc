#include "host/ip_class.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace waggle {
namespace {

TEST(IpClass, PublicAddressesHaveNone) {
  for (const char* open :
       {"1.1.1.1",        "8.8.8.8",         "9.255.255.255",    "11.0.0.0",        "100.63.255.255",
        "100.128.0.0",    "126.255.255.255", "128.0.0.1",        "169.253.255.255", "169.255.0.0",
        "172.15.255.255", "172.32.0.0",      "192.0.1.0",        "192.167.255.255", "192.169.0.0",
        "198.17.255.255", "198.20.0.0",      "223.255.255.255",  "2606:4700::1111", "2a00:1450:4001::1",
        "2001:200::1",    "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7"})
    EXPECT_FALSE(special_class(open)) << open << " " << *special_class(open);
}

TEST(IpClass, EverySpecialBlockFromItsFirstToItsLastAddress) {
  const std::vector<std::pair<const char*, const char*>> special = {
      {"0.0.0.0", "unspecified"},
      {"0.0.0.1", "reserved"},
      {"0.255.255.255", "reserved"},
      {"10.0.0.0", "private"},
      {"10.255.255.255", "private"},
      {"100.64.0.0", "private"},
      {"100.127.255.255", "private"},
      {"127.0.0.0", "loopback"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"169.254.0.0", "link-local"},
      {"169.254.169.254", "link-local"},
      {"169.254.255.255", "link-local"},
      {"172.16.0.0", "private"},
      {"172.31.255.255", "private"},
      {"192.0.0.1", "reserved"},
      {"192.0.2.1", "reserved"},
      {"192.88.99.1", "reserved"},
      {"192.168.0.0", "private"},
      {"192.168.255.255", "private"},
      {"198.18.0.0", "reserved"},
      {"198.19.255.255", "reserved"},
      {"198.51.100.1", "reserved"},
      {"203.0.113.1", "reserved"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.254", "reserved"},
      {"255.255.255.255", "broadcast"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"::2", "reserved"},
      {"fe80::1", "link-local"},
      {"fe80::1%eth0", "link-local"},
      {"febf:ffff::1", "link-local"},
      {"fec0::1", "private"},
      {"fc00::1", "private"},
      {"fdff:ffff::1", "private"},
      {"ff02::1", "multicast"},
      {"100::1", "reserved"},
      {"2001:db8::1", "reserved"},
      {"2001:10::1", "reserved"},
      {"3fff:fff::1", "reserved"},
      {"4000::1", "reserved"},
      {"5f00::1", "reserved"},
  };
  for (const auto& [address, name] : special) EXPECT_EQ(special_class(address), name) << address;
}

TEST(IpClass, AnAddressInsideAnAddressCounts) {
  const std::vector<std::pair<const char*, const char*>> special = {
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:7f00:1", "loopback"},
      {"::ffff:169.254.169.254", "link-local"},
      {"::127.0.0.1", "loopback"},                 // compatible
      {"::8.8.8.8", "reserved"},                   // compatible: nobody has that any more
      {"::ffff:0:127.0.0.1", "loopback"},          // translated
      {"64:ff9b::10.0.0.1", "private"},            // NAT64
      {"64:ff9b:1::8.8.8.8", "private"},           // its local form
      {"2002:7f00:1::", "loopback"},               // 6to4
      {"2002:a9fe:a9fe::1", "link-local"},         //
      {"2001:0:808:808::80ff:fffe", "loopback"},   // Teredo, the client
      {"2001:0:a00:1::f7f7:f7f7", "private"},      // Teredo, the server
      {"2a00:1::5efe:192.168.1.1", "private"},     // ISATAP
      {"2a00:1::200:5efe:127.0.0.1", "loopback"},  //
  };
  for (const auto& [address, name] : special) EXPECT_EQ(special_class(address), name) << address;
}

TEST(IpClass, WhatIsNoIpAddressIsNotPublic) {
  EXPECT_EQ(special_class(""), "no IP address");
  EXPECT_EQ(special_class("localhost"), "no IP address");
  EXPECT_EQ(special_class("127.1"), "no IP address");
}

}  // namespace
}  // namespace waggle
