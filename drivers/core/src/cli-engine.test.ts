import { Duplex } from "node:stream";
import { SessionTimeouts } from "@netconductor/contracts/devices/connection";
import { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { compilePattern } from "@netconductor/runtime/pattern";
import { expect, test } from "vitest";
import { CliEngine, type CliOptions } from "./cli-engine.ts";
import { compilePlatform } from "./platform.ts";

const definition = PlatformDefinition.parse({
	id: "test_os",
	label: "Test OS",
	prompt: {
		exec: "^[\\w.-]+>$",
		enable: "^[\\w.-]+#$",
		config: "^[\\w.-]+\\(config[^)]*\\)#$",
		above: "^\\{master\\}$",
	},
	enable: { command: "enable" },
	configure: { enter: "configure terminal", exit: "end" },
	session_start: ["terminal length 0"],
	errors: ["^% "],
	config: { commands: ["show running-config"], end: "^end$" },
	secrets: ["password (\\S+)"],
});

/** How a device's bytes arrive: split as `cut` says, one piece per turn of the event loop. */
type Cut = (text: Buffer) => Buffer[];
const whole: Cut = (text) => [text];
const byteByByte: Cut = (text) => Array.from(text, (byte) => Buffer.from([byte]));

interface Device {
	prompt: string;
	banner?: string;
	echo?: boolean;
	cut?: Cut;
	answers?: Record<string, string | Buffer>;
	enable?: string;
}

/** A device at the other end of a byte stream. An answer of `HANG` says no more, `DROP` ends the connection. */
function device({ prompt, banner = "", echo = true, cut = whole, answers = {}, enable }: Device) {
	const received: string[] = [];
	let line = "";
	let current = prompt;
	let asksPassword = false;
	const outgoing: Buffer[] = [];
	let flowing = false;
	const send = (text: string | Buffer) => {
		outgoing.push(...cut(Buffer.from(text)));
		if (flowing) return;
		flowing = true;
		const next = () => {
			const piece = outgoing.shift();
			if (piece === undefined) flowing = false;
			else {
				stream.push(piece);
				setImmediate(next);
			}
		};
		setImmediate(next);
	};
	const entered = (text: string) => {
		received.push(text);
		const newline = echo && !asksPassword ? `${text}\r\n` : "\r\n";
		if (asksPassword) {
			asksPassword = false;
			if (text === enable) current = current.replace(">", "#");
			return send(`${newline}${text === enable ? "" : "% Access denied\r\n"}${current}`);
		}
		if (text === "enable" && enable !== undefined && current.endsWith(">")) {
			asksPassword = true;
			return send(`${newline}Password: `);
		}
		if (text === "configure terminal") current = current.replace("#", "(config)#");
		if (text === "end") current = current.replace("(config)#", "#");
		if (text.startsWith("hostname ")) current = `${text.slice(9)}${current.slice(current.search(/[(#>]/))}`;
		const answer = Buffer.from(answers[text] ?? (text === "" || text.startsWith("terminal") ? "" : ""));
		const hang = answer.indexOf("HANG");
		if (hang >= 0) return send(Buffer.concat([Buffer.from(newline), answer.subarray(0, hang)]));
		if (answer.includes("DROP")) {
			send(Buffer.concat([Buffer.from(newline), answer.subarray(0, answer.indexOf("DROP"))]));
			setTimeout(() => stream.push(null), 20);
			return;
		}
		send(Buffer.concat([Buffer.from(newline), answer, Buffer.from(current)]));
	};
	const stream = new Duplex({
		read() {},
		write(chunk: Buffer, _encoding, done) {
			for (const character of chunk.toString()) {
				if (character === "\n" || character === "\r") {
					const text = line;
					line = "";
					entered(text);
				} else line += character;
			}
			done();
		},
	});
	if (banner !== undefined) send(`${banner}${prompt}`);
	return { stream, received };
}

function engineFor(stream: Duplex, options: Partial<CliOptions> = {}) {
	return new CliEngine(stream, {
		peer: { device_id: "d1", name: "core-2", host: "192.0.2.7", port: 22 },
		platform: compilePlatform(definition),
		timeouts: SessionTimeouts.parse({ prompt_ms: 400, command_ms: 200 }),
		max_output_bytes: 64 * 1024 * 1024,
		secrets: [],
		...options,
	});
}

const config = "hostname core-2\r\ninterface Gi0/1\r\n description To the café\r\nend\r\n\r\n";
const shownConfig = "hostname core-2\ninterface Gi0/1\n description To the café\nend\n\n";

for (const [name, cut] of [
	["at once", whole],
	["one byte at a time", byteByByte],
	[
		"in pieces of seven bytes",
		(text: Buffer) =>
			text
				.toString("latin1")
				.match(/[\s\S]{1,7}/g)
				?.map((piece) => Buffer.from(piece, "latin1")) ?? [],
	],
] as const) {
	test(`an answer that arrives ${name} is read whole, without echo and prompt`, async () => {
		const { stream } = device({
			prompt: "core-2#",
			banner: "\r\nWelcome!\r\nNo # access\r\n",
			cut,
			answers: { "show running-config": config },
		});
		const engine = engineFor(stream);
		await engine.login();
		expect(engine.prompt).toBe("core-2#");
		expect((await engine.run("show running-config")).output).toBe(shownConfig);
		expect((await engine.run("show clock")).output).toBe("");
		engine.close();
	});

	test(`a prompt inside the config does not end it (arriving ${name})`, async () => {
		const inside = "banner motd ^C\r\ncore-2#\r\ncore-2# do not touch\r\nother#\r\ncore-2#\r\n\r\n^C\r\nend\r\n";
		const { stream } = device({ prompt: "core-2#", cut, answers: { "show running-config": inside } });
		const engine = engineFor(stream);
		await engine.login();
		expect((await engine.run("show running-config")).output).toBe(inside.replaceAll("\r\n", "\n"));
		expect((await engine.run("show running-config")).output).toBe(inside.replaceAll("\r\n", "\n"));
		engine.close();
	});
}

test("a prompt at the very end of a piece, inside the config, does not end it", async () => {
	const before = "banner motd ^C\r\ncore-2#";
	const after = "\r\n^C\r\nhostname core-2\r\nend\r\n";
	const { stream } = device({
		prompt: "core-2#",
		answers: { "show running-config": before + after },
		cut: (text) => {
			const at = text.indexOf(before);
			return at < 0 ? [text] : [text.subarray(0, at + before.length), text.subarray(at + before.length)];
		},
	});
	const engine = engineFor(stream);
	await engine.login();
	const end = compilePlatform(definition).configEnd;
	expect((await engine.run("show running-config", { end })).output).toBe((before + after).replaceAll("\r\n", "\n"));
	engine.close();
});

test("an end marker and the prompt in a banner, at the end of a piece, do not end the config", async () => {
	const head = "hostname core-2\r\nbanner motd ^C\r\nend\r\ncore-2#";
	const { stream } = device({
		prompt: "core-2#",
		answers: { "show running-config": `${head}\r\n^C\r\nend\r\n` },
		cut(text) {
			const at = text.indexOf(head);
			return at === -1 ? [text] : [text.subarray(0, at + head.length), text.subarray(at + head.length)];
		},
	});
	const engine = engineFor(stream);
	await engine.login();
	const { output } = await engine.run("show running-config", { end: compilePattern("^end$") });
	expect(output).toBe("hostname core-2\nbanner motd ^C\nend\ncore-2#\n^C\nend\n");
	engine.close();
});

test("a session sends no line that it need not: session start, then the commands", async () => {
	const { stream, received } = device({ prompt: "core-2#", answers: { "show running-config": config } });
	const engine = engineFor(stream);
	await engine.login();
	await engine.run("show running-config", { end: compilePlatform(definition).configEnd });
	await engine.run("show version");
	engine.close();
	await new Promise((resolve) => setImmediate(resolve));
	expect(received).toEqual(["terminal length 0", "show running-config", "show version", "exit"]);
});

test("privileged mode is entered with the enable password", async () => {
	const { stream, received } = device({ prompt: "core-2>", enable: "s3cret" });
	const engine = engineFor(stream, { enable_password: "s3cret" });
	await engine.login();
	expect(engine.mode).toBe("enable");
	expect(received).toEqual(["enable", "s3cret", "terminal length 0"]);
	engine.close();
});

test("a wrong enable password is an error that says so and never shows the password", async () => {
	const { stream } = device({ prompt: "core-2>", enable: "s3cret" });
	const engine = engineFor(stream, { enable_password: "wr0ng", secrets: ["wr0ng"] });
	await expect(engine.login()).rejects.toMatchObject({
		code: "device.enable_failed",
		phase: "prompt",
		message: expect.stringContaining("core-2"),
	});
	await engine.login().catch((error) => expect(String(error)).not.toContain("wr0ng"));
	engine.close();
});

test("an enable password that is asked for but not set is an error before anything is guessed", async () => {
	const { stream, received } = device({ prompt: "core-2>", enable: "s3cret" });
	const engine = engineFor(stream);
	await expect(engine.login()).rejects.toMatchObject({
		code: "device.enable_failed",
		message: expect.stringContaining("none is set"),
	});
	expect(received).toEqual(["enable"]);
});

test("configuration mode is entered and left, also when a command changes the prompt", async () => {
	const { stream } = device({ prompt: "core-2#" });
	const engine = engineFor(stream);
	await engine.login();
	await engine.enterConfig();
	expect(engine.mode).toBe("config");
	await engine.run("hostname core-3");
	expect(engine.prompt).toBe("core-3(config)#");
	await engine.exitConfig();
	expect([engine.mode, engine.prompt]).toEqual(["enable", "core-3#"]);
	engine.close();
});

test("an error answer names command and device with secrets masked, and the session goes on", async () => {
	const { stream } = device({
		prompt: "core-2#",
		answers: { "username x password hunter2": "% Invalid password hunter2\r\n" },
	});
	const engine = engineFor(stream, { secrets: [] });
	await engine.login();
	const error = await engine.run("username x password hunter2").catch((thrown) => thrown);
	expect(error).toMatchObject({ code: "device.command_failed", phase: "command" });
	expect(JSON.stringify([error.message, error.details])).not.toContain("hunter2");
	expect(error.message).toContain("core-2 (192.0.2.7:22)");
	expect((await engine.run("show clock")).output).toBe("");
	engine.close();
});

test("an unexpected pager is answered and leaves no trace", async () => {
	const received: string[] = [];
	const pages = [
		"line 1\r\nline 2\r\n --More-- ",
		"\b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bline 3\r\n--More--",
		"\r        \rline 4\r\n--More--",
		"\x1b[2K\x1b[1Gline 5\r\ncore-2#",
	];
	const stream = new Duplex({
		read() {},
		write(chunk: Buffer, _encoding, done) {
			const text = chunk.toString();
			received.push(text);
			if (text === " ") this.push(pages.shift());
			else if (text === "show log\n") this.push(`show log\r\n${pages.shift()}`);
			else this.push(`${text.trim()}\r\ncore-2#`);
			done();
		},
	});
	stream.push("core-2#");
	const engine = engineFor(stream);
	await engine.login();
	expect((await engine.run("show log")).output).toBe("line 1\nline 2\nline 3\nline 4\nline 5\n");
	engine.close();
});

test("an echo that the terminal wrapped is recognised", async () => {
	const command = "show ".padEnd(180, "interface ").trim();
	const stream = new Duplex({
		read() {},
		write(chunk: Buffer, _encoding, done) {
			const text = chunk.toString().trim();
			const echo = text.length < 80 ? text : text.replace(/.{70}/g, "$& \r\n");
			this.push(`${echo}\r\n${text === command ? "up\r\n" : ""}core-2#`);
			done();
		},
	});
	stream.push("core-2#");
	const engine = engineFor(stream);
	await engine.login();
	expect((await engine.run(command)).output).toBe("up\n");
	engine.close();
});

test("a device that does not echo is understood", async () => {
	const { stream } = device({ prompt: "core-2#", echo: false, answers: { "show running-config": config } });
	const engine = engineFor(stream);
	await engine.login();
	// It answers every line with a line break, which then belongs to the answer.
	for (let index = 0; index < 4; index++)
		expect((await engine.run("show running-config")).output.trimStart()).toBe(shownConfig);
	engine.close();
});

test("a line above the prompt is no part of an answer", async () => {
	const { stream } = device({ prompt: "\r\n{master}\r\ncore-2#", answers: { "show a": "one\r\n" } });
	const engine = engineFor(stream);
	await engine.login();
	expect((await engine.run("show a")).output).toBe("one\n");
	engine.close();
});

test("bytes that are not UTF-8 are kept", async () => {
	const broken = Buffer.from("description caf\xe9 \xff\xfe\r\n", "latin1");
	const { stream } = device({ prompt: "core-2#", cut: byteByByte, answers: { "show running-config": broken } });
	const engine = engineFor(stream);
	await engine.login();
	const { bytes, output } = await engine.run("show running-config");
	expect(bytes).toEqual(Buffer.from("description caf\xe9 \xff\xfe\n", "latin1"));
	expect(output).toBe("description caf\ufffd \ufffd\ufffd\n");
	engine.close();
});

test("a device that falls silent in the middle is a timeout that names phase, command and what came", async () => {
	const { stream } = device({
		prompt: "core-2#",
		answers: { "show running-config": "hostname core-2\r\ninterfaHANG" },
	});
	const engine = engineFor(stream);
	await engine.login();
	const error = await engine.run("show running-config").catch((thrown) => thrown);
	expect(error).toMatchObject({ code: "device.timeout", phase: "command", retryable: true });
	expect(error.message).toMatch(/^core-2 \(192\.0\.2\.7:22\) was silent for 200 ms .*show running-config/);
	await expect(engine.run("show clock")).rejects.toBe(error);
});

test("output that keeps flowing is no timeout, however long it takes", async () => {
	const slow = "line\r\n".repeat(60);
	const { stream } = device({ prompt: "core-2#", answers: { "show log": slow } });
	const engine = engineFor(stream, { timeouts: SessionTimeouts.parse({ command_ms: 100, prompt_ms: 1000 }) });
	await engine.login();
	const pieces = slow.match(/[\s\S]{30}/g) ?? [];
	stream._write = (chunk, _encoding, done) => {
		stream.push(chunk);
		stream.push("\r\n");
		const timer = setInterval(() => {
			const piece = pieces.shift();
			stream.push(piece ?? "core-2#");
			if (piece === undefined) clearInterval(timer);
		}, 30);
		done();
	};
	expect((await engine.run("show log")).output.trim().length).toBe(299);
	engine.close();
});

test("a connection that drops in the middle is an error that says how far it came", async () => {
	const { stream } = device({ prompt: "core-2#", answers: { "show running-config": "hostname core-2\r\nDROP" } });
	const engine = engineFor(stream);
	await engine.login();
	await expect(engine.run("show running-config")).rejects.toMatchObject({
		code: "device.connection_lost",
		phase: "command",
		message: expect.stringMatching(/after \d+ bytes of the answer to `show running-config`/),
	});
});

test("a device that shows no prompt is an error that shows what it did show", async () => {
	const { stream } = device({ prompt: "Main menu [1-5]: " });
	const engine = engineFor(stream);
	await expect(engine.login()).rejects.toMatchObject({
		code: "device.no_prompt",
		phase: "prompt",
		message: expect.stringContaining("Main menu [1-5]:"),
	});
});

test("garbage instead of a prompt is an error, not a hang", async () => {
	const { stream } = device({
		prompt: Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256)).toString("latin1"),
	});
	const engine = engineFor(stream);
	await expect(engine.login()).rejects.toMatchObject({ code: "device.no_prompt" });
});

