import type { DevicePhase } from "@netconductor/contracts/kernel/errors";
import { type AppError, failed } from "@netconductor/runtime/errors";

/** Whom a session talks to, for messages. */
export interface Peer {
	device_id: string;
	name: string;
	host: string;
	port: number;
}

type SessionCode = Extract<Parameters<typeof failed>[0], `device.${string}` | `change.${string}`>;

/** `core-2 (192.0.2.7:22)`, as every session error names a device. */
export function nameOf(peer: Peer): string {
	return `${peer.name} (${peer.host.includes(":") ? `[${peer.host}]` : peer.host}:${peer.port})`;
}

/** An error of a session: the message starts with the device and says what to do. */
export function sessionError(
	code: SessionCode,
	peer: Peer,
	phase: DevicePhase,
	message: string,
	more: { details?: Record<string, unknown>; cause?: unknown; retryable?: boolean } = {},
): AppError {
	return failed(code, {
		message: `${nameOf(peer)} ${message}`,
		phase,
		...more,
		details: { device_id: peer.device_id, device: peer.name, ...more.details },
	});
}

/** A whole number of seconds for people, or milliseconds below one. */
export function forPeople(ms: number): string {
	return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
