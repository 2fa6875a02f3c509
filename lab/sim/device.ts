import { randomBytes } from "node:crypto";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2, { type AuthContext, type Connection, type ServerChannel } from "ssh2";
import type { Fault, FaultFinder, FaultKind, FaultOf } from "./fault.ts";
import { type HostKey, hostKeyFromSeed, legacyHostKey } from "./host-keys.ts";
import type { Cli, DeviceState, SessionContext, SimPlatform } from "./platform.ts";
import { createRandom } from "./random.ts";
import { createTerminal, SessionEnded } from "./terminal.ts";

/** What a device has seen; counted since it was made. */
export interface DeviceStats {
	/** TCP connections. */
	connections: number;
	open_connections: number;
	/** Successful logins. */
	logins: number;
	failed_logins: number;
	/** Shells and exec requests. */
	sessions: number;
	commands: number;
	/** Changes that sessions made: commits, and stays in configuration mode that changed something. */
	pushes: number;
	/** Times that a session or a timer put an earlier configuration back. */
	rollbacks: number;
	/** The last 200 lines that clients sent, without passwords. */
	lines: string[];
}

/** One connection, as the device saw it. Times are milliseconds since the epoch. */
export interface SimConnection {
	device: string;
	opened_at: number;
	closed_at: number | null;
	/** Lines that it received. */
	lines: number;
	/** Configurations that it showed to the end. */
	configs: number;
	/** `logout`: the client said goodbye. `device`: a fault, or whoever runs the lab, broke it. `cut`: the client was gone without a word. */
	ended: "logout" | "device" | "cut" | null;
}

export interface SimDevice {
	readonly name: string;
	readonly platform: string;
	readonly host: string;
	readonly port: number;
	readonly username: string;
	readonly password: string;
	readonly enable_password: string;
	/** What a client should expect now; `changeHostKey` changes it, the fault `changed_host_key` does not. */
	readonly host_key_fingerprint: string;
	config(): string;
	/** Replaces the running configuration from outside any session. */
	setConfig(text: string): void;
	edit(change: (config: string) => string): void;
	/** Applies configuration lines in the platform's own language, as another administrator would. */
	applyLines(lines: string[]): void;
	/** Replaces all faults; they hold for connections opened from now on. */
	setFault(fault: Fault | Fault[] | null): Promise<void>;
	setLatency(latency_ms: number): void;
	/** Breaks every open connection. */
	dropConnections(): void;
	/** From now on the device has another host key, as after a replacement. */
	changeHostKey(): void;
	/** Accepts this OpenSSH public key for the device's user. */
	authorize(publicKey: string): void;
	stats(): DeviceStats;
	/** The last 1,000 connections, the oldest first. */
	connections(): SimConnection[];
	/** Forgets the connections that are closed. */
	forgetConnections(): void;
	stop(): Promise<void>;
}

export interface DeviceOptions {
	name: string;
	platform: SimPlatform;
	host: string;
	/** 0 takes a free one. */
	port: number;
	username: string;
	password: string;
	enable_password: string;
	config_bytes: number;
	latency_ms: number;
	seed: string;
}

const historyLength = 50;
const loggedLines = 200;
const loggedConnections = 1_000;
const goodbye = /^\/?(exit|quit|logout)$/;