test("more output than allowed ends the session", async () => {
	const { stream } = device({ prompt: "core-2#", answers: { "show log": "x".repeat(5000) } });
	const engine = engineFor(stream);
	await engine.login();
	await expect(engine.run("show log", { max_bytes: 1000 })).rejects.toMatchObject({
		code: "device.output_too_large",
		phase: "command",
	});
});

test("what people see of a session holds no secret", async () => {
	const seen: string[] = [];
	const { stream } = device({
		prompt: "core-2>",
		enable: "s3cret",
		answers: { "show users": "a password hunter2\r\nlogin with s3cret\r\n" },
	});
	const engine = engineFor(stream, {
		enable_password: "s3cret",
		secrets: ["s3cret"],
		onOutput: (text) => seen.push(text),
	});
	await engine.login();
	await engine.run("show users");
	engine.close();
	expect(seen.join("")).toBe(
		"core-2>enable\ncore-2#terminal length 0\ncore-2#show users\na password <secret>\nlogin with <secret>\n",
	);
});

function flood(bytes: number, chunk: number) {
	const line = `interface Vlan4000 ${"x".repeat(60)}\r\n`;
	const block = Buffer.from(line.repeat(Math.ceil(chunk / line.length)).slice(0, chunk));
	const stream = new Duplex({
		read() {},
		write(data: Buffer, _encoding, done) {
			const text = data.toString().trim();
			this.push(`${text}\r\n`);
			if (text !== "show flood") this.push("core-2#");
			else {
				let left = bytes;
				const next = () => {
					for (let index = 0; index < 64 && left > 0; index++, left -= block.length) this.push(block);
					if (left > 0) setImmediate(next);
					else this.push("\r\ncore-2#");
				};
				next();
			}
			done();
		},
	});
	stream.push("core-2#");
	return stream;
}

