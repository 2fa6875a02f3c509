// A program of its own, so that the load it makes is not the load it measures: asks one address over and over, and tells how that went.
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { quantile } from "./figures.ts";

/** What to ask for, and how fast. Given as JSON in the first argument. */
export interface LoadOptions {
	origin: string;
	path: string;
	token?: string;
	connections: number;
	/** Requests a second, begun on time whatever became of those before; 0 keeps `connections` requests under way. */
	per_second: number;
	/** How long; 0 goes on until standard input ends. */
	seconds: number;
}

/** Latency in ms, counted from when a request was due, so that a stall counts for every request that it held up. */
export interface LoadResult {
	ok: number;
	/** Any other answer, and no answer. */
	failed: number;
	seconds: number;
	bytes: number;
	p50_ms: number;
	p99_ms: number;
	max_ms: number;
	cpu_ms: number;
	/** The first failure. */
	complaint?: string;
}

const options = JSON.parse(process.argv[2] ?? "") as LoadOptions;
const pool = new Pool(options.origin, {
	connections: options.connections,
	// One under way on each connection: browsers and our own clients do not pipeline.
	pipelining: 1,
	headersTimeout: 30_000,
	bodyTimeout: 30_000,
});
const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
const latencies_ms: number[] = [];
let ok = 0;
let failed = 0;
let bytes = 0;
let complaint: string | undefined;
let stopping = false;

function ask(due: number): Promise<void> {
	return new Promise((resolve) => {
		let status = 0;
		const done = () => {
			latencies_ms.push(performance.now() - due);
			resolve();
		};
		pool.dispatch(
			{ origin: options.origin, path: options.path, method: "GET", headers },
			{
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
			},
		);
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
process.stdin.on("end", () => (stopping = true)).resume();
const started = performance.now();
const cpu = process.cpuUsage();
if (options.per_second > 0) await askOnTime(started);
else await Promise.all(Array.from({ length: options.connections }, keepAsking));
const seconds = (performance.now() - started) / 1_000;
const { user, system } = process.cpuUsage(cpu);
const result: LoadResult = {
	ok,
	failed,
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
