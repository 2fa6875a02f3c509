import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { eq } from "drizzle-orm";
import { sentServices, serviceInstances } from "./tables.ts";

/** Keeps the names of devices; what stood on a device that is deleted is forgotten with it. */
export function followDevices(): Consumers {
	return {
		async "device.updated.v1"({ device_id, name }, { tx }) {
			await tx.update(serviceInstances).set({ device_name: name }).where(eq(serviceInstances.device_id, device_id));
		},
		async "device.deleted.v1"({ device_id }, { tx }) {
			await tx.delete(serviceInstances).where(eq(serviceInstances.device_id, device_id));
			await tx.delete(sentServices).where(eq(sentServices.device_id, device_id));
		},
	};
}