async function timeFlood(bytes: number, chunk: number): Promise<number> {
	const engine = engineFor(flood(bytes, chunk), {
		timeouts: SessionTimeouts.parse({ command_ms: 5000 }),
		max_output_bytes: 100_000_000,
	});
	await engine.login();
	const startedAt = performance.now();
	const { bytes: read } = await engine.run("show flood");
	expect(read.length).toBeGreaterThan(bytes * 0.95);
	engine.close();
	return performance.now() - startedAt;
}

test("50 MB are read within seconds, at a cost linear in their size", async () => {
	await timeFlood(1_000_000, 32_000);
	const small = await timeFlood(10_000_000, 32_000);
	const large = await timeFlood(50_000_000, 32_000);
	expect(large).toBeLessThan(5000);
	expect(large / Math.max(small, 20)).toBeLessThan(20);
});

test("50 MB without a line break are no worse", async () => {
	const line = Buffer.alloc(1000, "x");
	const stream = new Duplex({
		read() {},
		write(data: Buffer, _encoding, done) {
			const text = data.toString().trim();
			this.push(`${text}\r\n`);
			if (text !== "show flood") this.push("core-2#");
			else {
				for (let index = 0; index < 50_000; index++) this.push(line);
				this.push("\r\ncore-2#");
			}
			done();
		},
	});
	stream.push("core-2#");
	const engine = engineFor(stream, {
		timeouts: SessionTimeouts.parse({ command_ms: 5000 }),
		max_output_bytes: 100_000_000,
	});
	await engine.login();
	const startedAt = performance.now();
	expect((await engine.run("show flood")).bytes.length).toBe(50_000_001);
	expect(performance.now() - startedAt).toBeLessThan(5000);
	engine.close();
});

