import { authApi } from "@netconductor/contracts/auth/api";
import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { systemApi } from "@netconductor/contracts/system/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import { defineService } from "@netconductor/runtime/host/service";
import { getAbout } from "./about/get-about.ts";
import { createDeadLetters } from "./dead-letters/dead-letters.ts";
import { look } from "./health/look.ts";
import { createHealthWatch } from "./health/watch-health.ts";
import { createPlaces } from "./places.ts";
import { createSimulatedNetwork } from "./simulated-network/simulated-network.ts";

/** What runs here and how well, and the simulated network to try it on. */
export const systemService = defineService({
	name: "system",
	api: systemApi,
	migrations: new URL("../migrations/", import.meta.url),
	needs: { auth: authApi, devices: devicesApi, tasks: tasksApi, backup: backupApi },
	setup({ db, clients, ephemeral, health, addressesOf, clientOf, ownAccount, process, clock, log }) {
		const { devices, tasks } = clients;
		const onChange = () => announceChange(ephemeral, "system");
		const places = createPlaces("system", addressesOf);
		const watch = createHealthWatch({
			look: () => look({ db, health, places, ephemeral, tasks, process, ownAccount }),
			onChange,
			clock,
			log,
		});
		const network = createSimulatedNetwork({
			db,
			devices,
			tasks,
			loadSimulator: process.simulator,
			onChange,
			ownAccount,
			clock,
			log,
		});
		const about = { resource_type: "simulated_network" };
		return {
			operations: {
				getAbout: getAbout({ db, clients, places, process, ownAccount }),
				getHealth: () => watch.now(),
				...createDeadLetters({ places, clientOf, onChange }),
				getSimulatedNetwork: () => network.describe(),
				async startSimulatedNetwork(call) {
					call.note(about);
					const started = await network.begin(call.body.devices, call);
					call.note({ after: { devices: started.devices.map(({ name }) => name) } });
					return started;
				},
				async changeSimulatedNetwork({ note }) {
					note(about);
					const made = await network.change();
					note({ after: { changed: made.changes.map(({ device_name, lines }) => ({ device_name, lines })) } });
					return made;
				},
				async removeSimulatedNetwork(call) {
					call.note(about);
					const removed = await network.remove(call);
					call.note({ before: { devices: removed } });
					return undefined;
				},
			},
			async start() {
				watch.start();
				await network.resume();
			},
			async stop() {
				await watch.stop();
				await network.stop();
			},
		};
	},
});
