// A program of its own: many who watch one run live. Checks that each sees every numbered line once and in order.
import { setTimeout as sleep } from "node:timers/promises";
import type { TaskMessage } from "@netconductor/contracts/realtime/messages";
import { type Door, signedIn } from "@netconductor/e2e/product";
import { WebSocket } from "ws";
import { quantile } from "./figures.ts";

/** Given as JSON in the first argument. */
export interface WatchOptions {
	/** Base address of the product. */
	url: string;
	run_id: string;
	/** How many keep up. */
	watchers: number;
	/** Beside them, one that reads nothing for so long, s. */
	pause_s: number;
	/** And one that is cut off after so long and comes back with its offset, s. */
	cut_s: number;
}

export interface Watched {
	name: string;
	lines: number;
	/** Numbers that came twice, too early or not at all, over all devices. */
	wrong: number;
	/** From when a piece was made until it was here, ms. */
	p50_ms: number;
	p99_ms: number;
	/** Bytes of messages. */
	bytes: number;
	/** Between the making of the first piece and of the last, ms. */
	spoken_ms: number;
	ended: boolean;
}

/** Lines are ` description live <device> <number> ...`. */
const numbered = /live (\S+) (\d+) /g;

interface View {
	seen(message: TaskMessage): void;
	last_seq: number;
	ended: boolean;
	bytes: number;
	result(name: string): Watched;
}

function createView(): View {
	const next = new Map<string, number>();
	const delays_ms: number[] = [];
	let first_at = Number.NaN;
	let last_at = Number.NaN;
	let lines = 0;
	let wrong = 0;
	const view: View = {
		last_seq: 0,
		ended: false,
		bytes: 0,
		seen(message) {
			if (message.type === "end") view.ended = true;
			if (message.type !== "output") return;
			const { seq, text, at } = message.chunk;
			if (seq <= view.last_seq) wrong++;
			view.last_seq = seq;
			last_at = Date.parse(at);
			if (Number.isNaN(first_at)) first_at = last_at;
			delays_ms.push(Date.now() - last_at);
			for (const [, device = "", digits] of text.matchAll(numbered)) {
				const number = Number(digits);
				if (number !== (next.get(device) ?? 1)) wrong++;
				next.set(device, number + 1);
				lines++;
			}
		},
		result(name) {
			const { ended, bytes } = view;
			const spoken_ms = last_at - first_at;
			const [p50_ms, p99_ms] = [quantile(delays_ms, 0.5), quantile(delays_ms, 0.99)];
			return { name, lines, wrong, p50_ms, p99_ms, bytes, spoken_ms, ended };
		},
	};
	return view;
}

const options = JSON.parse(process.argv[2] ?? "") as WatchOptions;
const door: Door = await signedIn(options.url);
const api = door.as(door.admin_token);

/** Watches until the server closes, or `until` resolves. */
async function watch(view: View, meanwhile: (socket: WebSocket) => Promise<void> = async () => {}): Promise<void> {
	const { ticket } = await api.auth.createWsTicket({});
	const address = `${options.url.replace("http", "ws")}/ws/tasks/${options.run_id}?ticket=${ticket}&after=${view.last_seq}`;
	const socket = new WebSocket(address, { perMessageDeflate: false });
	socket.on("message", (text: Buffer) => {
		view.bytes += text.length;
		view.seen(JSON.parse(text.toString("utf8")));
	});
	await new Promise<void>((resolve, reject) => {
		socket.once("error", reject);
		socket.once("open", () => void meanwhile(socket));
		socket.once("close", () => resolve());
	});
}

async function keepUp(name: string): Promise<Watched> {
	const view = createView();
	await watch(view);
	return view.result(name);
}

async function pauseAndCatchUp(): Promise<Watched> {
	const view = createView();
	await watch(view, async (socket) => {
		socket.pause();
		await sleep(options.pause_s * 1_000);
		socket.resume();
	});
	return view.result(`reads nothing for ${options.pause_s} s`);
}

async function comeBack(): Promise<Watched> {
	const view = createView();
	await watch(view, async (socket) => {
		await sleep(options.cut_s * 1_000);
		socket.terminate();
	});
	await watch(view);
	return view.result(`cut off after ${options.cut_s} s, back from its offset`);
}

const results = await Promise.all([
	...Array.from({ length: options.watchers }, (_, i) => keepUp(`watcher ${i + 1}`)),
	pauseAndCatchUp(),
	comeBack(),
]);
process.stdout.write(JSON.stringify(results));
