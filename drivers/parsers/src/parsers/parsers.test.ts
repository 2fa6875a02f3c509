import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ParsedKind, parsedRow } from "@netconductor/contracts/devices/parsed";
import { describe, expect, test } from "vitest";
import { commandFor, interruptAfter_ms, listParsers, parse, parseWith } from "./catalogue.ts";

const folder = join(import.meta.dirname, "..", "..", "transcripts");
const textOf = (path: string) => readFileSync(join(folder, path), "utf8");

interface Transcript {
	platform: string;
	what: ParsedKind;
	path: string;
	params: { afi?: "ipv6"; vrf?: string };
}

/** `<platform>/<what>[-<variant>].txt`: what a device answered. */
const transcripts: Transcript[] = globSync("*/*.txt", { cwd: folder })
	.toSorted()
	.map((path) => {
		const [what, variant] = basename(path, ".txt").split("-");
		const params = variant === "ipv6" ? { afi: "ipv6" as const } : variant === "vrf" ? { vrf: "blue" } : {};
		return { platform: dirname(path), what: ParsedKind.parse(what), path, params };
	});

/** VyOS answers with the JSON of FRR and of Linux: theirs are its transcripts. */
const borrowed: Record<string, string> = {
	bgp_summary: "frr",
	ospf_neighbors: "frr",
	routes: "frr",
	interfaces: "linux",
};

describe.each(transcripts)("$path", ({ platform, what, path, params }) => {
	test("is read into the rows that stand beside it", async () => {
		const rows = parse(platform, what, textOf(path), params);
		await expect(`${JSON.stringify(rows, null, "\t")}\n`).toMatchFileSnapshot(
			join(folder, path.replace(/\.txt$/, ".json")),
		);
	});

	test("is read the same with the line ends of a terminal", () => {
		const text = textOf(path);
		expect(parse(platform, what, text.replaceAll("\n", "\r\n"), params)).toEqual(parse(platform, what, text, params));
	});
});

test("every platform says of every kind that it reads it, with a transcript to prove it, or why not", () => {
	const entries = listParsers();
	expect(entries).toHaveLength(11 * ParsedKind.options.length);
	for (const { platform, what, none_because } of entries) {
		if (none_because !== null) {
			expect(none_because.length, `${platform} ${what}`).toBeGreaterThan(20);
			expect(() => commandFor(platform, what, { target: "192.0.2.1" })).toThrow(
				expect.objectContaining({ code: "parse.no_parser", message: expect.stringContaining(none_because) }),
			);
			continue;
		}
		const from = platform === "vyos" ? (borrowed[what] ?? platform) : platform;
		const path = transcripts.find((one) => one.path === `${from}/${what}.txt`)?.path;
		expect(path, `${platform} ${what}`).toBeDefined();
		const rows = parse(platform, what, textOf(path ?? ""));
		expect(rows.length, `${platform} ${what}`).toBeGreaterThan(0);
		for (const row of rows) expect(parsedRow[what].safeParse(row).success).toBe(true);
	}
});

test.each(listParsers().filter(({ none_because }) => none_because === null))(
	"what is no answer of $platform to $what is an error that names the line",
	({ platform, what }) => {
		const noise = "-bash: show: command not found\nPermission denied (publickey).\n";
		expect(() => parse(platform, what, noise)).toThrow(
			expect.objectContaining({
				code: "parse.not_understood",
				message: expect.stringContaining(`The ${what} of ${platform} was not understood`),
				details: expect.objectContaining({ platform, what, line: "-bash: show: command not found" }),
			}),
		);
	},
);

test("a table with a line that no rule knows is an error that names it, not rows without it", () => {
	const text = textOf("cisco_ios/ospf_neighbors.txt");
	const broken = text.replace("10.0.0.3          0   FULL/  - ", "10.0.0.3          0   FULL?  - ");
	expect(broken).not.toBe(text);
	expect(() => parse("cisco_ios", "ospf_neighbors", broken)).toThrow(
		expect.objectContaining({
			details: expect.objectContaining({ line_number: 4, line: expect.stringMatching(/^10\.0\.0\.3 /) }),
		}),
	);
	const routes = textOf("cisco_ios/routes.txt");
	for (const [from, to] of [
		["[120/1] via", "@120/1@ via"],
		["[120/1] via 10.0.12.2", "[120/1] via nobody knows"],
		["via 10.0.12.2, 00:00:12, GigabitEthernet0/1\ni", "\ni"],
	] as const) {
		expect(routes).toContain(from);
		expect(() => parse("cisco_ios", "routes", routes.replace(from, to)), to).toThrow(
			expect.objectContaining({ code: "parse.not_understood", message: expect.stringContaining("172.16.1.0") }),
		);
	}
	expect(() => parse("cisco_ios", "routes", "Codes: C - connected\nsomething else\n")).toThrow(
		expect.objectContaining({ code: "parse.not_understood" }),
	);
});

