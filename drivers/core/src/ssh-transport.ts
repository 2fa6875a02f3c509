import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Connection, Endpoint, SessionTimeouts } from "@netconductor/contracts/devices/connection";
import type { DevicePhase } from "@netconductor/contracts/kernel/errors";
import { type AppError, isAppError } from "@netconductor/runtime/errors";
import ssh2, {
	type AnyAuthMethod,
	type AuthenticationType,
	type AuthHandlerMiddleware,
	type ClientChannel,
	type KeyboardInteractiveAuthMethod,
} from "ssh2";
import { forPeople, nameOf, sessionError } from "./device-error.ts";
import { hostKeyFault, type PresentedHostKey, readHostKey } from "./host-key.ts";
import { algorithmsFor } from "./ssh-algorithms.ts";

export interface TransportOptions {
	signal: AbortSignal;
	/** Called once for each phase that was passed, with its duration in milliseconds. */
	onPhase?: ((phase: DevicePhase, ms: number) => void) | undefined;
	/** Awaited before anything is sent to an endpoint whose key was not known; a rejection ends the session. */
	onHostKey?: ((key: PresentedHostKey) => Promise<void>) | undefined;
}

/** An authenticated SSH connection. */
export interface Transport {
	host_key: PresentedHostKey;
	/** Opens a shell on a terminal wide enough that lines do not wrap. */
	openShell(): Promise<Duplex>;
	/** Opens a stream to another host through this one. */
	forward(host: string, port: number): Promise<Duplex>;
	/** Calls back once when the connection is gone, whoever ended it. */
	onLost(listener: (cause: Error | undefined) => void): void;
	/** Closes it and waits until the socket is closed: politely, or by force after a second. */
	close(): Promise<void>;
}

const politeClose_ms = 1000;
const terminal = { rows: 1000, cols: 511, term: "vt100" };

/**
 * Connects to a device, through its jump hosts if it has any, and authenticates.
 * @throws device.unreachable, device.refused, device.protocol_error, device.no_common_algorithm (phase connect);
 *   device.host_key_changed (nothing was sent); device.auth_failed; device.jump_failed (names the jump host); device.cancelled
 */
export async function openTransport(connection: Connection, options: TransportOptions): Promise<Transport> {
	const hops: Transport[] = [];
	const closeHops = async () => {
		for (const hop of hops.reverse()) await hop.close();
	};
	try {
		for (const jump of connection.jump_hosts) {
			try {
				const socket = await hops.at(-1)?.forward(jump.host, jump.port);
				hops.push(await openHop(jump, connection, { ...options, onPhase: undefined }, socket));
			} catch (error) {
				throw jumpFault(connection, jump, error);
			}
		}
		const nearest = connection.jump_hosts.at(-1);
		let socket: Duplex | undefined;
		try {
			socket = await hops.at(-1)?.forward(connection.host, connection.port);
		} catch (error) {
			throw nearest === undefined ? error : forwardFault(connection, nearest, error);
		}
		const transport = await openHop(
			{ ...connection, username: connection.username + connection.platform.username_suffix },
			connection,
			options,
			socket,
		);
		return {
			...transport,
			async close() {
				await transport.close();
				await closeHops();
			},
		};
	} catch (error) {
		await closeHops();
		throw error;
	}
}

