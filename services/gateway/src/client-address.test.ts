import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { createClientAddress } from "./client-address.ts";

const request = (remoteAddress: string, forwarded?: string) =>
	({ socket: { remoteAddress }, headers: { "x-forwarded-for": forwarded } }) as unknown as IncomingMessage;

test("without a trusted proxy nobody is believed about where they come from", () => {
	const addressOf = createClientAddress([]);
	expect(addressOf(request("192.0.2.1", "10.0.0.1"))).toBe("192.0.2.1");
	expect(addressOf(request("::ffff:192.0.2.1", "10.0.0.1"))).toBe("192.0.2.1");
});

test("behind trusted proxies the nearest address that is none counts, whatever a client put before it", () => {
	const addressOf = createClientAddress(["10.0.0.0/8", "fd00::/8", "127.0.0.1"]);
	expect(addressOf(request("127.0.0.1", "203.0.113.9"))).toBe("203.0.113.9");
	expect(addressOf(request("::ffff:10.1.2.3", "1.1.1.1, 203.0.113.9, 10.9.9.9"))).toBe("203.0.113.9");
	expect(addressOf(request("fd00::1", "2001:db8::7"))).toBe("2001:db8::7");
	expect(addressOf(request("10.0.0.1", "not an address, 10.0.0.2"))).toBe("10.0.0.2");
	expect(addressOf(request("10.0.0.1"))).toBe("10.0.0.1");
	expect(addressOf(request("192.0.2.1", "203.0.113.9"))).toBe("192.0.2.1");
});