test("JSON without what it must have is an error, an empty one is no rows", () => {
	expect(parse("frr", "bgp_summary", "{}")).toEqual([]);
	expect(() => parse("frr", "bgp_summary", '{"default":{"ipv4Unicast":{"as":1}}}')).toThrow(/peers is not an object/);
	expect(() => parse("arista_eos", "routes", '{"errors":["no"]}')).toThrow(/vrfs is not an object/);
	expect(() => parse("juniper_junos", "routes", "{}")).toThrow(/there is no route-information/);
	expect(() => parse("cisco_nxos", "routes", '{"x":1}')).toThrow(/there is no TABLE_vrf/);
	expect(() =>
		parse("frr", "bgp_summary", '{"default":{"ipv4Unicast":{"peers":{"10.0.0.1":{"state":"Dancing"}}}}}'),
	).toThrow(/'Dancing' is not a state of BGP/);
});

test("VRFs that FRR answers one behind the other are all read", () => {
	const table = textOf("frr/routes.txt").trim();
	expect(parse("frr", "routes", `${table}\n${table}`)).toHaveLength(2 * parse("frr", "routes", table).length);
});

const hostile = [
	"; reload",
	"|reboot",
	"x y",
	"$(id)",
	"`id`",
	"-f",
	"a\nreload",
	"a\rb",
	"'x'",
	'"x"',
	"a&b",
	"a>b",
	"?",
	"",
	"\u0000",
	"a\tb",
	"x".repeat(300),
];