/** One SSH connection, directly or over a stream through the hop before. */
function openHop(
	endpoint: Endpoint,
	{ timeouts, keepalive_ms }: { timeouts: SessionTimeouts; keepalive_ms: number },
	{ signal, onPhase, onHostKey }: TransportOptions,
	through: Duplex | undefined,
): Promise<Transport> {
	const methods = authMethods(endpoint);
	return new Promise((resolve, reject) => {
		const client = new ssh2.Client();
		let socket: Socket | undefined;
		let phase: DevicePhase = "connect";
		let phaseStarted = performance.now();
		let timer: NodeJS.Timeout | undefined;
		let hostKey: PresentedHostKey | undefined;
		let settled = false;
		let isClosed = false;
		let lost: ((cause: Error | undefined) => void) | undefined;
		let lastError: Error | undefined;

		const enter = (next: DevicePhase, limit_ms: number, onLate: () => AppError) => {
			if (settled) return;
			phase = next;
			phaseStarted = performance.now();
			clearTimeout(timer);
			timer = setTimeout(() => fail(onLate()), limit_ms);
		};
		const passed = () => {
			if (!settled) onPhase?.(phase, performance.now() - phaseStarted);
		};
		const release = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", onAbort);
		};
		const destroy = () => {
			client.destroy();
			socket?.destroy();
			through?.destroy();
		};
		const fail = (error: AppError) => {
			if (settled) return;
			settled = true;
			release();
			destroy();
			reject(error);
		};
		const onAbort = () =>
			fail(sessionError("device.cancelled", endpoint, phase, "was being connected to when the session was cancelled."));

		client.on("error", (error) => {
			lastError = error;
			fail(connectionFault(endpoint, phase, error));
		});
		client.on("close", () => {
			isClosed = true;
			fail(connectionFault(endpoint, phase, lastError ?? new Error("closed")));
			lost?.(lastError);
			lost = undefined;
		});
		client.on("change password", () =>
			fail(
				authFault(endpoint, "wants the password to be changed. Log in by hand once, change it, and store the new one"),
			),
		);
		const awaitLogin = () =>
			enter("auth", timeouts.auth_ms, () =>
				sessionError(
					"device.timeout",
					endpoint,
					"auth",
					`did not decide on the login within ${forPeople(timeouts.auth_ms)}. Its RADIUS, TACACS+ or LDAP server may not answer.`,
				),
			);
		client.on("handshake", () => {
			// A device may exchange keys anew at any time: that is no phase of connecting, and gains it no time.
			if (phase === "auth") return;
			passed();
			awaitLogin();
		});
		client.on("ready", () => {
			if (settled || hostKey === undefined) return;
			passed();
			settled = true;
			release();
			const host_key = hostKey;
			resolve({
				host_key,
				openShell: () =>
					new Promise<ClientChannel>((opened, failed) => {
						if (isClosed) return failed(connectionFault(endpoint, "prompt", lastError ?? new Error("closed")));
						client.shell(terminal, (error, channel) => {
							if (!error) {
								channel.stderr.resume();
								opened(channel);
							} else if (isClosed || error.message === "No response from server") {
								failed(connectionFault(endpoint, "prompt", lastError ?? error));
							} else {
								failed(
									sessionError(
										"device.no_prompt",
										endpoint,
										"prompt",
										`accepted the login but opened no shell (${error.message}). Check that the user may use the command line.`,
										{ cause: error },
									),
								);
							}
						});
					}),
				forward: (host, port) =>
					new Promise<ClientChannel>((opened, failed) => {
						client.forwardOut("127.0.0.1", 0, host, port, (error, channel) =>
							error ? failed(error) : opened(channel),
						);
					}),
				onLost(listener) {
					if (isClosed) listener(lastError);
					else lost = listener;
				},
				close: () =>
					new Promise((closed) => {
						lost = undefined;
						if (isClosed) return closed();
						const force = setTimeout(destroy, politeClose_ms);
						client.once("close", () => {
							clearTimeout(force);
							closed();
						});
						client.end();
					}),
			});
		});

		if (signal.aborted) return onAbort();
		signal.addEventListener("abort", onAbort, { once: true });
		if (methods.fault !== undefined) return fail(methods.fault);
		enter("connect", timeouts.connect_ms, () => connectLate(endpoint, timeouts.connect_ms, socket));
		const start = (stream: Duplex) => {
			client.connect({
				sock: stream,
				username: endpoint.username,
				algorithms: algorithmsFor(endpoint),
				readyTimeout: 0,
				keepaliveInterval: keepalive_ms,
				keepaliveCountMax: 3,
				authHandler: methods.next(
					async () => {
						// By now the device has proved that it holds the key; nothing of ours was sent yet.
						if (!hostKey?.is_new || onHostKey === undefined) return;
						// Nor is it the device's time that passes while the key is stored.
						clearTimeout(timer);
						await onHostKey(hostKey);
						awaitLogin();
					},
					fail,
					endpoint,
				) as AuthHandlerMiddleware,
				hostVerifier(key: Buffer) {
					const presented = readHostKey(endpoint, key);
					// Keys are exchanged anew: it must still be the one that it was.
					if (hostKey !== undefined) return presented.fingerprint === hostKey.fingerprint;
					passed();
					hostKey = presented;
					enter("host_key", timeouts.connect_ms, () => connectLate(endpoint, timeouts.connect_ms, socket));
					const fault = hostKeyFault(endpoint, hostKey);
					if (fault) fail(fault);
					return fault === undefined;
				},
			});
		};
		if (through) return start(through);
		socket = connect({ host: endpoint.host, port: endpoint.port });
		socket.setNoDelay(true);
		const early = (error: Error) => fail(connectionFault(endpoint, phase, error));
		socket.once("error", early);
		socket.once("connect", () => {
			if (settled || socket === undefined) return;
			socket.off("error", early);
			gatherWrites(socket);
			start(socket);
		});
	});
}

