import type { Connection } from "@netconductor/contracts/devices/connection";
import type { DevicePhase } from "@netconductor/contracts/kernel/errors";
import { CliEngine, type CommandOptions, type CommandResult } from "./cli-engine.ts";
import { sessionError } from "./device-error.ts";
import type { PresentedHostKey } from "./host-key.ts";
import { compilePlatform, type Mode, type Platform } from "./platform.ts";
import { openTransport } from "./ssh-transport.ts";

export interface SessionOptions {
	/** Ends the session, wherever it is, with `device.cancelled`. */
	signal: AbortSignal;
	/** The conversation as people may see it: finished lines, secrets masked. */
	onOutput?: ((text: string) => void) | undefined;
	/** Called once for each phase that was passed, with its duration in milliseconds. */
	onPhase?: ((phase: DevicePhase, ms: number) => void) | undefined;
	/** Awaited before anything is sent to a device (or jump host) whose key was not known. A rejection ends the session. */
	onHostKey?: ((key: PresentedHostKey) => Promise<void>) | undefined;
}

/** A conversation with one device, logged in and with the terminal prepared. One command at a time. */
export interface Session {
	readonly connection: Connection;
	readonly platform: Platform;
	readonly host_key: PresentedHostKey;
	/** How long each phase took, in milliseconds. */
	readonly phases: Partial<Record<DevicePhase, number>>;
	readonly prompt: string;
	readonly mode: Mode;
	/** Sends one line. @throws device.command_failed (session stays usable), device.timeout, device.connection_lost, device.output_too_large */
	run(command: string, options?: CommandOptions): Promise<CommandResult>;
	enterConfig(): Promise<void>;
	exitConfig(): Promise<void>;
	/** Logs out and waits until the connection is closed. Never throws; safe to call twice. */
	close(): Promise<void>;
}

/**
 * Opens a session: connects (through jump hosts), checks the host key, authenticates, learns the prompt, raises privileges, switches paging off.
 * Whatever happens, nothing of a failed session is left open.
 * @throws device.* with the phase, the device's name and what to do
 */
export async function openSession(connection: Connection, options: SessionOptions): Promise<Session> {
	const platform = compilePlatform(connection.platform);
	const phases: Session["phases"] = {};
	const onPhase = (phase: DevicePhase, ms: number) => {
		phases[phase] = ms;
		options.onPhase?.(phase, ms);
	};
	const transport = await openTransport(connection, { ...options, onPhase });
	const promptStarted = performance.now();
	let engine: CliEngine | undefined;
	const cancelled = () =>
		sessionError(
			"device.cancelled",
			connection,
			engine?.phase ?? "prompt",
			"was in use when the session was cancelled. What it was doing may be incomplete.",
		);
	const onAbort = () => {
		engine?.abandon(cancelled());
		void transport.close();
	};
	options.signal.addEventListener("abort", onAbort, { once: true });
	const close = async () => {
		options.signal.removeEventListener("abort", onAbort);
		engine?.close();
		await transport.close();
	};
	try {
		options.signal.throwIfAborted();
		const late = setTimeout(() => void transport.close(), connection.timeouts.prompt_ms);
		const stream = await transport.openShell().finally(() => clearTimeout(late));
		engine = new CliEngine(stream, {
			peer: connection,
			platform,
			timeouts: connection.timeouts,
			max_output_bytes: connection.max_output_bytes,
			enable_password: connection.enable_password,
			secrets: secretsOf(connection),
			onOutput: options.onOutput,
		});
		transport.onLost((cause) => engine?.lost(cause));
		await engine.login();
		onPhase("prompt", performance.now() - promptStarted);
	} catch (error) {
		await close();
		throw options.signal.aborted ? cancelled() : error;
	}
	const speaking = engine;
	return {
		connection,
		platform,
		host_key: transport.host_key,
		phases,
		get prompt() {
			return speaking.prompt;
		},
		get mode() {
			return speaking.mode;
		},
		run: (command, commandOptions) => speaking.run(command, commandOptions),
		enterConfig: () => speaking.enterConfig(),
		exitConfig: () => speaking.exitConfig(),
		close,
	};
}

function secretsOf(connection: Connection): string[] {
	const endpoints = [connection, ...connection.jump_hosts];
	const secrets = [
		connection.enable_password,
		...endpoints.flatMap(({ password, passphrase }) => [password, passphrase]),
	];
	// The longest first: one secret may begin with another.
	return [...new Set(secrets.filter((secret) => secret !== undefined))].sort((a, b) => b.length - a.length);
}
