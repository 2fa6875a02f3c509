import type { ServerChannel } from "ssh2";
import { startShellServer } from "./shell-server.ts";

export interface HostileDevice {
	host: string;
	port: number;
	username: string;
	password: string;
	/** What the device says to a command from now on; it shows its prompt behind it. */
	answer(command: string, text: string | Buffer): void;
	/** The same in pieces, as fast as they are taken, with nothing behind them. Stops when the client goes. */
	flood(command: string, piece: Buffer, bytes: number): void;
	/** Bytes of floods that were sent. */
	flooded(): number;
	stop(): Promise<void>;
}

/** An SSH server with the prompt of a router that answers commands with exactly the bytes it was given, however harmful. */
export async function startHostileDevice(banner = ""): Promise<HostileDevice> {
	const answers = new Map<string, string | Buffer>();
	const floods = new Map<string, { piece: Buffer; bytes: number }>();
	let flooded = 0;

	async function pour(channel: ServerChannel, { piece, bytes }: { piece: Buffer; bytes: number }): Promise<void> {
		let go = () => {};
		for (const event of ["drain", "close"]) channel.on(event, () => go());
		for (let sent = 0; sent < bytes && !channel.destroyed; sent += piece.length) {
			flooded += piece.length;
			if (!channel.write(piece)) await new Promise<void>((resolve) => (go = resolve));
		}
	}

	const { host, port, username, password, stop } = await startShellServer({
		options: { ...(banner && { banner }) },
		onLine(command, { channel, answer }) {
			const flood = floods.get(command);
			if (flood !== undefined) {
				channel.write(`${command}\r\n`);
				void pour(channel, flood);
			} else if (command === "exit") channel.end();
			else answer(answers.get(command) ?? "");
		},
	});
	return {
		host,
		port,
		username,
		password,
		answer: (command, text) => void answers.set(command, text),
		flood: (command, piece, bytes) => void floods.set(command, { piece, bytes }),
		flooded: () => flooded,
		stop,
	};
}