/** What is written in one turn of the event loop leaves by one system call: the library writes the parts of a packet apart. */
function gatherWrites(socket: Socket): void {
	const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
	let corked = false;
	socket.write = (...given: unknown[]) => {
		if (!corked) {
			corked = true;
			socket.cork();
			process.nextTick(() => {
				corked = false;
				socket.uncork();
			});
		}
		return write(...given);
	};
}

interface AuthMethods {
	/** The endpoint's key cannot be used at all. */
	fault: AppError | undefined;
	next(
		beforeFirst: () => Promise<void>,
		fail: (error: AppError) => void,
		endpoint: Endpoint,
	): (left: AuthenticationType[] | null, partial: boolean, proceed: (method: AnyAuthMethod | false) => void) => void;
}

/**
 * Which methods to try: the key, then the password. A password that was refused is not offered again by another method, so that a
 * wrong one costs a single failed login and does not lock the account.
 */
function authMethods(endpoint: Endpoint): AuthMethods {
	const { username, password, private_key, passphrase } = endpoint;
	const key = private_key === undefined ? undefined : ssh2.utils.parseKey(private_key, passphrase);
	const fault =
		key instanceof Error
			? authFault(endpoint, `was not contacted: the private key of its credential cannot be read (${key.message})`)
			: undefined;
	const tried = new Set<AuthenticationType>();
	let answered = false;
	/** Answers to a device's questions, or undefined when a password is not what it asks for. */
	const answer = (prompts: { echo?: boolean }[]): string[] | undefined => {
		if (password === undefined) return undefined;
		const hidden = prompts.filter(({ echo }) => echo !== true).length;
		if (hidden > 1 || (hidden === 1 && answered)) return undefined;
		answered ||= hidden === 1;
		return prompts.map(({ echo }) => (echo === true ? username : password));
	};
	return {
		fault,
		next(beforeFirst, fail, at) {
			let prepared = false;
			const choose = async (
				left: AuthenticationType[] | null,
				partial: boolean,
				proceed: (method: AnyAuthMethod | false) => void,
			) => {
				try {
					if (!prepared) {
						prepared = true;
						await beforeFirst();
					}
				} catch (error) {
					fail(
						isAppError(error)
							? error
							: sessionError("device.cancelled", at, "host_key", "was left: its new host key could not be stored.", {
									cause: error,
								}),
					);
					return;
				}
				const ask: KeyboardInteractiveAuthMethod["prompt"] = (_name, _instructions, _language, prompts, finish) => {
					const answers = answer(prompts);
					if (answers !== undefined) finish(answers);
					else
						fail(
							authFault(at, "asks for more than a password (a one-time code?), which cannot be answered unattended"),
						);
				};
				const open = (type: AuthenticationType) => !tried.has(type) && (left === null || left.includes(type));
				const passwordRefused = tried.has("password") && left?.includes("password") === true && !partial;
				const method: AnyAuthMethod | undefined =
					private_key !== undefined && open("publickey")
						? { type: "publickey", username, key: private_key, ...(passphrase !== undefined && { passphrase }) }
						: password !== undefined && open("password")
							? { type: "password", username, password }
							: password !== undefined && open("keyboard-interactive") && !passwordRefused
								? { type: "keyboard-interactive", username, prompt: ask }
								: undefined;
				if (method === undefined) {
					fail(authFault(at, refusal(tried, left)));
					return;
				}
				tried.add(method.type);
				proceed(method);
			};
			// ssh2 takes whatever the handler returns for a method, a promise too.
			return (left, partial, proceed) => {
				void choose(left, partial, proceed);
			};
		},
	};
}

function refusal(tried: Set<AuthenticationType>, left: AuthenticationType[] | null): string {
	const words = { publickey: "its key", password: "its password", "keyboard-interactive": "its password" } as Record<
		string,
		string
	>;
	const used = [...new Set([...tried].map((type) => words[type] ?? type))].join(" and ");
	const allowed = left === null || left.length === 0 ? "" : ` It takes ${left.join(", ")}`;
	if (used === "") return `takes ${left?.join(", ") ?? "another login"}, for which its credential has nothing`;
	return `refused the credential (${used} was tried).${allowed}`;
}

function authFault(endpoint: Endpoint, what: string): AppError {
	return sessionError(
		"device.auth_failed",
		endpoint,
		"auth",
		`${what.replace(/\.?$/, ".")} Check user "${endpoint.username}" and the credential set for the device.`,
		{ details: { username: endpoint.username } },
	);
}