test.each(listParsers().filter(({ none_because }) => none_because === null))(
	"$platform: no parameter of $what reaches further than its place",
	({ platform, what }) => {
		const more = platform === "frr" && what === "ping" ? {} : { source: "192.0.2.2", vrf: "blue" };
		const good = { target: "192.0.2.1", ...more, count: 3 };
		for (const command of commandFor(platform, what, good))
			expect(command).not.toMatch(/[\n\r;`$<>&"\\]|undefined|null|false/);
		for (const name of ["target", "source", "vrf"]) {
			for (const value of hostile) {
				expect(
					() => commandFor(platform, what, { ...good, [name]: value }),
					`${name} ${JSON.stringify(value)}`,
				).toThrow(expect.objectContaining({ code: "parse.bad_params" }));
			}
		}
		for (const count of [0, -1, 101, 1.5, "5; reload"]) {
			expect(() => commandFor(platform, what, { ...good, count })).toThrow(
				expect.objectContaining({ code: "parse.bad_params" }),
			);
		}
		expect(() => commandFor(platform, what, { ...good, other: 1 })).toThrow(
			expect.objectContaining({ code: "parse.bad_params" }),
		);
	},
);

test("the commands of a ping carry count, source and VRF as each platform wants them", () => {
	const params = { target: "192.0.2.1", source: "192.0.2.2", vrf: "blue", count: 3 };
	const entries = listParsers().filter(
		({ platform, what, none_because }) => what === "ping" && none_because === null && platform !== "frr",
	);
	expect(Object.fromEntries(entries.map(({ platform }) => [platform, commandFor(platform, "ping", params)]))).toEqual({
		cisco_ios: ["ping vrf blue 192.0.2.1 repeat 3 source 192.0.2.2"],
		cisco_nxos: ["ping 192.0.2.1 count 3 source 192.0.2.2 vrf blue"],
		cisco_xr: ["ping vrf blue 192.0.2.1 count 3 source 192.0.2.2"],
		arista_eos: ["ping vrf blue 192.0.2.1 repeat 3 source 192.0.2.2"],
		juniper_junos: ["ping 192.0.2.1 count 3 source 192.0.2.2 routing-instance blue"],
		mikrotik_routeros: ["/ping address=192.0.2.1 count=3 src-address=192.0.2.2 vrf=blue"],
		vyos: ["ping 192.0.2.1 count 3 source-address 192.0.2.2 vrf blue"],
		linux: ["ip vrf exec blue ping -n -q -W 2 -c 3 -I 192.0.2.2 192.0.2.1"],
		fortinet: [
			"execute ping-options reset",
			"execute ping-options repeat-count 3",
			"execute ping-options source 192.0.2.2",
			"execute ping 192.0.2.1",
		],
		hp_procurve: ["ping 192.0.2.1 repetitions 3 source 192.0.2.2"],
	});
	expect(() => commandFor("linux", "ping", {})).toThrow(/a ping needs a target/);
	expect(entries.map(({ platform }) => interruptAfter_ms(platform, "ping", params)).filter(Boolean)).toEqual([]);
});

test("FRR's ping takes nothing but a target, and is interrupted before it sends one packet too many", () => {
	expect(commandFor("frr", "ping", { target: "192.0.2.1", count: 3 })).toEqual(["ping 192.0.2.1"]);
	expect(interruptAfter_ms("frr", "ping", { target: "192.0.2.1", count: 3 })).toBe(2_900);
	for (const name of ["source", "vrf"]) {
		expect(() => commandFor("frr", "ping", { target: "192.0.2.1", [name]: "blue" })).toThrow(
			expect.objectContaining({ code: "parse.bad_params", message: expect.stringContaining(`takes no ${name}`) }),
		);
	}
});

test("a ping that has no way to the target lost everything", () => {
	const lost = { sent: 4, received: 0, loss_percent: 100, rtt_min_ms: null, rtt_avg_ms: null, rtt_max_ms: null };
	for (const said of ["ping: connect: Network is unreachable", "connect: No route to host"]) {
		expect(parse("frr", "ping", `${said}\n`, { target: "192.0.2.1", count: 4 })).toEqual([lost]);
	}
});

test("the reference says what is asked of which platform", async () => {
	const asked = ({ platform, what }: { platform: string; what: ParsedKind }) =>
		commandFor(platform, what, { target: "192.0.2.1" })
			.map((command) => `\`${command.replaceAll("|", "\\|")}\``)
			.join("<br>");
	const page = [
		"<!-- Written by drivers/parsers/src/parsers/parsers.test.ts (vitest -u); do not edit. -->",
		"# What is read of which platform",
		"",
		"Each kind is read into the same rows on every platform. These commands are sent without further parameters (a ping to 192.0.2.1);",
		"`vrf`, `afi` (`ipv6`), and a ping's `count` and `source` change them as the platform wants it.",
		"",
		"| Platform | Kind | Commands |",
		"| --- | --- | --- |",
		...listParsers().map(
			(entry) =>
				`| ${entry.platform} | ${entry.what} | ${entry.none_because === null ? asked(entry) : `none: ${entry.none_because}`} |`,
		),
		"",
	].join("\n");
	await expect(page).toMatchFileSnapshot(join(folder, "../../../docs/reference/parsers.md"));
});

test("a user's own template reads an output", () => {
	expect(parseWith(`Value A (\\w+)\n\nStart\n  ^\${A} -> Record\n`, "x\ny\n")).toEqual({
		header: ["A"],
		records: [["x"], ["y"]],
	});
});

test.each<[string, string, ParsedKind, string, string]>([
	["forty million brackets", "linux", "routes", "[".repeat(40_000_000), "parse.too_much"],
	["nested a million deep", "linux", "routes", "[".repeat(1_000_000), "parse.not_understood"],
	["objects a hundred thousand deep", "frr", "routes", '{"a":'.repeat(100_000), "parse.not_understood"],
	["a million JSON values", "frr", "routes", "{}".repeat(1_000_000), "parse.not_understood"],
	[
		"a time of a million digits",
		"frr",
		"bgp_summary",
		bgpWith({ state: "Idle", peerUptime: "1".repeat(1_000_000) }),
		"parse.not_understood",
	],
	["a state of parentheses", "frr", "bgp_summary", bgpWith({ state: "(".repeat(4_000) }), "parse.not_understood"],
	["a line of blanks", "cisco_ios", "routes", `S${" ".repeat(1_000_000)}x`, "parse.not_understood"],
	["marks that two parts of a pattern know", "cisco_ios", "routes", `a${"*".repeat(4_000)}`, "parse.not_understood"],
	["a route of parentheses", "cisco_ios", "routes", `S 10.0.0.0/8 via ${"(".repeat(4_000)}`, "parse.not_understood"],
	["an entry of blanks", "mikrotik_routeros", "routes", ` 0${" ".repeat(4_000)}!`, "parse.not_understood"],
	["a ping of round trips", "linux", "ping", "rtt".repeat(1_300), "parse.not_understood"],
	["a million lines of nothing", "linux", "ping", "\n".repeat(1_000_000), "parse.not_understood"],
])("a hostile answer is an error at once: %s", (_, platform, what, output, code) => {
	expect(() => parse(platform, what, output)).toThrow(expect.objectContaining({ code }));
});

function bgpWith(peer: object): string {
	return JSON.stringify({ default: { ipv4Unicast: { peers: { "10.0.0.1": peer } } } });
}
