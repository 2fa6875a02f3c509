import { z } from "zod";
import { Secret } from "../kernel/secret.ts";
import { PlatformDefinition } from "./platform.ts";

const waits = {
	/** TCP connection and SSH key exchange. */
	connect_ms: z.int().min(100).max(600_000),
	/** Authentication. */
	auth_ms: z.int().min(100).max(600_000),
	/** First prompt after login, and after a change of mode. */
	prompt_ms: z.int().min(100).max(600_000),
	/** Silence while a command runs; output of any size may take longer as long as it flows: 16 bytes a second, an hour at most. */
	command_ms: z.int().min(100).max(3_600_000),
};

/** Longest waits in one session, in milliseconds. */
export const SessionTimeouts = z.object({
	connect_ms: waits.connect_ms.default(15_000),
	auth_ms: waits.auth_ms.default(20_000),
	prompt_ms: waits.prompt_ms.default(20_000),
	command_ms: waits.command_ms.default(60_000),
});
export type SessionTimeouts = z.output<typeof SessionTimeouts>;

/** Those of them that somebody set; the others are left to whoever has the next word. Not `SessionTimeouts.partial()`, which fills in defaults. */
export const SetTimeouts = z.object(waits).partial();

/** A host key that was accepted for a device. */
export const AcceptedHostKey = z.object({
	/** `SHA256:` and unpadded base64, as OpenSSH prints it. */
	fingerprint: z.string(),
	algorithm: z.string(),
	accepted_by: z.string(),
	accepted_at: z.string(),
});
export type AcceptedHostKey = z.infer<typeof AcceptedHostKey>;

/** One SSH endpoint with what it takes to log in. At least one of password and private_key is set. */
export const Endpoint = z.object({
	device_id: z.string(),
	name: z.string(),
	host: z.string(),
	port: z.int().min(1).max(65_535),
	username: z.string(),
	password: Secret().optional(),
	private_key: Secret().optional(),
	passphrase: Secret().optional(),
	/** Null until the first contact: the first key is then trusted and reported. */
	host_key: AcceptedHostKey.nullable(),
	/** Offers algorithms that are no longer safe (ssh-rsa with SHA-1, CBC ciphers, group1); opt-in per device. */
	legacy_algorithms: z.boolean(),
});
export type Endpoint = z.infer<typeof Endpoint>;

/** Everything a worker needs to open a session. Holds secrets: never logged, stored or put in an event. */
export const Connection = Endpoint.extend({
	enable_password: Secret().optional(),
	platform: PlatformDefinition,
	timeouts: SessionTimeouts,
	/** Between keepalives while a command is silent, in milliseconds. */
	keepalive_ms: z.int().min(0).default(10_000),
	/** Largest output of one command, in bytes. */
	max_output_bytes: z.int().default(64 * 1024 * 1024),
	/** Hosts to go through, the first one reached directly. */
	jump_hosts: z.array(Endpoint).default([]),
});
export type Connection = z.output<typeof Connection>;