function connectLate(endpoint: Endpoint, limit_ms: number, socket: Socket | undefined): AppError {
	const got = socket === undefined || !socket.connecting;
	return sessionError(
		"device.unreachable",
		endpoint,
		"connect",
		got
			? `accepted the connection but did not finish the SSH handshake within ${forPeople(limit_ms)}. Check that SSH listens on port ${endpoint.port} and that the device is not overloaded.`
			: `did not answer within ${forPeople(limit_ms)}. Check the address, the route and firewalls on the way.`,
	);
}

/** What a failure of the socket or of SSH means for the person who must act. */
function connectionFault(
	endpoint: Endpoint,
	phase: DevicePhase,
	error: Error & { code?: unknown; level?: unknown },
): AppError {
	const code = String(error.code ?? "");
	const cause = { cause: error };
	if (code === "ECONNREFUSED") {
		return sessionError(
			"device.refused",
			endpoint,
			"connect",
			`refused the connection. Nothing listens on port ${endpoint.port}: check the port and that SSH is switched on.`,
			cause,
		);
	}
	if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
		return sessionError(
			"device.unreachable",
			endpoint,
			"connect",
			`could not be found: the name "${endpoint.host}" does not resolve. Check the host name or use an address.`,
			cause,
		);
	}
	if (
		["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "EADDRNOTAVAIL", "EINVAL", "EACCES", "EPERM"].includes(
			code,
		)
	) {
		return sessionError(
			"device.unreachable",
			endpoint,
			"connect",
			`cannot be reached (${code}). Check the address, the route and firewalls on the way.`,
			cause,
		);
	}
	const mismatch = /no matching (.+)/i.exec(error.message);
	if (mismatch) {
		const remedy = endpoint.legacy_algorithms
			? "Outdated algorithms are already allowed for it: its SSH server needs an upgrade or another key."
			: "If you accept weaker encryption for this device, allow outdated algorithms (`legacy_algorithms`) in its settings; better, upgrade its SSH server or generate a stronger key.";
		return sessionError(
			"device.no_common_algorithm",
			endpoint,
			"connect",
			`offers only outdated SSH algorithms: no common ${mismatch[1]}. ${remedy}`,
			cause,
		);
	}
	if (error.level === "client-authentication") return authFault(endpoint, "refused the credential");
	if (phase === "auth") {
		return sessionError(
			"device.connection_lost",
			endpoint,
			"auth",
			"closed the connection during login. It may limit sessions or failed logins: look at its log, then try again.",
			cause,
		);
	}
	if (phase === "prompt") {
		return sessionError(
			"device.connection_lost",
			endpoint,
			"prompt",
			"accepted the login and closed the connection before it showed a prompt. It may be out of sessions, or the user may not use the command line: look at its log, then try again.",
			cause,
		);
	}
	if (
		/Protocol version|identification|Connection lost before handshake|Invalid|malformed|Bad packet|Unable to parse|overflow|line.*(?:long|length)|greeting/i.test(
			error.message,
		)
	) {
		return sessionError(
			"device.protocol_error",
			endpoint,
			"connect",
			`answered, but not with SSH (${error.message}). Check that port ${endpoint.port} is its SSH port.`,
			cause,
		);
	}
	return sessionError(
		"device.connection_lost",
		endpoint,
		phase,
		`closed the connection during the SSH handshake (${error.message}). It may be out of sessions or block our address: look at its log, then try again.`,
		cause,
	);
}

function jumpFault(connection: Connection, jump: Endpoint, error: unknown): unknown {
	// A changed key and a cancelled session mean the same wherever on the way they arise.
	if (!isAppError(error) ? false : error.code === "device.host_key_changed" || error.code === "device.cancelled")
		return error;
	const why = error instanceof Error ? error.message : String(error);
	return sessionError(
		"device.jump_failed",
		connection,
		isAppError(error) ? (error.phase ?? "connect") : "connect",
		`could not be reached through the jump host ${nameOf(jump)}: ${why}`,
		{
			cause: error,
			details: { jump_host: jump.name, ...(isAppError(error) && { reason: error.code }) },
		},
	);
}

function forwardFault(connection: Connection, jump: Endpoint, error: unknown): AppError {
	const why = error instanceof Error ? error.message : String(error);
	return sessionError(
		"device.unreachable",
		connection,
		"connect",
		`could not be reached from the jump host ${nameOf(jump)} (${why}). Check that the jump host allows forwarding and has a route to the device.`,
		{
			cause: error,
			details: { jump_host: jump.name },
		},
	);
}
