import { once } from "node:events";
import type { AddressInfo } from "node:net";
import ssh2, { type Connection, type ServerChannel } from "ssh2";

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

const prompt = "r1#";

/** An SSH server with the prompt of a router that answers commands with exactly the bytes it was given, however harmful. */
export async function startHostileDevice(banner = ""): Promise<HostileDevice> {
	const { private: hostKey } = ssh2.utils.generateKeyPairSync("ed25519");
	const login = { username: "admin", password: "hostile-password" };
	const answers = new Map<string, string | Buffer>();
	const floods = new Map<string, { piece: Buffer; bytes: number }>();
	const clients = new Set<Connection>();
	let flooded = 0;

	async function pour(channel: ServerChannel, { piece, bytes }: { piece: Buffer; bytes: number }): Promise<void> {
		let go = () => {};
		for (const event of ["drain", "close"]) channel.on(event, () => go());
		for (let sent = 0; sent < bytes && !channel.destroyed; sent += piece.length) {
			flooded += piece.length;
			if (!channel.write(piece)) await new Promise<void>((resolve) => (go = resolve));
		}
	}

	function entered(channel: ServerChannel, command: string): void {
		channel.write(`${command}\r\n`);
		const flood = floods.get(command);
		if (flood !== undefined) void pour(channel, flood);
		else if (command === "exit") channel.end();
		else channel.write(Buffer.concat([Buffer.from(answers.get(command) ?? ""), Buffer.from(prompt)]));
	}

	const server = new ssh2.Server({ hostKeys: [hostKey], ...(banner && { banner }) }, (client) => {
		clients.add(client);
		client.on("close", () => clients.delete(client));
		client.on("error", () => {});
		client.on("authentication", (context) => {
			const right = context.method === "password" && context.password === login.password;
			if (right) context.accept();
			else context.reject(["password"]);
		});
		client.on("session", (accept) => {
			const session = accept();
			session.on("pty", (acceptPty) => acceptPty?.());
			session.on("shell", (acceptShell) => {
				const channel = acceptShell();
				let line = "";
				channel.on("error", () => {});
				channel.on("data", (piece: Buffer) => {
					for (const character of piece.toString()) {
						if (character !== "\n") line += character;
						else {
							entered(channel, line.trim());
							line = "";
						}
					}
				});
				channel.write(`\r\n${prompt}`);
			});
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		host: "127.0.0.1",
		port: (server.address() as AddressInfo).port,
		...login,
		answer: (command, text) => void answers.set(command, text),
		flood: (command, piece, bytes) => void floods.set(command, { piece, bytes }),
		flooded: () => flooded,
		async stop() {
			for (const client of clients) client.end();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}
