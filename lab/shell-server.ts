import { once } from "node:events";
import type { AddressInfo } from "node:net";
import ssh2, { type AuthContext, type Connection, type ServerChannel, type ServerConfig } from "ssh2";

/** Whoever sits at the other end of a line that was entered. */
export interface Shell {
	client: Connection;
	channel: ServerChannel;
	/** Writes the line back, as a terminal echoes it, the text, and the prompt. */
	answer(text: string | Buffer): void;
}

export interface ShellServerOptions {
	/** Decides on an attempt to log in, or does not; without it the password alone is right. */
	authenticate?(context: AuthContext, client: Connection): void;
	/** What becomes of a line that was entered, without its end; without it every line is answered with nothing. */
	onLine?(line: string, shell: Shell): void;
	/** Written when the shell opens; the prompt on a line of its own unless told. */
	greeting?: string;
	/** Of the SSH server: algorithms, banner, host keys. */
	options?: Partial<ServerConfig>;
	onConnection?(client: Connection): void;
}

export interface ShellServer {
	host: string;
	port: number;
	username: string;
	password: string;
	/** Method of every attempt to log in. */
	attempts: string[];
	/** Connections that are open. */
	clients: ReadonlySet<Connection>;
	stop(): Promise<void>;
}

/** The prompt of its shell: a router's in privileged mode. */
export const shellPrompt = "r1#";
const login = { username: "admin", password: "pa55word" };
const { private: ownHostKey } = ssh2.utils.generateKeyPairSync("ed25519");

/** Lets in whoever knows the password. */
export function acceptPassword(context: AuthContext): void {
	if (context.method === "password" && context.password === login.password) context.accept();
	else context.reject(["password"]);
}

/** A real SSH server on loopback with the shell of a router, which does line by line what it is told. */
export async function startShellServer({
	authenticate = acceptPassword,
	onLine = (_, { answer }) => answer(""),
	greeting = `\r\n${shellPrompt}`,
	options = {},
	onConnection,
}: ShellServerOptions = {}): Promise<ShellServer> {
	const clients = new Set<Connection>();
	const attempts: string[] = [];

	function serve(client: Connection, channel: ServerChannel): void {
		channel.on("error", () => {});
		let typed = "";
		channel.on("data", (piece: Buffer) => {
			typed += piece.toString();
			const lines = typed.split("\n");
			typed = lines.pop() ?? "";
			for (const entered of lines) {
				const line = entered.trim();
				const answer = (text: string | Buffer) =>
					channel.write(Buffer.concat([Buffer.from(`${line}\r\n`), Buffer.from(text), Buffer.from(shellPrompt)]));
				onLine(line, { client, channel, answer });
			}
		});
		channel.write(greeting);
	}

	const server = new ssh2.Server({ hostKeys: [ownHostKey], ...options }, (client) => {
		clients.add(client);
		onConnection?.(client);
		client.on("close", () => clients.delete(client));
		client.on("error", () => {});
		client.on("authentication", (context) => {
			attempts.push(context.method);
			authenticate(context, client);
		});
		client.on("session", (accept) => {
			const session = accept();
			session.on("pty", (acceptPty) => acceptPty?.());
			session.on("shell", (acceptShell) => serve(client, acceptShell()));
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		host: "127.0.0.1",
		port: (server.address() as AddressInfo).port,
		...login,
		attempts,
		clients,
		async stop() {
			for (const client of clients) client.end();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}
