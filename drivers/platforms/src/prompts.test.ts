import { compilePlatform } from "@netconductor/driver-core/platform";
import { expect, test } from "vitest";
import { builtInPlatforms } from "./platforms.ts";

/** Prompts as devices in the field show them, white space at the end removed, with the mode that each means. */
const prompts: [platform: string, mode: string | undefined, ...prompts: string[]][] = [
	["cisco_ios", "exec", "core-1.lab>", "fw/ctx1>"],
	["cisco_ios", "enable", "core_1#", "fw/ctx1#", "fw/pri/act#", "r1-stby#", "r1:2#", "r1 #"],
	["cisco_ios", "config", "r1(config-if)#", "fw/ctx1(config)#"],
	["cisco_ios", undefined, "### authorised users only ###", "User Access >", "number of sessions #"],
	["cisco_nxos", "enable", "sw-vdc2#", "sw(boot)#", "sw(maint-mode)#", "sw%MGMT#"],
	["cisco_nxos", "config", "sw(config-if)#", "sw(maint-mode)(config)#", "sw(config)%MGMT#"],
	["cisco_xr", "exec", "RP/0/RSP0/CPU0:r1#", "RP/B0/CB0/CPU0:r_1.a#"],
	["arista_eos", "enable", "sw1(s1)#", "sw1(vrf:MGMT)#", "sw1(s2)(vrf:MGMT)#", "sw1.14:02:01#", "sw1[14:02:01]#"],
	["arista_eos", "config", "sw1(config-if-Et1)#", "sw1(vrf:MGMT)(config)#", "sw1(s1)(config-s-plan)#"],
	["juniper_junos", "exec", "admin@mx1>", "admin@mx1:LS1>", "admin@example.net@mx1>"],
	["juniper_junos", "config", "admin@mx1#", "admin@mx1:LS1#"],
	["mikrotik_routeros", "exec", "[admin@A[1]] >", "[admin@Büro 1] >", "[admin@MikroTik] /ip/address>"],
	["vyos", "exec", "vyos@r1:~$", "admin@example.net@r1:~$", "operator@r1>"],
	["vyos", "config", "vyos@r1#", "admin@example.net@r1#"],
	["linux", "exec", "user@host:~$", "[root@host ~]#", "$", "host%", "user@host ~>", "└─$", "❯"],
];

test.each(prompts)("%s: prompts of mode %s are told apart", (id, mode, ...shown) => {
	const definition = builtInPlatforms.find((platform) => platform.id === id);
	expect(definition).toBeDefined();
	if (definition === undefined) return;
	const platform = compilePlatform(definition);
	for (const prompt of shown) expect(platform.modeOf(prompt), prompt).toBe(mode);
});

test("a frame drawn above the prompt of a host is known as such", () => {
	const definition = builtInPlatforms.find(({ id }) => id === "linux");
	if (definition === undefined) throw new Error("no linux");
	expect(compilePlatform(definition).isAbovePrompt("┌──(kali㉿kali)-[~]")).toBe(true);
});

test("what `exec prompt timestamp` puts above an answer of IOS is no part of the config", () => {
	const definition = builtInPlatforms.find(({ id }) => id === "cisco_ios");
	if (definition === undefined) throw new Error("no cisco_ios");
	const { isDropped } = compilePlatform(definition);
	expect(isDropped("Load for five secs: 5%/0%; one minute: 6%; five minutes: 6%")).toBe(true);
	expect(isDropped("Time source is NTP, 10:22:11.123 UTC Sat Nov 21 2026")).toBe(true);
});
