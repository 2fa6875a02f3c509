import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { failed } from "./errors.ts";
import { createLog, type Log } from "./log.ts";
import { escapeControls, isSecretKey, redact, redactText } from "./redact.ts";
import { runWithTraceparent } from "./telemetry.ts";

const canary = "cAnary-5ecret-93";
const jwt = `eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.${canary}`;
const token = `nc_${canary}_0123456789`;
const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;

function capture(format: "json" | "text" = "json"): { log: Log; lines: string[] } {
	const lines: string[] = [];
	return { log: createLog({ level: "trace", format, destination: { write: (line) => void lines.push(line) } }), lines };
}

test("no canary comes through, whatever way it is logged and however deep it lies", () => {
	for (const format of ["json", "text"] as const) {
		const { log, lines } = capture(format);
		const child = log.child({ service: "devices", api_key: canary });
		const error = new Error(`login to postgres://admin:${canary}@db/x failed`, {
			cause: new AggregateError([new Error(`Authorization: Bearer 1${canary}`)], `token=${canary}`),
		});
		child.info({ password: canary, nested: { list: [{ enable_password: canary, "X-Api-Key": canary }] } }, "made");
		child.info({ headers: { authorization: canary, Cookie: canary, "set-cookie": [canary] } });
		child.info({ community: canary, privateKey: canary, refresh_token: { value: canary }, accessToken: canary });
		child.warn({ err: error });
		child.warn(error);
		child.error(error, `with ${jwt}`);
		child.info("interpolated %s %j", token, { url: `https://${canary}@host/` });
		child.info({ text: `{"password":"${canary}"}`, escaped: `{\\"passphrase\\":\\"${canary}\\"}` });
		child.info({ err: failed("vault.cannot_open", { message: `nc_${canary}`, details: { secret: canary, at: jwt } }) });
		child.info({ deep: { a: { b: { c: { d: { password: canary } } } } }, map: new Map([["token", canary]]) });
		child.info({ key: Buffer.from(canary), url: new URL(`amqp://u:${canary}@h/`) });
		child.child({ inner: token }).info(`ssh key\n${pem}`);
		child.setBindings({ cookie: canary });
		child.info({ req: { method: "GET", url: `/ws/tasks/1?ticket=${canary}`, headers: { authorization: canary } } });
		child.info({ cut: pem.slice(0, 60) + canary });
		expect(lines).toHaveLength(14);
		expect(lines.join("")).not.toContain(canary);
		expect(lines.join("")).not.toContain(pem.split("\n")[1]);
		expect(lines.join("")).not.toContain(Buffer.from(canary).toString("base64"));
	}
});

test("what is not a secret stays readable", () => {
	const { log, lines } = capture();
	log.info(
		{ has_password: true, token_type: "Bearer", host_key: "SHA256:abc", max_tokens: 512, key_id: "k1", password: null },
		"basic authentication of core-1",
	);
	expect(JSON.parse(lines[0] ?? "")).toMatchObject({
		level: "info",
		has_password: true,
		token_type: "Bearer",
		host_key: "SHA256:abc",
		max_tokens: 512,
		key_id: "k1",
		password: null,
		msg: "basic authentication of core-1",
	});
	expect(redactText("https://user@host/a")).toBe("https://[redacted]@host/a");
	expect(redactText("see https://example.org/a?b=c and mail x@example.org")).toBe(
		"see https://example.org/a?b=c and mail x@example.org",
	);
	expect(
		["community_string", "enablePassword", "db_passwd", "snmp-community", "key_passphrase", "clientSecret"].every(
			isSecretKey,
		),
	).toBe(true);
	expect(["secretary", "passenger", "tokenizer", "bypass_reason", "name"].some(isSecretKey)).toBe(false);
});

test("an AppError shows its code, phase and details, with its cause", () => {
	const { log, lines } = capture();
	const cause = Object.assign(new Error("connect ECONNREFUSED"), {
		code: "ECONNREFUSED",
		syscall: "connect",
		input: canary,
	});
	log.error(
		failed("device.refused", { message: "core-1 refused", phase: "connect", details: { device: "core-1" }, cause }),
	);
	expect(JSON.parse(lines[0] ?? "")).toMatchObject({
		msg: "core-1 refused",
		err: {
			type: "AppError",
			code: "device.refused",
			phase: "connect",
			retryable: true,
			details: { device: "core-1" },
			cause: { type: "Error", code: "ECONNREFUSED", syscall: "connect" },
		},
	});
	expect(lines[0]).not.toContain(canary);
});

test("a device's control characters reach neither a terminal nor another line", () => {
	expect(escapeControls("a\x1b[2J\r\u202eb\x9b1m\tc\n")).toBe("a\\x1b[2J\\x0d\\u202eb\\x9b1m\tc\n");
	const { log, lines } = capture("text");
	log.info({ output: "line\n12:00:00.000 ERROR forged" }, "said \x1b]0;owned\x07\nand more");
	expect(lines.join("").split("\n")).toHaveLength(2);
	expect(lines.join("")).not.toContain("\x1b");
});

test("records carry the trace id of what they belong to", () => {
	const { log, lines } = capture();
	runWithTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", () => log.info("inside"));
	log.info("outside");
	expect(JSON.parse(lines[0] ?? "").trace_id).toBe("0af7651916cd43dd8448eb211c80319c");
	expect(JSON.parse(lines[1] ?? "")).not.toHaveProperty("trace_id");
});

test("circular, huge and foreign objects are cut, not followed", () => {
	const circular: Record<string, unknown> = { name: "a" };
	circular.self = circular;
	expect(JSON.stringify(redact(circular)).length).toBeLessThan(500);
	const huge = Array.from({ length: 100_000 }, (_, index) => ({ index, list: [1, 2, 3] }));
	expect(JSON.stringify(redact(huge)).length).toBeLessThan(200_000);
	expect(redact({ socket: new (class Socket {})(), when: new Date(0), n: 10n })).toEqual({
		socket: "[Socket]",
		when: "1970-01-01T00:00:00.000Z",
		n: "10",
	});
	expect((redact("x".repeat(50_000_000)) as string).length).toBeLessThan(10_000);
});

test("hostile text costs time in proportion to its length", () => {
	const size = 64 * 1024;
	const seeds = [
		"eyJaaaaaa-",
		"nc_",
		"://",
		"://a:",
		"bearer ",
		"bearer  ",
		"password=",
		"-----BEGIN PRIVATE KEY-----",
		"eyJaaaaaa.",
		"a",
		"token",
		'"',
		"\x1b",
	];
	for (const seed of seeds) {
		const text = seed.repeat(size / seed.length);
		const before = performance.now();
		redact(text);
		expect(performance.now() - before, seed).toBeLessThan(100);
	}
});

test("redaction does not dominate a log call", () => {
	let written = 0;
	const write = (line: string) => {
		written += line.length;
	};
	const log = createLog({ format: "json", destination: { write } }).child({ service: "tasks" });
	const record = {
		run_id: "0198c0de",
		device: "core-1",
		ms: 12.5,
		step: { name: "collect", command: "show running-config" },
	};
	const calls = 20_000;
	for (let i = 0; i < 2_000; i++) log.info(record, "operation finished");
	const before = performance.now();
	for (let i = 0; i < calls; i++) log.info(record, "operation finished");
	const us = ((performance.now() - before) / calls) * 1_000;
	expect(written).toBeGreaterThan(0);
	// About 6 µs where it was measured; the bound only catches a change of kind on a busy machine.
	expect(us).toBeLessThan(60);
});
