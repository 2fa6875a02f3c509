// A program of its own, so that the load it makes is not the load it measures: asks the same over and over, and tells how that went.
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { quantile } from "./figures.ts";

export interface Asked {
	path: string;
	token?: string;
	/** Sent with POST, as JSON. */
	body?: unknown;
	/** Whose address a proxy would tell. */
	forwarded_for?: string;
}

/** What to ask for, and how fast. Given as JSON in the first line of standard input. */
export interface LoadOptions {
	origin: string;
	/** In turn. */
	asked: Asked[];
	connections: number;
	/** Requests a second, begun on time whatever became of those before; 0 keeps `connections` requests under way. */
	per_second: number;
	/** How long; 0 goes on until standard input ends. */
	seconds: number;
}

/** Latency in ms, counted from when a request was due, so that a stall counts for every request that it held up. */
export interface LoadResult {
	/** Answers with 200. */
	ok: number;
	/** Any other answer, and no answer. */
	failed: number;
	/** How many answers had which status; "none" counts those that did not come. */
	statuses: Record<string, number>;
	seconds: number;
	bytes: number;
	p50_ms: number;
	p99_ms: number;
	max_ms: number;
	cpu_ms: number;
	/** The first failure. */
	complaint?: string;
}

const lines = createInterface({ input: process.stdin });
const options = await new Promise<LoadOptions>((resolve) => lines.once("line", (line) => resolve(JSON.parse(line))));
const pool = new Pool(options.origin, {
	connections: options.connections,
	// One under way on each connection: browsers and our own clients do not pipeline.
	pipelining: 1,
	headersTimeout: 30_000,
	bodyTimeout: 30_000,
});
/** Made once: what asking costs is nobody's to measure. */
const requests = options.asked.map(({ path, token, body, forwarded_for }) => ({
	origin: options.origin,
	path,
	method: body === undefined ? ("GET" as const) : ("POST" as const),
	headers: {
		...(token !== undefined && { authorization: `Bearer ${token}` }),
		...(body !== undefined && { "content-type": "application/json" }),
		...(forwarded_for !== undefined && { "x-forwarded-for": forwarded_for }),
	},
	...(body !== undefined && { body: JSON.stringify(body) }),
}));
let begun = 0;
const latencies_ms: number[] = [];
let ok = 0;
let failed = 0;
const statuses: Record<string, number> = {};
let bytes = 0;
let complaint: string | undefined;
let stopping = false;

function ask(due: number): Promise<void> {
	const request = requests[begun++ % requests.length];
	if (request === undefined) throw new RangeError("there is nothing to ask for");
	return new Promise((resolve) => {
		let status = 0;
		const done = () => {
			latencies_ms.push(performance.now() - due);
			const answer = status === 0 ? "none" : String(status);
			statuses[answer] = (statuses[answer] ?? 0) + 1;
			resolve();
		};
		pool.dispatch(request, {
			onRequestStart() {},
			onResponseStart(_, statusCode) {
				status = statusCode;
			},
			onResponseData(_, chunk) {
				bytes += chunk.length;
			},
			onResponseEnd() {
				if (status === 200) ok++;
				else failed++;
				if (status !== 200) complaint ??= `status ${status}`;
				done();
			},
			onResponseError(_, error) {
				failed++;
				complaint ??= error.message;
				done();
			},
		});
	});
}

async function keepAsking(): Promise<void> {
	while (!stopping) await ask(performance.now());
}

async function askOnTime(started: number): Promise<void> {
	const under_way = new Set<Promise<void>>();
	for (let number = 0; !stopping; number++) {
		const due = started + (number * 1_000) / options.per_second;
		const wait_ms = due - performance.now();
		if (wait_ms > 0) await sleep(wait_ms);
		const asked = ask(due).finally(() => under_way.delete(asked));
		under_way.add(asked);
	}
	await Promise.all(under_way);
}

if (options.seconds > 0) setTimeout(() => (stopping = true), options.seconds * 1_000);
lines.once("close", () => (stopping = true));
const started = performance.now();
const cpu = process.cpuUsage();
if (options.per_second > 0) await askOnTime(started);
else await Promise.all(Array.from({ length: options.connections }, keepAsking));
const seconds = (performance.now() - started) / 1_000;
const { user, system } = process.cpuUsage(cpu);
const result: LoadResult = {
	ok,
	failed,
	statuses,
	seconds,
	bytes,
	p50_ms: quantile(latencies_ms, 0.5),
	p99_ms: quantile(latencies_ms, 0.99),
	max_ms: quantile(latencies_ms, 1),
	cpu_ms: (user + system) / 1_000,
	...(complaint !== undefined && { complaint }),
};
process.stdout.write(JSON.stringify(result));
process.exit(0);
