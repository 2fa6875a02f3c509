import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SessionTimeouts } from "@netconductor/contracts/devices/connection";
import { ciscoIos } from "@netconductor/driver-platforms/cisco-ios";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { compilePattern } from "@netconductor/runtime/pattern";
import { describe, expect, test } from "vitest";
import { CliEngine, type CliOptions } from "./cli-engine.ts";
import { compilePlatform } from "./platform.ts";

/** Devices that mean harm: what they send costs time and memory in proportion to what is allowed, and moves nothing on our side. */

type Push = (piece: Buffer | string) => void;

/** A device whose command `attack` answers as told; everything else answers with a prompt. */
function attacker(attack: (push: Push) => Promise<void> | void) {
	const received: string[] = [];
	const stream = new Duplex({
		read() {},
		write(data: Buffer, _encoding, done) {
			for (const line of data.toString().split("\n").slice(0, -1)) {
				received.push(line);
				if (line === "attack") {
					stream.push("attack\r\n");
					void attack((piece) => void stream.push(piece));
				} else if (line !== "") stream.push(`${line}\r\nr1#`);
			}
			done();
		},
	});
	stream.push("r1#");
	return { stream, received };
}

async function engineFor(stream: Duplex, options: Partial<CliOptions> = {}) {
	const engine = new CliEngine(stream, {
		peer: { device_id: "d1", name: "r1", host: "192.0.2.7", port: 22 },
		platform: compilePlatform(ciscoIos),
		timeouts: SessionTimeouts.parse({ prompt_ms: 1_000, command_ms: 500 }),
		max_output_bytes: 64 * 1024 * 1024,
		secrets: ["s3cret"],
		...options,
	});
	await engine.login();
	return engine;
}

/** So many pieces, each in a turn of its own or nearly, then an end that is accepted. */
const pieces =
	(count: number, piece: string | Buffer, end = "\r\nend\r\nr1#") =>
	async (push: Push) => {
		for (let sent = 0; sent < count; sent++) {
			push(piece);
			if (sent % 16 === 0) await turn();
		}
		push(end);
	};

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
	const before = process.cpuUsage();
	await work();
	const { user, system } = process.cpuUsage(before);
	return (user + system) / 1000;
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function heap(): number {
	collectGarbage();
	return process.memoryUsage().heapUsed;
}

const MB = 1024 * 1024;
/** Far above what linear work takes, far below what quadratic work does. */
const generous_ms = 6_000;
const configEnd = compilePattern("^end$");

describe("an answer", () => {
	test.each<[string, number, string]>([
		["prompts without a line end, each in a packet of its own", 120_000, "r1#"],
		["prompts, each a line", 30_000, "r1#\r\n"],
		["lines that end in a prompt", 20_000, "description r1#\r\nr1#"],
		["one byte a packet", 60_000, "#"],
		["pagers", 20_000, " --More-- "],
		["password questions", 20_000, "Password: "],
		["end markers", 30_000, "end\r\nr1#\r\nend\r\n"],
		["escape sequences that move the cursor", 1_000, "\x1b[9999999C\x1b[2K\x1b[1;1Hx\r\b".repeat(200)],
		["escape sequences that never end", 500, `\x1b[${"0".repeat(10_000)}`],
		["titles for the terminal", 500, "\x1b]0;title".repeat(1_000)],
		["carriage returns", 500, "\r".repeat(10_000)],
		["NUL", 200, "\0\0\0\r\n".repeat(2_000)],
		["error messages of many words", 1_000, `% ${"a ".repeat(140)}\r\n`],
		["words before secrets", 200, `${"snmp-server community ".repeat(500)}\r\n`],
	])("of %s costs time in proportion to its length", async (_, count, piece) => {
		const { stream } = attacker(pieces(count, piece));
		const engine = await engineFor(stream, { onOutput: () => {} });
		const cpu_ms = await cpuOf(() => engine.run("attack", { end: configEnd }).catch(() => {}));
		expect(cpu_ms).toBeLessThan(generous_ms);
		engine.close();
	});

	test("of 100 MB without a line end is cut off at the limit, and nothing of it is kept", async () => {
		let sent = 0;
		const { stream } = attacker(async (push) => {
			for (const piece = Buffer.alloc(64 * 1024, "x"); sent < 100 * MB; sent += piece.length) {
				push(piece);
				await turn();
			}
		});
		const engine = await engineFor(stream, { max_output_bytes: 8 * MB });
		const before = heap();
		await expect(engine.run("attack")).rejects.toMatchObject({ code: "device.output_too_large" });
		while (sent < 100 * MB) await turn();
		expect(heap() - before).toBeLessThan(16 * MB);
	});

	test("that trickles for ever ends with a timeout, though it never falls silent", async () => {
		const timers: NodeJS.Timeout[] = [];
		const { stream } = attacker((push) => void timers.push(setInterval(() => push("x"), 100)));
		const engine = await engineFor(stream, { timeouts: SessionTimeouts.parse({ prompt_ms: 1_000, command_ms: 500 }) });
		await expect(engine.run("attack")).rejects.toMatchObject({
			code: "device.timeout",
			phase: "command",
			message: expect.stringContaining("too slowly"),
		});
		for (const timer of timers) clearInterval(timer);
	});
});

test("what a device says between two commands belongs to nobody and is not kept", async () => {
	const { stream } = attacker((push) => push("r1#"));
	const engine = await engineFor(stream);
	await engine.run("attack");
	const before = heap();
	for (let sent = 0; sent < 64 * MB; sent += 64 * 1024) {
		stream.push(Buffer.alloc(64 * 1024, "x"));
		await turn();
	}
	expect(heap() - before).toBeLessThan(8 * MB);
	expect((await engine.run("show clock")).output).toBe("");
	engine.close();
});

test("nothing that a device sends makes us send more than keys for its pager and empty lines", async () => {
	const noise = "Password: \r\nUsername: \r\nr1>\r\nr1(config)#\r\n[confirm]\r\n(yes/no)? \r\n\x1b[6n\x1b[c\x05";
	const { stream, received } = attacker(pieces(50, noise));
	const engine = await engineFor(stream, { enable_password: "s3cret" });
	await engine.run("attack").catch(() => {});
	const said = received.slice(received.indexOf("attack") + 1);
	expect(said.filter((line) => line.trim() !== "")).toEqual([]);
});

test.each(builtInPlatforms.map((platform) => [platform.id, platform] as const))(
	"%s: its patterns take a hostile line in time linear in its length",
	async (_, definition) => {
		const platform = compilePlatform(definition);
		for (const unit of ["a", " ", "-", "(", "[", "#", "a.", "a-b(config)", "\u00e9", "\ufffd", "\\", "0"]) {
			const line = unit.repeat(30_000);
			const cpu_ms = await cpuOf(async () => {
				platform.modeOf(line);
				platform.isError(line);
				platform.isAbovePrompt(line);
				platform.isDropped(line);
				for (const { pattern } of [...platform.pager, ...platform.loginQuestions]) pattern.test(line);
				for (const { fields } of platform.facts)
					for (const [, pattern] of fields) pattern.exec(line.slice(0, 64 * 1024));
			});
			expect(cpu_ms, unit).toBeLessThan(generous_ms);
		}
	},
);
