import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Connection } from "@netconductor/contracts/devices/connection";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { PresentedHostKey } from "@netconductor/driver-core/host-key";
import type { Clock } from "@netconductor/runtime/clock";
import { failed, hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import { z } from "zod";

export interface DeviceAccessNeeds {
	devices: Pick<Client<typeof devicesApi, CallerContext>, "revealConnection" | "recordHostKey">;
	ownAccount(): CallerContext;
	clock: Clock;
	log: Log;
}

/** What a worker asks of other services to talk to a device. */
export interface DeviceAccess {
	/** How to reach a device, with secrets; audited with the operation that it is for. */
	connection(of: { device_id: string; run_id: string; operation_id: string }, signal: AbortSignal): Promise<Connection>;
	/**
	 * A key that nobody has seen is trusted, unless another one was recorded since the session began.
	 * @throws device.host_key_changed
	 */
	noteNewKey(key: PresentedHostKey, run_id: string, signal: AbortSignal): Promise<void>;
	/** After an error: of a refused key devices keeps what was presented, for the person who decides. Never throws. */
	noteRefusedKey(
		error: { code: string; details?: Record<string, unknown> | undefined },
		run_id: string,
		signal: AbortSignal,
	): Promise<void>;
	/** Calls a service that may be away for a moment, as when the main process restarts. Only for calls that may be repeated. */
	patiently<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T>;
}

/** How long a service that an operation needs may be away, in milliseconds. */
const patience_ms = 60_000;

const RefusedKey = z.object({
	device_id: z.uuid(),
	presented: z.object({ fingerprint: z.string(), algorithm: z.string() }),
});

export function createDeviceAccess({ devices, ownAccount, clock, log }: DeviceAccessNeeds): DeviceAccess {
	async function patiently<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
		// Not by the clock of the wall: it may jump.
		let waited_ms = 0;
		for (let wait_ms = 100; ; wait_ms = Math.min(2_000, wait_ms * 2)) {
			try {
				return await call();
			} catch (error) {
				const mayReturn = hasCode(error, "service.unavailable") || hasCode(error, "audit.unavailable");
				if (!mayReturn || waited_ms + wait_ms > patience_ms) throw error;
				await clock.sleep(wait_ms, signal);
				waited_ms += wait_ms;
			}
		}
	}

	async function recordKey(
		device_id: string,
		{ fingerprint, algorithm }: { fingerprint: string; algorithm: string },
		run_id: string,
		signal: AbortSignal,
	): Promise<"trusted" | "known" | "changed"> {
		const { status } = await patiently(signal, () =>
			devices.recordHostKey(
				{ params: { id: device_id }, body: { fingerprint, algorithm, run_id } },
				{ ...ownAccount(), signal },
			),
		);
		return status;
	}

	return {
		patiently,
		connection: ({ device_id, run_id, operation_id }, signal) =>
			patiently(signal, () =>
				devices.revealConnection(
					{ params: { id: device_id }, body: { run_id, operation_id } },
					{ ...ownAccount(), signal },
				),
			),
		async noteNewKey(key, run_id, signal) {
			if (!key.is_new) return;
			if ((await recordKey(key.device_id, key, run_id, signal)) !== "changed") return;
			throw failed("device.host_key_changed", {
				message: `${key.name} presented ${key.fingerprint} (${key.algorithm}), which is not the key that was accepted meanwhile. Nothing was sent. If the device was replaced, accept the new key on the device's page or with \`netconductor devices trust ${key.name}\`.`,
				phase: "host_key",
				details: { device_id: key.device_id, device: key.name },
			});
		},
		async noteRefusedKey(error, run_id, signal) {
			if (error.code !== "device.host_key_changed") return;
			const presented = RefusedKey.safeParse(error.details);
			if (!presented.success) return;
			try {
				await recordKey(presented.data.device_id, presented.data.presented, run_id, signal);
			} catch (err) {
				log.warn({ err, device_id: presented.data.device_id }, "a changed host key could not be recorded");
			}
		},
	};
}
