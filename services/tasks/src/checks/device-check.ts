import type { DeviceCheck } from "@netconductor/contracts/devices/checks";
import type { ParsedCommandParams, ParsedKind, ParsedRows } from "@netconductor/contracts/devices/parsed";
import type { Session } from "@netconductor/driver-core/session";
import { commandFor, interruptAfter_ms, listParsers, parse } from "@netconductor/driver-parsers/parsers/catalogue";

type Kind = DeviceCheck["kind"];
type Of<K extends Kind> = Extract<DeviceCheck, { kind: K }>;

/** How a kind of check is asked, and what is not as it should be in the answer. */
interface Reading<K extends Kind, W extends ParsedKind> {
	what: W;
	params(check: Of<K>): Partial<ParsedCommandParams>;
	/** Nothing when it holds. */
	problems(check: Of<K>, rows: ParsedRows[W]): string[];
	/** Whether the check asked for what the row is about. */
	isAbout(check: Of<K>, row: ParsedRows[W][number]): boolean;
}

const reading = <K extends Kind, W extends ParsedKind>(given: Reading<K, W>) => given;

const readings = {
	bgp: reading<"bgp", "bgp_summary">({
		what: "bgp_summary",
		params: ({ afi, vrf }) => ({ afi, vrf }),
		problems: ({ neighbors, min_prefixes }, rows) =>
			neighbors.flatMap((wanted) => {
				const found = rows.filter(({ neighbor }) => neighbor === wanted);
				const [first] = found;
				if (first === undefined) return [`there is no BGP neighbour ${wanted}`];
				const up = found.find(({ state }) => state === "Established");
				if (up === undefined) return [`the BGP neighbour ${wanted} is ${first.state}`];
				const prefixes = up.prefixes_received ?? 0;
				if (prefixes >= min_prefixes) return [];
				return [`the BGP neighbour ${wanted} sends ${prefixes} prefixes, fewer than ${min_prefixes}`];
			}),
		isAbout: ({ neighbors }, { neighbor }) => neighbors.includes(neighbor),
	}),
	ospf: reading<"ospf", "ospf_neighbors">({
		what: "ospf_neighbors",
		params: ({ vrf }) => ({ vrf }),
		problems: ({ neighbors }, rows) =>
			neighbors.flatMap((wanted) => {
				const found = rows.find(({ neighbor_id, address }) => neighbor_id === wanted || address === wanted);
				if (found === undefined) return [`there is no OSPF neighbour ${wanted}`];
				// Two routers of a network that are neither designated nor its backup stay there for good.
				const adjacent = found.state === "Full" || (found.state === "2-Way" && found.role === "DROther");
				return adjacent ? [] : [`the OSPF neighbour ${wanted} is ${found.state}`];
			}),
		isAbout: ({ neighbors }, { neighbor_id, address }) =>
			neighbors.includes(neighbor_id) || (address !== null && neighbors.includes(address)),
	}),
	interfaces: reading<"interfaces", "interfaces">({
		what: "interfaces",
		params: () => ({}),
		problems: ({ names }, rows) =>
			names.flatMap((wanted) => {
				const found = rows.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
				if (found === undefined) return [`there is no interface ${wanted}`];
				if (found.oper === "up") return [];
				return [`the interface ${wanted} is ${found.admin === "down" ? "shut down" : found.oper}`];
			}),
		isAbout: ({ names }, { name }) => names.some((wanted) => wanted.toLowerCase() === name.toLowerCase()),
	}),
	routes: reading<"routes", "routes">({
		what: "routes",
		params: ({ afi, vrf }) => ({ afi, vrf }),
		problems: ({ prefixes, protocol }, rows) =>
			prefixes.flatMap((wanted) => {
				const found = rows.filter(({ prefix, active }) => prefix === wanted && active);
				if (found.length === 0) return [`there is no route to ${wanted}`];
				if (protocol === undefined || found.some((route) => route.protocol === protocol)) return [];
				return [`the route to ${wanted} is ${found.map((route) => route.protocol).join(", ")}, not ${protocol}`];
			}),
		isAbout: ({ prefixes }, { prefix }) => prefixes.includes(prefix),
	}),
	ping: reading<"ping", "ping">({
		what: "ping",
		params: ({ target, count, source, vrf }) => ({ target, count, source, vrf }),
		problems: ({ target, most_loss_percent }, [result]) => {
			if (result === undefined) return [`the ping of ${target} was not answered`];
			if (result.loss_percent <= most_loss_percent) return [];
			return [`of ${result.sent} pings of ${target} ${result.received} were answered`];
		},
		isAbout: () => true,
	}),
} as const;

/** Same as above, seen without the kind: what `askDevice` asked and what it reads belong together by the table. */
interface AnyReading {
	what: ParsedKind;
	params(check: DeviceCheck): Partial<ParsedCommandParams>;
	problems(check: DeviceCheck, rows: readonly unknown[]): string[];
	isAbout(check: DeviceCheck, row: unknown): boolean;
}

type Asked = Pick<Session, "platform" | "run">;

/**
 * Asks a device once for one kind of rows, with the platform's own commands.
 * @throws parse.no_parser, parse.bad_params, parse.not_understood, device.*
 */
export async function askRows<W extends ParsedKind>(
	session: Asked,
	what: W,
	params: Partial<ParsedCommandParams> = {},
): Promise<ParsedRows[W]> {
	const { id } = session.platform.definition;
	const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
	const answers: string[] = [];
	const interrupt_after_ms = interruptAfter_ms(id, what, given);
	for (const command of commandFor(id, what, given)) {
		answers.push((await session.run(command, { interrupt_after_ms })).output);
	}
	return parse(id, what, answers.join("\n"), given);
}

/**
 * Asks a device once, and says what is not as it should be; nothing when the check holds. The rows that the check is about come first.
 * @throws parse.no_parser, parse.not_understood, device.*
 */
export async function askDevice(session: Asked, check: DeviceCheck): Promise<{ rows: unknown[]; problems: string[] }> {
	const { what, params, problems, isAbout } = readings[check.kind] as unknown as AnyReading;
	const rows: readonly unknown[] = await askRows(session, what, params(check));
	const about = rows.filter((row) => isAbout(check, row));
	const others = rows.filter((row) => !isAbout(check, row));
	return { rows: [...about, ...others], problems: problems(check, rows) };
}

/** After how long a command of a person's has to be interrupted, in milliseconds: a ping goes on for ever where it cannot be told how often. */
export function interruptionOf({ platform }: Pick<Session, "platform">, command: string): number | undefined {
	const { id } = platform.definition;
	const canPing = () =>
		listParsers().some((each) => each.platform === id && each.what === "ping" && each.none_because === null);
	return /^ping\s/.test(command) && canPing() ? interruptAfter_ms(id, "ping") : undefined;
}

/** A check in words: `BGP with 10.0.0.2, 10.0.0.3`. */
export function nameOf(check: DeviceCheck): string {
	switch (check.kind) {
		case "bgp":
			return `BGP with ${check.neighbors.join(", ")}`;
		case "ospf":
			return `OSPF with ${check.neighbors.join(", ")}`;
		case "interfaces":
			return `interfaces ${check.names.join(", ")}`;
		case "routes":
			return `routes to ${check.prefixes.join(", ")}`;
		case "ping":
			return `ping of ${check.target}`;
	}
}
