import { expect, test } from "vitest";
import { followOutput, normalised, outcomeOfError, withoutSpeaker, wordOf } from "./outcome.ts";

const core = { device_name: "core-1", host: "192.0.2.7", port: 22 };

test.each([
	["core-1 (192.0.2.7:22) refused the password.", "{device} refused the password."],
	["core-1 ([2001:db8::7]:22) refused", "{device} refused"],
	["connecting to 192.0.2.7:22", "connecting to {address}"],
	["core-1#show version", "{device}#show version"],
	["core-1.example.net is up", "{device}.example.net is up"],
	["core-10, core-1-mgmt and xcore-1 stay; core-1 goes", "core-10, core-1-mgmt and xcore-1 stay; {device} goes"],
	["192.0.2.70 and 192.0.2.7:2222 stay in part", "192.0.2.70 and {address}:2222 stay in part"],
	["core-2 (192.0.2.8:22) is another device", "core-2 (192.0.2.8:22) is another device"],
])("of %j only the speaker's own name and address go", (text, expected) => {
	expect(withoutSpeaker(text, core)).toBe(expected);
});

test("a name that means something in a pattern is taken literally", () => {
	expect(withoutSpeaker("a.b+c (host:1) and axb+c", { device_name: "a.b+c" })).toBe("{device} and axb+c");
	expect(withoutSpeaker("nothing", { device_name: "" })).toBe("nothing");
});

test.each([
	["show running-config: 12,345 bytes in 18 ms", "show running-config: {size} in {duration}"],
	["auth: ok after 1.5 s", "auth: ok after {duration}"],
	["Clock: 2026-03-02T09:14:07.120Z, up 3 weeks, 2 days", "Clock: {time}, up {duration}, {duration}"],
	["*Mar  1 00:00:12.345: %SYS-5-CONFIG_I", "*Mar  1 {time}: %SYS-5-CONFIG_I"],
	[`host key SHA256:${"a".repeat(43)}`, "host key {fingerprint}"],
	["vlan 10 has 4 ports, MTU 1500", "vlan 10 has 4 ports, MTU 1500"],
])("of %j what differs by the moment goes", (text, expected) => {
	expect(normalised(text, core)).toBe(expected);
});

test("equal errors of two devices are one outcome, another code or another reason is another", () => {
	const of = (device_name: string, host: string, code = "device.refused", why = "refused") =>
		outcomeOfError({ code, message: `${device_name} (${host}:22) ${why} after 30 ms.` }, { device_name });
	expect(of("core-1", "192.0.2.7")).toBe(of("edge-9", "192.0.2.9"));
	expect(of("core-1", "192.0.2.7", "device.timeout")).not.toBe(of("edge-9", "192.0.2.9"));
	expect(of("core-1", "192.0.2.7", "device.refused", "is closed")).not.toBe(of("edge-9", "192.0.2.9"));
});

test("output is followed piece by piece: equal lines are one outcome, however they arrive", () => {
	const outcomeOf = (device_name: string, ...pieces: string[]) => {
		const followed = followOutput();
		for (const piece of pieces) followed.add(piece, { device_name });
		return followed.outcome();
	};
	expect(outcomeOf("core-1", "core-1 has\n3 peers")).toBe(outcomeOf("edge-9", "edge-9 has", "3 peers\n"));
	expect(outcomeOf("core-1", "core-1 has\n3 peers")).not.toBe(outcomeOf("edge-9", "edge-9 has\n4 peers"));
	expect(wordOf(outcomeOf("core-1", "x"))).toBeNull();
	expect(wordOf("changed")).toBe("changed");
});

test("a line that a hostile device made of digits and commas is read once, not for ever", () => {
	const line = "1,".repeat(2_000_000);
	expect(normalised(line, { device_name: "1", host: "1", port: 1 })).toHaveLength(4_000);
});