/** Starts one simulated device. Its config, key and SSH server are made when first needed, so that thousands cost little. */
export async function startDevice(options: DeviceOptions): Promise<SimDevice> {
	const { platform, name, host, username, password, enable_password } = options;
	const stats: Omit<DeviceStats, "pushes" | "rollbacks"> = {
		connections: 0,
		open_connections: 0,
		logins: 0,
		failed_logins: 0,
		sessions: 0,
		commands: 0,
		lines: [],
	};
	const state = createState(options);
	const sockets = new Set<Socket>();
	const journal: SimConnection[] = [];
	const authorizedKeys: string[] = [];
	let faults: Fault[] = [];
	/** The configuration that a change cuts the device off from. */
	let reachableWith = "";
	let latency_ms = options.latency_ms;
	let keyNumber = 0;
	let hostKey: HostKey | undefined;
	const ownKey = () => {
		hostKey ??= hostKeyFromSeed(`${options.seed}/${name}/${keyNumber}`);
		return hostKey;
	};

	const listener: NetServer = createServer({ noDelay: true }, (socket) => accept(socket));
	let port = await listen(listener, host, options.port);

	/** Which faults a new connection meets; counts down those that hold for a few only. */
	function takeFaults(): FaultFinder {
		const taken = faults.slice();
		for (const fault of taken) if (fault.times !== undefined) fault.times--;
		faults = faults.filter((fault) => fault.times === undefined || fault.times > 0);
		return <K extends FaultKind>(kind: K) =>
			taken.find((fault): fault is FaultOf<K> & Fault => fault.kind === kind) as FaultOf<K> | undefined;
	}

	function accept(socket: Socket) {
		stats.connections++;
		stats.open_connections++;
		sockets.add(socket);
		const seen: SimConnection = {
			device: name,
			opened_at: Date.now(),
			closed_at: null,
			lines: 0,
			configs: 0,
			ended: null,
		};
		journal.push(seen);
		if (journal.length > loggedConnections) journal.shift();
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			sockets.delete(socket);
			stats.open_connections--;
			seen.closed_at = Date.now();
			seen.ended ??= "cut";
		});
		const fault = takeFaults();
		const limit = fault("session_limit");
		if (isCutOff() !== undefined) {
			drop(socket, seen);
			return;
		}
		if (fault("drop")?.at === "connect" || (limit && stats.open_connections > limit.sessions)) {
			drop(socket, seen);
			return;
		}
		if (fault("silent")) {
			socket.resume();
			return;
		}
		serveSsh(socket, fault, seen);
	}

	function isCutOff(): Fault | undefined {
		return state.running === reachableWith ? undefined : faults.find(({ kind }) => kind === "cut_off_by_change");
	}

	function drop(socket: Socket, seen: SimConnection) {
		seen.ended ??= "device";
		socket.destroy();
	}

	function dropAll() {
		for (const seen of journal) if (seen.closed_at === null) seen.ended ??= "device";
		for (const socket of sockets) socket.destroy();
	}

	function serveSsh(socket: Socket, fault: FaultFinder, seen: SimConnection) {
		const legacy = fault("legacy_algorithms");
		const key = legacy
			? legacyHostKey()
			: fault("changed_host_key")
				? hostKeyFromSeed(`${options.seed}/${name}/another`)
				: ownKey();
		const banner = fault("prompt_like_banner") ? promptLikeBanner(name) : platform.login_banner;
		const server = new ssh2.Server(
			{
				hostKeys: [key.private_key],
				ident: platform.ssh_ident,
				banner: banner === "" ? undefined : banner,
				algorithms: legacy ? legacyAlgorithms : undefined,
			},
			(client) => serveClient(client, socket, fault, seen),
		);
		server.injectSocket(socket);
	}

	function serveClient(client: Connection, socket: Socket, fault: FaultFinder, seen: SimConnection) {
		let login = { username, options: "" };
		client.on("error", () => socket.destroy());
		client.on("authentication", (context) => {
			void authenticate(context).catch(() => socket.destroy());
		});
		async function authenticate(context: AuthContext) {
			if (fault("hang")?.at === "login") return;
			const slow = fault("slow_auth");
			if (slow && context.method !== "none") await sleep(slow.delay_ms);
			const named = platform.parseUsername?.(context.username) ?? { username: context.username, options: "" };
			const methods = allowedMethods(fault);
			if (context.method === "none" || !methods.includes(context.method)) {
				context.reject(methods);
				return;
			}
			const accepted = named.username === username && !fault("wrong_password") && (await proves(context));
			if (!accepted) {
				// A public key that is only offered, not signed with, is a question and no failure.
				if (!(context.method === "publickey" && context.signature === undefined)) stats.failed_logins++;
				context.reject(methods);
				return;
			}
			login = named;
			context.accept();
		}
		async function proves(context: AuthContext): Promise<boolean> {
			if (context.method === "password") return context.password === password;
			if (context.method === "keyboard-interactive") {
				const answers = await new Promise<string[]>((resolve) => {
					context.prompt([{ prompt: "Password: ", echo: false }], "", "", (given) => resolve(given ?? []));
				});
				return answers[0] === password;
			}
			if (context.method !== "publickey") return false;
			for (const text of authorizedKeys) {
				const parsed = ssh2.utils.parseKey(text);
				if (parsed instanceof Error) continue;
				const known = Array.isArray(parsed) ? parsed[0] : parsed;
				if (!known || !context.key.data.equals(known.getPublicSSH())) continue;
				if (context.signature === undefined || context.blob === undefined) return true;
				return known.verify(context.blob, context.signature, context.hashAlgo) === true;
			}
			return false;
		}
		client.on("ready", () => {
			stats.logins++;
			if (fault("drop")?.at === "prompt") drop(socket, seen);
		});
		client.on("session", (acceptSession) => {
			const session = acceptSession();
			let size = { columns: 80, rows: 24 };
			let shell: { columns: number } | undefined;
			session.on("pty", (ok, _reject, info) => {
				size = { columns: info.cols || 80, rows: info.rows || 24 };
				ok?.();
			});
			session.on("env", (ok) => ok?.());
			session.on("window-change", (ok, _reject, info) => {
				if (shell) shell.columns = info.cols;
				ok?.();
			});
			session.on("shell", (ok) => {
				stats.sessions++;
				shell = openShell(ok(), size, undefined);
			});
			session.on("exec", (ok, _reject, info) => {
				stats.sessions++;
				openShell(ok(), { columns: 0, rows: 0 }, info.command);
			});
		});

		function openShell(channel: ServerChannel, size: { columns: number; rows: number }, command: string | undefined) {
			const drip = fault("drip");
			const terminal = createTerminal(channel, {
				traits: platform.terminal,
				columns: size.columns,
				rows: platform.pages && command === undefined ? size.rows : 0,
				drip: drip ? { bytes: drip.bytes ?? 1, delay_ms: drip.delay_ms ?? 5 } : undefined,
				onDrop: () => drop(socket, seen),
			});
			terminal.always_pages = fault("always_paging") !== undefined;
			if (fault("non_utf8")) terminal.encoding = "latin1";
			let changes = 0;
			const context: SessionContext = {
				device: state,
				terminal,
				username: login.username,
				fault,
				showConfig,
				async changed() {
					changes++;
					const cut = isCutOff();
					if (cut?.kind === "cut_off_by_change" && !cut.keeps_sessions) dropAll();
					if (changes === (fault("drop_after_change") && (fault("drop_after_change")?.lines ?? 1))) drop(socket, seen);
				},
			};
			const cli = platform.start(context, login.options);
			void runShell(cli, command)
				.catch((cause) => {
					// A fault of the lab ends one session, not the thousands beside it; but nobody should miss it.
					if (!(cause instanceof SessionEnded)) process.stderr.write(`lab: ${name}: ${stackOf(cause)}\n`);
				})
				.finally(() => {
					terminal.close();
					channel.end();
				});
			return terminal;

			async function runShell(cli: Cli, command: string | undefined) {
				if (fault("hang")?.at === "prompt") return new Promise<void>((resolve) => channel.once("close", resolve));
				if (command !== undefined) {
					record(command);
					if (latency_ms > 0) await sleep(latency_ms);
					await cli.run(command);
					await terminal.flush();
					channel.exit(0);
					return;
				}
				await terminal.print(fault("prompt_like_banner") ? promptLikeBanner(name) + cli.greeting : cli.greeting);
				for (;;) {
					const line = await terminal.readLine(cli.prompt());
					record(line);
					if (latency_ms > 0) {
						await terminal.flush();
						await sleep(latency_ms);
					}
					const noise = fault("garbage");
					if (noise) await printGarbage(channel, terminal, noise.bytes ?? 64);
					if (!(await cli.run(line))) break;
				}
				await terminal.flush();
				channel.exit(0);
			}

			function record(line: string) {
				stats.commands++;
				seen.lines++;
				if (goodbye.test(line)) seen.ended ??= "logout";
				stats.lines.push(line);
				if (stats.lines.length > loggedLines) stats.lines.splice(0, stats.lines.length - loggedLines);
			}

			async function showConfig(text: string, filter?: (text: string) => string) {
				const refusal = fault("error_answer");
				if (refusal) return terminal.print(refusal.text ?? platform.config_error);
				if (fault("empty_config")) return;
				const shown = filter ? filter(spoiled(text)) : spoiled(text);
				const hang = fault("hang")?.at === "output";
				if (hang || fault("drop")?.at === "output") {
					await terminal.flush();
					terminal.interruption = { after_bytes: Math.ceil(shown.length / 2), how: hang ? "hang" : "drop" };
				}
				const pause_ms = fault("prompt_in_config")?.pause_ms ?? 0;
				if (pause_ms === 0) {
					if (await terminal.page(shown)) seen.configs++;
					return;
				}
				const prompt = cli.prompt();
				for (const [i, piece] of shown.split(`${prompt}\n`).entries()) {
					if (i > 0) {
						await terminal.print(prompt);
						await terminal.flush();
						await sleep(pause_ms);
						await terminal.print("\n");
					}
					await terminal.page(piece);
				}
				seen.configs++;
			}

			function spoiled(text: string): string {
				const huge = fault("huge_output");
				let config = huge ? hugeConfig(huge.bytes) : text;
				if (fault("prompt_in_config")) {
					const prompt = cli.prompt();
					config = platform.withText(config, [prompt, `${prompt}show version`, `${prompt} `, "login: ", "Password: "]);
				}
				if (fault("non_utf8")) config = platform.withText(config, ["caf\u00e9 Z\u00fcrich \u00a4 \u00ff\u00fe"]);
				return fault("truncated_config") ? config.slice(0, Math.floor((config.length * 2) / 3)) : config;
			}
		}
	}

	let huge: { bytes: number; text: string } | undefined;
	function hugeConfig(bytes: number): string {
		if (huge?.bytes !== bytes) huge = { bytes, text: createConfig({ ...options, config_bytes: bytes }) };
		return huge.text;
	}

	return {
		name,
		platform: platform.id,
		host,
		get port() {
			return port;
		},
		username,
		password,
		enable_password,
		get host_key_fingerprint() {
			return ownKey().fingerprint;
		},
		config: () => state.running,
		setConfig: (text) => state.change(text, "console"),
		edit: (change) => state.change(change(state.running), "console"),
		applyLines: (lines) => state.change(platform.applyLines(state.running, lines), "console"),
		async setFault(given) {
			faults = (given === null ? [] : Array.isArray(given) ? given : [given]).map((fault) => ({ ...fault }));
			if (faults.some(({ kind }) => kind === "cut_off_by_change")) reachableWith = state.running;
			const refuses = faults.some(({ kind }) => kind === "refuse");
			if (refuses && listener.listening) {
				dropAll();
				await new Promise((resolve) => listener.close(resolve));
			} else if (!refuses && !listener.listening) {
				port = await listen(listener, host, port);
			}
		},
		setLatency(given) {
			latency_ms = given;
		},
		dropConnections: dropAll,
		changeHostKey() {
			keyNumber++;
			hostKey = undefined;
		},
		authorize: (publicKey) => void authorizedKeys.push(publicKey),
		stats: () => ({ ...stats, pushes: state.pushes, rollbacks: state.rollbacks, lines: stats.lines.slice() }),
		connections: () => journal.map((seen) => ({ ...seen })),
		forgetConnections() {
			const open = journal.filter(({ closed_at }) => closed_at === null);
			journal.splice(0, journal.length, ...open);
		},
		async stop() {
			dropAll();
			state.confirm?.cancel();
			if (listener.listening) await new Promise((resolve) => listener.close(resolve));
		},
	};
}

