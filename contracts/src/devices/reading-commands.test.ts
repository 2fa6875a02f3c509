import { expect, test } from "vitest";
import { onlyReads } from "./reading-commands.ts";

test.each([
	"show ip bgp summary json",
	"show running-config | section router bgp",
	"show interfaces | i (up|down)",
	"display ospf peer",
	"get system status",
	"ping 192.0.2.1 count 5",
	"/ip route print detail",
])("%s reads", (command) => {
	expect(onlyReads(command)).toBe(true);
});

test.each([
	"clear counters",
	"showdown",
	"do show version",
	"show running-config | redirect flash:x",
	"show version > flash:x",
	"show tech-support | tee flash:x",
	"ping 192.0.2.1; reboot",
	"ping 192.0.2.1 && reboot",
	"ping 192.0.2.1 | sh",
	"ping $(reboot)",
	"ping `reboot`",
	"show version\nreload",
	"/ip route print; /system reboot",
	"/system reboot",
	"",
])("%j is taken for one that writes", (command) => {
	expect(onlyReads(command)).toBe(false);
});