test("a question is answered with what was given for it, before the proposal is taken", async () => {
	const asking = device({
		prompt: "core-2#",
		answers: { reload: "Save? [yes/no]: HANG", no: "Proceed? [confirm]HANG" },
	});
	const engine = engineFor(asking.stream);
	await engine.login();
	await engine.run("reload", {
		answers: [{ question: compilePattern("Save\\?"), text: "no" }],
		questions: [compilePattern("\\?")],
	});
	expect(asking.received.slice(-3)).toEqual(["reload", "no", ""]);
	engine.close();
});

test("a command that goes on is ended with Control-C, later than silence would have been too long", async () => {
	const endless = device({ prompt: "core-2#", answers: { ping: "64 bytes\r\nHANG" } });
	let interrupted = 0;
	const write = endless.stream.write.bind(endless.stream);
	endless.stream.write = ((chunk: string) => {
		if (chunk !== "\x03") return write(chunk);
		interrupted++;
		return endless.stream.push("^C\r\n1 packets received\r\ncore-2#");
	}) as typeof endless.stream.write;
	const engine = engineFor(endless.stream);
	await engine.login();
	const { output } = await engine.run("ping", { interrupt_after_ms: 250 });
	expect(output).toBe("64 bytes\n^C\n1 packets received\n");
	// One that ends by itself is not interrupted afterwards.
	await engine.run("show version", { interrupt_after_ms: 20 });
	await new Promise((resolve) => setTimeout(resolve, 60));
	expect(interrupted).toBe(1);
	engine.close();
});