function createConfig(options: DeviceOptions): string {
	const { platform, name, username, password, enable_password, config_bytes, seed } = options;
	const random = createRandom(`${seed}/${name}`);
	return platform.createConfig({ name, username, password, enable_password, bytes: config_bytes, random });
}

function createState(options: DeviceOptions): DeviceState {
	const { name, username, password, enable_password } = options;
	const booted_at = new Date(Date.now() - createRandom(`${options.seed}/${name}/boot`).between(1, 300) * 3_600_000);
	let running: string | undefined;
	let startup: string | undefined;
	const state: DeviceState = {
		name,
		username,
		password,
		enable_password,
		serial: `FOC${createRandom(`${options.seed}/${name}/serial`).text(8, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789")}`,
		booted_at,
		changed_at: booted_at,
		changed_by: username,
		saved_at: booted_at,
		history: [],
		checkpoints: new Map(),
		sessions: new Map(),
		confirm: undefined,
		files: new Map(),
		pushes: 0,
		rollbacks: 0,
		get running() {
			running ??= createConfig(options);
			return running;
		},
		get startup() {
			return startup ?? state.running;
		},
		set startup(text) {
			startup = text;
		},
		change(text, by, comment = "") {
			startup ??= state.running;
			state.history.unshift({ text: state.running, at: state.changed_at, by: state.changed_by, comment });
			state.history.splice(historyLength);
			running = text;
			state.changed_at = new Date();
			state.changed_by = by;
		},
	};
	return state;
}

