// A program of its own: thousands of pages that are open and hear of every change. Says `{"open":n}` when all are, then notes for each name it
// reads from standard input when the clients were told of the device with that id, and says so.
import { createInterface } from "node:readline";
import { authApi } from "@netconductor/contracts/auth/api";
import { createClient } from "@netconductor/contracts/kernel/client";
import { createFetchTransport } from "@netconductor/contracts/kernel/fetch-transport";
import { WebSocket } from "ws";
import { quantile } from "./figures.ts";

/** Given as JSON in the first line of standard input. */
export interface CrowdOptions {
	/** Base address of the product. */
	url: string;
	/** Of those who watch, each with the same number of pages. */
	tokens: string[];
	clients: number;
	/** How many open at a time. */
	at_a_time: number;
}

/** What came of telling all of one change; times in ms since the Unix epoch. */
export interface Told {
	device_id: string;
	heard: number;
	first_at: number;
	p50_at: number;
	p99_at: number;
	last_at: number;
}

const now = () => performance.timeOrigin + performance.now();
const waitAtMost_ms = 20_000;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const options: CrowdOptions = JSON.parse((await lines.next()).value ?? "");
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);

/** When each client heard of a change last asked for. */
let wanted: { text: string; times: number[]; all: () => void } | undefined;
let open = 0;

async function watch(token: string): Promise<void> {
	const auth = createClient(authApi, createFetchTransport({ url: options.url, token: () => token }));
	const { ticket } = await auth.createWsTicket({});
	const socket = new WebSocket(`${options.url.replace("http", "ws")}/ws/dashboard?ticket=${ticket}`, {
		perMessageDeflate: false,
	});
	socket.on("message", (text: Buffer) => {
		if (wanted === undefined || !text.includes(wanted.text)) return;
		wanted.times.push(now());
		if (wanted.times.length === open) wanted.all();
	});
	await new Promise<void>((resolve, reject) => {
		socket.once("error", reject);
		socket.once("message", () => resolve());
	});
	open++;
	socket.once("close", () => open--);
}

async function openInTurn(next: Iterator<string>): Promise<void> {
	for (let { value, done } = next.next(); !done; { value, done } = next.next()) await watch(value);
}

const owners = Array.from(
	{ length: options.clients },
	(_, i) => options.tokens[i % options.tokens.length] ?? "",
).values();
await Promise.all(Array.from({ length: options.at_a_time }, () => openInTurn(owners)));
say({ open });

for (let line = await lines.next(); !line.done; line = await lines.next()) {
	const device_id = line.value;
	const { promise, resolve } = Promise.withResolvers<void>();
	// A change tells of several kinds of things: of one of them here.
	wanted = { text: `"what":"devices","id":"${device_id}"`, times: [], all: resolve };
	say({ listening: device_id });
	const timer = setTimeout(resolve, waitAtMost_ms);
	await promise;
	clearTimeout(timer);
	const { times } = wanted;
	wanted = undefined;
	say({
		device_id,
		heard: times.length,
		first_at: times[0] ?? Number.NaN,
		p50_at: quantile(times, 0.5),
		p99_at: quantile(times, 0.99),
		last_at: times.at(-1) ?? Number.NaN,
	} satisfies Told);
}
process.exit(0);
