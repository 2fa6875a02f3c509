import ssh2, { type ClientChannel, type ConnectConfig } from "ssh2";

export interface BareClient {
	/** Everything received since the last `clear`, as text. */
	received(): string;
	clear(): void;
	send(text: string): void;
	/** Waits until what was received ends with `expected`, or its last 8 KiB match it. @throws after `timeout_ms` with what came instead. */
	until(expected: string | RegExp, timeout_ms?: number): Promise<string>;
	/** Sends a line and answers what came until `prompt`, without the echo and the prompt. */
	ask(line: string, prompt: string | RegExp): Promise<string>;
	fingerprint: string;
	ended: Promise<void>;
	/** Says that nothing more will be sent, as a shell does after a file of commands. */
	endInput(): void;
	close(): void;
}

const tailLength = 8_192;

export type BareClientOptions = { host: string; port: number; username: string } & Partial<ConnectConfig>;

/**
 * A client that knows nothing of any device: a terminal and what came out of it. The lab is tested with it, so that the lab and our
 * drivers are not wrong in the same way.
 */
export async function connectBare(options: BareClientOptions): Promise<BareClient> {
	const client = new ssh2.Client();
	let fingerprint = "";
	const channel = await new Promise<ClientChannel>((resolve, reject) => {
		client.on("error", reject);
		client.on("close", () => reject(new Error("the connection was closed")));
		client.on("ready", () => {
			client.setNoDelay(true);
			client.shell({ cols: 80, rows: 24 }, (cause, stream) => (cause ? reject(cause) : resolve(stream)));
		});
		client.connect({
			readyTimeout: 5_000,
			hostHash: "sha256",
			hostVerifier: (hash: string) => {
				fingerprint = `SHA256:${Buffer.from(hash, "hex").toString("base64").replace(/=+$/, "")}`;
				return true;
			},
			...options,
		});
	});
	const chunks: string[] = [];
	// Only the end is searched: a string that grows is copied whole each time it is.
	let tail = "";
	const received = () => {
		if (chunks.length > 1) chunks.splice(0, chunks.length, chunks.join(""));
		return chunks[0] ?? "";
	};
	const clear = () => {
		chunks.length = 0;
		tail = "";
	};
	let changed: (() => void) | undefined;
	channel.on("data", (chunk: Buffer) => {
		const text = chunk.toString("latin1");
		chunks.push(text);
		tail = (tail + text).slice(-tailLength);
		changed?.();
	});
	const ended = new Promise<void>((resolve) => client.on("close", () => resolve()));
	// OpenSSH keeps a connection open after its last session; a terminal without a session is of no use here.
	channel.on("close", () => client.end());
	const matches = (expected: string | RegExp) =>
		typeof expected === "string" ? tail.endsWith(expected) : expected.test(tail);
	async function until(expected: string | RegExp, timeout_ms = 5_000): Promise<string> {
		const deadline = performance.now() + timeout_ms;
		while (!matches(expected)) {
			const left = deadline - performance.now();
			if (left <= 0) throw new Error(`waited for ${expected}, got ${JSON.stringify(tail.slice(-2_000))}`);
			let timer: NodeJS.Timeout | undefined;
			await Promise.race([
				new Promise<void>((resolve) => {
					changed = resolve;
				}),
				new Promise<void>((resolve) => {
					timer = setTimeout(resolve, left);
				}),
			]);
			clearTimeout(timer);
		}
		return received();
	}
	return {
		received,
		clear,
		send: (given) => void channel.write(given),
		until,
		async ask(line, prompt) {
			clear();
			channel.write(`${line}\n`);
			const answer = (await until(prompt)).replaceAll("\r\n", "\n");
			const start = answer.indexOf("\n") + 1;
			return answer.slice(start, answer.lastIndexOf("\n") + 1);
		},
		fingerprint,
		ended,
		endInput: () => void channel.end(),
		close: () => client.end(),
	};
}

/** What one command prints, without a terminal and so without echo, pager and prompt. */
export function execBare(options: BareClientOptions, command: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const client = new ssh2.Client();
		const pieces: string[] = [];
		client.on("error", reject);
		client.on("ready", () => {
			client.exec(command, (cause, stream) => {
				if (cause) return reject(cause);
				stream.on("data", (piece: Buffer) => pieces.push(piece.toString("latin1")));
				stream.on("close", () => client.end());
			});
		});
		client.on("close", () => resolve(pieces.join("").replaceAll("\r\n", "\n")));
		client.connect({ readyTimeout: 20_000, ...options });
	});
}