function allowedMethods(fault: FaultFinder): AuthContext["method"][] {
	if (fault("keyboard_interactive_only")) return ["keyboard-interactive"];
	if (fault("public_key_only")) return ["publickey"];
	return ["publickey", "keyboard-interactive", "password"];
}

const legacyAlgorithms = {
	kex: ["diffie-hellman-group14-sha1" as const],
	serverHostKey: ["ssh-rsa" as const],
	cipher: ["aes128-cbc" as const],
	hmac: ["hmac-sha1" as const],
};

function stackOf(cause: unknown): string {
	return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

function promptLikeBanner(name: string): string {
	return `************************************\nWelcome to ${name}#\n${name}>\nlogin: admin\nPassword:\nAre you sure? [yes/no]\n--More--\n************************************\n`;
}

async function printGarbage(channel: ServerChannel, terminal: SessionContext["terminal"], bytes: number) {
	await terminal.flush();
	// Line breaks and prompt characters are left out: noise must spoil an answer, not fake its end.
	const noise = Buffer.from(randomBytes(bytes).filter((byte) => ![0x0a, 0x0d, 0x23, 0x24, 0x25, 0x3e].includes(byte)));
	channel.write(Buffer.concat([Buffer.from("\x1b[?25l\x1b[2;1H\x00\xff", "latin1"), noise]));
}

async function listen(server: NetServer, host: string, port: number): Promise<number> {
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen({ host, port, backlog: 511 }, () => {
			server.off("error", reject);
			resolve();
		});
	});
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("a TCP server has no port");
	return address.port;
}
