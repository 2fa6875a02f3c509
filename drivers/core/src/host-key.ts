import { createHash } from "node:crypto";
import type { Endpoint } from "@netconductor/contracts/devices/connection";
import type { AppError } from "@netconductor/runtime/errors";
import { sessionError } from "./device-error.ts";

/** A host key as a device presented it. */
export interface PresentedHostKey {
	device_id: string;
	name: string;
	/** `SHA256:` and unpadded base64, as OpenSSH prints it. */
	fingerprint: string;
	/** Type of the key: `ssh-ed25519`, `ssh-rsa`, ... */
	algorithm: string;
	/** None was accepted before: the key is trusted on first use and must be stored by whoever opened the session. */
	is_new: boolean;
}

/** Reads a public key in SSH wire form (RFC 4253, 6.6). */
export function readHostKey(endpoint: Endpoint, key: Buffer): PresentedHostKey {
	const length = key.length >= 4 ? Math.min(key.readUInt32BE(0), 64) : 0;
	return {
		device_id: endpoint.device_id,
		name: endpoint.name,
		fingerprint: `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`,
		algorithm: key.toString("latin1", 4, 4 + length),
		is_new: endpoint.host_key === null,
	};
}

/** The error for a key that differs from the accepted one, or undefined when it may be trusted. */
export function hostKeyFault(endpoint: Endpoint, presented: PresentedHostKey): AppError | undefined {
	const accepted = endpoint.host_key;
	if (accepted === null || accepted.fingerprint === presented.fingerprint) return undefined;
	const day = accepted.accepted_at.slice(0, 10);
	return sessionError(
		"device.host_key_changed",
		endpoint,
		"host_key",
		`presented ${presented.fingerprint} (${presented.algorithm}); ${accepted.fingerprint} (${accepted.algorithm}) was accepted by ${accepted.accepted_by} on ${day}. Nothing was sent. If the device was replaced, accept the new key on the device's page or with \`netconductor devices trust ${endpoint.name}\`.`,
		{
			details: {
				presented: { fingerprint: presented.fingerprint, algorithm: presented.algorithm },
				accepted: { fingerprint: accepted.fingerprint, algorithm: accepted.algorithm },
			},
		},
	);
}
