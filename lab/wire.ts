import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A stretch of network between the product and a server: it can lose what passes without a word to anybody, and be slow. */
export interface Wire {
	port: number;
	/** Nothing passes any more. Connections stand, new ones are accepted, and no byte comes of them. */
	cut(): void;
	/** Lets through again: what was sent meanwhile, `late`, or else connections of after it only. Those of before stay dead without a word. */
	mend(what: { late: boolean }): void;
	/** How much longer what is sent to the server takes from now on. */
	slow(delay_ms: number): void;
	close(): Promise<void>;
}

/**
 * Where the wire is cut for good a server hears of it by the probes of its kernel, which the product asks PostgreSQL for. A relay's own kernel answers
 * those, so the relay does as they would.
 */
const probed_ms = 30_000;

interface Passage {
	/** Whether it has reached the server. */
	isOpen(): boolean;
	/** Stops and goes on, in both directions. */
	hold(): void;
	release(): void;
	/** Hears of nothing any more. */
	abandon(): void;
	end(): void;
}

/**
 * Puts a relay before a server: a port on loopback, or the path of a socket. Unlike a namespace with a link that goes down it needs no root, and is the
 * harder case: even the kernel's own probes are answered, so that only what the product does by itself can notice.
 */
export async function stretchWire(to: () => { port: number } | { path: string }): Promise<Wire> {
	const passages = new Set<Passage>();
	const abandoned = new Set<Passage>();
	let isCut = false;
	let delay_ms = 0;

	const relay = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
		const passage = open(client);
		passages.add(passage);
		if (isCut) passage.hold();
		else passage.release();
	});
	await new Promise<void>((resolve, reject) => {
		relay.once("error", reject);
		relay.listen(0, "127.0.0.1", resolve);
	});
	const address = relay.address();
	if (address === null || typeof address === "string") throw new Error("the relay has no port");

	function open(client: Socket): Passage {
		let server: Socket | undefined;
		let held = false;
		let forgotten = false;
		/** What came to an end while the wire was cut: nobody heard. */
		const unheard: (() => void)[] = [];
		const hear = (tell: () => void) => {
			if (forgotten) return;
			if (held) unheard.push(tell);
			else tell();
		};
		function destroy() {
			client.destroy();
			server?.destroy();
			passages.delete(passage);
		}
		function forward(from: Socket, into: Socket, delay: () => number) {
			let onTheWay = 0;
			let last = Promise.resolve();
			/** After everything before it, however long that took. */
			const inTurn = (act: () => void) => {
				if (onTheWay === 0 && delay() === 0) return hear(act);
				onTheWay++;
				const due = performance.now() + delay();
				last = last.then(async () => {
					await sleep(Math.max(0, due - performance.now()));
					onTheWay--;
					hear(act);
				});
			};
			from.on("data", (piece) =>
				inTurn(() => {
					if (!into.write(piece)) from.pause();
				}),
			);
			into.on("drain", () => {
				if (!held) from.resume();
			});
			from.on("end", () => inTurn(() => into.end()));
			from.on("error", () => hear(destroy));
			from.on("close", () => inTurn(destroy));
		}
		const passage: Passage = {
			isOpen: () => server !== undefined,
			hold() {
				held = true;
				client.pause();
				server?.pause();
			},
			release() {
				held = false;
				if (server === undefined) {
					server = connect(to());
					server.setNoDelay(true);
					forward(client, server, () => delay_ms);
					forward(server, client, () => 0);
				}
				for (let tell = unheard.shift(); tell !== undefined; tell = unheard.shift()) tell();
				client.resume();
				server.resume();
			},
			abandon() {
				forgotten = true;
				setTimeout(() => server?.destroy(), probed_ms).unref();
			},
			end: destroy,
		};
		// Until it is passed on there is nobody to tell of an error.
		client.on("error", () => {});
		return passage;
	}

	return {
		port: address.port,
		cut() {
			isCut = true;
			for (const passage of passages) passage.hold();
		},
		mend({ late }) {
			isCut = false;
			for (const passage of passages) {
				// Whoever tries to connect tries until somebody answers.
				if (late || !passage.isOpen()) {
					passage.release();
					continue;
				}
				passage.abandon();
				passages.delete(passage);
				abandoned.add(passage);
			}
		},
		slow: (ms) => {
			delay_ms = ms;
		},
		async close() {
			const closed = new Promise((resolve) => relay.close(resolve));
			for (const passage of [...passages, ...abandoned]) passage.end();
			await closed;
		},
	};
}
