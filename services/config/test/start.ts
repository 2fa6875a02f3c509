import { configApi } from "@netconductor/contracts/config/api";
import type { Template } from "@netconductor/contracts/config/templates";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Device } from "@netconductor/contracts/devices/model";
import { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { openDatabase } from "@netconductor/runtime/db/database";
import { failed, isAppError } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { peer, startTestHost } from "@netconductor/runtime/testing/service";
import { configService } from "../src/service.ts";

export type Started = Awaited<ReturnType<typeof startConfig>>;

const eos = PlatformDefinition.parse({
	id: "arista_eos",
	label: "Arista EOS",
	vendor: "Arista",
	prompt: { exec: "^\\S+>$" },
	config: { commands: ["show running-config"], structure: "indent" },
});

/** The config service on its own database, with the devices that the test names. */
export async function startConfig() {
	const known = new Map<string, Device>();
	const at = "2026-01-01T00:00:00.000Z";
	const devices = peer(devicesApi, {
		async getDevice({ params }) {
			const device = known.get(params.id);
			if (device === undefined) throw failed("devices.not_found", { message: `There is no device ${params.id}` });
			return device;
		},
		getDeviceType: async ({ params }) => ({
			id: params.id,
			label: eos.label,
			vendor: eos.vendor,
			built_in: true,
			devices: 1,
			definition: eos,
			updated_at: null,
		}),
	});
	const host = await startTestHost({ services: [configService], peers: [devices], log_level: "error" });
	const db = openDatabase({ url: host.database.url, schema: "config", application_name: "test", max: 2 });
	const api = host.client(configApi);
	return {
		api,
		db,
		as: (actor: Actor) => host.client(configApi, actor),
		addDevice(given: Partial<Device>): string {
			const id = newId();
			known.set(id, {
				id,
				name: "leaf-1",
				host: "192.0.2.1",
				port: 22,
				device_type: eos.id,
				credential_id: newId(),
				jump_device_id: null,
				legacy_algorithms: false,
				enabled: true,
				site: null,
				worker_pool: null,
				tags: [],
				groups: [],
				description: "",
				source: "manual",
				facts: {},
				facts_at: null,
				health: "unknown",
				health_at: null,
				health_error: null,
				created_at: at,
				updated_at: at,
				...given,
			});
			return id;
		},
		/** Adds a template with this source. */
		add: (name: string, source: string, more: Partial<Template> = {}): Promise<Template> =>
			api.createTemplate({ body: { name, source, ...more } }),
		async stop() {
			await db.close();
			await host.stop();
		},
	};
}

/** The error that `call` ends with. */
export async function failureOf(call: Promise<unknown>) {
	try {
		await call;
	} catch (error) {
		if (!isAppError(error)) throw error;
		const { code, message, details, errors } = error;
		return { code, message, details, errors };
	}
	throw new Error("it did not fail");
}
